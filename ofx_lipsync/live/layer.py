# SPDX-License-Identifier: Apache-2.0
"""One drawing in its place; what a figure gives and a painter takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Hashable

import numpy as np


@dataclass(frozen=True)
class Layer:
    """key: the same for the same pixels. pixels: [h, w, 4] uint8, premultiplied sRGB; box: x0 y0 x1 y1 in
    canvas pixels. move: [3, 3], canvas to canvas."""

    key: Hashable
    pixels: np.ndarray
    box: tuple[float, float, float, float]
    move: np.ndarray
