# SPDX-License-Identifier: Apache-2.0
"""Fits how sure SyncMeter says it is: true offsets against frozen faces, other voices, music, noise and silence.

python -m ofx_lipsync.train.sync_sure work-data/sync work-data/faces

Prints what belongs into nodes/_sync_read.py. Learns from clips that the network may have learned from, so it is
weighed towards doubt: a wrong offset that is believed costs more than a right one that is not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.sync import Sync
from ofx_lipsync.nodes._sync_codes import STEP_S, clock, coded, on_steps, sound_codes
from ofx_lipsync.nodes._sync_maps import Maps, face_map, reach_steps
from ofx_lipsync.nodes._sync_path import averaged, best_path
from ofx_lipsync.nodes._sync_read import DRIFT_PRICE_S, JUMP_PRICE_S, SURE, Reading, features, read
from ofx_lipsync.train.faces import Talker
from ofx_lipsync.train.speech.vary import chords
from ofx_lipsync.train.sync_batches import FRAME_HZ
from ofx_lipsync.train.sync_clips import Seen, whose
from ofx_lipsync.train.sync_voices import Voices

NAMES = tuple(name for name in SURE if name != "bias")
DOUBT = 3.0
"""How much more a wrong offset counts than a right one."""
REACH_S, WINDOW_S = 0.6, 0.5
RIGHT_S = 0.04


def laid_out(
    clip: Seen, samples: np.ndarray, network: Sync, listener: ArticulationListener, still: bool = False
) -> Maps:
    """A prepared clip against a sound, as SyncMeter would map it. still: its middle frame all the time, trembling."""
    import torch

    with torch.no_grad():
        seen = network.see(torch.from_numpy(clip.pictures).permute(0, 3, 1, 2).float() / 255).numpy()
    shape = clip.shape
    if still:
        rng, middle = np.random.default_rng(0), len(shape) // 2
        shape = shape[middle] + 0.03 * rng.normal(size=shape.shape).astype(np.float32)
        seen = seen[middle] + 0.02 * seen.std() * rng.normal(size=seen.shape).astype(np.float32)
    times_s = np.arange(len(shape)) / FRAME_HZ
    steps_s = clock(len(shape) / FRAME_HZ)
    position, known = on_steps(times_s, np.arange(len(shape)), steps_s)
    face = coded(shape, seen, position, known, steps_s, network)
    reach = reach_steps(REACH_S)
    heard = sound_codes(Sound(samples[None].astype(np.float32), 16000), len(steps_s), reach, listener, network)
    return Maps(steps_s, np.arange(-reach, reach + 1) * STEP_S, heard.voice, (face_map(face, heard, "both"),))


def moved(samples: np.ndarray, offset_s: float) -> np.ndarray:
    """The sound so much later."""
    shift = round(offset_s * 16000)
    later = np.concatenate([np.zeros(max(0, shift), np.float32), samples[max(0, -shift) :]])
    return np.resize(np.pad(later, (0, len(samples))), len(samples))


def cases(clips: Sequence[Seen], faces: Path, seed: int = 3) -> Iterator[tuple[Seen, np.ndarray, float, bool]]:
    """Clip, sound, the offset it truly has (NaN for none), whether the face is frozen."""
    rng = np.random.default_rng(seed)
    lines = [Talker.open(faces, clip.name).samples for clip in clips]
    voices = Voices(rng, lines)
    for index, clip in enumerate(clips):
        own, count = lines[index], len(lines[index])
        offset_s = float(rng.integers(-12, 13)) / FRAME_HZ
        spoken = voices._in_noise(own) if index % 2 else own
        yield clip, moved(np.asarray(spoken, np.float32), offset_s), offset_s, False
        other = lines[(index + 1 + int(rng.integers(len(lines) - 1))) % len(lines)]
        yield clip, np.resize(other, count), float("nan"), False
        kind = index % 4
        if kind == 0:
            yield clip, chords(rng, 4)[:count], float("nan"), False
        elif kind == 1:
            yield clip, own, float("nan"), True
        elif kind == 2:
            yield clip, np.zeros(count, np.float32), float("nan"), False
        else:
            yield clip, (0.05 * rng.normal(size=count)).astype(np.float32), float("nan"), False


def table(clips: Sequence[Seen], faces: Path, network: Sync) -> tuple[np.ndarray, np.ndarray]:
    """[N, features] and [N] bool, right: a row every 0.2 s of every case."""
    listener, rows, right = ArticulationListener.named(), [], []
    for clip, samples, offset_s, still in cases(clips, faces):
        found = laid_out(clip, samples, network, listener, still)
        one = found.faces[0]
        means = averaged(one.scores, one.seen, round(WINDOW_S / STEP_S))
        path = best_path(means, JUMP_PRICE_S / STEP_S, DRIFT_PRICE_S / STEP_S)
        each = features(one, found, path)
        told = read(one, found, 0, Reading(WINDOW_S, 1.0)).curve.offset_s
        rows.append(np.stack([each[name] for name in NAMES], axis=1)[10::10])
        right.append((np.abs(told - offset_s) <= RIGHT_S)[10::10])
    return np.concatenate(rows), np.concatenate(right)


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
    x, right = table([Seen.open(file) for file in chosen], options.faces, Sync.named(options.network))
    weights = fitted(x, right)
    odds = weights["bias"] + x @ np.array([weights[name] for name in NAMES])
    print({name: round(value, 2) for name, value in weights.items()})
    for least in (0.0, 1.0, 2.0):
        said = odds > least
        print(f"odds > {least:g}: right {said[right].mean():.3f} of right, {said[~right].mean():.3f} of wrong")
    return 0


if __name__ == "__main__":
    sys.exit(main())
