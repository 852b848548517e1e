# SPDX-License-Identifier: Apache-2.0
"""What a performance is asked to be."""

from __future__ import annotations

from dataclasses import dataclass

from ofx_lipsync.live.controls import Colour3
from ofx_lipsync.live.stage import RATE
from ofx_lipsync.live.timing import Holds

NONE = "none"
CHROMA: Colour3 = (0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Options:
    """mic: a number, a part of a name, a file, `none`, or empty for the system's choice; webcam: a number, a movie or
    `none`. width, height: of a frame, px. background: RGB 0..1, or None for see-through. pipe, http, virtual_camera:
    outlets, None for without. seconds: how long, None until it is closed. loop: files begin again at their end."""

    mic: str = ""
    webcam: str = NONE
    mouth: str = "voice"
    offset_s: float = 0.0
    hold_s: float = Holds.mouth_s
    width: int = 720
    height: int = 720
    rate: float = RATE
    background: Colour3 | None = None
    window: bool = False
    virtual_camera: str | None = None
    pipe: str | None = None
    http: int | None = None
    seconds: float | None = None
    mirror: bool = False
    loop: bool = True
    seed: int = 0
