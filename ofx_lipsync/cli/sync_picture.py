# SPDX-License-Identifier: Apache-2.0
"""The heat strip of measure as a picture with its axes: a band a face, seconds below, frames at the side."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.offset import FaceSync, SyncReport
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.nodes._sync_strip import LINE, strip
from ofx_lipsync.view.still import write_still

ROWS = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757", "7": "71122",
    "8": "75757", "9": "75717", "-": "00700", "+": "02720", ".": "00002", " ": "00000", "a": "03577", "c": "07447",
    "e": "07647", "f": "32722", "i": "20222", "n": "06555", "m": "07775", "o": "07557", "r": "07444", "s": "07617",
    "t": "27223", "u": "05557", "d": "11757", "l": "22223", "y": "05716", "p": "07574", "k": "45655", "g": "07517",
    "h": "44755", "w": "05577",
}  # fmt: skip
"""Three by five: five rows of three bits."""
SCALE, LEFT, BAND, GAP, BAR = 2, 70, 150, 46, 10
PX_PER_S, LEAST, MOST = 80, 480, 3600
INK = np.float32(0.8)


def write_picture(path: str, report: SyncReport, rate: Rate) -> None:
    """Raises: OutputError."""
    write_still(path, picture(report, rate).transpose(1, 2, 0))


def picture(report: SyncReport, rate: Rate) -> np.ndarray:
    """[3, H, W] float32 sRGB."""
    span_s = float(report.times_s[-1]) + float(report.times_s[0])
    width = int(np.clip(round(span_s * PX_PER_S), LEAST, MOST))
    canvas = np.full((3, GAP // 2 + len(report.faces) * (BAND + BAR + GAP), LEFT + width + 20), 0.08, np.float32)
    for index, face in enumerate(report.faces):
        top = GAP // 2 + index * (BAND + BAR + GAP)
        canvas[:, top : top + BAND, LEFT : LEFT + width] = strip(face, width, BAND)
        _offsets(canvas, face, top, rate)
        at = np.minimum(np.arange(width) * len(report.times_s) // width, len(report.times_s) - 1)
        sure = np.where(report.speaking[at] == index, 1.0, 0.35) * face.curve.confidence[at]
        bar = slice(top + BAND + 2, top + BAND + BAR)
        canvas[:, bar, LEFT : LEFT + width] = (LINE[:, None] * sure)[:, None]
        _write(canvas, f"face {face.identity}", 4, top - 14)
        _seconds(canvas, top + BAND + BAR + 2, width, span_s)
    return canvas


def _offsets(canvas: np.ndarray, face: FaceSync, top: int, rate: Rate) -> None:
    """Frames at the side, the sound late above."""
    lowest, highest = float(face.offsets_s[0]), float(face.offsets_s[-1])
    most = int(highest * float(rate))
    for frames in sorted({-most, -most // 2, 0, most // 2, most}):
        y = top + round((1 - (frames / float(rate) - lowest) / (highest - lowest)) * (BAND - 1))
        canvas[:, y, LEFT - 6 : LEFT] = INK
        text = f"{frames:+d}" if frames else "0"
        _write(canvas, text, LEFT - 10 - 4 * SCALE * len(text), y - 5)
    _write(canvas, "late", 4, top + 8)
    _write(canvas, "early", 4, top + BAND - 20)


def _seconds(canvas: np.ndarray, top: int, width: int, span_s: float) -> None:
    every = next((s for s in (1, 2, 5, 10, 30, 60, 300) if s * width / span_s >= 50), 600)
    for second in range(0, int(span_s) + 1, every):
        x = LEFT + round(second / span_s * width)
        canvas[:, top : top + 4, min(x, LEFT + width - 1)] = INK
        _write(canvas, f"{second} s", x - 4, top + 7)


def _write(canvas: np.ndarray, text: str, left: int, top: int) -> None:
    """Letters that are not known are left out."""
    for letter in text:
        bits = np.array(
            [[int(row) >> (2 - x) & 1 for x in range(3)] for row in ROWS.get(letter, ROWS[" "])], np.float32
        )
        glyph = np.kron(bits, np.ones((SCALE, SCALE), np.float32)) * INK
        rows, columns = slice(max(top, 0), top + glyph.shape[0]), slice(left, left + glyph.shape[1])
        place = canvas[:, rows, columns]
        place[...] = np.maximum(place, glyph[max(-top, 0) :][: place.shape[1], : place.shape[2]])
        left += 4 * SCALE
