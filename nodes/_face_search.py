# SPDX-License-Identifier: Apache-2.0
"""Where faces are in one frame, from a close-up down to a face in a crowd."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.models.face_detector import SMALLEST_PX, Detections, FaceDetector, suppress

_STEP = 3.0
"""Each level shows the plate at most this much larger than the one before, so that no face size falls between two."""
_WITH_HAIR = 1.3
"""A head is taller than its face, brow to chin."""


def search(plate: Clip, frame: int, detector: FaceDetector, smallest_px: float) -> Detections:
    """Faces of at least smallest_px (brow to chin, plate pixels), in plate pixels, best first."""
    display, size = plate.display, detector.dimensions.size_px
    finest, *coarser = levels(max(display.width, display.height), size, smallest_px)
    picture = finite(plate.look(frame, display, finest).pixels)
    ratio = finest / coarser[0] if coarser else 1.0
    overlap = round(_WITH_HAIR * ratio * SMALLEST_PX)
    found = []
    for longest in (finest, *coarser):
        level = reduced(picture, longest)
        height, width = level.shape[1:]
        scale = np.array([display.width / width, display.height / height])
        for x, y in tiles(width, height, size, overlap):
            seen = detector.detect(level[:, y : y + size, x : x + size])
            found.append(seen.placed(scale, scale * (x, y) + (display.x0, display.y0)))
    boxes, keypoints, scores = zip(*((one.boxes, one.keypoints, one.scores) for one in found), strict=True)
    return suppress(Detections(np.concatenate(boxes), np.concatenate(keypoints), np.concatenate(scores)))


def finite(pixels: np.ndarray) -> np.ndarray:
    """A dead pixel must not blind a network: NaN is black."""
    return pixels if np.isfinite(pixels).all() else np.nan_to_num(pixels, nan=0.0, posinf=1.0, neginf=0.0)


def reduced(picture: np.ndarray, longest_px: int) -> np.ndarray:
    """picture [3, H, W] with its longest side at longest_px, antialiased."""
    height, width = picture.shape[1:]
    ratio = max(height, width) / longest_px
    if ratio <= 1:
        return picture
    shape = (max(1, round(height / ratio)), max(1, round(width / ratio)))
    return crop(picture, np.array([[width / shape[1], 0, 0], [0, height / shape[0], 0]]), shape)


def levels(longest_px: int, size_px: int, smallest_px: float) -> list[int]:
    """Longest sides to look at the plate with: from the one that shows the smallest face just large enough for the
    network down to the whole plate in one square. Never enlarged."""
    finest = min(float(longest_px), longest_px * SMALLEST_PX / smallest_px)
    ratio = max(finest / size_px, 1.0)
    steps = math.ceil(math.log(ratio, _STEP))
    return [*(round(size_px * ratio ** (step / steps)) for step in range(steps, 0, -1)), min(size_px, longest_px)]


def tiles(width_px: int, height_px: int, size_px: int, overlap_px: int) -> list[tuple[int, int]]:
    """Top-left corners of squares that cover a picture. They share enough that the tallest face which only this level
    finds is whole in one."""
    return [(x, y) for y, x in product(_starts(height_px, size_px, overlap_px), _starts(width_px, size_px, overlap_px))]


def _starts(length: int, size: int, overlap: int) -> list[int]:
    if length <= size:
        return [0]
    count = math.ceil((length - overlap) / (size - overlap))
    return [round(index * (length - size) / (count - 1)) for index in range(count)]
