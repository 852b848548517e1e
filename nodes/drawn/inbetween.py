# SPDX-License-Identifier: Apache-2.0
"""The drawing on the way from one mouth to another: the first, a dissolve, the animator's own, or a morph."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.media.drawing import Drawing, placed
from ofx_lipsync.media.mouth_set import MouthSet
from ofx_lipsync.nodes.drawn.figure import behind, stacked
from ofx_lipsync.nodes.drawn.palette import Palette
from ofx_lipsync.nodes.drawn.shapes import Piece, between, pieces

TRANSITIONS = ("morph", "inbetween", "dissolve", "hold")
KEPT, HEADS_KEPT = 256, 6
"""Drawings kept for the next time; a mouth of 300 x 200 px takes 1 MB, a head of 1080 px 19 MB."""

Face = tuple[str, str]
"""An expression and a mouth."""


class InBetweens:
    """Drawings of a set and between them, each made once."""

    def __init__(self, mouths: MouthSet, transition: str = "morph", kept: int = KEPT) -> None:
        if transition not in TRANSITIONS:
            raise UsageError(f"Character.transition: got {transition!r}, expected {' or '.join(TRANSITIONS)}")
        self.mouths, self.transition = mouths, transition
        self._kept, self._drawings = kept, OrderedDict[tuple[Face, Face, float], Drawing]()
        self._pieces: dict[Face, list[Piece]] = {}
        self._palette: Palette | None = None
        self._under = OrderedDict[tuple[str, int, int], np.ndarray]()

    def drawing(self, start: Face, end: Face, phase: float) -> Drawing:
        """phase: 0 is the first drawing itself, 1 the second, each bit for bit."""
        if phase >= 1 or start == end:
            return self._own(end)
        if phase <= 0 or self.transition == "hold":
            return self._own(start)
        key = (start, end, round(phase, 3))
        if key not in self._drawings:
            self._drawings[key] = self._made(start, end, key[2])
            while len(self._drawings) > self._kept:
                self._drawings.popitem(last=False)
        self._drawings.move_to_end(key)
        return self._drawings[key]

    def _made(self, start: Face, end: Face, phase: float) -> Drawing:
        if self.transition == "morph":
            return between(self._cut(start), self._cut(end), self.palette, phase)
        if self.transition == "dissolve":
            return dissolved(self._own(start), self._own(end), phase)
        own = self._drawn(start, end)
        return own[min(int(phase * len(own)), len(own) - 1)] if own else self._own(start)

    def under(self, expression: str, eyes: int, lift_px: int) -> np.ndarray:
        """[4, H, W] of the canvas: all that lies behind the mouth, see figure.behind. Not to be written on."""
        key = (expression, eyes, lift_px)
        if key not in self._under:
            self._under[key] = stacked(behind(self.mouths, *key), self.mouths.canvas)
            if len(self._under) > HEADS_KEPT:
                self._under.popitem(last=False)
        self._under.move_to_end(key)
        return self._under[key]

    @property
    def palette(self) -> Palette:
        if self._palette is None:
            self._palette = Palette.of(drawing for own in self.mouths.mouths.values() for drawing in own.values())
        return self._palette

    def _own(self, face: Face) -> Drawing:
        return self.mouths.mouths[face[0]][face[1]]

    def _cut(self, face: Face) -> list[Piece]:
        if face not in self._pieces:
            self._pieces[face] = pieces(self._own(face), self.palette)
        return self._pieces[face]

    def _drawn(self, start: Face, end: Face) -> tuple[Drawing, ...]:
        """The set's own in-betweens; those of the way back, backwards, where only these were drawn."""
        there = self.mouths.between.get((end[0], start[1], end[1]))
        back = self.mouths.between.get((end[0], end[1], start[1]), ())
        return back[::-1] if there is None else there


def dissolved(a: Drawing, b: Drawing, phase: float) -> Drawing:
    """Light of both, mixed."""
    canvas = a.region.union(b.region)
    return Drawing(np.float32(1 - phase) * placed(a, canvas) + np.float32(phase) * placed(b, canvas), canvas)
