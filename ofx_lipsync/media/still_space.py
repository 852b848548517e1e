# SPDX-License-Identifier: Apache-2.0
"""Which colour space a picture file is in: what was given, else what its header says, else the trade's habit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.media.colour import Colour

_PRIMARIES = {
    ("lin_rec709_scene", "Linear Rec.709 (sRGB)", "lin_srgb"): (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    ("lin_ap0_scene", "ACES2065-1", "aces"): (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    ("lin_ap1_scene", "ACEScg"): (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
    ("lin_p3d65_scene", "Linear P3-D65"): (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
    ("lin_rec2020_scene", "Linear Rec.2020"): (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
}
"""CIE xy of red, green, blue and white, as EXR `chromaticities` carry them, to names of linear spaces."""


def still_space(path: str, spec: Any, dtype: str, colour: Colour, given: str | None) -> tuple[str, str]:
    """(space, why) of a picture. Raises ColourError where the header says log and no space was given."""
    if given is not None:
        return colour.check_plate(given), "given"
    named = spec.get_string_attribute("colorInteropID") or spec.get_string_attribute("oiio:ColorSpace")
    found = colour.find(named) if named else None
    if dtype in ("half", "float"):
        return _float_space(spec, colour, found)
    if found is not None:
        return found, "header"
    if _is_log(spec, named):
        raise ColourError(
            f"{path}: its header says {named or 'log'}; name its colour space, as config {colour.name} has it"
        )
    return colour.check(colour.look_space), "default"


def _float_space(spec: Any, colour: Colour, found: str | None) -> tuple[str, str]:
    if found is not None and found != colour.find(SCENE_LINEAR):
        return found, "header"
    chromaticities = spec.getattribute("chromaticities")
    if chromaticities is not None and len(chromaticities) == 8:
        for names, xy in _PRIMARIES.items():
            space = colour.find(*names)
            if space is not None and np.allclose(chromaticities, xy, atol=2e-3):
                return space, "header"
    return colour.check(SCENE_LINEAR), "header" if found else "default"


def _is_log(spec: Any, named: str) -> bool:
    transfer = spec.get_string_attribute("dpx:Transfer") + spec.get_string_attribute("dpx:Colorimetric")
    return any(word in (named + transfer).lower() for word in ("log", "density", "cineon", "adx"))


def header_of_space(colour: Colour, space: str) -> list[tuple[str, str, Any]]:
    """(name, type, value) of the header fields that say `space`, where it is one that has such a name."""
    for names, xy in _PRIMARIES.items():
        if colour.find(*names) == colour.check(space):
            return [("oiio:ColorSpace", "string", names[0]), ("chromaticities", "float[8]", xy)]
    return []
