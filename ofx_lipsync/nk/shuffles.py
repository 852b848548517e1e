# SPDX-License-Identifier: Apache-2.0
"""Which channel comes from where, through Shuffle, Shuffle2 and Copy."""

from __future__ import annotations

from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.values import Values
from ofx_lipsync.nk.words import elements

_RGBA = ("red", "green", "blue", "alpha")


def source_of(values: Values, node: Node, channel: str) -> tuple[int, str]:
    """(input, channel there) that a node puts into `rgba.alpha` or its like; `black` and `white` are channels too."""
    if node.kind == "Shuffle":
        return _shuffle(values, node, channel)
    return _shuffle2(values, node, channel) if node.kind == "Shuffle2" else _copy(values, node, channel)


def is_plain(values: Values, node: Node) -> bool:
    """Whether every colour channel stays where it is."""
    return all(source_of(values, node, f"rgba.{name}") == (0, f"rgba.{name}") for name in _RGBA)


def _shuffle(values: Values, node: Node, channel: str) -> tuple[int, str]:
    """The old one: knobs red, green, blue and alpha of `out` name channels of `in`, or `red2` of `in2`."""
    layer, name = channel.rsplit(".", 1)
    if values.text(node, "out", "rgba") != layer or name not in _RGBA:
        return 0, channel
    given = values.text(node, name, name)
    if given in ("black", "white"):
        return 0, given
    second = given.endswith("2")
    source = values.text(node, "in2" if second else "in", "none" if second else "rgba")
    if source == "alpha":
        return 0, "rgba.alpha"
    return 0, f"{source}.{given.removesuffix('2')}"


def _shuffle2(values: Values, node: Node, channel: str) -> tuple[int, str]:
    """`mappings "4 rgba.red 0 0 rgba.red 0 0 ..."`: a count, then source, its input and place, target, its layer and
    place. In input 0 is B, 1 is A, and -1 stands for black and white."""
    words = values.text(node, "mappings").split()
    rows = [words[at : at + 6] for at in range(1, len(words) - 5, 6)]
    for source, from_input, _, target, *_ in rows:
        if target == channel:
            return (1 if from_input == "1" else 0), source
    return 0, (channel if not rows else _unmapped(values, node, channel))


def _unmapped(values: Values, node: Node, channel: str) -> str:
    """What a layer that is made anew has where nothing was put is black; other layers pass."""
    made = [w.value for w in elements(values.text(node, "out1", "rgba"), values.script.path)]
    return "black" if channel.rsplit(".", 1)[0] in made else channel


def _copy(values: Values, node: Node, channel: str) -> tuple[int, str]:
    """from0 of A goes to to0 of B, and so on. Input 0 is B."""
    for number in range(4):
        taken = values.text(node, f"from{number}", "rgba.alpha" if number == 0 else "none")
        put = values.text(node, f"to{number}", "rgba.alpha" if number == 0 else "none")
        if put == channel and taken != "none":
            return 1, taken
    return 0, channel
