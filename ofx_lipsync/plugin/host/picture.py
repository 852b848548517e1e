# SPDX-License-Identifier: Apache-2.0
"""A host's picture in memory: any depth, any components, rows padded or upside down, anywhere in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.plugin.host.abi import ffi
from ofx_lipsync.plugin.host.properties import PropertySet

DEPTHS = {
    "OfxBitDepthByte": np.uint8, "OfxBitDepthShort": np.uint16, "OfxBitDepthHalf": np.float16,
    "OfxBitDepthFloat": np.float32,
}  # fmt: skip
COMPONENTS = {"OfxImageComponentAlpha": 1, "OfxImageComponentRGB": 3, "OfxImageComponentRGBA": 4}
GUARD = 0xA5
"""What lies in every byte that is no pixel."""
_MARGIN_BYTES = 4096


@dataclass(frozen=True)
class Layout:
    """bounds: x1 y1 x2 y2 in pixels, y up. padding: bytes behind every row. flipped: rows lie from the top down."""

    bounds: tuple[int, int, int, int]
    depth: str = "OfxBitDepthFloat"
    components: str = "OfxImageComponentRGBA"
    padding: int = 0
    flipped: bool = False
    premult: str = "OfxImageAlphaPremultiplied"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        x1, y1, x2, y2 = self.bounds
        return y2 - y1, x2 - x1, COMPONENTS[self.components]


class Picture:
    """Pixels with guard bytes round them. `pixels` is [H, W, C], the first row the lowest."""

    def __init__(self, layout: Layout, pixels: np.ndarray | None = None) -> None:
        self.layout = layout
        height, width, channels = layout.shape
        kind = np.dtype(DEPTHS[layout.depth])
        row = width * channels * kind.itemsize
        # Rows begin where their type may begin, whatever the padding is.
        self.stride = (row + layout.padding + kind.itemsize - 1) // kind.itemsize * kind.itemsize
        self.memory = np.full(height * self.stride + 2 * _MARGIN_BYTES, GUARD, np.uint8)
        body = self.memory[_MARGIN_BYTES : _MARGIN_BYTES + height * self.stride].reshape(height, self.stride)
        rows = body[::-1] if layout.flipped else body
        self.pixels = rows[:, :row].view(kind).reshape(height, width, channels)
        if pixels is not None:
            self.pixels[...] = pixels

    def guards_hold(self) -> bool:
        """No byte outside the pixels was written."""
        height, width, channels = self.layout.shape
        row = width * channels * self.pixels.dtype.itemsize
        body = self.memory[_MARGIN_BYTES : _MARGIN_BYTES + height * self.stride].reshape(height, self.stride)
        around = (self.memory[:_MARGIN_BYTES], self.memory[_MARGIN_BYTES + height * self.stride :], body[:, row:])
        return all(bool((part == GUARD).all()) for part in around)

    def properties(self) -> PropertySet:
        height = self.layout.shape[0]
        first = _MARGIN_BYTES + ((height - 1) * self.stride if self.layout.flipped else 0)
        address = int(ffi.cast("uintptr_t", ffi.from_buffer(self.memory))) + first
        return PropertySet(
            {
                "OfxPropType": "OfxTypeImage",
                "OfxImagePropData": address,
                "OfxImagePropBounds": self.layout.bounds,
                "OfxImagePropRegionOfDefinition": self.layout.bounds,
                "OfxImagePropRowBytes": -self.stride if self.layout.flipped else self.stride,
                "OfxImageEffectPropPixelDepth": self.layout.depth,
                "OfxImageEffectPropComponents": self.layout.components,
                "OfxImageEffectPropPreMultiplication": self.layout.premult,
                "OfxImagePropPixelAspectRatio": 1.0,
                "OfxImagePropField": "OfxFieldNone",
                "OfxImagePropUniqueIdentifier": "",
            }
        )
