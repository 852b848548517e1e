# SPDX-License-Identifier: Apache-2.0
"""The contact sheet of a wedge: the plate above, below it a cell a variant with its settings, pictures and figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.tuning.page import ACCENT, FAINT, INK, Page, resized, text_width
from ofx_lipsync.tuning.wedge import Cell, Tried, Wedge

WIDEST, MARGIN, GAP, INSIDE, BETWEEN = 2000, 28, 18, 10, 4
"""px: of the sheet, round it, between cells, round a cell's pictures, between these."""
LEAST, LEAST_WHOLE, ENOUGH, MOST = 150, 190, 300, 460
"""Width of one picture, px; pictures of `ENOUGH` rather stand more side by side than grow."""
HEAD, LABEL, FIGURES, CAPTION = 54, 30, 48, 24
"""Height of the title, of a cell's label and of its figures, and of a frame's number, px."""
NARROWEST = 1000
NOTES_PX = 400
"""Width of a sheet, and what the notes beside the plate need."""


def wedge_sheet(made: Wedge, title: str, columns: int, whole: bool = False) -> np.ndarray:
    """[3, H, W] display values. columns: values of the last axis, which stand side by side where there is room."""
    layout = _Layout.of(made, columns, whole)
    page = Page(layout.width, layout.height)
    page.words(MARGIN, 16, title, 22, bold=True, within=layout.width - 2 * MARGIN)
    _plates(page, made, layout)
    _notes(page, made, layout)
    for place, one in enumerate(made.tried):
        x, y = layout.corner(place)
        page.panel(x, y, layout.cell_width, layout.cell_height)
        if one.variant.number == made.current:
            page.frame(x, y, layout.cell_width, layout.cell_height)
        _cell(page, x + INSIDE, y, one, made.frames, layout, one.variant.number == made.current)
    return page.array()


@dataclass(frozen=True)
class _Layout:
    frames: int
    columns: int
    count: int
    picture: tuple[int, int]
    """Width and height, px."""
    whole: bool

    @classmethod
    def of(cls, made: Wedge, columns: int, whole: bool) -> _Layout:
        frames, count = len(made.frames), len(made.tried)
        cell = made.plates[made.frames[0]]
        shape = (cell.whole if whole and cell.whole is not None else cell.close).shape
        least = LEAST_WHOLE if whole else LEAST
        columns = min(columns, count)
        while columns > 1 and _width(frames, columns) < least:
            columns -= 1
        across = columns
        while across + columns <= count and _width(frames, across + columns) >= ENOUGH:
            across += columns
        width = min(MOST, max(_width(frames, across), least))
        return cls(frames, across, count, (width, round(width * shape[1] / shape[2])), whole)

    @property
    def cell_width(self) -> int:
        return self.frames * self.picture[0] + (self.frames - 1) * BETWEEN + 2 * INSIDE

    @property
    def cell_height(self) -> int:
        return LABEL + self.picture[1] + FIGURES + INSIDE

    @property
    def top(self) -> int:
        """Where the variants begin."""
        return HEAD + CAPTION + self.picture[1] + GAP + 6

    @property
    def width(self) -> int:
        return max(NARROWEST, 2 * MARGIN + self.columns * self.cell_width + (self.columns - 1) * GAP)

    @property
    def height(self) -> int:
        rows = math.ceil(self.count / self.columns)
        return self.top + rows * (self.cell_height + GAP) - GAP + MARGIN

    def corner(self, place: int) -> tuple[int, int]:
        row, column = divmod(place, self.columns)
        return MARGIN + column * (self.cell_width + GAP), self.top + row * (self.cell_height + GAP)

    def frame_x(self, place: int) -> int:
        return place * (self.picture[0] + BETWEEN)

    def shown(self, cell: Cell) -> np.ndarray:
        return resized(cell.whole if self.whole and cell.whole is not None else cell.close, *self.picture)


def _width(frames: int, columns: int) -> int:
    """Of one picture where so many cells stand side by side, px."""
    room = WIDEST - 2 * MARGIN - (columns - 1) * GAP
    return (room // columns - 2 * INSIDE - (frames - 1) * BETWEEN) // frames


def _notes(page: Page, made: Wedge, layout: _Layout) -> None:
    """What the figures mean, beside the plate where there is room."""
    x = MARGIN + INSIDE + layout.frame_x(layout.frames) + GAP
    room = layout.width - MARGIN - x
    current = "" if made.current is None else f"; framed is {made.current}, as the shot is set now"
    lines = [
        f"{len(made.tried)} variants{current}",
        f"view: {made.view}",
        "lips A of B: % of face height apart in the picture, of as planned",
        "sync: planned lips against the sound, over the whole shot; 0 is chance",
        *(["LSE-C: the same by pixels, of the part that was rendered for it"] if made.tried[0].lse is not None else []),
    ]
    for row, line in enumerate(lines if room >= NOTES_PX else []):
        page.words(x, HEAD + CAPTION + 4 + 26 * row, line, 16, ink=INK if row < 1 else FAINT, within=room)


def _plates(page: Page, made: Wedge, layout: _Layout) -> None:
    for place, frame in enumerate(made.frames):
        x, cell = MARGIN + INSIDE + layout.frame_x(place), made.plates[frame]
        page.words(x, HEAD, f"plate {frame}", 15, ink=FAINT, within=layout.picture[0])
        page.picture(x, HEAD + CAPTION, layout.shown(cell))


def _cell(page: Page, x: int, y: int, one: Tried, frames: Sequence[int], layout: _Layout, current: bool) -> None:
    inside = layout.cell_width - 2 * INSIDE
    number = f"{one.variant.number}"
    page.words(x, y + 6, number, 18, bold=True, ink=ACCENT)
    left = text_width(number, 18, True) + 10
    page.words(x + left, y + 7, one.variant.label, 16, bold=current, within=inside - left)
    below = y + LABEL + layout.picture[1]
    for place, frame in enumerate(frames):
        cell = one.cells[frame]
        at = x + layout.frame_x(place)
        page.picture(at, y + LABEL, layout.shown(cell))
        text = f"{frame}  lips {_percent(cell.made)} of {_percent(cell.wanted)}"
        page.words(at, below + 4, text, 14, ink=FAINT, within=layout.picture[0])
    page.words(x, below + 25, figures(one), 14, within=inside)


def figures(one: Tried) -> str:
    """`sync 0.37 (0 ms), 0.04 CPU-s a frame`."""
    parts = []
    if one.sync is not None:
        parts.append(
            f"sync {one.sync.in_sync:.2f}" + (f", best {one.sync.late_s * 1000:+.0f} ms" if one.sync.late_s else "")
        )
    if one.lse is not None:
        parts.append(f"LSE-C {one.lse:.2f}")
    return "; ".join([*parts, f"{one.cost_s:.2f} CPU-s a frame"])


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{max(value, 0.0):.1f}"
