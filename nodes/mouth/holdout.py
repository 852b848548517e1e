# SPDX-License-Identifier: Apache-2.0
"""Which mouths of a shot an artist's holdout covers: none is taken from there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.nodes.mouth.points import INDEX, LIPS_EDGE

TOUCHED, HIDDEN = 0.02, 0.10
"""Share of the lips under the holdout up to which a mouth is as good as any, and from which it is none."""
ROUND = 0.02
"""So far round the lips, in face heights, counts as lips: a fingertip at a corner would be dubbed elsewhere."""


def behind(track: FaceTrack, holdout: Clip, invert: bool) -> FaceTrack:
    """The track, covered where the holdout lies over the lips. invert: it is white where the mouth is free."""
    heights = track.face_height_px()
    found = [
        _share(holdout, int(frame), points[INDEX, :2][LIPS_EDGE], float(height), invert)
        for frame, points, height in zip(track.frames, track.landmarks, heights, strict=True)
    ]
    share = np.clip((np.array(found) - TOUCHED) / (HIDDEN - TOUCHED), 0, 1).astype(np.float32)
    return replace(track, covered=share if track.covered is None else np.maximum(share, track.covered))


def _share(holdout: Clip, frame: int, lips: np.ndarray, height_px: float, invert: bool) -> float:
    region = Region.around(lips, 2 * ROUND * height_px).intersect(holdout.display)
    if region.is_empty:
        return 0.0
    picture = holdout.crop(frame, region)
    channel = picture.channels.index("A") if "A" in picture.channels else 0
    front = np.clip(np.nan_to_num(picture.pixels[channel], nan=0.0), 0, 1)
    weight = matte(lips.astype(np.float32), region, feather_px=ROUND * height_px, erode_px=-ROUND * height_px)
    return float((weight * (1 - front if invert else front)).sum() / max(float(weight.sum()), 1e-6))
