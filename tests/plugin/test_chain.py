# SPDX-License-Identifier: Apache-2.0
"""Read -> FaceDetect -> MouthGenerate -> Blend -> Write in a host gives the pixels of lipsync dub."""

from __future__ import annotations

import numpy as np
from conftest import FRAMES

FRAME = FRAMES[4]


def chain(line, analysis, pictures, frame, mouth=None, blend=None):
    """(what FaceDetect, MouthGenerate and Blend give); each node gets what the one above it gave."""
    shot = {"analysis": analysis}
    source = pictures["Source", frame]
    seen = line.render("org.ofxlipsync.facedetect", frame, shot, {"Source": source}, pictures)
    made = line.render("org.ofxlipsync.mouthgenerate", frame, {**shot, **(mouth or {})}, {"Source": seen}, pictures)
    images = {"Source": seen, "Mouth": made}
    return seen, made, line.render("org.ofxlipsync.blend", frame, {**shot, **(blend or {})}, images, pictures)


def same(a, b) -> bool:
    return a.layout == b.layout and a.rows.tobytes() == b.rows.tobytes()


def test_every_frame_is_what_lipsync_dub_makes(shim, analysis, rgba, dubbed):
    line, changed = shim.line(), 0
    for frame in FRAMES:
        _, _, comp = chain(line, analysis, rgba, frame)
        source = rgba["Source", frame]
        assert np.abs(comp.rows[::-1, :, :3] - dubbed[frame]).max() == 0
        assert np.array_equal(comp.rows[..., 3], source.rows[..., 3])
        changed += int((comp.rows != source.rows).any(axis=2).sum())
    assert changed > 1000
