# SPDX-License-Identifier: Apache-2.0
"""What an artist sees on top of the LipSync group, and the settings for its uses.

A use sets only what it is about; everything else keeps its default.
"""

from __future__ import annotations

from typing import Any

TOP = {
    "Shot": (
        ("FaceDetect", "analysis"),
        ("AudioFeature", "line"),
        ("AudioFeature", "audio_offset"),
        ("FaceDetect", "first_frame"),
        ("FaceDetect", "last_frame"),
    ),
    "Face": (("FaceDetect", "face"), ("FaceDetect", "face_index"), ("FaceDetect", "missing_face")),
    "Line": (("AudioFeature", "transcript"), ("AudioFeature", "language"), ("AudioFeature", "dynamics")),
    "Mouth": (
        ("MouthGenerate", "strength"),
        ("MouthGenerate", "opening"),
        ("MouthGenerate", "width"),
        ("MouthGenerate", "jaw"),
        ("MouthGenerate", "closure"),
        ("MouthGenerate", "sync_offset"),
        ("MouthGenerate", "handles"),
        ("MouthGenerate", "reel"),
    ),
    "Blend": (
        ("Blend", "mix"),
        ("Blend", "feather"),
        ("Blend", "erode"),
        ("Blend", "move_jaw"),
        ("Blend", "invert_holdout"),
        ("Blend", "colour_match"),
        ("Blend", "texture_match"),
        ("Blend", "shutter"),
        ("Blend", "grain"),
    ),
    "Pipeline": (("FaceDetect", "input_space"), ("FaceDetect", "on_error")),
}
"""Heading -> the knobs under it."""

SEEN = {
    "result": ("Blend", "result"),
    "matte": ("Blend", "matte"),
    "patch": ("Blend", "patch"),
    "landmarks": ("FaceDetect", "landmarks"),
    "confidence": ("MouthGenerate", "confidence"),
}
"""View on top -> the node that shows it, and that node's own view. Landmarks are there before anything is heard."""

SHARED = ("analysis", "first_frame", "last_frame", "input_space", "on_error")
"""Set once on top, and the same on every node that has it."""

USES: dict[str, dict[str, dict[str, Any]]] = {
    "dub": {
        "MouthGenerate": {"strength": 1.0, "opening": 1.0, "closure": 1.0, "handles": 0, "smoothing": 0.0},
        "Blend": {"feather": 7.0},
    },
    "adr_fix": {
        "MouthGenerate": {"strength": 1.0, "opening": 1.0, "closure": 1.0, "handles": 8, "smoothing": 0.0},
        "Blend": {"feather": 5.0},
    },
    "subtle": {
        "MouthGenerate": {"strength": 0.6, "opening": 0.85, "closure": 0.8, "handles": 12, "smoothing": 40.0},
        "Blend": {"feather": 9.0},
    },
}
"""Every use names the same params, so that going from one to another leaves nothing of the first behind."""

ABOUT = {
    "dub": "A new line over the whole shot: a translation, a change of script.",
    "adr_fix": "The same line spoken again: the mouth eases in and out over 8 frames, and the matte stays tight.",
    "subtle": "A little help for a line that nearly fits: the actor's own performance stays in charge.",
}
