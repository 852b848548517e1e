# SPDX-License-Identifier: Apache-2.0
"""How the picture moves between two frames, and where each in-between frame reads both.

Dense inverse search flow (Kroeger, Timofte, Dai and Van Gool, "Fast optical flow using dense inverse search", ECCV
2016), by OpenCV, on what a person sees; the flows of a moment between are those of Jiang et al., "Super SloMo" (CVPR
2018), eq. 4. Pixels themselves stay in scene-linear float: only the map is made here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.warp import grid_points

LOOK_PX = 960
"""Flow is measured on a picture of at most this size."""
HIDDEN_PX = 1.5
"""Flows there and back that miss each other by so much, on that picture, say that something was covered up."""
SMOOTH = 0.03
"""Flow is smoothed over this share of the frame: grain and compression move, and must not carry the picture along."""
STILL_PX, MOVED_PX = 0.2, 0.6
STEPS = 400
"""Grid nodes across a frame, about."""


@dataclass(frozen=True)
class Flow:
    """there, back: [h, w, 2] float32, plate px, from the first frame to the second and from the second to the first.
    sure, sure_back: [h, w] float32 0..1, how well the two agree. region: the plate pixels that they lie over."""

    there: np.ndarray
    back: np.ndarray
    sure: np.ndarray
    sure_back: np.ndarray
    region: Region


def measure(plate: Clip, first: int, second: int, region: Region) -> Flow:
    """The flow between two good frames over a region that both have."""
    import cv2

    cv2.setNumThreads(1)  # the same bits on every machine of a farm
    looks = [_grey(plate.look(frame, region, LOOK_PX).pixels) for frame in (first, second)]
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = (np.asarray(search.calc(*pair, None)) for pair in (looks, looks[::-1]))
    sure, sure_back = _agreement(there, back), _agreement(back, there)
    scale = np.array([region.width / looks[0].shape[1], region.height / looks[0].shape[0]], np.float32)
    return Flow(there * scale, back * scale, sure, sure_back, region)


def step_of(region: Region) -> int:
    return max(2, round(max(region.width, region.height) / STEPS))


@dataclass(frozen=True)
class Reads:
    """Where an in-between frame reads the first and the second, [2, gh, gw] plate px each; how much the second counts,
    [gh, gw] 0..1: less where it did not see what is there; how sure the flow is of both, [gh, gw] 0..1."""

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    sure: np.ndarray


def reads(flow: Flow, part: float, step_px: int) -> Reads:
    """For the frame at `part` of the way."""
    nodes = grid_points(step_px, flow.region)
    soft_px = SMOOTH * max(flow.region.shape)
    there, back = (_settled(_at_nodes(f, nodes, flow.region, soft_px)) for f in (flow.there, flow.back))
    sure, sure_back = (_at_nodes(field, nodes, flow.region, step_px / 2) for field in (flow.sure, flow.sure_back))
    first = nodes - (1 - part) * part * there + part**2 * back
    second = nodes + (1 - part) ** 2 * there - part * (1 - part) * back
    one, two = (1 - part) * (sure + 0.05), part * (sure_back + 0.05)
    parts = (first, second, two / (one + two), np.minimum(sure, sure_back))
    return Reads(*(np.ascontiguousarray(values, np.float32) for values in parts))


def _settled(field: np.ndarray) -> np.ndarray:
    """[2, gh, gw] px: motion too small to be told from grain becomes none: resampled for nothing, skin would soften."""
    far = np.linalg.norm(field, axis=0)
    t = np.clip((far - STILL_PX) / MOVED_PX, 0.0, 1.0)
    return field * (t * t * (3 - 2 * t))


def _grey(look: np.ndarray) -> np.ndarray:
    weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
    grey = np.tensordot(weights, np.nan_to_num(look, nan=0.0, posinf=1.0, neginf=0.0), axes=1)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def _agreement(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    import cv2

    height, width = there.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    returned = cv2.remap(back, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    miss = np.linalg.norm(there + returned, axis=2)
    return np.asarray(cv2.GaussianBlur(np.exp(-((miss / HIDDEN_PX) ** 2)).astype(np.float32), (0, 0), 2.0))


def _at_nodes(field: np.ndarray, nodes: np.ndarray, region: Region, soft_px: float) -> np.ndarray:
    """[2, gh, gw] or [gh, gw]: a field [h, w, ...] read at grid nodes, smoothed over soft_px of the plate."""
    import cv2

    height, width = field.shape[:2]
    scale = width / region.width, height / region.height
    soft = cv2.GaussianBlur(field, (0, 0), max(0.6, soft_px * scale[0]))
    x = (nodes[0] - region.x0) * scale[0] - 0.5
    y = (nodes[1] - region.y0) * scale[1] - 0.5
    at = x.astype(np.float32), y.astype(np.float32)
    read = cv2.remap(soft, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read.transpose(2, 0, 1) if read.ndim == 3 else read)
