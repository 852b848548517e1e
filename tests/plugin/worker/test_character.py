# SPDX-License-Identifier: Apache-2.0
"""Character in a host: the pixels of `lipsync character`, in the middle of the format, at any render scale."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio
import pytest
from shim_client import FailedError

from ofx_lipsync.cli.main import main
from ofx_lipsync.plugin.pictures import Layout
from ofx_lipsync.plugin.protocol import Kind

WIDE, HIGH = 320, 180
OUT = Layout(0, 0, WIDE, HIGH)
FORMAT = {"format.x1": 0.0, "format.y1": 0.0, "format.x2": float(WIDE), "format.y2": float(HIGH)}
FIRST = 1001


@pytest.fixture(scope="module")
def params(samples, sample_line) -> dict:
    return {"mouths": str(samples / "character"), "line": str(sample_line), "first_frame": FIRST, "last_frame": 1100}


def shown(host, frame: int, params: dict, out: Layout = OUT, **more) -> np.ndarray:
    """[H, W, C] top down."""
    made = host.line().render("Character", frame, params, {}, out=out, rate=24.0, first=FIRST, **FORMAT, **more)
    return made.rows[::-1]


def test_a_host_gets_what_the_command_line_draws(host, params, tmp_path) -> None:
    size = ["--set", f"Character.height={HIGH}", "--progress", "none"]
    words = ["--shot", f"{FIRST}-1095", "-F", "1019-1020"]
    assert main(["character", params["mouths"], params["line"], str(tmp_path / "o.####.exr"), *words, *size]) == 0
    for frame in (1019, 1020):
        drawn = oiio.ImageBuf(str(tmp_path / f"o.{frame}.exr")).get_pixels(oiio.FLOAT)
        got = shown(host, frame, params)
        left = (WIDE - HIGH) // 2
        np.testing.assert_array_equal(got[:, left : left + HIGH].astype(np.float16), drawn.astype(np.float16))
        assert not got[:, :left].any()
        assert not got[:, left + HIGH :].any()


def test_before_and_after_the_line_the_character_rests(host, params) -> None:
    before, first, after = (shown(host, frame, {**params, "blinks": 0.0}) for frame in (900, FIRST, 5000))
    np.testing.assert_array_equal(before, first)
    mouth = (slice(110, 150), slice(140, 180))
    assert np.abs(after[mouth] - first[mouth]).max() < 0.02


def test_a_proxy_is_drawn_at_its_own_size(host, params) -> None:
    half = shown(host, 1019, params, Layout(0, 0, WIDE // 2, HIGH // 2), scale_x=0.5, scale_y=0.5)
    full = shown(host, 1019, params)
    small = full.reshape(HIGH // 2, 2, WIDE // 2, 2, 4).mean(axis=(1, 3))
    assert np.abs(half - small).mean() < 0.03


def test_the_matte_and_integers(host, params) -> None:
    matte = shown(host, 1019, {**params, "view": "matte"})
    np.testing.assert_array_equal(matte[..., 0], shown(host, 1019, params)[..., 3])
    codes = shown(host, 1019, params, Layout(0, 0, WIDE, HIGH, 1, 4))
    assert codes.dtype == np.uint8
    assert codes.max() == 255


def test_one_of_the_drawings_may_be_picked_for_its_folder(host, params) -> None:
    picked = {**params, "mouths": params["mouths"] + "/head.svg"}
    np.testing.assert_array_equal(shown(host, 1019, picked), shown(host, 1019, params))


def test_the_region_is_the_format(host) -> None:
    done = host.line().ask(Kind.REGION, {"node": "Character", "time": 1.0, **FORMAT})
    assert [done.number(f"rod.{edge}") for edge in ("x1", "y1", "x2", "y2")] == [0, 0, WIDE, HIGH]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"mouths": ""}, "no drawings are named; name a folder of mouths, or a layered PSD"),
        ({"mouths": "nowhere"}, "there is no such folder or file"),
        ({"line": ""}, "line: no file is named"),
        ({"line": "none.wav"}, "there is no such file"),
        ({"expression": "sad"}, "the drawings have no 'sad'"),
        ({"hold": 0}, "expected 1 to 12 frames"),
    ],
)
def test_what_is_wrong_is_said(host, params, change, text) -> None:
    with pytest.raises(FailedError, match=text):
        shown(host, 1019, {**params, **change})
