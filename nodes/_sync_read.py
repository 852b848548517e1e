# SPDX-License-Identifier: Apache-2.0
"""Reads a map of likeness: the offset over time, how sure it is, and who says what is heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.offset import FaceSync, OffsetCurve
from ofx_lipsync.nodes._sync_maps import FaceMap, Maps
from ofx_lipsync.nodes._sync_path import CUT, SETTLE_S, averaged, best_path, in_pauses, refined

JUMP_PRICE_S, DRIFT_PRICE_S = 0.15, 0.04
"""What a jump, and a drift by one step of 20 ms, cost at SyncMeter.jump = 1: this much likeness, for a second. Found on
clips of people trained on: splices of two frames or more are cheaper as a jump, 2 % of speed as a drift."""
SURE_S, PROOF_S = 1.6, 6.0
"""How much is looked at to say how sure an offset is: near by, and for how long it has been seen to hold."""
NEIGHBOURS_S = 0.10
"""Offsets nearer than this to the peak are the peak."""
SURE = {"bias": -14.7, "peak": 10.0, "over": 10.0, "proof": 2.0}
"""Log odds that an offset is right. `python -m ofx_lipsync.train.sync_sure` fits them on GRID, where strangers are
nearly as alike as friends; free speech is less so, and less weight lies on the peak here, and more on the proof."""
SPOKEN, STIRRED = 0.15, 0.05
"""Under this share of voice, and this much motion of the lips (1 is 4 % of face height), nothing can be told, however
alike silence and a still face look."""


@dataclass(frozen=True)
class Reading:
    """window_s, jump: of SyncMeter.Params."""

    window_s: float
    jump: float


def read(one: FaceMap, whole: Maps, identity: int, reading: Reading) -> FaceSync:
    """One face's offset over time, and the shot's as a whole."""
    step_s = float(whole.offsets_s[1] - whole.offsets_s[0])
    scores = averaged(one.scores, one.seen, round(reading.window_s / step_s))
    price = JUMP_PRICE_S * reading.jump / step_s
    # half the window is enough for a path, which sums up what it needs, and tells more sharply where a splice is
    sharp = averaged(one.votes, one.seen, round(reading.window_s / 2 / step_s))
    path = best_path(sharp, price, price * DRIFT_PRICE_S / JUMP_PRICE_S, splices(whole))
    path = in_pauses(path, whole.voice, whole.seams, whole.cuts)
    fine = refined(one.votes, one.seen, path, round(max(reading.window_s, SETTLE_S) / step_s))
    offset_s = whole.offsets_s[0] + fine * step_s
    confidence = sure(features(one, whole, path))
    curve = OffsetCurve(whole.times_s, offset_s.astype(np.float32), confidence)
    return FaceSync(identity, curve, whole.offsets_s, scores.astype(np.float32), *lse(one, whole))


def splices(whole: Maps) -> np.ndarray:
    """[T, K] 0..1: where an edit left something, for a jump to each column at each moment."""
    moments = np.arange(len(whole.times_s))[:, None]
    return np.asarray(np.minimum(1, whole.seams[moments + np.arange(len(whole.offsets_s))] + CUT * whole.cuts[:, None]))


def lse(one: FaceMap, whole: Maps) -> tuple[float, float, float]:
    """Least mean distance over all moments, the median over the offsets less it, and the offset where it lies."""
    seen = one.seen > 0
    if not seen.any():
        return float("nan"), 0.0, 0.0
    asked = slice(whole.margin, len(whole.offsets_s) - whole.margin)
    means = one.distances[seen, asked].mean(axis=0, dtype=np.float64)
    least = int(means.argmin())
    return float(means[least]), float(np.median(means) - means[least]), float(whole.offsets_s[asked][least])


def features(one: FaceMap, whole: Maps, path: np.ndarray) -> dict[str, np.ndarray]:
    """[T] each: what tells a true offset from a chance likeness. peak: likeness on the path; over: how far that is over
    the best offset elsewhere. proof: over the mean elsewhere, in spreads, times the root of the seconds spoken, for
    longer. voice, motion: whether anybody speaks on the path, and how far the lips move. seen: how much of the face."""
    step_s = float(whole.offsets_s[1] - whole.offsets_s[0])
    window = round(SURE_S / step_s)
    voice = whole.voice[np.arange(len(path)) + path]
    opening = one.opening - averaged(one.opening[:, None], one.seen, window)[:, 0]
    every = np.ones(len(path))
    peak, others = _peak_and_others(one, path, step_s, window)
    far, elsewhere = _peak_and_others(one, path, step_s, round(PROOF_S / step_s))
    spoken_s = averaged((voice * one.seen)[:, None], every, round(PROOF_S / step_s))[:, 0]
    spoken_s = spoken_s * np.minimum(PROOF_S, len(path) * step_s)
    above = (far - np.nanmean(elsewhere, axis=1)) / (np.nanstd(elsewhere, axis=1) + 0.03)
    return {
        "peak": peak,
        "over": peak - np.nanmax(others, axis=1),
        "proof": np.minimum(above * np.sqrt(spoken_s), 8),
        "voice": averaged(voice[:, None], one.seen, window)[:, 0],
        "motion": np.minimum(averaged(np.abs(opening)[:, None], one.seen, window)[:, 0], 0.5),
        "seen": averaged(one.seen[:, None], every, window)[:, 0] * one.seen,
    }


def _peak_and_others(one: FaceMap, path: np.ndarray, step_s: float, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Over a window: likeness on the path [T], and at every offset [T, K], NaN near the path."""
    columns = np.clip(path[:, None] + np.arange(-1, 2), 0, one.scores.shape[1] - 1)
    peak = averaged(np.take_along_axis(one.scores, columns, axis=1), one.seen, window).max(axis=1)
    means = averaged(one.scores, one.seen, window)
    elsewhere = np.abs(np.arange(means.shape[1]) - path[:, None]) * step_s > NEIGHBOURS_S
    return peak, np.where(elsewhere, means, np.nan)


def sure(found: dict[str, np.ndarray]) -> np.ndarray:
    """[T] float32 0..1."""
    odds = SURE["bias"] + sum(SURE[name] * values for name, values in found.items() if name in SURE)
    told = np.minimum(found["voice"] / SPOKEN, 1) * np.minimum(found["motion"] / STIRRED, 1) ** 2
    return np.asarray(found["seen"] * told / (1 + np.exp(-np.clip(odds, -30, 30))), np.float32)


def speakers(faces: Sequence[FaceSync], voice: np.ndarray, least: float) -> np.ndarray:
    """[T] int64: index of the surest face where somebody is heard, -1 where nobody is sure enough. voice: [T]."""
    if not faces:
        return np.full(len(voice), -1, np.int64)
    sureness = np.stack([face.curve.confidence for face in faces])
    best = sureness.argmax(axis=0)
    return np.where((sureness.max(axis=0) >= least) & (voice > 0.5), best, -1).astype(np.int64)
