# SPDX-License-Identifier: Apache-2.0
"""A dub's elements in Nuke: the comp built again, curves as knobs, the mouth stabilised; and the curves as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.elements import Curves
from ofx_lipsync.export.nuke import HEADER, STEP_PX, Keyed, node_text

NOTE = (
    "LipSync elements\n"
    "Comp: an over, which gives the dub to the last bit of the plate's own numbers\n"
    "Warped: the plate in the new mouth's shape, within the elements' bounding box"
)
CURVES_NOTE = (
    "LipSyncCurves: strength, mix and confidence as knobs, to link to\n"
    "Stabilise: the mouth held still; copy it and tick invert to bring work back"
)
CORNERS = ("1", "2", "3", "4")


@dataclass(frozen=True)
class Taken:
    """Whole paths of plate and elements; the plate's display window; frames with a mouth [N], the one they are brought
    to, and the box round the mouth [N, 4, 2] in plate px (None where there is no mouth)."""

    plate: str
    elements: str
    display: Region
    frames: np.ndarray
    middle: int
    corners: np.ndarray | None


def curve_table(curves: Curves) -> str:
    """CSV with a row a frame of the shot."""
    rows = zip(curves.frames, curves.strength, curves.mix, curves.confidence, strict=True)
    lines = [f"{frame},{strength:.6g},{mix:.6g},{confidence:.6g}" for frame, strength, mix, confidence in rows]
    return "\n".join(["frame,strength,mix,confidence", *lines]) + "\n"


def script(taken: Taken, curves: Curves) -> str:
    """Nodes to paste: plate, elements over it, the plate warped, curves, stabiliser."""
    first, last = int(curves.frames[0]), int(curves.frames[-1])
    times = {"first": first, "last": last, "origfirst": first, "origlast": last, "origset": True}
    note = f"{NOTE}\n{CURVES_NOTE}"
    parts = _comp(note, {"file": taken.plate, **times}, {"file": taken.elements, **times})
    return HEADER + "".join([*parts, _curve_node(curves), *_stabiliser(taken)])


def toolset() -> str:
    """The same for any dub, its files to be named: the comp, and the plate warped."""
    return HEADER + "".join(_comp(f"{NOTE}\n1 name plate and elements", {}, {}))


def _comp(note: str, plate: dict[str, Any], elements: dict[str, Any]) -> list[str]:
    """The last input that is put on Nuke's stack is a node's first. Frames without a new mouth have no elements."""
    return [
        "add_layer {stmap stmap.u stmap.v}\n",
        node_text("StickyNote", inputs=0, name="LipSyncNote", label=note, note_font_size=16, xpos=-460, ypos=-STEP_PX),
        node_text("Read", inputs=0, **elements, on_error="black", name="Elements", label="generated pixels, in rgba",
                  xpos=-150, ypos=-STEP_PX),
        "set Nelements [stack 0]\n",
        node_text("Read", inputs=0, **plate, name="Plate", label="plate", xpos=0, ypos=-STEP_PX),
        "set Nplate [stack 0]\n",
        node_text("Merge2", inputs=2, operation="over", output="rgb", name="Comp", label="the comp", xpos=0,
                  ypos=STEP_PX),
        "push $Nelements\npush $Nplate\n",
        node_text("STMap", inputs=2, uv="stmap", filter="Keys", name="Warped", label="the plate in the new shape",
                  xpos=150, ypos=STEP_PX),
    ]  # fmt: skip


def _curve_node(curves: Curves) -> str:
    """Knobs that other nodes link to, as `LipSyncCurves.strength`."""
    frames = curves.frames.tolist()
    lines = ["addUserKnob {20 LipSync}"]
    for name in ("strength", "mix", "confidence"):
        lines += [f"addUserKnob {{7 {name} l {name} R 0 1}}", f"{name} {{{animated(frames, getattr(curves, name))}}}"]
    text = node_text("NoOp", inputs=0, name="LipSyncCurves", xpos=-300, ypos=-STEP_PX)
    return text.replace("}\n", "".join(f" {line}\n" for line in lines) + "}\n")


def _stabiliser(taken: Taken) -> list[str]:
    if taken.corners is None:
        return []
    frames, display = taken.frames.tolist(), taken.display
    points = np.stack([taken.corners[..., 0] - display.x0, display.y1 - taken.corners[..., 1]], axis=-1)
    held = points[frames.index(taken.middle)]
    knobs: dict[str, Any] = {}
    for n, name in enumerate(CORNERS):
        knobs[f"to{name}"] = Keyed(f"{{{held[n, 0]:.10g} {held[n, 1]:.10g}}}")
        knobs[f"from{name}"] = Keyed(f"{{{animated(frames, points[:, n, 0])} {animated(frames, points[:, n, 1])}}}")
    told = f"the mouth as on frame {taken.middle}"
    return ["push $Nplate\n", node_text("CornerPin2D", **knobs, name="Stabilise", label=told, xpos=300, ypos=STEP_PX)]


def animated(frames: Sequence[int], values: Sequence[float] | np.ndarray) -> str:
    """{curve x1001 0.5 x1002 1}, straight between keys."""
    keys = " ".join(f"x{frame} {float(value):.7g}" for frame, value in zip(frames, values, strict=True))
    return f"{{curve {keys}}}" if keys else "{0}"
