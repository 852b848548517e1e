# SPDX-License-Identifier: Apache-2.0
"""What the viewer's keys do, and which frame is due: the part of the window that needs no window."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Sequence

from ofx_lipsync.view.overlay import NAMES

KEYS = """space play, stop   left, right step   home, end first, last   v next view   r result or plate
o overlays: all, none, one by one   + - exposure by a half stop   0 exposure back   q quit"""
HALF_STOP = 0.5
MOST_STOPS = 16.0


@dataclass
class Player:
    """frames: ascending. rate: frames per second. views: names of the display's. overlays: those that can be shown."""

    frames: Sequence[int]
    rate: float
    views: Sequence[str]
    overlays: frozenset[str] = frozenset()
    exposure: float = 0.0
    result: bool = False
    can_dub: bool = False
    view: int = 0
    at: float = 0.0
    """Position in the shot, frames from the first."""
    playing: bool = False
    closing: bool = False
    _clock_s: float = field(init=False, default=0.0)

    @property
    def frame(self) -> int:
        return self.frames[int(self.at) % len(self.frames)]

    def tick(self, now_s: float) -> None:
        """Goes on by the clock while playing, over frames that came too late, and round at the end."""
        if self.playing:
            self.at = math.fmod(self.at + (now_s - self._clock_s) * self.rate, len(self.frames))
        self._clock_s = now_s

    def press(self, key: str) -> None:
        """One of the keys in KEYS; any other does nothing."""
        act = {
            "space": self._toggle, "left": lambda: self._step(-1), "right": lambda: self._step(1),
            "home": lambda: self._go(0), "end": lambda: self._go(len(self.frames) - 1),
            "v": self._next_view, "o": self._next_overlays, "r": self._swap,
            "+": lambda: self._expose(HALF_STOP), "-": lambda: self._expose(-HALF_STOP), "0": self._unexposed,
            "q": self._close,
        }.get(key)  # fmt: skip
        if act is not None:
            act()

    def title(self, frame: int) -> str:
        parts = [f"frame {frame}", self.views[self.view], "result" if self.result else "plate"]
        parts += [f"{self.exposure:+g} stops"] if self.exposure else []
        parts += [", ".join(name for name in NAMES if name in self.overlays)] if self.overlays else []
        return "lipsync view   " + "   ".join(parts)

    def ahead(self, count: int) -> list[int]:
        """The frame that is due and those after it; without playing, it alone."""
        return self._along(1, count) if self.playing else [self.frame]

    def behind(self, count: int) -> list[int]:
        """The frame that is due and, while playing, those before it, that will do where it comes too late."""
        return self._along(-1, count) if self.playing else [self.frame]

    def _along(self, way: int, count: int) -> list[int]:
        return [self.frames[(int(self.at) + way * step) % len(self.frames)] for step in range(count)]

    def _toggle(self) -> None:
        self.playing = not self.playing

    def _step(self, by: int) -> None:
        self._go((int(self.at) + by) % len(self.frames))

    def _go(self, at: int) -> None:
        self.playing, self.at = False, float(at)

    def _next_view(self) -> None:
        self.view = (self.view + 1) % len(self.views)

    def _next_overlays(self) -> None:
        """All, none, then each alone; without an analysis there are none."""
        if self.can_dub:
            states = [frozenset(NAMES), frozenset(), *(frozenset([name]) for name in NAMES)]
            now = states.index(self.overlays) if self.overlays in states else -1
            self.overlays = states[(now + 1) % len(states)]

    def _swap(self) -> None:
        self.result = self.can_dub and not self.result

    def _expose(self, stops: float) -> None:
        self.exposure = min(max(self.exposure + stops, -MOST_STOPS), MOST_STOPS)

    def _unexposed(self) -> None:
        self.exposure = 0.0

    def _close(self) -> None:
        self.closing = True
