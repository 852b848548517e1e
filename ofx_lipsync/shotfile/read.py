# SPDX-License-Identifier: Apache-2.0
"""Read a shot file: everything that is wrong in it is said at once, each with its place."""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping, Sequence

from ofx_lipsync.core.errors import ShotError, UsageError
from ofx_lipsync.core.params import Float
from ofx_lipsync.graph import NODES, OTHERS, node
from ofx_lipsync.shotfile.entries import entries
from ofx_lipsync.shotfile.schema import Colours, Consent, Line, Output, PlateEntry, Policy, ShotFile, Signing

TABLES = {"plate": PlateEntry, "colour": Colours, "policy": Policy, "consent": Consent, "trust": Signing,
          "output": Output}  # fmt: skip
"""[name] -> what it holds; beside them [shot], [[line]] and [params.NODE]."""
ORDER = ("shot", "plate", "line", "params", *(name for name in TABLES if name != "plate"))
"""How a file is written."""
LARGEST_BYTES = 1 << 20


def read_shot(path: str | Path) -> ShotFile:
    """The shot file at a path.

    Raises: ShotError when it cannot be read, is not TOML, or says what is not known; all of it is named.
    """
    try:
        size = os.path.getsize(path)
        if size > LARGEST_BYTES:
            raise ShotError(f"{path}: is {size} bytes (expected at most {LARGEST_BYTES}); it is no shot file")
        content = Path(path).read_bytes()
    except OSError as error:
        raise ShotError(f"{path}: cannot be read ({error.strerror}); make one with: lipsync new") from None
    return parse_shot(content, str(path))


def parse_shot(content: bytes, name: str = "shot.toml") -> ShotFile:
    """The same from bytes. name: where relative paths start is this file's folder."""
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ShotError(f"{name}: is not TOML ({error}); docs/shots.md shows what it looks like") from None
    return from_tables(tables, name, str(Path(name).parent) if Path(name).parent != Path() else "")


def from_tables(tables: Mapping[str, Any], name: str, folder: str = "") -> ShotFile:
    """A shot from plain values, as TOML has them.  Raises: ShotError naming everything that is wrong."""
    found = _Reader()
    shot = found.shot(tables, folder)
    if found.problems:
        some = len(found.problems)
        count = "" if some == 1 else f"{some} things are wrong: "
        raise ShotError(f"{name}: {count}{'; '.join(found.problems)}")
    return replace(shot, source=name)


class _Reader:
    """Reads on after what is wrong, so that one run says all of it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def shot(self, tables: Mapping[str, Any], folder: str) -> ShotFile:
        self.unknown("", tables, ["shot", *TABLES, "line", "params"])
        named = self.table("[shot]", tables.get("shot", {}), ShotFile)
        parts = {name: kind(**self.table(f"[{name}]", tables.get(name, {}), kind)) for name, kind in TABLES.items()}
        lines = self.lines(tables.get("line", []))
        params = self.params("[params", tables.get("params", {}))
        shot = ShotFile(**named, **parts, lines=lines, params=params, folder=folder)
        self.together(shot)
        return shot

    def table(self, place: str, given: Any, kind: Any, beside: Sequence[str] = ()) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            self.problems.append(f"{place} is {_brief(given)}, expected a table with name = value in each line")
            return {}
        known, values = entries(kind), {}
        self.unknown(place, given, [*known, *beside])
        for name in (name for name in known if name in given):
            try:
                values[name] = known[name].check(given[name])
            except UsageError as error:
                self.problems.append(f"{place} {name}: {str(error).partition(': ')[2]}")
            except ValueError as error:
                self.wrong(f"{place} {name}", given[name], str(error))
        return values

    def lines(self, given: Any) -> tuple[Line, ...]:
        if not isinstance(given, list):
            self.problems.append(f"line is {_brief(given)}, expected tables under [[line]]")
            return ()
        lines = []
        for number, table in enumerate(given, start=1):
            place = "[[line]]" if len(given) == 1 else f"[[line]] {number}"
            values = self.table(place, table, Line, beside=["params"])
            own = table.get("params", {}) if isinstance(table, Mapping) else {}
            lines.append(Line(**values, params=self.params(f"{place} [line.params", own)))
        return tuple(lines)

    def params(self, place: str, given: Any) -> dict[str, dict[str, Any]]:
        if not isinstance(given, Mapping):
            self.problems.append(f"{place}] is {_brief(given)}, expected tables such as {place}.Blend]")
            return {}
        self.unknown(place + "]", given, [*NODES, *OTHERS])
        read = {}
        for name in given:
            if name in NODES | OTHERS:
                read[name] = self.node_params(f"{place}.{name}]", name, given[name])
        return {name: values for name, values in read.items() if values}

    def node_params(self, place: str, name: str, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            self.problems.append(f"{place} is {_brief(given)}, expected param = value in each line")
            return {}
        declared, values = node(name).Params.declarations(), {}
        self.unknown(place, given, list(declared))
        for param in (p for p in given if p in declared):
            try:
                values[param] = declared[param].check(_keys(declared[param], given[param]))
            except UsageError as error:
                self.problems.append(f"{place} {param}: {str(error).partition(': ')[2] or error}")
            except (ValueError, TypeError, OverflowError, IndexError):
                self.wrong(f"{place} {param}", given[param], "keyframes, as {1001 = 0.0, 1010 = 1.0}")
        return values

    def together(self, shot: ShotFile) -> None:
        """What is right by itself and not together."""
        if shot.plate.handles and not shot.plate.frames:
            self.problems.append("[plate] handles: there are no frames to put them before and after; give frames")
        for number, line in enumerate(shot.lines, start=1):
            if line.face is not None and line.face_at is not None:
                self.problems.append(f"[[line]] {number}: has face and face_at; keep one of them")
        names = [line.name for line in shot.lines if line.name]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.problems.append(f"[[line]]: several are named {name!r}; each person needs a name of their own")

    def unknown(self, place: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in given:
            if name in known:
                continue
            near = difflib.get_close_matches(str(name).lower(), {k.lower(): k for k in known}, 1, 0.5)
            match = next((k for k in known if near and k.lower() == near[0]), None)
            hint = f"did you mean {match}?" if match else f"there are {', '.join(known)}"
            self.problems.append(f"{place} {name!r} is unknown; {hint}".lstrip())

    def wrong(self, place: str, got: Any, expected: str) -> None:
        self.problems.append(f"{place}: got {_brief(got)}, expected {expected}")


def _keys(param: Any, value: Any) -> Any:
    """TOML's keys are text; keyframes are frames."""
    if not isinstance(param, Float) or not isinstance(value, Mapping):
        return value
    if not value:
        raise ValueError("no keyframes")
    return {int(frame): at for frame, at in value.items()}


def _brief(value: Any) -> str:
    shown = repr(dict(value) if isinstance(value, Mapping) else value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
