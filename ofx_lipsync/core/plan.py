# SPDX-License-Identifier: Apache-2.0
"""What MouthGenerate decided for a shot, and what it paints on one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.image import Image

PLATE, REEL = 0, 1


@dataclass(frozen=True)
class MouthPlan:
    """N frames with a new mouth, ascending; P control points (nodes/mouth/points.py CONTROL), in plate pixels.

    frames: [N] int64.
    here: [N, P, 2] float32, where the points are on the plate now.
    target: [N, P, 2] float32, where the dub wants them.
    source_clip: [N, 2] int8, PLATE or REEL, of the mouth to use and of the one to cross over with.
    source_frame: [N, 2] int64, its frame number.
    source: [N, 2, P, 2] float32, where the points are on that frame.
    cross: [N] float32 0..1, share of the second mouth (0 away from jumps).
    built: [N] float32 0..1, how much of a mouth's inside has to be made up, since the library has nearly one opening.
    strength: [N] float32 0..1, fades at handles and where the face turns away.
    confidence: [N] float32 0..1, how well the library serves this frame.
    face_height_px: [N] float32, brow-top to chin with the lips closed.
    """

    frames: np.ndarray
    here: np.ndarray
    target: np.ndarray
    source_clip: np.ndarray
    source_frame: np.ndarray
    source: np.ndarray
    cross: np.ndarray
    built: np.ndarray
    strength: np.ndarray
    confidence: np.ndarray
    face_height_px: np.ndarray

    def index(self, frame: int) -> int | None:
        """Row of a frame, or None where the plate keeps its own mouth."""
        row = int(np.searchsorted(self.frames, frame))
        return row if row < len(self.frames) and int(self.frames[row]) == frame else None


@dataclass(frozen=True)
class Moved:
    """Where the plate is read to bring it to the new shape: [2, gh, gw] float32 plate points, a node every step_px from
    the patch's corner on (kernels/warp.py).

    ground: as the ground layer was read, lips as one sheet. upper, lower: each lip going its own way.
    upper_edge, lower_edge: [K, 2] plate px, the lips' inner edges as they should be, from corner to corner.
    lips: [Q, 2] plate px, their outer edge. reach_px: how far beyond it the lips' own ways fade into the ground's.
    """

    step_px: int
    ground: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    upper_edge: np.ndarray
    lower_edge: np.ndarray
    lips: np.ndarray
    reach_px: float


@dataclass(frozen=True)
class Patch:
    """New pixels for one frame, two layers over the plate, both RGBA, premultiplied, scene-linear, same region.

    image: the mouth from the library; its alpha is where it has pixels, wider than the matte wants.
    ground: the plate's own chin, cheeks and neck moved to the new jaw; alpha 0 where nothing moved.
    outline: [Q, 2] float32 plate pixels, the edge of the mouth layer before feather and erode.
    skin: [H, W] float32 0..1, skin round the lips that both layers share: where colour is compared.
    confidence: 0..1. face_height_px: the unit of feather and erode.
    made_up: [H, W] float32 0..1, how much of the mouth layer no camera saw, so that it has no grain; None for nothing.
    pixel_aspect: how many times as wide as high a pixel is shown. motion: [2] px that the head goes in a
        frame beyond what smears the library mouth already; None where nobody knows.
    moved: how the plate comes to this shape; None where the engine moves nothing.
    """

    image: Image
    ground: Image
    outline: np.ndarray
    skin: np.ndarray
    confidence: float
    face_height_px: float
    made_up: np.ndarray | None = None
    pixel_aspect: float = 1.0
    motion: np.ndarray | None = None
    moved: Moved | None = None
