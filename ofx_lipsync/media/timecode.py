# SPDX-License-Identifier: Apache-2.0
"""SMPTE 12M timecode as text, and as the packed word of EXR headers."""

from __future__ import annotations

import re

from ofx_lipsync.core.timing import Rate

_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)\Z")


def unpack(word: int) -> str:
    """HH:MM:SS:FF of a packed word; `;` before the frames says drop-frame."""
    hours, minutes, seconds, frames = (
        _digits(word >> shift, mask) for shift, mask in ((24, 3), (16, 7), (8, 7), (0, 3))
    )
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if word >> 6 & 1 else ':'}{frames:02}"


def pack(text: str) -> int | None:
    """The packed word (BCD, colour-frame and binary-group bits zero), or None where the text is no timecode."""
    match = _TEXT.match(text)
    if match is None:
        return None
    fields = zip((int(match[n]) for n in (1, 2, 3, 5)), (24, 16, 8, 0), strict=True)
    word = sum((value // 10 << 4 | value % 10) << shift for value, shift in fields)
    return word | (0 if match[4] == ":" else 1 << 6)


def advance(text: str, frames: int, rate: Rate) -> str:
    """Timecode `frames` later, wrapping at 24 h. Drop-frame text skips numbers as SMPTE 12M says."""
    known = counted(text, rate)
    if known is None:
        return text
    base = max(1, round(rate))
    return _text(known + frames, base, 0 if text[8] == ":" else base // 15)


def counted(text: str, rate: Rate) -> int | None:
    """Frames since 00:00:00:00, or None where the text is no timecode."""
    match = _TEXT.match(text)
    if match is None:
        return None
    hours, minutes, seconds, frame = (int(match[n]) for n in (1, 2, 3, 5))
    base = max(1, round(rate))
    drop = 0 if match[4] == ":" else base // 15
    minute = hours * 60 + minutes
    return (minute * 60 + seconds) * base + frame - drop * (minute - minute // 10)


def _text(count: int, base: int, drop: int) -> str:
    ten_minutes = 600 * base - 9 * drop
    count %= 144 * ten_minutes
    if drop:
        tens, rest = divmod(count, ten_minutes)
        later = max(0, rest - 60 * base) // (60 * base - drop) + 1 if rest >= 60 * base else 0
        count += drop * (9 * tens + later)
    seconds, frame = divmod(count, base)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{';' if drop else ':'}{frame:02}"


def _digits(bits: int, tens_mask: int) -> int:
    return (bits >> 4 & tens_mask) * 10 + (bits & 15)
