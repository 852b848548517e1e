# SPDX-License-Identifier: Apache-2.0
"""What a node may ask of a picture. Files, hosts and other nodes all answer the same few questions."""

from __future__ import annotations

from typing import Protocol, Sequence

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate


class Clip(Protocol):
    """A picture over time: a plate, a reel, a matte, or another node's result."""

    @property
    def frames(self) -> Sequence[int]:
        """Frame numbers that exist, ascending."""
        ...

    @property
    def rate(self) -> Rate: ...

    @property
    def display(self) -> Region:
        """The format: what a viewer shows."""
        ...

    def window(self, frame: int) -> Region:
        """The data window: where this frame has pixels."""
        ...

    def crop(self, frame: int, region: Region) -> Image:
        """RGB in the scene-linear working space, unclamped; black outside the data window."""
        ...

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """What a person would see, for networks only: sRGB-encoded and held to 0..1, reduced (area average)
        so that the longest side is at most `longest_px`. Its region is Region.of_size of what is returned;
        pixel (x, y) of it covers plate pixel region.x0 + x * region.width / width, and so for y."""
        ...
