# SPDX-License-Identifier: Apache-2.0
"""Pixels with everything needed to read them rightly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region

SCENE_LINEAR = "scene_linear"
"""The working space: the OCIO role of that name in the config in force."""


@dataclass(frozen=True)
class Image:
    """pixels: [C, H, W] float32, NumPy on the CPU or CuPy on the GPU, top-left origin, y down.

    region: where the pixels lie in plate space; display: the plate's format.
    channels: names, RGB or RGBA. colour: OCIO name of the pixels' space. premult: alpha is in RGB.
    """

    pixels: Any
    region: Region
    display: Region
    channels: tuple[str, ...] = ("R", "G", "B")
    colour: str = SCENE_LINEAR
    premult: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected = (len(self.channels), *self.region.shape)
        if tuple(self.pixels.shape) != expected or self.pixels.dtype != np.float32:
            raise UsageError(
                f"Image: pixels are {tuple(self.pixels.shape)} {self.pixels.dtype}, "
                f"expected {expected} float32 for region {self.region}"
            )

    def window(self, region: Region) -> Image:
        """The part of the image inside `region`, as a view; `region` must lie within the image's."""
        if not self.region.contains(region):
            raise UsageError(f"Image: {region} is not inside {self.region}")
        rows, columns = region.slices_in(self.region)
        return replace(self, pixels=self.pixels[:, rows, columns], region=region)
