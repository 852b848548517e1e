# SPDX-License-Identifier: Apache-2.0
"""How a picture is shown: a display and view of the OCIO config, as the GLSL that OCIO writes for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import PyOpenColorIO as ocio

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.media.colour import Colour

FUNCTION = "lipsync_look"
FLAT_VIEW = "Un-tone-mapped"
"""What an ACES config calls the view that changes no tone: for movies that are graded already."""


@dataclass(frozen=True)
class Lut:
    """A table that the shader reads. values: [W, C], [H, W, C] or [D, D, D, C] float32, C 1 or 3. linear: read between
    its entries."""

    sampler: str
    values: np.ndarray
    linear: bool

    @property
    def dimensions(self) -> int:
        return self.values.ndim - 1


@dataclass(frozen=True)
class Look:
    """glsl: declares `vec4 lipsync_look(vec4)`, scene-linear working space in, display code values out."""

    display: str
    view: str
    glsl: str
    luts: tuple[Lut, ...]


def views(colour: Colour, display: str | None = None, graded: bool = False) -> tuple[str, list[str]]:
    """The display's name, the config's first without one, and its views with the default one first. graded: the
    pictures are finished, as a movie's are, and by default no tone is changed.

    Raises: ColourError naming the displays that there are.
    """
    config = colour.config
    known = list(config.getDisplays())
    if display is not None and display not in known:
        raise ColourError(f"view: no display {display!r} in {colour.name}; it has {', '.join(map(repr, known))}")
    if not known:
        raise ColourError(f"view: {colour.name} has no display; use a config that has one")
    chosen = display or str(config.getDefaultDisplay())
    names = list(config.getViews(chosen))
    first = FLAT_VIEW if graded and FLAT_VIEW in names else str(config.getDefaultView(chosen))
    return chosen, sorted(names, key=lambda name: name != first)


def look(colour: Colour, display: str | None = None, view: str | None = None) -> Look:
    """The GLSL of a view, the display's default without one.  Raises: ColourError naming the views that there are."""
    chosen, names = views(colour, display)
    if view is not None and view not in names:
        raise ColourError(f"view: no view {view!r} for {chosen!r}; it has {', '.join(map(repr, names))}")
    wanted = view or names[0]
    text = ocio.GpuShaderDesc.CreateShaderDesc(
        language=ocio.GPU_LANGUAGE_GLSL_4_0, functionName=FUNCTION, resourcePrefix="ocio_"
    )
    processor(colour, chosen, wanted).getDefaultGPUProcessor().extractGpuShaderInfo(text)
    luts = [_flat(found) for found in text.getTextures()] + [_cube(found) for found in text.get3DTextures()]
    return Look(chosen, wanted, text.getShaderText(), tuple(luts))


def processor(colour: Colour, display: str, view: str) -> ocio.Processor:
    """From the working space to a view.  Raises: ColourError with what OCIO says."""
    try:
        return colour.config.getProcessor(ocio.DisplayViewTransform(src=SCENE_LINEAR, display=display, view=view))
    except ocio.Exception as error:
        why = " ".join(str(error).split())
        raise ColourError(f"view: {colour.name} cannot show {view!r} on {display!r} ({why})") from None


def _flat(found: Any) -> Lut:
    channels = 1 if found.channel == ocio.GpuShaderDesc.TEXTURE_RED_CHANNEL else 3
    one = found.dimensions == ocio.GpuShaderDesc.TEXTURE_1D
    return _lut(found, (found.width, channels) if one else (found.height, found.width, channels))


def _cube(found: Any) -> Lut:
    return _lut(found, (found.edgeLen, found.edgeLen, found.edgeLen, 3))


def _lut(found: Any, shape: tuple[int, ...]) -> Lut:
    values = np.array(found.getValues(), np.float32).reshape(shape)
    return Lut(found.samplerName, values, found.interpolation != ocio.INTERP_NEAREST)
