# SPDX-License-Identifier: Apache-2.0
"""Landmarks without tremble, lips as crisp as they were seen. The whole run is known, so nothing lags.

Each frame is taken apart into the head's pose and the face turned to the front. Both are compared with a local
quadratic fit (Savitzky and Golay 1964); what differs by no more than the network's own tremble is taken out, what
differs more is motion and stays: Wiener's gain d^2 / (d^2 + noise^2) on the difference d. A wide window on the pose, a
narrow one on the shape, so that lips that shut for a single frame do shut.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.pose import HeadPose, fit_pose

_POSE_FRAMES, _SHAPE_FRAMES = 9, 5
_POSE_NOISE = (0.0005, 0.14)
_SHAPE_NOISE = (0.0004, 0.085)
"""The tremble (root mean square over the points) as a part of face height plus a part in px: small faces tremble more.
Measured on still pictures with sensor noise, faces 140 and 400 px high."""


def smooth(landmarks: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """landmarks: [N, 478, 3], consecutive frames of one take. Returns the same, steadied. strength: 0 leaves all."""
    if len(landmarks) < 3 or strength == 0:
        return landmarks
    pose = fit_pose(landmarks)
    front = pose.to_front(landmarks).astype(np.float64)
    height_px = float(np.median(pose.scale))
    calm = _steady_shape(front, strength * (_SHAPE_NOISE[0] + _SHAPE_NOISE[1] / height_px))
    return _steady_pose(pose, strength * (_POSE_NOISE[0] + _POSE_NOISE[1] / height_px)).place(calm)


def _steady_shape(front: np.ndarray, noise: float) -> np.ndarray:
    """Point by point: [N, 478, 3] face heights."""
    fitted = local_fit(front, _SHAPE_FRAMES)
    off = front - fitted
    square = (off**2).sum(axis=2, keepdims=True)
    return fitted + off * (square / (square + noise**2))


def _steady_pose(pose: HeadPose, noise: float) -> HeadPose:
    """Rotation, scale and place by one gain: what counts is how far the face moves on screen."""
    across = pose.rotation[:, :, :2].reshape(len(pose.scale), -1)
    raw = np.concatenate([across, np.log(pose.scale)[:, None], pose.translation / pose.scale.mean()], axis=1)
    fitted = local_fit(raw, _POSE_FRAMES)
    off = raw - fitted
    square = (off**2 * _REACH).sum(axis=1, keepdims=True)
    kept = fitted + off * (square / (square + noise**2))
    return HeadPose(_orthonormal(kept[:, :6].reshape(-1, 3, 2)), np.exp(kept[:, 6]), kept[:, 7:] * pose.scale.mean())


_REACH = np.array([0.06] * 6 + [0.12] + [1.0, 1.0, 0.0])
"""What one unit of each pose number moves an average point by, squared, in face heights. Depth moves nothing."""


def local_fit(values: np.ndarray, window: int) -> np.ndarray:
    """values: [N, ...] float64. Each row on the parabola fitted to the `window` rows round it; at the ends, on that of
    the nearest whole window. A short run uses the widest odd window that it holds."""
    count = len(values)
    window = min(window, count if count % 2 else count - 1)
    half = window // 2
    flat = values.reshape(count, -1)
    degree = min(2, window - 1)
    powers = np.arange(-half, half + 1)[:, None] ** np.arange(degree + 1.0)
    fit = powers @ np.linalg.pinv(powers)
    inner = sum(fit[half, k] * flat[k : count - window + 1 + k] for k in range(window))
    out = np.concatenate([fit[:half] @ flat[:window], inner, fit[half + 1 :] @ flat[-window:]])
    return out.reshape(values.shape)


def _orthonormal(across: np.ndarray) -> np.ndarray:
    """[N, 3, 3] rotations from their first two columns [N, 3, 2]."""
    x = across[:, :, 0] / np.linalg.norm(across[:, :, 0], axis=1, keepdims=True)
    y = across[:, :, 1] - (x * across[:, :, 1]).sum(axis=1, keepdims=True) * x
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=2)
