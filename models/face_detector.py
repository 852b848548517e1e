# SPDX-License-Identifier: Apache-2.0
"""Picture -> face boxes with six keypoints (BlazeFace).

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019), Apache-2.0
weights by Google, the full-range network. It finds faces from 13 px high (brow to chin) in its 192 px square to faces
that fill it; the short-range one needs 16 px of its 128 and gains nothing on large faces, so it is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dimensions:
    """size_px: side of the square input. layers: (stride, anchors in each cell). score: least score that counts."""

    size_px: int
    layers: tuple[tuple[int, int], ...]
    score: float


FULL_RANGE = Dimensions(192, ((4, 1),), 0.6)
SMALLEST_PX = 13.5
"""Face height that is found in 39 of 40 trials; at 11.5 px it is 37."""

RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)
OVERLAP = 0.3
"""Boxes that share more than this (intersection over union) are one face."""


@dataclass(frozen=True)
class Detections:
    """N faces, best first. boxes: [N, 4] float32 x0 y0 x1 y1; keypoints: [N, 6, 2] float32; scores: [N] float32."""

    boxes: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def placed(self, scale: np.ndarray, origin: np.ndarray) -> Detections:
        """The same faces at x * scale + origin; scale, origin: [2]."""
        boxes = (self.boxes.reshape(-1, 2, 2) * scale + origin).reshape(-1, 4)
        return Detections(boxes.astype(np.float32), (self.keypoints * scale + origin).astype(np.float32), self.scores)


class FaceDetector:
    """run: [1, size, size, 3] float32 -1..1 -> [scores [1, A, 1], boxes [1, A, 16]] for A anchors."""

    def __init__(self, dimensions: Dimensions, run: Callable[[np.ndarray], list[np.ndarray]]) -> None:
        self.dimensions = dimensions
        self._run = run
        self._anchors = _anchors(dimensions)

    def detect(self, picture: np.ndarray) -> Detections:
        """Faces in picture: [3, H, W] float32, sRGB 0..1, no side longer than the network's input.

        It is set in the middle of a black square. Coordinates are the picture's pixels, and may leave it.
        """
        size = self.dimensions.size_px
        height, width = picture.shape[1:]
        if max(height, width) > size:
            raise ValueError(f"FaceDetector: picture is {width}x{height}, expected at most {size} px")
        square = np.full((1, size, size, 3), -1.0, np.float32)
        top, left = (size - height) // 2, (size - width) // 2
        square[0, top : top + height, left : left + width] = picture.transpose(1, 2, 0) * 2 - 1
        logits, raw = sorted(self._run(square), key=lambda output: output.shape[-1])
        found = suppress(self._decode(logits.reshape(-1), raw.reshape(-1, 16)))
        return found.placed(np.ones(2), np.array([-left, -top]))

    def _decode(self, logits: np.ndarray, raw: np.ndarray) -> Detections:
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        sure = scores >= self.dimensions.score
        centre, half = raw[sure, 0:2] + self._anchors[sure], raw[sure, 2:4] / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        keypoints = raw[sure, 4:].reshape(-1, 6, 2) + self._anchors[sure, None]
        return Detections(boxes, keypoints, scores[sure])


def suppress(found: Detections, overlap: float = OVERLAP) -> Detections:
    """One detection a face: the mean, weighted by score, of all that overlap with the best one."""
    left = np.argsort(-found.scores, kind="stable")
    kept: list[tuple[np.ndarray, np.ndarray, float]] = []
    while len(left):
        same = overlaps(found.boxes[left[0]], found.boxes[left]) > overlap
        same[0] = True
        group = left[same]
        weight = found.scores[group] / found.scores[group].sum()
        box = np.einsum("n,nc->c", weight, found.boxes[group])
        kept.append((box, np.einsum("n,nkc->kc", weight, found.keypoints[group]), found.scores[left[0]]))
        left = left[~same]
    boxes, keypoints, scores = zip(*kept, strict=True) if kept else ((), (), ())
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(keypoints, np.float32).reshape(-1, 6, 2),
        np.array(scores, np.float32),
    )


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of box: [4] with boxes: [N, 4]. Returns [N]."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return shared / np.maximum(area - shared, 1e-9)


def _anchors(dimensions: Dimensions) -> np.ndarray:
    """[A, 2] float32: the middle of each anchor's cell in input pixels, in the network's order."""
    grids = []
    for stride, count in dimensions.layers:
        cells = (np.arange(dimensions.size_px // stride, dtype=np.float32) + 0.5) * stride
        y, x = np.meshgrid(cells, cells, indexing="ij")
        grids.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(grids)
