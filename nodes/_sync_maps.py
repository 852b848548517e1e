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
from ofx_lipsync.nodes._sync_plain import plain_map
from ofx_lipsync.nodes._sync_splices import cut_moments

MARGIN = 3
PLAIN = 0.1
"""What the plain likeness counts beside the network's. More helps a network that has not seen the people, and costs
this one a little of its splices on those it has."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FaceMap:
    """scores: [T, K] float32, how alike, about -1 .. 1. votes: [T, K] float32, what the offset follows: scores, and
    what else speaks for one but not for how sure it is. distances: [T, K] float32, what LSE is counted in. seen: [T] 1
    where the face is, else 0. opening: [T] float32, lips apart, 1 is 4 % of face height."""

    scores: np.ndarray
    votes: np.ndarray
    distances: np.ndarray
    seen: np.ndarray
    opening: np.ndarray


@dataclass(frozen=True)
class Maps:
    """times_s: [T]. offsets_s: [K], evenly spaced, 0 in the middle. voice: [T + K - 1] float32, somebody is heard; its
    row t + k is what moment t hears at offset k. seams: likewise, 1 at the ends of holes in the sound. cuts:
    [T] 1 at the first moment after a cut in the picture. margin: offsets at each end beyond those asked for."""

    times_s: np.ndarray
    offsets_s: np.ndarray
    voice: np.ndarray
    seams: np.ndarray
    cuts: np.ndarray
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
    cuts = cut_moments(faces.cuts, frames, times_s, steps_s)
    return Maps(
        steps_s, np.arange(-reach, reach + 1) * STEP_S, heard.voice, heard.seams, cuts, tuple(found), MARGIN
    )  # fmt: skip


def reach_steps(reach_s: float) -> int:
    """A little more than what is asked for, so that a peak at its edge has two sides."""
    return round(reach_s / STEP_S) + MARGIN


def face_map(seen: FaceCodes, heard: SoundCodes, by: str) -> FaceMap:
    """by: both, shape or picture."""
    towers = {"shape": seen.shape, "picture": seen.picture}
    each = [score_map(codes, heard) for name, codes in towers.items() if by in (name, "both")]
    scores = np.mean(each, axis=0, dtype=np.float32)
    distances = np.sqrt(np.maximum(2 - 2 * scores, 0), dtype=np.float32)
    votes = scores if by == "picture" else scores + PLAIN * plain_map(seen.moves, seen.seen, heard.foretold)
    return FaceMap(np.asarray(scores), np.asarray(votes), distances, seen.seen, seen.moves[:, 0])
