# SPDX-License-Identifier: Apache-2.0
"""A clip under other frame numbers: a movie counts from 1, whatever the plate it was made from does."""

from __future__ import annotations

from typing import Sequence

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate


class Renumbered:
    """A core Clip. frames: the numbers that its frames go by, one each, in order."""

    def __init__(self, clip: Clip, frames: Sequence[int]) -> None:
        self._clip, self.frames = clip, frames
        self._own = dict(zip(frames, clip.frames, strict=True))

    @property
    def rate(self) -> Rate:
        return self._clip.rate

    @property
    def display(self) -> Region:
        return self._clip.display

    def window(self, frame: int) -> Region:
        return self._clip.window(self._own[frame])

    def crop(self, frame: int, region: Region) -> Image:
        return self._clip.crop(self._own[frame], region)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        return self._clip.look(self._own[frame], region, longest_px)
