# SPDX-License-Identifier: Apache-2.0
"""What a review movie shows over its picture: that a machine changed it, and which frame of which shot it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media import timecode

WARNING = "AI-MODIFIED PREVIEW"
TEXT_HEIGHT, WARNING_HEIGHT = 0.026, 0.045
"""Heights of letters, as shares of the picture's."""
SHADE = 0.45
"""How much of the picture is left under a line of text."""


@dataclass(frozen=True)
class BurnIn:
    """warning: whether the preview words are shown, as they are until consent is cleared. start: timecode of frame
    `first`, or empty."""

    shot: str
    version: str
    warning: bool
    rate: Rate
    first: int
    start: str = ""

    def line(self, frame: int) -> str:
        code = timecode.advance(self.start, frame - self.first, self.rate) if self.start else ""
        return "   ".join(part for part in (self.shot, str(frame), code, self.version) if part)

    def draw(self, codes: np.ndarray, frame: int) -> None:
        """Over a display picture. codes: [H, W, 3] uint8, written on."""
        height = codes.shape[0]
        if self.warning:
            _text(codes, WARNING, top=round(0.03 * height), letters=WARNING_HEIGHT)
        _text(codes, self.line(frame), top=round(0.94 * height), letters=TEXT_HEIGHT)


def _text(codes: np.ndarray, text: str, top: int, letters: float) -> None:
    """A line in the middle on a shaded band, made smaller where it would not fit."""
    import cv2

    height, width = codes.shape[:2]
    text, face = _plain(text), cv2.FONT_HERSHEY_DUPLEX
    wanted = max(letters * height, 9)
    (full, tall), _ = cv2.getTextSize(text, face, 1.0, 1)
    scale = min(wanted / tall, 0.96 * width / max(full, 1))
    thick = max(1, round(scale * 1.2))
    (full, tall), below = cv2.getTextSize(text, face, scale, thick)
    pad = max(2, tall // 3)
    left = (width - full) // 2
    band = codes[max(0, top - pad) : top + tall + below + pad, max(0, left - 2 * pad) : left + full + 2 * pad]
    band[...] = (band * SHADE).astype(np.uint8)
    white = (235, 235, 235)
    cv2.putText(codes, text, (left, top + tall), face, scale, white, thick, cv2.LINE_AA)


def _plain(text: str) -> str:
    """The letters that the font has: accents go, anything else becomes a question mark."""
    bare = unicodedata.normalize("NFKD", text)
    return "".join(c for c in bare if not unicodedata.combining(c)).encode("ascii", "replace").decode()
