# SPDX-License-Identifier: Apache-2.0
"""Draws a character fast enough for a live picture: all that repeats is made once, in the codes a screen takes.

A picture is a copy of the head with its eyes and brows, and a small patch where the mouth is. Patches, with what lies
under them, are made when they are first wanted and kept; `warm` makes those of the usual ways ahead of time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import Drawing, screen_codes
from ofx_lipsync.media.mouth_set import MouthSet
from ofx_lipsync.nodes.drawn.figure import Placing, behind, moved, stacked
from ofx_lipsync.nodes.drawn.inbetween import InBetweens

HEADS, PATCHES = 48, 4096
"""How many are kept: at 720 px a head takes 2 MB, a patch some 100 kB."""


@dataclass(frozen=True)
class _Head:
    codes: np.ndarray
    under: np.ndarray
    """What lies behind the mouth, in light."""


class CharacterDrawer:
    """One character for one picture size. Not for several threads at once."""

    def __init__(
        self, mouths: MouthSet, colour: Colour, *, transition: str = "morph", steps: int = 4,
        placing: Placing | None = None,
    ) -> None:  # fmt: skip
        """steps: phases that are told apart on the way from mouth to mouth."""
        self.mouths, self.colour, self.steps = mouths, colour, steps
        self.placing = placing or Placing()
        self.between = InBetweens(mouths, transition)
        self.box = _reach(mouths, self.placing)
        self._heads = OrderedDict[tuple[str, int, int], _Head]()
        self._patches = OrderedDict[tuple, np.ndarray]()
        self._front = [d for e in mouths.expressions if (d := mouths.part("front", e)) is not None][:1]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the pictures."""
        return self.mouths.canvas.shape

    def draw(
        self, start: str, end: str, phase: float, expression: str = "neutral", *, eyes: int = 0, lift: float = 0.0,
        before: str | None = None, out: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """[H, W, 4] uint8: straight RGBA in sRGB codes; `out` where it is given.

        start, end: mouths of mouths.alphabet, with phase 0..1 of the way between them. before: the expression of
        `start` where it is another. eyes: 0 open, 1 half, 2 closed. lift: 0..1, how far the brows are raised.
        """
        key = (expression, eyes, round(lift * 0.02 * self.mouths.canvas.height))
        head = self._head(key)
        picture = np.empty_like(head.codes) if out is None else out
        np.copyto(picture, head.codes)
        rows, columns = self.box.slices_in(self.mouths.canvas)
        picture[rows, columns] = self._patch(key, head, ((before or expression, start), (expression, end)), phase)
        return picture

    def warm(self, expression: str = "neutral", stop: Callable[[], bool] = lambda: False) -> None:
        """Every mouth to every other of an expression; `stop` is asked between two. Some seconds the first time."""
        for start in self.mouths.alphabet:
            for end in self.mouths.alphabet:
                for step in range(1, self.steps + 1):
                    if stop():
                        return
                    self.draw(start, end, step / self.steps, expression)

    def _head(self, key: tuple[str, int, int]) -> _Head:
        if key not in self._heads:
            planes = stacked([*behind(self.mouths, *key), *self._front], self.mouths.canvas)
            under = stacked(behind(self.mouths, *key), self.box)
            self._heads[key] = _Head(screen_codes(planes, self.colour), under)
            if len(self._heads) > HEADS:
                self._heads.popitem(last=False)
        self._heads.move_to_end(key)
        return self._heads[key]

    def _patch(self, key: tuple, head: _Head, faces: tuple, phase: float) -> np.ndarray:
        step = round(phase * self.steps)
        wanted = (key if self._moving_behind else key[:1], faces if 0 < step < self.steps else faces[step > 0], step)
        if wanted not in self._patches:
            mouth = moved(self.between.drawing(*faces, step / self.steps), self.mouths, self.placing)
            planes = stacked([Drawing(head.under, self.box), mouth, *self._front], self.box)
            self._patches[wanted] = screen_codes(planes, self.colour)
            if len(self._patches) > PATCHES:
                self._patches.popitem(last=False)
        self._patches.move_to_end(wanted)
        return self._patches[wanted]

    @property
    def _moving_behind(self) -> bool:
        """Whether eyes or brows reach behind the mouth, so that its patches depend on them."""
        names = ("eyes_open", "eyes_half", "eyes_closed", "brows")
        parts = (self.mouths.part(name, e) for name in names for e in self.mouths.expressions)
        return any(part is not None and not part.region.intersect(self.box).is_empty for part in parts)


def _reach(mouths: MouthSet, placing: Placing) -> Region:
    """All that any mouth, or one between two, covers."""
    box = Region(0, 0, 0, 0)
    for own in mouths.mouths.values():
        for drawing in own.values():
            box = box.union(moved(drawing, mouths, placing).region)
    return box.grow(8).intersect(mouths.canvas)
