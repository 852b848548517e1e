# SPDX-License-Identifier: Apache-2.0
"""The knobs of each node as a host shows them: the node's own params, then those of the shot (docs/design/plugin.md).

Names and choices are the file format of people's scripts; everything that is written for a host is made from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ofx_lipsync.core.params import Choice, File, Int, Param, Text
from ofx_lipsync.graph import NODES, node

IDENTIFIER = "org.ofxlipsync."
CLIPS = {
    "FaceDetect": ("Source",),
    "AudioFeature": ("Source",),
    "MouthGenerate": ("Source",),
    "Blend": ("Source", "Mouth", "Holdout"),
}
"""Inputs in the order in which hosts number them."""


@dataclass(frozen=True)
class Button(Param):
    """Something to press; it has no value."""

    kind: ClassVar[str] = "button"


ANALYSED = ("FaceDetect", "AudioFeature", "MouthGenerate")
VIEWS = {
    "FaceDetect": ("result", "landmarks", "confidence"),
    "AudioFeature": ("result", "source"),
    "MouthGenerate": ("result", "matte", "patch", "landmarks", "confidence"),
    "Blend": ("result", "matte", "patch", "landmarks", "confidence"),
}
LINE = {
    "line": File("", help="The dialogue to say: wav, flac, mp3, aac, or a movie for its sound."),
    "audio_offset": Text(
        "0", help="Starts the line later: frames as 12 or 12f, or time as 500ms; less than 0 is earlier."
    ),
}
RANGE = {
    "first_frame": Int(0, help="First frame of the shot, where the line starts; both 0 takes the range of Source."),
    "last_frame": Int(0, help="Last frame of the shot; both 0 takes the range of Source."),
}
PLATE = {"plate_file": File("", help="The plate on disk, for hosts that give one frame alone; empty asks the host.")}


def identifier(name: str) -> str:
    """What a host finds a node by, as org.ofxlipsync.blend."""
    return IDENTIFIER + name.lower()


def nuke_class(name: str) -> str:
    """A node's class in a Nuke script, as OFXorg.ofxlipsync.blend_v1."""
    return f"OFX{identifier(name)}_v{node(name).VERSION}"


def shot_knobs(name: str) -> dict[str, Param]:
    """What the plug-in adds to a node, by name."""
    analysed = name in ANALYSED
    return {
        "analysis": File("", help="The shot's analysis file; all nodes of one shot name the same."),
        **(LINE if name == "AudioFeature" else {}),
        **(RANGE if analysed else {}),
        **(PLATE if name in ("MouthGenerate", "Blend") else {}),
        "input_space": Text(
            "", help="OCIO name of what the host's pixels mean; empty takes what is usual in the host."
        ),
        **({"analyse": Button(None, help="Looks at the whole shot and keeps what it finds.")} if analysed else {}),
        "view": Choice(VIEWS[name][0], options=VIEWS[name], help="What the node shows."),
        "on_error": Choice("fail", options=("fail", "slate"), help="Fails the frame, or says on it what is wrong."),
    }


def knobs(name: str) -> dict[str, Param]:
    """Every knob of a node, by name, in the order of its panel."""
    return {**node(name).Params.declarations(), **shot_knobs(name)}


def all_knobs() -> dict[str, dict[str, Param]]:
    return {name: knobs(name) for name in NODES}
