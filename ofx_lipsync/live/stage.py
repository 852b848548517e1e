# SPDX-License-Identifier: Apache-2.0
"""The stage: what the performer acts at this moment, drawn now, and handed to whoever takes frames."""

from __future__ import annotations

from statistics import median

from ofx_lipsync.live.clock import now
from ofx_lipsync.live.figure import Figure
from ofx_lipsync.live.outlet import Frame, Slot
from ofx_lipsync.live.pace import Pace
from ofx_lipsync.live.performer import Performer

RATE = 60.0
RECENT = 40
"""Changes of the mouth that the delay is told of."""


class Stage:
    """slot: where finished frames go, or None where only a window shows them. Needs a GL context; one thread."""

    def __init__(
        self, performer: Performer, figure: Figure, width: int, height: int, slot: Slot | None, rate: float = RATE
    ) -> None:
        # GL is loaded by whoever makes the context, with the platform that fits it
        from ofx_lipsync.live.painter import Painter

        self.performer, self.figure, self.slot = performer, figure, slot
        self.painter = Painter(width, height, figure.canvas, figure.bend)
        self.pace = Pace(rate)

    def frame(self) -> None:
        """Waits until a frame is due, and draws it."""
        layers = self.figure.layers(self.performer.at(self.pace.wait()))
        self.painter.frame(layers)
        if self.slot is not None:
            self.slot.offer(Frame(self.painter.pixels(), self.pace.frames, now()))

    def done(self) -> None:
        """The frame has been shown."""
        self.performer.drawn(now())
        self.pace.done()

    def delay_s(self) -> float:
        """From a sound to the frame that shows it, the median of late; not a number before anything was said."""
        recent = list(self.performer.shown)[-RECENT:]
        return median(drawn_s - change.said_s for change, drawn_s in recent) if recent else float("nan")
