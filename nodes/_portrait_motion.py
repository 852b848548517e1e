# SPDX-License-Identifier: Apache-2.0
"""When a portrait blinks, how its head wanders, and what it stresses: small curves, the same for the same seed.

Every curve is a function of time and seed alone, or of the line near that time: a longer line does not change its
beginning, nothing repeats, and a frame rate only samples it.
"""

from __future__ import annotations

import numpy as np

CLOSING_S, SHUT_S, OPENING_S = 0.10, 0.03, 0.20
"""A blink falls twice as fast as it rises."""
SOONEST_S = 0.9
"""No one blinks again sooner, or it reads as a flutter."""
NEAR_PAUSE_S = 0.5
"""A blink due this near to the beginning of a pause waits for it, or comes early: speakers blink between phrases."""
FAST_S, FAST = 0.9, 0.3
"""A quicker, smaller wandering over the slow one, so that no movement is a plain swing."""
SETTLED = 0.6
"""Share of a lead that it takes to come alive: lips part a moment before a voice is heard."""
STRESS_S, PHRASE_S = 0.12, 0.7
"""A stressed syllable is what stands out of the phrase round it."""
HEAVY_S, STRONG = 0.15, 0.35
"""How slowly a head follows a stress, and from where on brows do."""
STRESS_DB = 8.0
"""A syllable this much louder than its phrase is fully stressed."""


def wander(times_s: np.ndarray, seed: int, channel: int, period_s: float) -> np.ndarray:
    """[T] float64, about -1..1: smooth noise whose movements last about `period_s`, and smaller ones within."""
    slow = _noise(times_s / period_s, seed, 2 * channel)
    return (slow + FAST * _noise(times_s / (FAST_S * period_s / 2.6), seed, 2 * channel + 1)) / (1 + FAST)


def blinks(times_s: np.ndarray, voice: np.ndarray, per_minute: float, seed: int) -> np.ndarray:
    """[T] float64 0..1: how far the lids are down. voice: [T] 0..1, at the same times."""
    lids = np.zeros(len(times_s))
    if per_minute <= 0 or len(times_s) == 0:
        return lids
    for begin_s in _blink_times(float(times_s[-1]), _pauses(times_s, voice), 60 / per_minute, seed):
        lids = np.maximum(lids, _blink(times_s - begin_s))
    return lids


def stress(times_s: np.ndarray, loudness_db: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """[T] float64, about -1..1: how much a syllable stands out of its phrase, 0 in silence."""
    heard = np.clip(voice.astype(np.float64), 0, 1)
    near = _mean(times_s, loudness_db, heard, STRESS_S)
    phrase = _mean(times_s, loudness_db, heard, PHRASE_S)
    return np.asarray(np.tanh((near - phrase) / STRESS_DB * 1.5) * _mean(times_s, heard, np.ones_like(heard), STRESS_S))


def weighted(times_s: np.ndarray, stress: np.ndarray) -> np.ndarray:
    """[T] float64: stress as a head follows it, which is heavier than a tongue."""
    return _mean(times_s, stress, np.ones(len(stress)), HEAVY_S)


def strong(stress: np.ndarray) -> np.ndarray:
    """[T] 0..1: only what stands out clearly; brows that rise at every syllable are a tic."""
    return np.asarray(np.clip((stress - STRONG) / (1 - STRONG), 0, 1))


def at_rest(times_s: np.ndarray, lead_in_s: float, lead_out_s: float, end_s: float) -> np.ndarray:
    """[T] 0..1: 0 on the first and last frame, which are the still itself, 1 from well before the line to after it."""
    into = np.clip(times_s / max(SETTLED * lead_in_s, 1e-6), 0, 1)
    out = np.clip((end_s - times_s) / max(SETTLED * lead_out_s, 1e-6), 0, 1)
    return eased(into) * eased(out)


def eased(t: np.ndarray) -> np.ndarray:
    return np.asarray(t * t * (3 - 2 * t))


def _blink_times(until_s: float, pauses_s: np.ndarray, mean_s: float, seed: int) -> list[float]:
    """When lids begin to fall: waits of at least SOONEST_S, exponential beyond (a Poisson process with a dead time)."""
    times: list[float] = []
    due_s, count = 0.0, 0
    while True:
        wait = -np.log1p(-_chance(seed, 101, np.array([count]))[0]) * max(mean_s - SOONEST_S, 0.05)
        due_s += SOONEST_S + (wait if times else wait / 2)
        count += 1
        if due_s > until_s:
            return times
        near = pauses_s[np.abs(pauses_s - due_s) < NEAR_PAUSE_S] if len(pauses_s) else pauses_s
        at_s = float(near[np.argmin(np.abs(near - due_s))]) if len(near) else due_s
        if not times or at_s - times[-1] >= SOONEST_S:
            times.append(at_s)
            due_s = max(due_s, at_s)


def _pauses(times_s: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """When somebody stops speaking."""
    spoken = voice > 0.5
    return np.asarray(times_s[1:][spoken[:-1] & ~spoken[1:]])


def _blink(since_s: np.ndarray) -> np.ndarray:
    falling = eased(np.clip(since_s / CLOSING_S, 0, 1))
    rising = np.clip((since_s - CLOSING_S - SHUT_S) / OPENING_S, 0, 1)
    # lids are pulled down, and let go of: quick at first, then slower and slower
    return np.asarray(falling * (1 - rising * (2 - rising)))


def _noise(at: np.ndarray, seed: int, channel: int) -> np.ndarray:
    """[T] float64: a uniform cubic B-spline through random heights, one at each whole number: smooth to the second
    derivative, so that a head neither jerks nor stops dead."""
    whole = np.floor(at).astype(np.int64)
    f = at - whole
    weights = ((1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3)
    heights = (2 * _chance(seed, channel, whole + k) - 1 for k in range(4))
    # a B-spline of independent heights keeps a bit over half of their spread
    return np.asarray(sum(w * h for w, h in zip(weights, heights, strict=True)) / 6 * 1.7)


def _chance(seed: int, channel: int, count: np.ndarray) -> np.ndarray:
    """[T] float64 in 0..1 from whole numbers, the same on every machine and in every version of every library.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64's finaliser.
    """
    with np.errstate(over="ignore"):
        x = count.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03) % 2**64)
        x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return np.asarray((x >> np.uint64(11)).astype(np.float64) / 2**53)


def _mean(times_s: np.ndarray, values: np.ndarray, weights: np.ndarray, sigma_s: float) -> np.ndarray:
    """[T] float64: a Gaussian mean along even times, under weights."""
    if len(times_s) < 2:
        return values.astype(np.float64)
    reach = min(int(3 * sigma_s / (times_s[1] - times_s[0])) + 1, len(times_s) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * (times_s[1] - times_s[0]) / sigma_s) ** 2)
    total = np.convolve(values * weights, kernel)[reach : reach + len(values)]
    share = np.convolve(weights, kernel)[reach : reach + len(values)]
    plain = np.convolve(np.ones(len(values)), kernel)[reach : reach + len(values)]
    return np.asarray(total / np.maximum(share, 1e-3 * plain))
