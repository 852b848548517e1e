# SPDX-License-Identifier: Apache-2.0
"""Fits how sure SyncMeter says it is: true offsets against frozen faces, other voices, music, noise and silence.

python -m ofx_lipsync.train.sync_sure work-data/sync work-data/faces

Prints what GRID alone would put into nodes/_sync_read.py (SURE), and how far that is believed. It learns from clips
that the network may have learned from, so it is weighed towards doubt: a wrong offset that is believed costs more than
a right one that is not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from ofx_lipsync.models.sync import Sync
from ofx_lipsync.nodes._sync_codes import STEP_S
from ofx_lipsync.nodes._sync_path import averaged, best_path
from ofx_lipsync.nodes._sync_read import DRIFT_PRICE_S, JUMP_PRICE_S, SURE, Reading, features, read
from ofx_lipsync.train.sync_cases import Bench, moved, not_said, said
from ofx_lipsync.train.sync_clips import Seen, whose

NAMES = tuple(name for name in SURE if name != "bias")
DOUBT = 3.0
"""How much more a wrong offset counts than a right one."""
WINDOW_S, RIGHT_S, LONGER = 0.5, 0.04, 20


def table(clips: Sequence[Seen], bench: Bench, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """[N, features] and [N] bool, right: a row every 0.2 s of every case."""
    rng, rows, right = np.random.default_rng(seed), [], []
    cases = [(offset_s, clip, samples, False) for offset_s, clip, samples in said(clips, bench, rng)]
    cases += [(float("nan"), clip, samples, still) for _, clip, samples, still in not_said(clips, bench, rng)]
    for offset_s, clip, samples, still in cases + list(longer(clips, bench, rng)):
        found = bench.maps(bench.face(clip, still), samples)
        one = found.faces[0]
        means = averaged(one.scores, one.seen, round(WINDOW_S / STEP_S))
        each = features(one, found, best_path(means, JUMP_PRICE_S / STEP_S, DRIFT_PRICE_S / STEP_S))
        told = read(one, found, 0, Reading(WINDOW_S, 1.0)).curve.offset_s
        rows.append(np.stack([each[name] for name in NAMES], axis=1)[10::10])
        right.append((np.abs(told - offset_s) <= RIGHT_S)[10::10])
    return np.concatenate(rows), np.concatenate(right)


def longer(
    clips: Sequence[Seen], bench: Bench, rng: np.random.Generator
) -> Iterator[tuple[float, Seen, np.ndarray, bool]]:
    """As `said` and `not_said`, ten seconds long: what holds for longer may be surer."""
    people = [who for who in sorted({clip.who for clip in clips}) if sum(clip.who == who for clip in clips) > 2]
    for number in range(LONGER):
        own, others = ([c for c in clips if (c.who == people[number % len(people)]) == same] for same in (True, False))
        clip, samples = bench.joined([own[int(i)] for i in rng.integers(len(own), size=4)])
        offset_s = float(rng.integers(-12, 13)) / 25
        yield offset_s, clip, moved(samples, offset_s), False
        yield float("nan"), clip, bench.joined([others[int(i)] for i in rng.integers(len(others), size=4)])[1], False


def fitted(x: np.ndarray, right: np.ndarray, doubt: float = DOUBT, steps: int = 300) -> dict[str, float]:
    """Logistic regression by Newton's method, a little held back; every feature may only speak for an offset."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.concatenate([np.ones((len(x), 1)), (x - mean) / scale], axis=1)
    count = np.where(right, 1.0, doubt) / len(x)
    w = np.zeros(z.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-z @ w))
        slope = z.T @ (count * (p - right)) + 1e-3 * w * (np.arange(len(w)) > 0)
        bend = (z * (count * p * (1 - p))[:, None]).T @ z + 1e-3 * np.eye(len(w))
        w -= 0.5 * np.linalg.solve(bend, slope)
        w[1:] = np.maximum(w[1:], 0)
    weights = w[1:] / scale
    return {"bias": float(w[0] - weights @ mean), **dict(zip(NAMES, weights.tolist(), strict=True))}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ofx_lipsync.train.sync_sure", description=__doc__)
    parser.add_argument("cache", type=Path, help="folder of train/sync_clips.py")
    parser.add_argument("faces", type=Path, help="folder of train/faces.py")
    parser.add_argument("--network", default="sync", help="name of the sync weights")
    parser.add_argument("--clips", type=int, default=60, help="of people trained on")
    options = parser.parse_args(argv)
    files = [file for file in sorted(options.cache.glob("[!.]*.npz")) if not whose(file.stem)[1]]
    rare = [file for file in files if not file.stem.startswith("s1_")]
    common = [file for file in files if file.stem.startswith("s1_")]
    chosen = rare + common[:: max(1, len(common) // max(1, options.clips - len(rare)))]
    x, right = table([Seen.open(file) for file in chosen], Bench(Sync.named(options.network), options.faces))
    weights = fitted(x, right)
    odds = weights["bias"] + x @ np.array([weights[name] for name in NAMES])
    print({name: round(value, 2) for name, value in weights.items()})
    for least in (0.0, 1.0, 2.0):
        said = odds > least
        print(f"odds > {least:g}: right {said[right].mean():.3f} of right, {said[~right].mean():.3f} of wrong")
    return 0


if __name__ == "__main__":
    sys.exit(main())
