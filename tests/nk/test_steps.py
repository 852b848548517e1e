# SPDX-License-Identifier: Apache-2.0
"""Over and Crop on frames as they are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.nk.steps import cut, lay_over

from .conftest import HEIGHT, WIDTH, write_exr


def frame_of(folder: Path, name: str, pixels: np.ndarray, channels: str, window: tuple[int, int] = (0, 0)):
    write_exr(folder / name, pixels, channels, window)
    with open_plate(str(folder / name)) as plate:
        return plate.load(1)


def test_over_with_alpha_and_outside_bit_for_bit(tmp_path):
    below = np.random.default_rng(1).normal(0.5, 2, (HEIGHT, WIDTH, 4)).astype(np.float32)
    below[0, 0] = [np.inf, -3, 60, 0.25]
    top = np.zeros((10, 20, 4), np.float32)
    top[:] = [0.25, 0.5, -0.125, 0.5]
    frame = frame_of(tmp_path, "b.exr", below, "RGBA")
    before = frame.parts[0].copy()
    lay_over(frame, frame_of(tmp_path, "t.exr", top, "RGBA", (5, 7)), 1.0)
    after = frame.parts[0]
    box = (slice(7, 17), slice(5, 25))
    assert np.array_equal(after[box], (top + before[box].astype(np.float32) * 0.5).astype(np.float16))
    after[box] = before[box]
    assert np.array_equal(after, before)


def test_a_picture_without_alpha_is_added(tmp_path):
    below, top = np.full((HEIGHT, WIDTH, 3), 0.25, np.float32), np.full((4, 4, 3), 0.5, np.float32)
    frame = frame_of(tmp_path, "b.exr", below, "RGB")
    lay_over(frame, frame_of(tmp_path, "t.exr", top, "RGB"), 1.0)
    assert (frame.parts[0][:4, :4] == 0.75).all()
    assert (frame.parts[0][4:] == 0.25).all()


def test_a_crop_keeps_the_format_or_becomes_it(tmp_path):
    pixels = np.arange(HEIGHT * WIDTH * 3, dtype=np.float32).reshape(HEIGHT, WIDTH, 3) % 1000
    frame = frame_of(tmp_path, "b.exr", pixels, "RGB")
    box = Region(10, 20, 110, 70)
    kept, made = cut(frame, box, False), cut(frame, box, True)
    assert (kept.window, kept.display) == (box, Region(0, 0, WIDTH, HEIGHT))
    assert (made.window, made.display) == (Region(0, 0, 100, 50), Region(0, 0, 100, 50))
    assert np.array_equal(kept.parts[0], frame.parts[0][20:70, 10:110])
    assert cut(frame, Region(-5, -5, 2000, 2000), False) is frame
    with pytest.raises(InputError, match="nothing of it"):
        cut(frame, Region(900, 900, 950, 950), False)
