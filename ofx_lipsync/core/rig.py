# SPDX-License-Identifier: Apache-2.0
"""From what a mouth does to the curves of one rig: a table that an animator can write.

[curves.jawOpen]
from = { jaw = 0.38, open = 0.05 }      # source = gain, added up
less = { shut = 0.6 }                   # 0.6 less where lips are shut: times (1 - 0.6 * shut)
times = "other"                         # times a curve further up in the table
offset = 0.0                            # added before clamp and bend
bend = 1.0                              # exponent: above 1 keeps small movements smaller
clamp = [0, 1]

value = clamp(bend(offset + sum(gain * source)) * product(1 - share * source) * other)
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from typing import Any, Mapping

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face_curves import FaceCurves
from ofx_lipsync.core.phones import OVR

SOURCES = (
    "open", "wide", "narrow", "jaw", "upper", "lower", "pushed", "voice", "shut", "teeth", "rounded", *OVR, "blink",
)  # fmt: skip
"""What a table may read. Articulation, 0 = rest, 1 = the 95th percentile of speech: open (inner lips apart), wide and
narrow (mouth corners), jaw (chin down), upper (lip raised), lower (lip lowered), pushed (lips forward). How surely,
0..1: voice, shut (lips on p b m), teeth (lip on f v), rounded. OVRLipSync's fifteen mouths, whose weights sum to 1.
blink: 1 is shut."""
KEYS = ("name", "about", "base", "names", "curves")
ROW_KEYS = ("from", "less", "times", "offset", "clamp", "bend")


@dataclass(frozen=True)
class Row:
    """How one curve of a rig is made; see the module's text."""

    gains: Mapping[str, float]
    less: Mapping[str, float] = field(default_factory=dict)
    times: str = ""
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0
    bend: float = 1.0


@dataclass(frozen=True)
class Rig:
    """name: of the rig. rows: its curves in order. text: what it was read from, for keys."""

    name: str
    rows: Mapping[str, Row]
    text: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.rows)

    def curves(self, sources: FaceCurves) -> FaceCurves:
        """sources: curves named as SOURCES -> the rig's curves at the same times."""
        made: dict[str, np.ndarray] = {}
        for name, row in self.rows.items():
            value = np.full(len(sources), row.offset, np.float64)
            for source, gain in row.gains.items():
                value += gain * sources[source]
            if row.bend != 1:
                value = np.sign(value) * np.abs(value) ** row.bend
            for source, share in row.less.items():
                value *= 1 - share * sources[source]
            if row.times:
                value *= made[row.times]
            made[name] = np.clip(value, row.low, row.high)
        values = np.stack(list(made.values()), axis=1).astype(np.float32)
        return FaceCurves(sources.rate, self.names, values)


def rig_of(text: str, where: str, bases: Mapping[str, Rig] | None = None) -> Rig:
    """A rig from TOML. bases: rigs that `base` may name, whose curves the table changes, adds to and, by `names`,
    calls otherwise.  Raises: UsageError saying which entry is wrong, and what was expected."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: is not TOML ({error}); see docs/curves.md for a table to begin with") from None
    _known(table, KEYS, where)
    rows: dict[str, Row] = {}
    if "base" in table:
        if table["base"] not in (bases or {}):
            raise UsageError(f"{where}: base is {table['base']!r}, expected {' or '.join(bases or ('none',))}")
        rows |= (bases or {})[table["base"]].rows
    for name, entry in _table(table.get("curves", {}), f"{where}: curves").items():
        rows[name] = _row(entry, f"{where}: curves.{name}")
    rows = _renamed(rows, _table(table.get("names", {}), f"{where}: names"), where)
    if not rows:
        raise UsageError(f"{where}: has no [curves.NAME]; see docs/curves.md for a table to begin with")
    _ordered(rows, where)
    return Rig(str(table.get("name", where)), rows, text)


def _row(entry: Any, where: str) -> Row:
    entry = _table(entry, where)
    _known(entry, ROW_KEYS, where)
    clamp = entry.get("clamp", [0, 1])
    if not isinstance(clamp, list) or len(clamp) != 2 or not _number(clamp[0], where) < _number(clamp[1], where):
        raise UsageError(f"{where}: clamp is {clamp!r}, expected [lowest, highest]")
    bend = _number(entry.get("bend", 1.0), where)
    if bend <= 0:
        raise UsageError(f"{where}: bend is {bend:g}, expected more than 0")
    gains, less = (_shares(entry.get(key, {}), f"{where}: {key}") for key in ("from", "less"))
    offset = _number(entry.get("offset", 0.0), where)
    return Row(gains, less, str(entry.get("times", "")), offset, float(clamp[0]), float(clamp[1]), bend)


def _shares(entry: Any, where: str) -> dict[str, float]:
    shares = {source: _number(gain, f"{where}.{source}") for source, gain in _table(entry, where).items()}
    unknown = sorted(set(shares) - set(SOURCES))
    if unknown:
        raise UsageError(f"{where}: there is no source {unknown[0]!r}; there are {', '.join(SOURCES)}")
    return shares


def _renamed(rows: dict[str, Row], names: Mapping[str, Any], where: str) -> dict[str, Row]:
    unknown = sorted(set(names) - set(rows))
    if unknown:
        raise UsageError(f"{where}: names has {unknown[0]!r}, which is no curve of it; there are {', '.join(rows)}")
    called = {name: str(names.get(name, name)) for name in rows}
    twice = sorted({new for new in called.values() if list(called.values()).count(new) > 1})
    if twice:
        raise UsageError(f"{where}: two curves would be called {twice[0]!r}; give each its own name")
    moved = {name: Row(**(vars(row) | {"times": called.get(row.times, row.times)})) for name, row in rows.items()}
    return {called[name]: row for name, row in moved.items()}


def _ordered(rows: Mapping[str, Row], where: str) -> None:
    seen: set[str] = set()
    for name, row in rows.items():
        if row.times and row.times not in seen:
            raise UsageError(f"{where}: curves.{name}: times is {row.times!r}, which is no curve further up")
        seen.add(name)


def _known(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise UsageError(f"{where}: there is no entry {unknown[0]!r}; there are {', '.join(keys)}")


def _table(entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: is {entry!r}, expected a table such as {{ jaw = 0.4 }}")
    return entry


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UsageError(f"{where}: got {value!r}, expected a number")
    return float(value)
