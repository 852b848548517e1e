# SPDX-License-Identifier: Apache-2.0
"""The head turned a little: a field that moves it as a body, and lets hair, neck and background follow less and less.

A small turn moves a point of the head by its depth: dx = yaw z - roll y, dy = pitch z + roll x, with z the distance in
front of the joint that a head nods on. The face's depth is the mesh's, the rest of the head is rounded off behind it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ofx_lipsync.core.pose import fit_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import grid_points, warp
from ofx_lipsync.nodes.mouth import spline

SKULL = np.array(
    [
        (-0.46, 0.05, 0.30), (-0.50, -0.15, 0.32), (-0.46, -0.38, 0.30), (-0.32, -0.56, 0.26), (0.0, -0.64, 0.22),
        (0.32, -0.56, 0.26), (0.46, -0.38, 0.30), (0.50, -0.15, 0.32), (0.46, 0.05, 0.30),
    ]
)  # fmt: skip
"""[9, 3]: ear over crown to ear with some hair, on the face turned to the front, in face heights (core.pose.FRONT)."""
NECK = np.array([(-0.30, 0.80, 0.38), (0.0, 0.92, 0.30), (0.30, 0.80, 0.38)])
JOINT = np.array([[0.0, 0.34, 0.42]])
"""Where a head turns and nods, below and behind the ears."""
JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
EVERY = 7
"""Of the mesh's points so many suffice for a depth as smooth as this."""
SOFT = 0.01
"""Stiffness of the depth: the mesh's nostrils and lids should not be seen to move by themselves."""
FALLOFF, RIM = 0.60, 0.35
"""In face heights: how far beyond the head pixels follow it, and how far from the frame's edge they are held."""
NODES = 32
"""Grid nodes in a face height."""
FINE_PIXELS = 8_000_000
"""Up to this many pixels are read from a picture twice as fine: there the warp's filter loses nothing, and skin that
drifts by parts of a pixel does not breathe between sharp and soft. Larger heads have no such fine detail."""


class Head(NamedTuple):
    """Over a grid, a node every step_px of region. share: [gh, gw] 0..1, how far a point goes with the head.
    arm: [3, gh, gw] px, where it lies from the joint: right, down, towards the camera."""

    region: Region
    step_px: int
    share: np.ndarray
    arm: np.ndarray
    height_px: float


def head_of(landmarks: np.ndarray, window: Region) -> Head:
    """landmarks: [478, 3] px of the still. window: where it has pixels; on its edge nothing moves."""
    pose = fit_pose(landmarks[None])
    height_px = float(pose.scale[0])
    skull, neck, joint = (pose.place(points[None])[0] for points in (SKULL, NECK, JOINT))
    outline = np.concatenate([skull, landmarks[list(JAW)][::-1]])[:, :2]
    region = Region.around(outline, FALLOFF * height_px).intersect(window)
    step_px = max(2, round(height_px / NODES))
    nodes = grid_points(step_px, region).astype(np.float64)
    at = nodes.reshape(2, -1).T
    known = np.concatenate([landmarks[0:468:EVERY], skull, neck]).astype(np.float64)
    depth = _depth(at, known, height_px).reshape(nodes.shape[1:])
    share = _share(outline, window, region, step_px, nodes.shape[1:], height_px)
    arm = np.stack([nodes[0] - joint[0, 0], nodes[1] - joint[0, 1], joint[0, 2] - depth])
    return Head(region, step_px, share, arm, height_px)


def field(head: Head, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """[2, gh, gw] float32: where to read at each node. turn: [3] degrees yaw, pitch, roll; shift: [2] face heights."""
    yaw, pitch, roll = np.radians(turn)
    across, down, front = head.arm
    move = np.stack([yaw * front - roll * down, pitch * front + roll * across])
    move += (np.asarray(shift) * head.height_px)[:, None, None]
    nodes = grid_points(head.step_px, head.region)
    return np.asarray(nodes - head.share * move, np.float32)


def turned(pixels: np.ndarray, head: Head, grid: np.ndarray) -> np.ndarray:
    """[C, H, W] float32: `pixels` [C, H, W] of the head's region, moved."""
    if head.region.width * head.region.height > FINE_PIXELS:
        return np.asarray(warp(pixels, grid, head.step_px, head.region, origin=(head.region.x0, head.region.y0)))
    fine = doubled(doubled(pixels, 1), 2)
    x0, y0 = head.region.x0, head.region.y0
    moved = np.asarray(grid, np.float64)
    # the warp reads one picture: a grid of corners in plate px, made to point into one of half px from the same corner
    doubled_grid = np.stack([x0 + (moved[0] - x0) * 2, y0 + (moved[1] - y0) * 2]).astype(np.float32)
    return np.asarray(warp(fine, doubled_grid, head.step_px, head.region, origin=(x0, y0)))


def reached(head: Head) -> np.ndarray:
    """[H, W] float32: 1 where a pixel of the region may move, 0 beyond, where it stands bit for bit."""
    # a node's share bends the field for two nodes round it (Catmull-Rom)
    moving = np.pad(head.share > 0, 2)
    rows, columns = head.share.shape
    near = np.zeros(head.share.shape, bool)
    for dy in range(5):
        for dx in range(5):
            near |= moving[dy : dy + rows, dx : dx + columns]
    pixels = near.repeat(head.step_px, axis=0).repeat(head.step_px, axis=1)
    return np.asarray(pixels[: head.region.height, : head.region.width], np.float32)


def doubled(pixels: np.ndarray, axis: int) -> np.ndarray:
    """[C, ..., 2 n, ...] float32: twice as many pixels along an axis, by Lanczos's filter of three lobes, edges held.

    Source: Duchon, "Lanczos filtering in one and two dimensions" (1979).
    """
    count = pixels.shape[axis]
    taps = np.arange(-3, 4)
    out = np.empty([2 * n if i == axis else n for i, n in enumerate(pixels.shape)], np.float32)
    padded = np.pad(pixels, [(3, 3) if i == axis else (0, 0) for i in range(pixels.ndim)], mode="edge")
    for phase, off in ((0, -0.25), (1, 0.25)):
        away = taps - off
        weights = np.where(np.abs(away) < 3, np.sinc(away) * np.sinc(away / 3), 0.0)
        weights /= weights.sum()
        total = np.zeros_like(pixels)
        for k, weight in zip(taps, weights, strict=True):
            if weight:
                window = [slice(None)] * pixels.ndim
                window[axis] = slice(3 + k, 3 + k + count)
                total += np.float32(weight) * padded[tuple(window)]
        into = [slice(None)] * pixels.ndim
        into[axis] = slice(phase, None, 2)
        out[tuple(into)] = total
    return out


def _depth(at: np.ndarray, known: np.ndarray, height_px: float) -> np.ndarray:
    """[Q] px: how deep the head lies at points [Q, 2], smooth, never nearer or farther than what is known of it."""
    centre = known[:, :2].mean(axis=0)
    places = (known[:, :2] - centre) / height_px
    weights = spline.solve(places, known[:, 2:] / height_px, SOFT)
    there = (at - centre) / height_px
    depth = spline.evaluate(there, spline.radial(there, places), weights)[:, 0]
    return np.asarray(np.clip(depth * height_px, known[:, 2].min(), known[:, 2].max()))


def _share(
    outline: np.ndarray, window: Region, region: Region, step_px: int, shape: tuple[int, ...], height_px: float
) -> np.ndarray:
    """[gh, gw] float32: 1 on the head, falling to 0 beyond it and towards the frame's edge."""
    grid = Region.of_size(shape[1], shape[0])

    def soft(loop: np.ndarray, feather_px: float, erode_px: float) -> np.ndarray:
        # a matte of one pixel a node: its pixels' centres are the nodes
        places = ((loop - (region.x0, region.y0)) / step_px + 0.5).astype(np.float32)
        return np.asarray(matte(places, grid, feather_px=feather_px / step_px, erode_px=erode_px / step_px))

    x0, y0, x1, y1 = window.x0, window.y0, window.x1, window.y1
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)
    reach_px = FALLOFF * height_px
    return soft(outline, reach_px, -reach_px) * soft(corners, RIM * height_px, 0.0)
