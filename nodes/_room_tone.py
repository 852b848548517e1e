# SPDX-License-Identifier: Apache-2.0
"""The sound of the room when nobody speaks, made of the quietest moments of a take: for holes in its sound."""

from __future__ import annotations

import numpy as np

GRAIN_S = 0.1
NEAR_S = 15.0
"""Room tone is taken from this near, where there is enough of it: rooms change over a scene."""
LEAST_GRAINS = 6
QUIETEST = 0.12
"""Share of a take's moments that is thought to be room."""
WITHIN = 2.0
"""Of these, what is louder than the quietest by more than this factor is a voice after all."""
CLICK = 8.0
"""A step between two samples so many times as large as a moment's steps as a rule (root mean square) is a click, an
edit's or a switch's; noise of 0.1 s has none over 5. A click in a grain would tick all through the tone."""


def levels(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    """Loudness of a take over time: [M] float64, root mean square of all channels in windows of a grain, and how many
    samples lie between two. Windows with digital silence in them are infinitely loud: no room is that quiet."""
    hop = max(1, round(GRAIN_S * rate_hz / 4))
    power = np.concatenate([[0.0], np.cumsum((samples.astype(np.float64) ** 2).mean(axis=0))])
    dead = np.concatenate([[0], np.cumsum((samples == 0).all(axis=0))])
    starts = np.arange(0, max(1, samples.shape[1] - 4 * hop + 1), hop)
    ends = np.minimum(starts + 4 * hop, samples.shape[1])
    rms = np.sqrt(np.maximum(power[ends] - power[starts], 0.0) / np.maximum(ends - starts, 1))
    return np.where(dead[ends] - dead[starts] > (ends - starts) // 20, np.inf, rms), hop


def _clicks(part: np.ndarray) -> bool:
    """Whether a moment [C, n] has a step that does not belong to its noise."""
    steps = np.abs(np.diff(part.astype(np.float64), axis=1))
    return bool((steps.max(axis=1) > CLICK * np.sqrt((steps**2).mean(axis=1)) + 1e-9).any())


def room_tone(samples: np.ndarray, rate_hz: int, count: int, near: int, seed: int) -> np.ndarray:
    """[C, count] float32. samples: [C, N], the take. near: sample about which the hole lies.

    Grains of a tenth of a second are overlapped at equal power, in an order drawn from `seed`, some of them backwards,
    so that nothing is heard to repeat; all channels of a grain stay together. A take without any room gives silence.
    """
    loud, hop = levels(samples, rate_hz)
    starts = np.arange(len(loud)) * hop
    close = np.abs(starts - near) < NEAR_S * rate_hz
    for among in (close, np.ones_like(close)):
        usable = np.flatnonzero(np.isfinite(loud) & among)
        if len(usable) >= LEAST_GRAINS:
            break
    grain = 4 * hop
    if not len(usable) or samples.shape[1] < grain:
        return np.zeros((len(samples), count), np.float32)
    smooth = [number for number in usable if not _clicks(samples[:, starts[number] : starts[number] + grain])]
    usable = np.array(smooth) if smooth else usable
    quiet = usable[np.argsort(loud[usable], kind="stable")][: max(LEAST_GRAINS, round(QUIETEST * len(usable)))]
    quiet = quiet[loud[quiet] <= max(loud[quiet[0]] * WITHIN, 1e-9)]
    draw = np.random.default_rng(seed + near)
    step = grain // 2
    out = np.zeros((len(samples), count + 2 * grain), np.float32)
    fade = np.sin(np.pi * (np.arange(grain) + 0.5) / grain).astype(np.float32)
    for at in range(0, count + grain, step):
        begin = int(starts[quiet[int(draw.integers(len(quiet)))]])
        piece = samples[:, begin : begin + grain]
        piece = piece - piece.mean(axis=1, keepdims=True)
        out[:, at : at + grain] += fade * (piece[:, ::-1] if draw.integers(2) else piece)
    return out[:, step : step + count]
