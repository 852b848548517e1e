# SPDX-License-Identifier: Apache-2.0
"""A short shot of the demo's plate, in numbers that several tests share."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

FRAMES = range(1001, 1011)
SIZE = (320, 180)


def make_plate(samples: Path):
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pixels(pattern: str, frame: int) -> np.ndarray:
    return oiio.ImageBuf(pattern.replace("####", str(frame))).get_pixels(oiio.FLOAT)[..., :3]


def halved(rows: np.ndarray) -> np.ndarray:
    height, width, comps = rows.shape
    return rows.reshape(height // 2, 2, width // 2, 2, comps).mean(axis=(1, 3), dtype=np.float32)
