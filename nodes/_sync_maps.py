# SPDX-License-Identifier: Apache-2.0
"""How alike every face and the sound are, at each moment and each offset: by our network, or by a SyncNet of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loader import load
from ofx_lipsync.nodes._sync_codes import STEP_S, FaceCodes, SoundCodes, clock, face_codes, score_map, sound_codes

MARGIN = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FaceMap:
    """scores: [T, K] float32, how alike, about -1 .. 1. distances: [T, K] float32, what LSE is counted in. seen: [T] 1
    where the face is, else 0. opening: [T] float32, lips apart, 1 is 4 % of face height."""

    scores: np.ndarray
    distances: np.ndarray
    seen: np.ndarray
    opening: np.ndarray


@dataclass(frozen=True)
class Maps:
    """times_s: [T]. offsets_s: [K], evenly spaced, 0 in the middle. voice: [T + K - 1] float32, somebody is heard; its
    row t + k is what moment t hears at offset k. margin: offsets at each end beyond those asked for."""

    times_s: np.ndarray
    offsets_s: np.ndarray
    voice: np.ndarray
    faces: tuple[FaceMap, ...]
    margin: int


def maps(
    plate: Clip, faces: FaceAnalysis, sound: Sound, frames: Sequence[int], times_s: np.ndarray, reach: int,
    network: str, by: str, progress: Progress | None = None,
) -> Maps:  # fmt: skip
    """reach: in frames. Raises: ModelError for weights of another network."""
    layout = load(network).dims.get("layout")
    frame_s = float(1 / plate.rate)
    if layout is not None:
        from ofx_lipsync.nodes._sync_public import public_maps

        return public_maps(plate, faces, sound, frames, times_s, reach * frame_s, network, progress)
    return _own_maps(plate, faces, sound, frames, times_s, reach * frame_s, network, by, progress)


def _own_maps(
    plate: Clip, faces: FaceAnalysis, sound: Sound, frames: Sequence[int], times_s: np.ndarray, reach_s: float,
    name: str, by: str, progress: Progress | None,
) -> Maps:  # fmt: skip
    import torch

    from ofx_lipsync.models.sync import Sync

    torch.set_num_threads(1)
    network = Sync.named(name)
    steps_s = clock(float(times_s[-1] + 1 / plate.rate))
    reach = reach_steps(reach_s)
    heard = sound_codes(sound, len(steps_s), reach, ArticulationListener.named(), network)
    total, done = sum(len(track.frames) for track in faces.tracks), 0
    found = []
    for track in faces.tracks:
        before = done

        def tell(now: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + now, total)

        seen = face_codes(plate, track, frames, times_s, steps_s, network, tell)
        done += len(track.frames)
        found.append(face_map(seen, heard, by))
    return Maps(steps_s, np.arange(-reach, reach + 1) * STEP_S, heard.voice, tuple(found), MARGIN)


def reach_steps(reach_s: float) -> int:
    """A little more than what is asked for, so that a peak at its edge has two sides."""
    return round(reach_s / STEP_S) + MARGIN


def face_map(seen: FaceCodes, heard: SoundCodes, by: str) -> FaceMap:
    """by: both, shape or picture."""
    towers = {"shape": seen.shape, "picture": seen.picture}
    each = [score_map(codes, heard) for name, codes in towers.items() if by in (name, "both")]
    scores = np.mean(each, axis=0, dtype=np.float32)
    distances = np.sqrt(np.maximum(2 - 2 * scores, 0), dtype=np.float32)
    return FaceMap(np.asarray(scores), distances, seen.seen, seen.opening)
