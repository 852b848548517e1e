# SPDX-License-Identifier: Apache-2.0
"""Where finished frames go: each outlet in a thread of its own, at its own pace, always with the newest frame."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Callable, Protocol

import numpy as np


@dataclass(frozen=True)
class Frame:
    """rgba: [H, W, 4] uint8, sRGB, straight alpha, top row first. drawn_s: when it was finished."""

    rgba: np.ndarray
    number: int
    drawn_s: float


class Slot:
    """The newest frame, for any number of takers. Whoever is slow misses some; nobody waits for them."""

    def __init__(self) -> None:
        self._newest: Frame | None = None
        self._changed = threading.Condition()

    def offer(self, frame: Frame) -> None:
        with self._changed:
            self._newest = frame
            self._changed.notify_all()

    def after(self, number: int, longest_s: float) -> Frame | None:
        """The newest frame once it is newer than `number`; None where none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None and self._newest.number > number, longest_s)
            newest = self._newest
            return newest if newest is not None and newest.number > number else None


class Outlet(Protocol):
    """What a Pump fills. It is opened and dropped by a Keeper, and may throw whatever its device throws."""

    def send(self, frame: Frame) -> None: ...

    def alive(self) -> bool: ...

    def close(self) -> None: ...


class Pump:
    """Sends a slot's frames to an outlet from its opening on; fails without a word to the stage, but to its keeper.

    repeat_s: the last frame is sent again where no newer one comes in this time; a camera must not stand still.
    """

    def __init__(self, slot: Slot, outlet: Outlet, repeat_s: float | None = None) -> None:
        self.sent = self.missed = 0
        self._slot, self._outlet, self._repeat_s = slot, outlet, repeat_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self._thread.start()

    def alive(self) -> bool:
        return self._thread.is_alive() and self._outlet.alive()

    def close(self) -> None:
        self._end.set()
        self._thread.join(1.0)
        self._outlet.close()

    def _run(self) -> None:
        last: Frame | None = None
        while not self._end.is_set():
            number = last.number if last else -1
            frame = self._slot.after(number, self._repeat_s or 0.25)
            if frame is None and (last is None or self._repeat_s is None):
                continue
            frame = frame or last
            assert frame is not None
            self.missed += max(0, frame.number - number - 1) if last else 0
            last = frame
            try:
                self._outlet.send(frame)
            except Exception:  # the other end has gone: the keeper opens it again
                return
            self.sent += 1


def pumped(slot: Slot, open: Callable[[], Outlet], repeat_s: float | None = None) -> Callable[[], Pump]:
    """How a Keeper opens an outlet."""
    return lambda: Pump(slot, open(), repeat_s)
