# SPDX-License-Identifier: Apache-2.0
"""Crop and Reformat: what part of a picture stays, and whether a size would change."""

from __future__ import annotations

from ofx_lipsync.core.region import Region
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.values import Values


def crop_box(values: Values, node: Node, have: Region, frame: int) -> tuple[Region, bool]:
    """Nuke counts from the lower left of the format."""
    if values.number(node, "softness", frame):
        raise values.stop(node, "has a soft edge, which is not done without Nuke")
    default = (0.0, 0.0, float(have.width), float(have.height))
    edges = [values.number(node, "box", frame, default[i], place=i) for i in range(4)]
    if any(abs(edge - round(edge)) > 1e-4 for edge in edges):
        raise values.stop(node, f"its box is {edges}, expected whole pixels")
    x, y, r, t = (round(edge) for edge in edges)
    box = Region(have.x0 + x, have.y1 - t, have.x0 + r, have.y1 - y)
    if box.is_empty or box.intersect(have).is_empty:
        raise values.stop(node, "its box holds none of the picture")
    return box, values.flag(node, "reformat", frame)


def check_reformat(values: Values, node: Node, have: Region, frame: int) -> None:
    if any(values.flag(node, knob, frame) for knob in ("flip", "flop", "turn")):
        raise values.stop(node, "turns the picture, which is not done without Nuke")
    wanted = _format_wanted(values, node, have, frame)
    if wanted != (have.width, have.height):
        raise values.stop(
            node, f"makes {have.width}x{have.height} into {wanted[0]}x{wanted[1]}; pictures are not resized "
            "without Nuke, write them at their own size",
        )  # fmt: skip


def _format_wanted(values: Values, node: Node, have: Region, frame: int) -> tuple[int, int]:
    kind = values.text(node, "type", "to format")
    if kind == "scale":
        scale = values.number(node, "scale", frame, 1.0)
        return round(have.width * scale), round(have.height * scale)
    if kind == "to box":
        width = values.whole(node, "box_width", frame, 200)
        fixed = values.flag(node, "box_fixed", frame)
        return width, values.whole(node, "box_height", frame, 200) if fixed else have.height * width // have.width
    owner = node if values.has(node, "format") else values.script.root
    return _format(values, owner, have)


def _format(values: Values, owner: Node, have: Region) -> tuple[int, int]:
    """Width and height of a format knob: `1920 1080 0 0 1920 1080 1 HD_1080`; a project that names none takes
    what comes in."""
    words = values.text(owner, "format").split()
    if not words:
        return have.width, have.height
    if len(words) < 2 or not (words[0].isdigit() and words[1].isdigit()):
        raise values.refused(owner, "format", "is a name alone, expected width and height first")
    return int(words[0]), int(words[1])
