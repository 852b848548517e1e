# SPDX-License-Identifier: Apache-2.0
"""Names in expressions: which node's knob `Group1.NoOp1.x` is, seen from a node."""

from __future__ import annotations

from typing import Sequence

from ofx_lipsync.nk.script import Node, Script

_PLACES = {"x": 0, "y": 1, "z": 2, "w": 3, "r": 0, "g": 1, "b": 2, "a": 3, "t": 3}
"""Of the numbers of one knob: box.r and box.t are its third and fourth."""


def owner_of(script: Script, node: Node, name: str) -> tuple[Node, str, int]:
    """(node, knob, place of a number in it) of `knob`, `Node.knob`, `parent.knob`, `root.knob`, `knob.x`.

    Raises: ValueError where there is no such node.
    """
    parts = name.split(".")
    place = 0
    if len(parts) > 1 and (parts[-1] in _PLACES or parts[-1].isdigit()) and not _names(script, node, parts):
        place = int(parts[-1]) if parts[-1].isdigit() else _PLACES[parts[-1]]
        parts = parts[:-1]
    at = node
    for number, part in enumerate(parts[:-1]):
        at = _step(script, node, at, part, number == 0, name)
    return at, parts[-1], place


def _names(script: Script, node: Node, parts: Sequence[str]) -> bool:
    """Whether the last part is a knob itself, as NoOp1.x may be."""
    try:
        owner = node
        for number, part in enumerate(parts[:-1]):
            owner = _step(script, node, owner, part, number == 0, "")
    except ValueError:
        return False
    return parts[-1] in owner.knobs or parts[-1] in owner.user


def _step(script: Script, node: Node, at: Node, part: str, first: bool, name: str) -> Node:
    found: Node | None
    if part == "root":
        found = script.root
    elif part == "this":
        found = at
    elif part == "parent":
        found = at.parent
    elif part == "input":
        found = at.input(0)
    else:
        found = script.find(part, node.parent if first else at)
    if found is None:
        raise ValueError(f"there is no {name or part!r}")
    return found
