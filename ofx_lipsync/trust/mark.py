# SPDX-License-Identifier: Apache-2.0
"""A faint mark in the generated area of review movies, found again by correlation.

A fixed pattern of soft specks a pixel or two wide is added to the brightness of generated pixels, more where the
picture has texture that hides it. The detector averages what is left of many frames once the picture itself is
smoothed away, and compares it with the pattern in place and out of place: the mark is there where the true place
stands out.  Source: Cox, Kilian, Leighton and Shamoon, "Secure spread spectrum watermarking for multimedia", IEEE
Transactions on Image Processing 6(12), 1997, for the principle.

It tells that a file is a review movie of this tool where sidecar and tags were lost. It proves nothing: scaling,
cropping or turning the picture loses it, and whoever reads this file can take it out or put it in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

import numpy as np

from ofx_lipsync.core.errors import MediaError

SEED = 0x6C697073
CELL_PX = 1.0
LEAST, MOST = 0.7, 1.8
"""Strength in codes of 255: on plain skin, and in texture."""
TEXTURE = 6.0
"""Standard deviation of brightness, in codes, from which the pattern is as strong as it gets."""
FOUND = 7.0
"""Score from which the mark is said to be there; without one 4 to 5 are reached by chance, over all windows."""
FRAMES = 120
WINDOWS_PX = (48, 96, 192, 384)
LUMA = np.array((0.2126, 0.7152, 0.0722), np.float32)


def pattern(height: int, width: int) -> np.ndarray:
    """[H, W] float32 of mean 0 and deviation 1, the same for every frame."""
    import cv2

    noise = np.random.Generator(np.random.PCG64(SEED)).standard_normal((height, width), np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), CELL_PX) - cv2.GaussianBlur(noise, (0, 0), 2 * CELL_PX)
    return np.asarray((soft - soft.mean()) / soft.std(), np.float32)


def add_mark(codes: np.ndarray, area: np.ndarray, marks: np.ndarray) -> None:
    """codes: [H, W, 3] uint8 of a display, written on where area, [H, W] bool, is set. marks: `pattern` of its size."""
    import cv2

    if not area.any():
        return
    luma = codes.astype(np.float32) @ LUMA
    mean = cv2.GaussianBlur(luma, (0, 0), 4.0)
    deviation = np.sqrt(np.maximum(cv2.GaussianBlur(luma * luma, (0, 0), 4.0) - mean * mean, 0.0))
    strength = LEAST + (MOST - LEAST) * np.minimum(deviation / TEXTURE, 1.0)
    # The edge of the area must not be seen as an edge of the mark.
    inside = cv2.GaussianBlur(area.astype(np.float32), (0, 0), 3.0) * area
    added = np.rint(codes + (marks * strength * inside)[..., None])
    codes[area] = np.clip(added, 0, 255).astype(np.uint8)[area]


def score(lumas: Iterable[np.ndarray]) -> float:
    """How far the pattern stands out, in deviations of what chance gives. lumas: [H, W] brightness of frames."""
    left: np.ndarray | None = None
    for luma in lumas:
        kept = _without_picture(np.asarray(luma, np.float32))
        left = kept if left is None else left + kept
    if left is None:
        return 0.0
    marks = pattern(*left.shape)
    steps = np.random.Generator(np.random.PCG64(SEED + 1)).integers(16, min(left.shape) - 16, (12, 2))
    elsewhere = [np.roll(marks, tuple(step), (0, 1)) for step in steps]
    return max(_stands_out(left, marks, elsewhere, size) for size in WINDOWS_PX if size < min(left.shape))


def movie_score(path: str | Path) -> float:
    """The same of a movie's first frames. Raises: MediaError."""
    import av

    try:
        with av.open(str(path)) as movie:
            frames = (frame for frame, _ in zip(movie.decode(video=0), range(FRAMES), strict=False))
            return score(frame.to_ndarray(format="gray") for frame in frames)
    except (av.error.FFmpegError, IndexError, OSError) as error:
        raise MediaError(f"{path}: is no movie that can be read ({getattr(error, 'strerror', error)})") from None


def _without_picture(luma: np.ndarray) -> np.ndarray:
    """What is as fine as the pattern, evened out, so that an edge does not count more than skin."""
    import cv2

    fine = cv2.GaussianBlur(luma, (0, 0), 0.7 * CELL_PX) - cv2.GaussianBlur(luma, (0, 0), 2 * CELL_PX)
    return np.asarray(fine / np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 4 * CELL_PX) + 1.0), np.float32)


def _stands_out(left: np.ndarray, marks: np.ndarray, elsewhere: list[np.ndarray], size: int) -> float:
    """The best window of a size."""
    chance = np.sqrt(np.mean([np.mean(np.square(_agreement(left, marks, size))) for marks in elsewhere]))
    return float(_agreement(left, marks, size).max() / max(chance, 1e-9))


def _agreement(left: np.ndarray, marks: np.ndarray, size: int) -> np.ndarray:
    """For windows of a size, the sum of the product over its own spread."""
    import cv2

    product = left * marks
    window = (size, size)
    total = cv2.boxFilter(product, -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    spread = cv2.boxFilter(np.square(product), -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    # A window with hardly a picture in it, as black bars, must not win by dividing by nothing.
    return np.asarray(total / np.sqrt(spread + 0.05 * spread.mean() + 1e-9), np.float32)
