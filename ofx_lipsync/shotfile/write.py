# SPDX-License-Identifier: Apache-2.0
"""Write a shot file, or bring one up to date with its comments, order and spacing as somebody left them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

from ofx_lipsync.core.errors import OutputError, ShotError
from ofx_lipsync.core.params import File
from ofx_lipsync.graph import node
from ofx_lipsync.media.writer import check_writable, put_in_place, scratch_path
from ofx_lipsync.shotfile.entries import entries
from ofx_lipsync.shotfile.read import ORDER, TABLES, from_tables
from ofx_lipsync.shotfile.schema import Params, ShotFile


def write_shot(path: str | Path, shot: ShotFile) -> None:
    """Write atomically; a file that is there keeps its comments. Relative paths are turned to the file's folder.

    Raises: ShotError where the shot holds what may not stand in a file, OutputError where it cannot be written.
    """
    target = Path(path)
    check_writable(str(target))
    put_text(target, updated(_old_text(target), rebased(checked(shot), str(target.parent)), str(path)))


def put_text(target: Path, text: str) -> None:
    """The whole text under its name, or nothing.  Raises: OutputError."""
    scratch = scratch_path(target)
    try:
        scratch.write_text(text, encoding="utf-8", newline="\n")
        put_in_place(scratch, target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror}); check space and rights") from None
    finally:
        scratch.unlink(missing_ok=True)


def checked(shot: ShotFile) -> ShotFile:
    """The same shot, held to what a file may say.  Raises: ShotError naming everything that is wrong."""
    return from_tables(to_tables(shot), shot.called, shot.folder)


def to_tables(shot: ShotFile) -> dict[str, Any]:
    """Plain values by table and name, without what is at its default."""
    named = {"shot": _changed(shot)} | {name: _changed(getattr(shot, name)) for name in TABLES}
    tables: dict[str, Any] = {name: values for name, values in named.items() if values}
    if shot.lines:
        tables["line"] = [_changed(line) | ({"params": p} if (p := _plain(line.params)) else {}) for line in shot.lines]
    if params := _plain(shot.params):
        tables["params"] = params
    return {name: tables[name] for name in ORDER if name in tables}


def rebased(shot: ShotFile, folder: str) -> ShotFile:
    """The same files, named from another folder; absolute paths stay."""
    if os.path.abspath(shot.folder or ".") == os.path.abspath(folder or "."):
        return replace(shot, folder=folder if folder != "." else "")

    def moved(part: Any) -> Any:
        known = entries(type(part)).items()
        paths = {name: _moved(shot, getattr(part, name), folder) for name, one in known if one.path}
        names = {name: _moved_name(shot, getattr(part, name), folder) for name, one in known if one.named}
        return replace(part, **paths, **names)

    parts = {name: moved(getattr(shot, name)) for name in TABLES}
    lines = tuple(replace(moved(line), params=_moved_params(shot, line.params, folder)) for line in shot.lines)
    params = _moved_params(shot, shot.params, folder)
    return replace(shot, **parts, lines=lines, params=params, folder=folder if folder != "." else "")


def updated(old: str, shot: ShotFile, name: str = "shot.toml") -> str:
    """The text of a shot file after another: what is the same in both stays as it is written."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(old)
    except TOMLKitError as error:
        raise ShotError(f"{name}: is not TOML ({error}); mend it or write to another name") from None
    _bring(document, to_tables(shot))
    return tomlkit.dumps(document)


def _old_text(target: Path) -> str:
    try:
        return target.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ShotError(f"{target}: cannot be read ({error}); write to another name") from None


def _changed(part: Any) -> dict[str, Any]:
    kinds = type(part)
    fresh = kinds()
    values = {name: getattr(part, name) for name in entries(kinds) if getattr(part, name) != getattr(fresh, name)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _plain(params: Params) -> dict[str, Any]:
    """Keyframes by text, as TOML's keys are."""

    def plain(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {str(frame): list(at) if isinstance(at, tuple) else at for frame, at in value.items()}

    return {n: {p: plain(v) for p, v in values.items()} for n, values in params.items() if values}


def _moved(shot: ShotFile, path: str, folder: str) -> str:
    return os.path.relpath(shot.at(path), folder or ".") if path and not os.path.isabs(path) else path


def _moved_name(shot: ShotFile, name: str, folder: str) -> str:
    return _moved(shot, name, folder) if name and os.path.exists(shot.at(name)) else name


def _moved_params(shot: ShotFile, params: Params, folder: str) -> Params:
    def moved(name: str, param: str, value: Any) -> Any:
        is_file = isinstance(node(name).Params.declarations()[param], File)
        return _moved_name(shot, value, folder) if is_file else value

    return {n: {p: moved(n, p, v) for p, v in values.items()} for n, values in params.items()}


def _bring(table: Any, wanted: Mapping[str, Any]) -> None:
    """Make a tomlkit table hold what is wanted, touching only what differs."""
    import tomlkit

    for name in [name for name in table if name not in wanted]:
        del table[name]
    for name, value in wanted.items():
        have = table.get(name)
        if name == "line" and isinstance(value, list):
            _bring_lines(table, value)
        elif isinstance(value, Mapping) and hasattr(have, "items") and not _is_keys(value):
            _bring(have, value)
        elif have is None or tomlkit.item(have).unwrap() != value:
            table[name] = _written(value)


def _bring_lines(table: Any, wanted: list[Mapping[str, Any]]) -> None:
    import tomlkit

    if not isinstance(table.get("line"), tomlkit.items.AoT):
        table.pop("line", None)  # an array in one line cannot grow tables
        table["line"] = tomlkit.aot()
    lines = table["line"]
    while len(lines) > len(wanted):
        del lines[-1]
    for have, values in zip(lines, wanted, strict=False):
        _bring(have, values)
    for values in wanted[len(lines) :]:
        lines.append(_written(values))


def _is_keys(value: Mapping[str, Any]) -> bool:
    return all(name.lstrip("-").isdigit() for name in value)


def _written(value: Any) -> Any:
    """A tomlkit item: keyframes in one line, everything else in tables."""
    import tomlkit

    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    if _is_keys(value):
        keys = tomlkit.inline_table()
        keys.update(value)
        return keys
    holds_tables = all(isinstance(inner, Mapping) and not _is_keys(inner) for inner in value.values())
    made = tomlkit.table(is_super_table=holds_tables)
    for name, inner in value.items():
        made[name] = _written(inner)
    return made
