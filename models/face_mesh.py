# SPDX-License-Identifier: Apache-2.0
"""Picture and region of interest -> 478 landmarks and presence (MediaPipe face mesh V2 with irises).

Source: Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020); MediaPipe
Face Mesh V2 model card (2022), Apache-2.0 weights by Google. The call order stands in models/face_bundle.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ofx_lipsync.models.face_detector import LEFT_EYE, RIGHT_EYE

SIZE_PX = 256
DETECTION_MARGIN = 1.5
LANDMARK_MARGIN = 1.5
EYE_CORNERS = (33, 263)


@dataclass(frozen=True)
class Roi:
    """A square turned by angle_rad (clockwise on screen, y down) about its centre, in the picture's pixels."""

    x: float
    y: float
    side_px: float
    angle_rad: float

    def matrix(self, size_px: int = SIZE_PX) -> np.ndarray:
        """[2, 3] float64: crop coordinates (0..size_px, pixel centres at +0.5) -> picture coordinates."""
        turn = np.exp(1j * self.angle_rad) * self.side_px / size_px
        a, b, half = turn.real, turn.imag, size_px / 2
        return np.array([[a, -b, self.x - (a - b) * half], [b, a, self.y - (a + b) * half]])


def roi_from_detection(box: np.ndarray, keypoints: np.ndarray) -> Roi:
    """box: [4], keypoints: [6, 2] of FaceDetector. The square stands upright to the line between the eyes."""
    return _upright(box[:2], box[2:], keypoints[RIGHT_EYE], keypoints[LEFT_EYE], DETECTION_MARGIN)


def roi_from_landmarks(landmarks: np.ndarray) -> Roi:
    """landmarks: [478, 2+] of the frame before. The square stands upright to the line between the eye corners."""
    points = landmarks[:, :2]
    right, left = points[list(EYE_CORNERS)]
    return _upright(points.min(axis=0), points.max(axis=0), right, left, LANDMARK_MARGIN)


class FaceMesh:
    """run: [1, 256, 256, 3] float32 0..1 -> [landmarks [1, 1, 1, 1434], presence logit, tongue out]."""

    def __init__(self, run: Callable[[np.ndarray], list[np.ndarray]]) -> None:
        self._run = run

    def landmarks(self, picture: np.ndarray, roi: Roi) -> tuple[np.ndarray, float]:
        """picture: [3, H, W] float32, sRGB 0..1. Returns [478, 3] float32 in its pixels (z at the same scale,
        towards the scene) and presence 0..1, how sure the network is that the square holds a face."""
        return self.place(*self.predict(crop(picture, roi.matrix())), roi)

    def predict(self, patch: np.ndarray) -> tuple[np.ndarray, float]:
        """patch: [3, 256, 256] float32, sRGB 0..1. Returns [478, 3] float32 in its pixels, and presence 0..1."""
        raw, logit, _ = self._run(patch.transpose(1, 2, 0)[None])
        return raw.reshape(-1, 3), float(1 / (1 + np.exp(-np.float64(logit.item()))))

    @staticmethod
    def place(points: np.ndarray, presence: float, roi: Roi) -> tuple[np.ndarray, float]:
        """From the crop's pixels to the picture's."""
        matrix = roi.matrix()
        xy = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        z = points[:, 2:] * (roi.side_px / SIZE_PX)
        return np.concatenate([xy, z], axis=1).astype(np.float32), presence


def crop(picture: np.ndarray, matrix: np.ndarray, size_px: int = SIZE_PX) -> np.ndarray:
    """[3, size, size] float32: the picture through matrix, bilinear, black outside."""
    steps = np.arange(size_px) + 0.5
    x, y = np.meshgrid(steps, steps)
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] + 0.5
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] + 0.5
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    height, width = padded.shape[1:]
    u, v = np.clip(u, 0, width - 1.001), np.clip(v, 0, height - 1.001)
    left, top = u.astype(np.int64), v.astype(np.int64)
    fx, fy = (u - left).astype(np.float32), (v - top).astype(np.float32)
    upper = padded[:, top, left] * (1 - fx) + padded[:, top, left + 1] * fx
    lower = padded[:, top + 1, left] * (1 - fx) + padded[:, top + 1, left + 1] * fx
    return upper * (1 - fy) + lower * fy


def _upright(low: np.ndarray, high: np.ndarray, right: np.ndarray, left: np.ndarray, margin: float) -> Roi:
    side = float((high - low).max()) * margin
    across = left - right
    x, y = (low + high) / 2
    return Roi(float(x), float(y), side, float(np.arctan2(across[1], across[0])))
