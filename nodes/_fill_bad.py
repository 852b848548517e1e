# SPDX-License-Identifier: Apache-2.0
"""Finds frames that are no picture: black, full of NaN, unreadable, or the frame before once more."""

from __future__ import annotations

from itertools import pairwise
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.fill import BLACK, FROZEN, NUMBERS, UNREADABLE

LOOK_PX = 320
NOT_NUMBERS = 0.02
"""Share of pixels that are NaN or Inf from which a frame is no picture; a few lie in many a good comp."""
DARK, LIFT = 0.025, 0.03
"""A black frame's mean (sRGB, 0..1) is below DARK, and below its good neighbours' by LIFT at least: a fade is none."""
ONCE_MORE = 0.15
"""A frame that differs from the one before by less than this share of what the frames around it do is a repeat."""
MOVES = 4e-4
"""Where frames differ by less as a rule, nothing moves, not even grain, and a repeat cannot be told."""
AROUND = 12
TWOS = 0.34
"""Where so many frames are repeats, it is how the shot was made (animated on twos), and nothing is bad."""
Progress = Callable[[int, int], None]


def find(
    plate: Clip, frames: Sequence[int], known: dict[int, str], black: bool, frozen: bool, progress: Progress | None
) -> dict[int, str]:
    """Bad frames of `frames` and why, with those `known` already, which are not looked at."""
    bad, looks = dict(known), {}
    for done, frame in enumerate(frames, 1):
        if frame not in bad:
            try:
                looks[frame] = _look(plate, frame)
                if looks[frame] is None:
                    bad[frame] = NUMBERS
            except MediaError:
                bad[frame] = UNREADABLE
        if progress:
            progress(done, len(frames))
    seen = {frame: look for frame, look in looks.items() if look is not None}
    if black:
        bad |= dict.fromkeys(_black(frames, seen), BLACK)
    if frozen:
        bad |= dict.fromkeys(_frozen(frames, {f: look for f, look in seen.items() if f not in bad}), FROZEN)
    return dict(sorted(bad.items()))


def _look(plate: Clip, frame: int) -> np.ndarray | None:
    """[3, h, w] float32 as a person sees the frame, small; None where it is not numbers."""
    window = plate.window(frame)
    if (~np.isfinite(plate.crop(frame, window).pixels)).any(axis=0).mean() > NOT_NUMBERS:
        return None
    return np.nan_to_num(plate.look(frame, plate.display, LOOK_PX).pixels, nan=0.0)


def _black(frames: Sequence[int], looks: dict[int, np.ndarray]) -> list[int]:
    """Runs of black between two frames that are not, and not nearly."""
    means = {frame: float(look.mean()) for frame, look in looks.items()}
    found: list[int] = []
    run: list[int] = []
    last = -1.0
    for frame in frames:
        if frame not in means:
            continue
        if means[frame] < DARK:
            run.append(frame)
            continue
        darkest = max((means[f] for f in run), default=0.0)
        if run and min(last, means[frame]) > darkest + LIFT:
            found += run
        run, last = [], means[frame]
    return found


def _frozen(frames: Sequence[int], looks: dict[int, np.ndarray]) -> list[int]:
    """Frames that repeat the one before, where the frames around them move."""
    pairs = [(a, b) for a, b in pairwise(frames) if a in looks and b in looks]
    change = np.array([float(np.abs(looks[a] - looks[b]).mean()) for a, b in pairs])
    found = []
    for row, (_, frame) in enumerate(pairs):
        around = np.concatenate([change[max(0, row - AROUND) : row], change[row + 1 : row + 1 + AROUND]])
        # a long freeze must not be its own measure: what moves at all says how much that is
        moving = around[around > change[row] + 1e-7]
        usual = float(np.median(moving)) if len(moving) else float(np.median(change[change > 0])) if change.any() else 0
        if usual > MOVES and change[row] < ONCE_MORE * usual:
            found.append(frame)
    return found if len(found) <= TWOS * max(len(frames), 1) else []
