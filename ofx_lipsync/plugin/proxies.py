# SPDX-License-Identifier: Apache-2.0
"""What was found and planned in plate pixels, in the pixels of a proxy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.plugin.pictures import Place


def placed(points: np.ndarray, place: Place, display: Region) -> np.ndarray:
    """[..., 2] plate pixels in the pixels of a proxy, whose rows count from a whole pixel near the format's top."""
    shift_px = place.format_px - display.y1 * place.y_scale
    scale, shift = np.array([place.x_scale, place.y_scale], np.float32), np.array([0, shift_px], np.float32)
    return points if place.is_full else points * scale + shift


def scaled(plan: MouthPlan, place: Place, display: Region) -> MouthPlan:
    """The plan in the pixels of a proxy."""
    if place.is_full:
        return plan
    points = {name: placed(getattr(plan, name), place, display) for name in ("here", "target", "source")}
    height = plan.face_height_px * np.float32(np.sqrt(place.x_scale * place.y_scale))
    return replace(plan, face_height_px=height, **points)
