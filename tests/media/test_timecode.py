# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import pytest

from ofx_lipsync.media.timecode import advance, pack, unpack

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize("text", ["01:02:03:04", "23:59:59:23", "00:00:00;02", "10:20:30:29"])
def test_packed_word_round_trips(text: str) -> None:
    word = pack(text)
    assert word is not None
    assert unpack(word) == text


def test_packed_word_is_bcd() -> None:
    assert pack("01:02:03:04") == 0x01020304
    assert pack("12:34:56;28") == 0x12345668
    assert pack("soon") is None


@pytest.mark.parametrize(
    ("start", "frames", "rate", "end"),
    [
        ("01:00:00:00", 24, Fraction(24), "01:00:01:00"),
        ("01:00:00:23", 1, Fraction(24000, 1001), "01:00:01:00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:00:00", -1, Fraction(25), "23:59:59:24"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
    ],
)
def test_frames_later(start: str, frames: int, rate: Fraction, end: str) -> None:
    assert advance(start, frames, rate) == end


def test_drop_frame_never_shows_a_dropped_number() -> None:
    seen = {advance("00:00:00;00", n, NTSC) for n in range(0, 40000)}
    assert len(seen) == 40000
    dropped = [t for t in seen if t[6:] in ("00;00", "00;01") and t[4] != "0"]
    assert dropped == []
