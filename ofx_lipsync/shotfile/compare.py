# SPDX-License-Identifier: Apache-2.0
"""What differs between two shot files: entries, not how they are written."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ofx_lipsync.shotfile.read import ORDER
from ofx_lipsync.shotfile.schema import ShotFile
from ofx_lipsync.shotfile.write import checked, rebased, to_tables


def compared_shots(a: ShotFile, b: ShotFile) -> list[tuple[str, str]]:
    """Rows of (entry, what the one and the other say). Paths that lead to the same file are the same."""
    one, other = (dict(_flat(to_tables(rebased(checked(shot), "")), "")) for shot in (a, b))
    names = [name for name in sorted({*one, *other}, key=_order) if one.get(name) != other.get(name)]
    return [(name, f"{_said(one, name)} | {_said(other, name)}") for name in names]


def _flat(values: Any, place: str) -> Iterator[tuple[str, Any]]:
    """`[plate] frames` and the like; keyframes stay one value."""
    if isinstance(values, Mapping) and not all(name.lstrip("-").isdigit() for name in values):
        for name, value in values.items():
            yield from _flat(value, f"{place}.{name}".lstrip("."))
    elif isinstance(values, list) and values and all(isinstance(value, Mapping) for value in values):
        for number, value in enumerate(values, start=1):
            yield from _flat(value, f"{place} {number}")
    else:
        yield place, values


def _order(name: str) -> tuple[int, str]:
    """As a shot file is written."""
    return next((n for n, table in enumerate(ORDER) if name.startswith(table)), len(ORDER)), name


def _said(values: Mapping[str, Any], name: str) -> str:
    return repr(values[name]) if name in values else "not said"
