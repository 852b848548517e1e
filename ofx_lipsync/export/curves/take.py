# SPDX-License-Identifier: Apache-2.0
"""One line of dialogue, ready to be written."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Mapping

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face_curves import Cue, FaceCurves


@dataclass(frozen=True)
class Take:
    """name: of the line. sound: its file's name, as other programs should find it. curves: of one rig. cues: of the set
    of mouths `mouths`. first_frame: the number of frame 0, where a format counts frames. mesh: a .glb of the user's to
    be animated. notes: what made it."""

    name: str
    sound: str
    duration_s: float
    curves: FaceCurves
    rig: str
    cues: tuple[Cue, ...] = ()
    mouths: str = ""
    first_frame: int = 1
    mesh: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def decimal(value: float, places: int = 6) -> str:
    """A number as short as it can be: no trailing zeros, no -0, a point and never a comma."""
    if not math.isfinite(value):
        raise UsageError(f"curves: got {value!r}, expected a number; report the line that made it")
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def whole_seconds(fps: float) -> int:
    """The whole number of frames that a timecode of this rate counts: 30 for 29.97."""
    return max(1, round(fps))
