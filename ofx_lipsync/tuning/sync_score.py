# SPDX-License-Identifier: Apache-2.0
"""How well planned lips say the line, by the sync network, without making a pixel.

The network's half that knows shapes compares the lips a plan asks for, over the whole shot, with the sound. A handful
of rendered frames could not be measured: half a second of speech is the least that tells one offset from another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Sequence

import numpy as np

from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loader import load
from ofx_lipsync.models.sync_face import shape_rows
from ofx_lipsync.nodes._sync_codes import STEP_S, SoundCodes, clock, on_steps, score_map, sound_codes

REACH_S = 0.6
VOICED = 0.5


@dataclass(frozen=True)
class SyncScore:
    """in_sync: by how much lips and sound are nearer than at the median of other offsets (LSE-C as it is counted, but
    at offset 0): about 0 where they have nothing to do with each other. late_s: the offset where they are nearest."""

    in_sync: float
    late_s: float


class SyncScorer:
    """For one line and one shot; hearing it is done once. network: SyncMeter.network, ours."""

    def __init__(self, sound: Sound, frames: Sequence[int], times_s: np.ndarray, frame_s: float, network: str) -> None:
        self._sound, self._frames, self._times_s, self._network = sound, frames, times_s, network
        self._steps_s = clock(float(times_s[-1]) + frame_s)

    @staticmethod
    def can(network: str) -> bool:
        """Whether the network has a half for shapes: others' SyncNets see pixels alone."""
        return load(network).dims.get("layout") is None

    def score(self, track: FaceTrack) -> SyncScore | None:
        """None where nobody speaks while the face is seen."""
        import torch

        from ofx_lipsync.models.sync import Sync, on_clock

        rows = np.searchsorted(np.asarray(self._frames), track.frames)
        position, seen = on_steps(self._times_s[rows], rows, self._steps_s)
        shape = shape_rows(track.landmarks)
        with torch.no_grad():
            at = torch.from_numpy(position.astype(np.float32))[None]
            steps = on_clock(torch.from_numpy(shape - shape.mean(axis=0, keepdims=True))[None], at)
            codes = Sync.named(self._network).shaped(steps)[0].T.numpy()
        reach = self._heard.reach
        spoken = (seen > 0) & (self._heard.voice[reach : reach + len(seen)] > VOICED)
        if not spoken.any():
            return None
        distances = np.sqrt(np.maximum(2 - 2 * score_map(codes, self._heard)[spoken], 0)).mean(axis=0)
        late_s = (int(distances.argmin()) - reach) * STEP_S
        return SyncScore(float(np.median(distances) - distances[reach]), late_s)

    @cached_property
    def _heard(self) -> SoundCodes:
        import torch

        from ofx_lipsync.models.sync import Sync

        torch.set_num_threads(1)
        network = Sync.named(self._network)
        return sound_codes(
            self._sound, len(self._steps_s), round(REACH_S / STEP_S), ArticulationListener.named(), network
        )
