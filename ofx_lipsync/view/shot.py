# SPDX-License-Identifier: Apache-2.0
"""A shot to look at: the plate's frames, what the analysis knows of them, and the dub made from both."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import Dub, Settings, Shot
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.view.overlay import Stroke, strokes

KEPT_BYTES = 3 * 2**30
"""About 120 frames of 1080p: a shot is read once and then plays from memory. Half floats would hold twice as many, and
be two codes off in saturated darks."""
SILENT = Sound(np.zeros((1, 0), np.float32), 16000, 0.0)


@dataclass(frozen=True)
class Shown:
    """One frame over the plate's format. rgb: [3, H, W], scene-linear. matte: [H, W] float32 over `matte_region`, None
    where the dub leaves the plate as it is."""

    rgb: np.ndarray
    matte: np.ndarray | None
    matte_region: Region


@dataclass
class ViewedShot:
    """frames: those to look at, ascending. analysis: None shows the plate alone."""

    plate: Plate
    frames: Sequence[int]
    analysis: Analysis | None = None
    settings: Settings | None = None
    reel: Clip | None = None
    _dub: Dub | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.analysis is not None:
            shot = Shot(self.plate, SILENT, self.analysis.frames.tolist(), self.reel)
            self._dub = Dub(shot, self.settings or Settings())

    @property
    def region(self) -> Region:
        """The plate's format: what a viewer shows of it."""
        return self.plate.display

    def read(self, frame: int, result: bool = False, matte: bool = False) -> Shown:
        """A frame, dubbed where `result` is asked for, with its matte where `matte` is.

        Raises: FrameError where either is asked for and there is no analysis to make it from; MediaError.
        """
        rgb, nothing = self.plate.crop(frame, self.region).pixels, Region(0, 0, 0, 0)
        if not (result or matte):
            return Shown(rgb, None, nothing)
        if self._dub is None or self.analysis is None:
            raise FrameError("view: there is no result or matte without an analysis; give one with --analysis")
        dubbed = self._dub.render(self.analysis, frame)
        if dubbed is None:
            return Shown(rgb, None, nothing)
        if result:
            place(dubbed.image.pixels, dubbed.matte, dubbed.image.region, rgb, self.region)
        return Shown(rgb, dubbed.matte if matte else None, dubbed.image.region)

    def strokes(self, frame: int, shown: frozenset[str]) -> list[Stroke]:
        return strokes(self.analysis, frame, shown) if self.analysis is not None else []


def place(patch: np.ndarray, matte: np.ndarray, region: Region, rgb: np.ndarray, whole: Region) -> None:
    """The patch over the picture where its matte is, in place; what lies outside the picture is left out."""
    inside = region.intersect(whole)
    if inside.is_empty:
        return
    rows, columns = inside.slices_in(whole)
    own_rows, own_columns = inside.slices_in(region)
    touched = matte[own_rows, own_columns] > 0
    rgb[:, rows, columns] = np.where(touched, patch[:3, own_rows, own_columns], rgb[:, rows, columns])


Key = tuple[int, bool, bool]


class Kept:
    """Frames that were read lately, up to KEPT_BYTES. Safe to call from several threads."""

    def __init__(self, shot: ViewedShot, kept_bytes: int = KEPT_BYTES) -> None:
        self._shot, self._kept_bytes = shot, kept_bytes
        self._frames: OrderedDict[Key, Shown] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def has(self, key: Key) -> bool:
        with self._lock:
            return key in self._frames

    def read(self, key: Key) -> Shown:
        """Frame, result, matte: from memory where it is, else from the shot."""
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
                return self._frames[key]
        shown = self._shot.read(*key)
        with self._lock:
            if key not in self._frames:
                self._frames[key] = shown
                self._bytes += shown.rgb.nbytes
            while self._bytes > self._kept_bytes and len(self._frames) > 1:
                self._bytes -= self._frames.popitem(last=False)[1].rgb.nbytes
        return shown
