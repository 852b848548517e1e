# SPDX-License-Identifier: Apache-2.0
"""Params that a host's nodes have besides their own: which shot, what the pixels mean, what to show, how to fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, cast

from ofx_lipsync.core.params import Choice, File, Float, Int, Param, ParamSet, Text
from ofx_lipsync.graph import NODES, node

LIPSYNC = "LipSync"
"""The node that is all four in one; its params are named NODE_PARAM, as in `Blend_feather`."""
CHARACTER = "Character"
_ANALYSED = (*NODES, LIPSYNC, "Portrait", "SyncMeter", "Resync", "Fill")
LABELS = (*NODES, LIPSYNC, "Portrait", CHARACTER, "SyncMeter", "Resync", "Fill")
_ALL_VIEWS = ("result", "matte", "patch", "landmarks", "confidence")
_ELEMENTS = ("layer", "raw", "stmap")
"""As in files of --elements: new pixels whose over is the result, the mouth as the engine gave it, the ST map."""
VIEWS = {
    "FaceDetect": ("result", "landmarks", "confidence"),
    "AudioFeature": ("result", "source"),
    "MouthGenerate": _ALL_VIEWS,
    "Blend": (*_ALL_VIEWS, *_ELEMENTS),
    LIPSYNC: (*_ALL_VIEWS, *_ELEMENTS),
    "Portrait": ("result", "matte"),
    CHARACTER: ("result", "matte"),
}
"""What each node can show; others have no such param, or one of their own. Hosts save the place in the list: append,
never reorder or remove."""
_HEARING = ("AudioFeature", LIPSYNC, CHARACTER, "SyncMeter", "Resync", "Fill")
_FINDING = ("FaceDetect", LIPSYNC)
_PLATES = ("FaceDetect", "MouthGenerate", "Blend", LIPSYNC, "SyncMeter", "Resync", "Fill")
_ANALYSING = ("FaceDetect", "AudioFeature", "MouthGenerate", LIPSYNC, "SyncMeter", "Fill")
_PLACED = (*_ANALYSING, CHARACTER, "Resync")
_FARTHEST = 10_000_000


@dataclass(frozen=True)
class Button(Param):
    """A push button; it holds no value."""

    default: None = None
    kind: ClassVar[str] = "button"


@dataclass(frozen=True)
class Found(Float):
    """What Analyse found, as keyframes for other nodes to link to; nobody reads it back."""


class ShotParams(ParamSet):
    owner = "Shot"
    analysis = File(
        "", group="Shot",
        help="The shot's analysis file, made by Analyse or by lipsync analyse; the nodes of one shot name the same.",
    )  # fmt: skip
    line = File(
        "",
        group="Shot",
        help="The dialogue: a sound file, or a movie whose sound is meant. Empty is the clip's own sound in Resolve.",
    )
    audio_offset = Text(
        "", group="Shot",
        help="Where the line starts against the shot's first frame: +250ms, or -6 for frames; empty is 0.",
    )  # fmt: skip
    first_frame = Int(
        0, lo=-_FARTHEST, hi=_FARTHEST, slider=(0, 2000), unit="frame", group="Shot",
        help="First frame of the shot; where this and the last are both 0, the range of Source counts.",
    )  # fmt: skip
    last_frame = Int(
        0, lo=-_FARTHEST, hi=_FARTHEST, slider=(0, 2000), unit="frame", group="Shot",
        help="Last frame of the shot; where this and the first are both 0, the range of Source counts.",
    )  # fmt: skip
    plate_file = File(
        "", group="Shot",
        help="The plate on disk, for hosts that give a node no frame but the current one; empty asks the host.",
    )  # fmt: skip
    input_space = Text(
        "", group="Shot",
        help="Colour space of the host's pixels by its OCIO name; empty is scene-linear in Natron and Nuke, sRGB in "
        "players.",
    )  # fmt: skip
    analyse = Button(group="Shot", help="Walks the shot once and writes this node's part of the analysis file.")
    found_x = Found(
        0.0, lo=-_FARTHEST, hi=_FARTHEST, slider=(0, 4096), unit="px", group="Found",
        help="Middle of the chosen face, from the left, in full resolution. Analyse writes a key a frame where the "
        "face is seen, as a tracker does: link a crop, a grade or a roto to it.",
    )  # fmt: skip
    found_y = Found(
        0.0, lo=-_FARTHEST, hi=_FARTHEST, slider=(0, 4096), unit="px", group="Found",
        help="Middle of the chosen face, from below, in full resolution. Written by Analyse; link others to it.",
    )  # fmt: skip
    found_height = Found(
        0.0, lo=0, hi=_FARTHEST, slider=(0, 4096), unit="px", group="Found",
        help="Height of the chosen face, brow to chin, in full resolution. Written by Analyse; link sizes to it.",
    )  # fmt: skip
    view = Choice("result", options=VIEWS[LIPSYNC], group="Output", help="What the node shows.")
    on_error = Choice(
        "fail", options=("fail", "slate"), group="Output",
        help="When a frame cannot be made: it fails, or it says on the picture what is wrong. Use slate on farms "
        "whose hosts hide failures.",
    )  # fmt: skip


HAVE = {
    "analysis": _ANALYSED,
    "line": _HEARING,
    "audio_offset": _HEARING,
    "first_frame": _PLACED,
    "last_frame": _PLACED,
    "plate_file": _PLATES,
    "input_space": LABELS,
    "analyse": _ANALYSING,
    "found_x": _FINDING,
    "found_y": _FINDING,
    "found_height": _FINDING,
    "view": tuple(VIEWS),
    "on_error": LABELS,
}
"""Which nodes have which of these."""


def shot_params(label: str) -> dict[str, Param]:
    """The shot params of a host node (`Blend`, or `LipSync`), by name, each with the choices that this node has."""
    declared = ShotParams.declarations()
    found = {name: declared[name] for name, labels in HAVE.items() if label in labels}
    if label in VIEWS:
        found["view"] = replace(cast(Choice, declared["view"]), options=VIEWS[label])
    return found


def node_params(label: str) -> dict[str, Param]:
    """A host node's params that come from the engine's nodes, by the name the host sees."""
    if label != LIPSYNC:
        return node(label).Params.declarations()
    return {f"{part}_{name}": p for part in NODES for name, p in node(part).Params.declarations().items()}
