# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.timing import FrameRange, parse_rate


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001-1005", [1001, 1002, 1003, 1004, 1005]),
        ("1001-1006x2", [1001, 1003, 1005]),
        ("-3--1,7", [-3, -2, -1, 7]),
        ("5,3,5", [5, 3]),
        ("1-3, 2-4", [1, 2, 3, 4]),
    ],
)
def test_ranges_read_as_nuke_does(text, frames):
    assert list(FrameRange.parse(text)) == frames


def test_colon_is_refused_unless_the_dialect_is_named():
    with pytest.raises(UsageError, match="interleave to OpenCue"):
        FrameRange.parse("1001-1005:2")
    assert list(FrameRange.parse("1001-1005:2", openjd=True)) == [1001, 1003, 1005]


@pytest.mark.parametrize("text", ["", "a", "1-", "5-1", "1-9x0", "1..9", "1-99999999999", "1-5x", "1,,2"])
def test_wrong_ranges_are_usage_errors(text):
    with pytest.raises(UsageError, match="frames:"):
        FrameRange.parse(text)


@given(st.lists(st.integers(-2000, 2000), unique=True, max_size=60).map(sorted))
def test_text_reads_back_to_the_same_frames(frames):
    range_ = FrameRange(frames)
    assert not frames or list(FrameRange.parse(str(range_))) == frames


def test_membership_and_equality():
    frames = FrameRange.parse("1-3,9")
    assert 9 in frames
    assert 4 not in frames
    assert frames == FrameRange([1, 2, 3, 9])
    assert len({frames, FrameRange([1, 2, 3, 9])}) == 1


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", Fraction(24)),
        ("23.976", Fraction(24000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_rates_are_exact(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "-24", "fast", "1/0", "5000"])
def test_wrong_rates_are_usage_errors(text):
    with pytest.raises(UsageError, match="rate"):
        parse_rate(text)
