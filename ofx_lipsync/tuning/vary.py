# SPDX-License-Identifier: Apache-2.0
"""What a wedge varies: `MouthGenerate.opening=0.8:1.2:5`, `Blend.feather=4,8,16`, `MouthGenerate.engine=plate,auto`."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import Any, Sequence

from ofx_lipsync.core import keys
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.params import Float, Int, Param
from ofx_lipsync.graph import NODES, Settings, node

MOST = 60
"""Variants of one wedge: more are not told apart by eye, and take the afternoon."""
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER}):(\d+)\Z")


@dataclass(frozen=True)
class Axis:
    """A param and the values to try, in order."""

    node: str
    param: Param
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        return f"{self.node}.{self.param.name}"


@dataclass(frozen=True)
class Variant:
    """number: from 1, row by row, the last axis quickest. values: one an axis."""

    number: int
    axes: tuple[Axis, ...]
    values: tuple[Any, ...]
    settings: Settings

    @property
    def sets(self) -> list[str]:
        """As --set takes them."""
        return [f"{axis.name}={text_of(value)}" for axis, value in zip(self.axes, self.values, strict=True)]

    @property
    def label(self) -> str:
        """Short, for a person: `opening 0.9, feather 8`."""
        parts = zip(self.axes, self.values, strict=True)
        return ", ".join(f"{plain(axis.param.name)} {short_text(value)}" for axis, value in parts)


def read_axis(text: str) -> Axis:
    """FIRST:LAST:COUNT evenly, or values with commas between them; keyframed ones with `|` between them.

    Raises: UsageError.
    """
    target, equals, given = text.partition("=")
    name, dot, param = target.strip().partition(".")
    if not (equals and dot):
        raise UsageError(f"--vary: cannot read {text!r}; write NODE.PARAM=VALUES, as in Blend.feather=4,8,16")
    if name not in NODES:
        raise UsageError(f"--vary: {name!r} is no node of a dub; these are: {', '.join(NODES)}")
    declared = node(name).Params.declarations()
    if param not in declared:
        raise UsageError(f"--vary: {name} has no param {param!r}; it has {', '.join(declared)}")
    values = tuple(dict.fromkeys(map(_hashable, _values(declared[param], given.strip(), text))))
    if len(values) < 2:
        raise UsageError(f"--vary: {text!r} is one value; a wedge needs two or more, as in Blend.feather=4,8,16")
    return Axis(name, declared[param], tuple(dict(v) if isinstance(v, tuple) else v for v in values))


def grid(base: Settings, axes: Sequence[Axis], most: int = MOST) -> list[Variant]:
    """Every combination.  Raises: UsageError where there are more than `most`, or a param is varied twice."""
    if not axes:
        raise UsageError("wedge: nothing varies; say what should, as in --vary MouthGenerate.opening=0.8:1.2:5")
    names = [axis.name for axis in axes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"--vary: {twice[0]} is varied twice; give all of its values at once")
    count = math.prod(len(axis.values) for axis in axes)
    if count > most:
        sizes = " x ".join(str(len(axis.values)) for axis in axes)
        raise UsageError(f"wedge: {sizes} is {count} variants (expected at most {most}); vary less, or raise --most")
    combined = itertools.product(*(axis.values for axis in axes))
    return [
        Variant(number, tuple(axes), values, _set(base, axes, values))
        for number, values in enumerate(combined, start=1)
    ]


def text_of(value: Any) -> str:
    """A param's value as --set reads it."""
    if isinstance(value, dict):
        return keys.text_of(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value!r}" if isinstance(value, float) else str(value)


def short_text(value: Any) -> str:
    """The same for an eye; of keyframes only where they are."""
    if isinstance(value, dict):
        return f"keyed {min(value)}-{max(value)}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bool):
        return "on" if value else "off"
    return text_of(value) or "none"


def plain(name: str) -> str:
    return name.replace("_", " ")


def _set(base: Settings, axes: Sequence[Axis], values: Sequence[Any]) -> Settings:
    given: dict[str, dict[str, Any]] = {}
    for axis, value in zip(axes, values, strict=True):
        given.setdefault(axis.node, {})[axis.param.name] = value
    changed = {name: base[name].with_values(**found) for name, found in given.items()}
    return Settings(**{**base.params, **changed})


def _values(param: Param, given: str, text: str) -> list[Any]:
    if "|" in given:
        return [param.read(part.strip()) for part in given.split("|")]
    evenly = _RANGE.match(given)
    if evenly and isinstance(param, (Float, Int)):
        first, last, count = float(evenly[1]), float(evenly[2]), int(evenly[3])
        if not 2 <= count <= 1000:
            raise UsageError(f"--vary: {text!r} asks for {count} values, expected 2 or more: FIRST:LAST:COUNT")
        numbers = [first + (last - first) * i / (count - 1) for i in range(count)]
        return [param.check(round(n) if isinstance(param, Int) else float(f"{n:.10g}")) for n in numbers]
    if ":" in given:
        raise UsageError(
            f"--vary: cannot read {text!r}; write FIRST:LAST:COUNT or values with commas between them, and keyframed "
            "ones with | between them"
        )
    return [param.read(part.strip()) for part in given.split(",")]


def _hashable(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value
