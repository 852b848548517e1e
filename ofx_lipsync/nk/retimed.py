# SPDX-License-Identifier: Apache-2.0
"""A movie whose frames come under other numbers: a Read that starts at 1001, or one that is held or shifted."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media.content import joined_key
from ofx_lipsync.media.plate import Frame, Plate


class Retimed(Plate):
    """numbers: the script's frame -> the plate's."""

    def __init__(self, plate: Plate, numbers: Mapping[int, int]) -> None:
        super().__init__(plate.info, FrameRange(numbers), plate.display, plate.colour)
        self._plate, self._numbers = plate, dict(numbers)

    def window(self, frame: int) -> Region:
        return self._plate.window(self._at(frame))

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        return self._plate.look(self._at(frame), region, longest_px)

    def load(self, frame: int) -> Frame:
        loaded = self._plate.load(self._at(frame))
        loaded.number = frame
        return loaded

    def crop(self, frame: int, region: Region) -> Image:
        return self._plate.crop(self._at(frame), region)

    def prefetch(self, wanted: Mapping[int, Region]) -> None:
        boxes: dict[int, Region] = {}
        for frame, region in wanted.items():
            number = self._at(frame)
            boxes[number] = region.union(boxes[number]) if number in boxes else region
        self._plate.prefetch(boxes)

    def fingerprint(self) -> str:
        return joined_key([self._plate.fingerprint(), *(f"{f} {n}" for f, n in sorted(self._numbers.items()))])

    def close(self) -> None:
        self._plate.close()

    def _at(self, frame: int) -> int:
        self._check(frame)
        return self._numbers[frame]

    def _prepare(self, frame: int, region: Region) -> Any:
        raise NotImplementedError

    def _native_rgb(self, frame: int, region: Region) -> np.ndarray:
        raise NotImplementedError
