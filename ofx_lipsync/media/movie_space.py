# SPDX-License-Identifier: Apache-2.0
"""Which colour space a movie is in: what was given, else what its tags say, else sRGB as video habit has it.

Tags are the numbers of ITU-T H.273. Rec.709 video, tagged or not, is read as sRGB: both are what a person sees.
"""

from __future__ import annotations

from typing import Any

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.media.colour import Colour

_BT2020, _DCI, _P3 = 9, 11, 12
_PQ, _HLG, _SRGB = 16, 18, 13
_GAMMAS = (1, 6, 14, 15)
"""BT.709, BT.601 and BT.2020 at 10 and 12 bits: one camera curve, shown by the gamma 2.4 of BT.1886."""

_HDR = {_PQ: "PQ (SMPTE ST 2084)", _HLG: "HLG (ARIB STD-B67)"}
_SPACES: dict[tuple[int, int], tuple[str, ...]] = {
    (_BT2020, _PQ): ("Rec.2100-PQ - Display", "rec2100_pq_display"),
    (_BT2020, _HLG): ("Rec.2100-HLG - Display", "rec2100_hlg_display"),
    (_P3, _PQ): ("ST2084-P3-D65 - Display", "st2084_p3d65_display"),
    (_P3, _SRGB): ("sRGB Encoded P3-D65", "srgb_p3d65", "srgb_displayp3", "Display P3 - Display"),
    **{(_BT2020, gamma): ("Rec.1886 Rec.2020 - Display", "rec1886_rec2020_display") for gamma in _GAMMAS},
}
"""(primaries, transfer) of video that is not Rec.709, and its names in the configs people have."""


def movie_space(path: str, frame: Any, colour: Colour, given: str | None) -> tuple[str, str]:
    """(space, why) of a movie by a decoded frame's tags.

    Raises: ColourError where the tags say HDR and the config has no such space."""
    if given is not None:
        return colour.check_plate(given), "given"
    primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
    named = colour.find(*_SPACES.get((primaries, transfer), ()))
    if named is not None:
        return named, "tags"
    if transfer in _HDR:
        raise ColourError(f"{path}: is {_HDR[transfer]}; name its colour space, as config {colour.name} has it")
    return colour.look_space, "default"
