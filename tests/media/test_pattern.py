# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import select


@pytest.mark.parametrize(
    ("text", "frame", "name"),
    [
        ("a/plate.####.exr", 7, "plate.0007.exr"),
        ("a/plate.%04d.exr", 1001, "plate.1001.exr"),
        ("a/plate.@@@.exr", 12, "plate.012.exr"),
        ("a/plate.$F4.exr", 12, "plate.0012.exr"),
        ("a/plate.$F.exr", 12, "plate.12.exr"),
        ("a/plate.%d.exr", -3, "plate.-3.exr"),
        ("a/plate.####.exr", -5, "plate.-005.exr"),
        ("a/v##_plate.####.exr", 5, "v##_plate.0005.exr"),
        ("a/plate.####.exr", 123456, "plate.123456.exr"),
    ],
)
def test_names_of_frames(text: str, frame: int, name: str) -> None:
    pattern = Pattern.parse(text)
    assert pattern is not None
    assert pattern.path(frame) == Path("a") / name


@pytest.mark.parametrize("text", ["plate.exr", "plate.1001.exr", "100%.exr", "a#b/plate.mov"])
def test_plain_names_are_no_patterns(text: str) -> None:
    assert Pattern.parse(text) is None


def test_scan_finds_negative_and_oddly_padded_frames_and_nothing_else(tmp_path: Path) -> None:
    for name in (
        "p.-002.exr",
        "p.0000.exr",
        "p.00003.exr",
        "p.0003.exr",
        "p.10000.exr",
        "p.x.exr",
        ".p.0009.exr",
        "p.0004.dpx",
    ):
        (tmp_path / name).touch()
    found = Pattern.parse(str(tmp_path / "p.####.exr")).scan()  # type: ignore[union-attr]
    assert list(found) == [-2, 0, 3, 10000]
    assert found[3].name == "p.0003.exr"


def test_gaps_follow_the_policy_chosen() -> None:
    have = [1, 2, 5]
    with pytest.raises(MediaError, match="frames 3-4 are missing"):
        select("p", have, None, "error")
    frames, shown = select("p", have, None, "hold")
    assert (list(frames), shown[3], shown[4]) == ([1, 2, 3, 4, 5], 2, 2)
    assert list(select("p", have, FrameRange.parse("1-9"), "skip")[0]) == [1, 2, 5]
    assert select("p", have, FrameRange.parse("-1-1"), "hold")[1][-1] == 1
    with pytest.raises(MediaError, match="none of the frames"):
        select("p", have, FrameRange.parse("7-9"), "skip")
    with pytest.raises(UsageError, match="error, hold or skip"):
        select("p", have, None, "black")
    with pytest.raises(MediaError, match="no frames"):
        select("p", [], None, "hold")
