# SPDX-License-Identifier: Apache-2.0
"""Params of the engine from the knobs of a script's node; --set over both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.params import Bool, Choice, File, Float, Int, Param, ParamSet
from ofx_lipsync.graph import NODES, OTHERS, node
from ofx_lipsync.nk.script import Node, Script, override
from ofx_lipsync.nk.values import Values


@dataclass
class Overrides:
    """engine: node of ours -> param -> value."""

    engine: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_overrides(texts: Sequence[str], script: Script) -> Overrides:
    """`Read1.file=...` sets a knob of the script, `Blend.feather=12` a param of every Blend in it."""
    found = Overrides()
    for text in texts:
        target, equals, value = text.partition("=")
        name, dot, knob = target.rpartition(".")
        if not (equals and dot):
            raise UsageError(f"--set: cannot read {text!r}; write NODE.KNOB=VALUE, as in Blend1.feather=12")
        if script.find(name) is None and name in NODES | OTHERS:
            declared = node(name).Params.declarations()
            if knob not in declared:
                raise UsageError(f"--set: {name} has no param {knob!r}; it has {', '.join(declared)}")
            found.engine.setdefault(name, {})[knob] = declared[knob].read(value)
        else:
            override(script, name, knob, value)
    return found


def params_of(
    values: Values, name: str, owner: Node, prefix: str, frames: Sequence[int], overrides: Overrides
) -> ParamSet:
    """Of one engine node. frames: the shot's, at which animation is worked out.

    Raises: InputError or UsageError naming node and knob.
    """
    declared: Mapping[str, Param] = node(name).Params.declarations()
    given = {param: _value(values, owner, prefix + param, kind, frames)
             for param, kind in declared.items() if values.has(owner, prefix + param)}  # fmt: skip
    try:
        params: ParamSet = node(name).Params(**{**given, **overrides.engine.get(name, {})})
    except UsageError as error:
        raise InputError(f"{values.script.path}: {owner.full_name}: {error}") from None
    return params


def _value(values: Values, owner: Node, knob: str, param: Param, frames: Sequence[int]) -> Any:
    if isinstance(param, Float):
        return _animated(values, owner, knob, param, frames)
    if isinstance(param, (Int, Bool, Choice)):
        return _steady(values, owner, knob, param, frames)
    return values.path(owner, knob) if isinstance(param, File) else values.text(owner, knob)


def _steady(values: Values, owner: Node, knob: str, param: Param, frames: Sequence[int]) -> Any:
    def at(frame: int) -> Any:
        if isinstance(param, Int):
            return values.whole(owner, knob, frame)
        if isinstance(param, Bool):
            return values.flag(owner, knob, frame)
        assert isinstance(param, Choice)
        return values.choice(owner, knob, param.options, frame)

    if values.is_fixed(owner, knob):
        return at(frames[0])
    found = {at(frame) for frame in frames}
    if len(found) > 1:
        raise values.refused(owner, knob, "changes within the shot, and the engine takes one value for all of it")
    return found.pop()


def _animated(values: Values, owner: Node, knob: str, param: Float, frames: Sequence[int]) -> Any:
    """One number, or keyframes: the curve's own where they mean the same to the engine, else a key a frame."""
    if values.is_fixed(owner, knob):
        return values.number(owner, knob, frames[0])
    curve = values.curve(owner, knob)
    if curve is not None and curve.linear_keys is not None and len(curve.keys) > 1 and param.animates:
        return curve.linear_keys
    found = {frame: values.number(owner, knob, frame) for frame in frames}
    if len(set(found.values())) == 1:
        return found[frames[0]]
    if not param.animates:
        raise values.refused(owner, knob, "changes within the shot, and the engine takes one value for all of it")
    return found
