# SPDX-License-Identifier: Apache-2.0
"""A whole performance with files for devices: sound to drawn frames, out to a browser; and what its command says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ofx_lipsync.cli.live import parsed
from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.live.figure import Figure
from ofx_lipsync.live.options import Options
from ofx_lipsync.live.perform import summary
from ofx_lipsync.live.show import Show
from ofx_lipsync.models.hearing_listener import Hearing


@pytest.mark.usefixtures("gl")
def test_a_line_is_performed(figure: Figure, hearing: Hearing, sample_line: Path) -> None:
    options = Options(mic=str(sample_line), width=64, height=64, http=0, seconds=4.0, loop=False)
    before, said = threading.active_count(), []
    with Show(options, figure, hearing, said.append) as show:
        assert show.addresses[0].startswith("http://127.0.0.1:")
        show.run()
        assert len(show.performer.shown) > 10
        assert all(drawn_s > change.said_s for change, drawn_s in show.performer.shown)
        newest = show.slot.after(-1, 1.0)
        assert newest is not None
        assert newest.rgba.any()
        assert "sound to picture" in summary(show, 4.0)
        assert "fps" in show.status()
    assert threading.active_count() <= before
    assert said == []


@pytest.mark.usefixtures("gl")
def test_what_is_wrong_leaves_nothing_open(figure: Figure, hearing: Hearing, sample_line: Path) -> None:
    before = threading.active_count()
    options = Options(mic=str(sample_line), webcam="nowhere.mkv")
    with pytest.raises(Exception, match=r"neither a webcam's number nor a movie|there is no OpenCV"):
        Show(options, figure, hearing, print).__enter__()
    assert threading.active_count() <= before


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "which character?"),
        (["set", "--mouth", "face"], "there is no face to follow; name a webcam"),
        (["set", "--offset", "-20"], "a mouth cannot be early: delay the sound in OBS instead"),
        (["set", "--hold", "9999"], "--hold: got 9999, expected 0 to 2000 ms"),
        (["set", "--size", "720"], "--size: got '720', expected such as 720x720"),
        (["set", "--rate", "0"], "--rate: got 0, expected 1 to 240"),
        (["set", "--background", "plaid"], "--background: got 'plaid'"),
        (["set", "--http", "70000"], "--http: got 70000"),
        (["nowhere", "--headless", "--mic", "none"], "nowhere: there is no such folder"),
    ],
)
def test_a_wrong_command_is_one_line(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", *words]) in (2, 4)
    assert text in capsys.readouterr().err.splitlines()[0]


def test_a_window_where_nothing_else_was_asked_for() -> None:
    parser = build_parser(["live"])
    assert parsed(parser.parse_args(["live", "set"])).window
    assert not parsed(parser.parse_args(["live", "set", "--http", "0"])).window
    options = parsed(
        parser.parse_args(["live", "set", "--size", "640x360", "--background", "#00ff00", "--offset", "40"])
    )
    assert (options.width, options.height, options.offset_s) == (640, 360, 0.04)
    assert options.background == (0.0, 1.0, 0.0)


def test_devices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "--list"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if not line.startswith(" ")] == ["microphones", "webcams", "virtual cameras"]
