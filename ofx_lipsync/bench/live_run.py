# SPDX-License-Identifier: Apache-2.0
"""One performance of a file, on the real way from sound to a drawn frame, with everything that can be timed."""

from __future__ import annotations

import os
import resource
import time
from array import array
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from ofx_lipsync.core.phones import LABELS_HZ
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.figure import STEPS, Figure
from ofx_lipsync.live.file_devices import Faults, FileMicrophone
from ofx_lipsync.live.idle import Idle
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.performer import REST, Acting, Performer
from ofx_lipsync.live.sound_in import SoundIn
from ofx_lipsync.live.stage import RATE, Stage
from ofx_lipsync.live.timing import Holds
from ofx_lipsync.live.voice import Voice
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.viseme_choice import Rules

SAMPLED_S = 5.0
"""How often memory and drift are looked at."""
SETTLED_S = 5.0
"""Left out at the beginning: textures are made, the clock finds its rate."""


@dataclass
class Performed:
    """changes: [N, 5] mouth, frame of the voice, when it was said in truth and by the device's clock, when its frame
    was finished; seconds from the first sample. looks: [M, 3] seconds, resident MB, drift in ppm. cpu: shares of one
    core: sound to viseme, everything."""

    changes: np.ndarray
    looks: np.ndarray
    cpu: dict[str, float]
    counts: dict[str, float]
    lasted_s: float
    frames_s: np.ndarray
    load: tuple[float, float]


def perform(
    path: str, figure: Figure, hearing: Hearing, seconds: float, size_px: int, rate_hz: int, fast_ppm: float,
    block_s: float, holds: Holds | None = None, rules: Rules | None = None,
    rate: float = RATE,
) -> Performed:  # fmt: skip
    """Plays `path` over and over as a device of rate_hz. Needs a GL context."""
    sound = SoundIn()
    voice = Voice(sound, hearing, holds=holds, rules=rules)
    device = FileMicrophone(path, sound, loop=True, rate_hz=rate_hz, block_s=block_s, faults=Faults(fast_ppm))
    performer = Performer(voice, None, figure.mouths.expressions, idle=Idle(1))
    stage = Stage(performer, figure, size_px, size_px, None, rate)
    keeper = Keeper("file", device.open)
    warm(stage)
    voice.start()
    keeper.start()
    try:
        return _Run(device, sound, voice, stage).until(seconds)
    finally:
        keeper.close()
        voice.close()


class _Run:
    def __init__(self, device: FileMicrophone, sound: SoundIn, voice: Voice, stage: Stage) -> None:
        self.device, self.sound, self.voice, self.stage = device, sound, voice, stage
        self.changes, self.looks, self.frames_s = array("d"), array("d"), array("d")

    def until(self, seconds: float) -> Performed:
        begun_s, load = now(), os.getloadavg()[0]
        voice_s, all_s, looked_s = self.voice.cpu_s, time.process_time(), -SAMPLED_S
        while now() - begun_s < seconds:
            self.stage.frame()
            self.stage.done()
            self._keep()
            if now() - begun_s - looked_s > SAMPLED_S:
                looked_s = now() - begun_s
                self.looks.extend((looked_s, resident_mb(), self.sound.drift_ppm))
        lasted_s = now() - begun_s
        cpu = {
            "sound to viseme": (self.voice.cpu_s - voice_s) / lasted_s,
            "everything": (time.process_time() - all_s) / lasted_s,
        }
        return Performed(
            np.array(self.changes).reshape(-1, 5), np.array(self.looks).reshape(-1, 3), cpu, self._counts(lasted_s),
            lasted_s, np.array(self.frames_s), (load, os.getloadavg()[0]),
        )  # fmt: skip

    def _keep(self) -> None:
        """What was drawn, out of the performer's own short memory into ours."""
        begun_s, shown = self.device.begun_s, self.stage.performer.shown
        self.frames_s.append(now() - begun_s)
        faster = self.device.true_rate_hz / self.device.rate_hz
        while shown:
            change, drawn_s = shown.popleft()
            true_s = change.frame / LABELS_HZ / faster
            self.changes.extend((change.mouth, change.frame, true_s, change.said_s - begun_s, drawn_s - begun_s))

    def _counts(self, lasted_s: float) -> dict[str, float]:
        waiting = self.stage.pace
        return {
            "blocks": self.sound.blocks, "sound lost, ms": 1000 * self.sound.lost_s,
            "most sound that waited, ms": 1000 * self.sound.most_s,
            "silence heard for want of sound, ms": 1000 * self.voice.silent_s,
            "changes forgotten": self.voice.forgotten, "stage held up": waiting.stalls,
        }  # fmt: skip


def warm(stage: Stage) -> None:
    """Every mouth, and every turn to every other, is drawn once, so that what grows afterwards is a leak."""
    mouths = range(len(stage.figure.mouths.alphabet))
    for before, after, phase in product(mouths, mouths, STEPS):
        stage.painter.frame(stage.figure.layers(Acting(stage.figure.mouths.expressions[0], before, after, phase, REST)))


def resident_mb() -> float:
    """What this process holds in memory now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
