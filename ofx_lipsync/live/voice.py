# SPDX-License-Identifier: Apache-2.0
"""The voice's side: sound as it comes in, to a mouth and when it was said. A thread of its own, and nobody's waiter."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.phones import SILENCE, Visemes, adobe, index
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.sound_in import Block, SoundIn
from ofx_lipsync.live.timing import Holds, LiveTiming
from ofx_lipsync.models.bands import HOP, RATE_HZ
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.viseme_choice import Rules, VisemeChoice

STARVED_S = 0.15
"""Without sound for so long, silence is heard: a mouth must not stay open because a cable was pulled."""
REMEMBERED = 512
"""Changes that wait to be drawn; a stage that never draws costs no more memory than these."""


def rest_of(visemes: Visemes) -> int:
    """The mouth of silence."""
    return int(visemes.of_phone[SILENCE])


def shut_of(visemes: Visemes) -> frozenset[int]:
    """The mouths that a viewer misses most: p b m's, and f v's."""
    return frozenset(int(visemes.of_phone[index(phone)]) for phone in "pf")


@dataclass(frozen=True)
class Change:
    """From here on another mouth. mouth: index into the visemes' names. frame: of the voice, 10 ms each.
    said_s: when the sound was made. told_s: when it had been understood."""

    mouth: int
    frame: int
    said_s: float
    told_s: float


class Listener:
    """Blocks of sound to changes of the mouth; no thread, no clock."""

    def __init__(
        self, hearing: Hearing, visemes: Visemes, holds: Holds | None = None, rules: Rules | None = None
    ) -> None:
        self._stream = hearing.stream()
        self._choice = VisemeChoice(visemes, rules)
        self._timing = LiveTiming(shut_of(visemes), holds, rest_of(visemes))
        self._samples = self._frames = 0
        self._shown = rest_of(visemes)

    def hear(self, block: Block) -> list[Change]:
        """said_s stands for the beginning of the frame's 10 ms, told_s is left to the caller's clock (0)."""
        self._samples += len(block.samples)
        changes = []
        for heard in self._choice.push(self._stream.push(block.samples)):
            shown = self._timing.push(int(heard))
            if shown != self._shown:
                self._shown = shown
                said_s = block.end_s - (self._samples - self._frames * HOP) / RATE_HZ
                changes.append(Change(shown, self._frames, said_s, 0.0))
            self._frames += 1
        return changes


class Voice:
    """Hears `source` from start() to close(). changes: oldest first; the stage takes them from the left."""

    def __init__(
        self, source: SoundIn, hearing: Hearing, visemes: Visemes | None = None, holds: Holds | None = None,
        rules: Rules | None = None,
    ) -> None:  # fmt: skip
        self.source, self.visemes = source, visemes or adobe()
        self.changes: deque[Change] = deque(maxlen=REMEMBERED)
        self.forgotten = 0
        """Changes that nobody drew in time."""
        self.cpu_s = 0.0
        self.silent_s = 0.0
        """How long silence was heard for want of sound."""
        self._listener = Listener(hearing, self.visemes, holds, rules)
        self._last_s = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        self._last_s = now()
        while not self._end.is_set():
            block = self.source.read(STARVED_S)
            if block is None:
                block = self._silence()
            for change in self._listener.hear(block):
                self.forgotten += len(self.changes) == REMEMBERED
                self.changes.append(Change(change.mouth, change.frame, change.said_s, now()))
            self._last_s = now()
            self.cpu_s = time.thread_time()

    def _silence(self) -> Block:
        """As much of it as has gone by since sound was last heard."""
        end_s = now()
        lasted_s = min(end_s - self._last_s, 1.0)
        self.silent_s += lasted_s
        return Block(np.zeros(int(lasted_s * RATE_HZ), np.float32), end_s)
