# SPDX-License-Identifier: Apache-2.0
"""The knobs of each node as a host shows them: the node's own params, then those of the shot.

Names and choices are the file format of people's scripts; everything that is written for a host is made from here.
"""

from __future__ import annotations

from ofx_lipsync.core.params import Param
from ofx_lipsync.graph import NODES, node
from ofx_lipsync.plugin.shot_params import LIPSYNC, Button, node_params, shot_params

IDENTIFIER = "org.ofxlipsync."
CLIPS = {
    "FaceDetect": ("Source",),
    "AudioFeature": ("Source",),
    "MouthGenerate": ("Source",),
    "Blend": ("Source", "Mouth", "Holdout"),
}
"""Inputs in the order in which hosts number them."""


def identifier(name: str) -> str:
    """What a host finds a node by, as org.ofxlipsync.blend."""
    return IDENTIFIER + name.lower()


def nuke_class(name: str) -> str:
    """A node's class in a Nuke script, as OFXorg.ofxlipsync.blend_v1."""
    version = 1 if name == LIPSYNC else node(name).VERSION
    return f"OFX{identifier(name)}_v{version}"


def knobs(name: str) -> dict[str, Param]:
    """Every knob of a node, by name."""
    return {**node_params(name), **shot_params(name)}


def buttons(knob: str) -> list[str]:
    """The nodes that have a push button of this name, in the order of the chain."""
    return [name for name in NODES if isinstance(knobs(name).get(knob), Button)]
