# SPDX-License-Identifier: Apache-2.0
"""What a log, a farm and a terminal get to read."""

from __future__ import annotations

import io
import re

import pytest

from ofx_lipsync.cli.progress import MODES, Progress, _Lines, dialect, progress
from ofx_lipsync.core.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ticking(step_s: float):
    """A clock that moves by `step_s` each time it is read."""
    state = {"now": 0.0}

    def clock() -> float:
        state["now"] += step_s
        return state["now"]

    return clock


def run(shown: Progress, frames: range, stage: str = "render") -> list[int]:
    with shown:
        return list(shown.stage(stage, frames))


def test_every_frame_comes_through_in_order() -> None:
    for mode in MODES:
        assert run(progress(mode, io.StringIO()), range(1001, 1051)) == list(range(1001, 1051))


def test_a_log_gets_few_plain_lines_with_speed_and_time_left() -> None:
    out = io.StringIO()
    run(_Lines(out, ticking(0.1)), range(1001, 1251))
    lines = out.getvalue().splitlines()
    assert 5 <= len(lines) <= 11
    assert re.fullmatch(r"render \d+/250 frames, 9\.\d frames/s, 0:\d\d left", lines[0])
    assert lines[-1].startswith("render 250/250 frames")
    assert "Error" not in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_slow_stage_speaks_every_few_seconds() -> None:
    out = io.StringIO()
    run(_Lines(out, ticking(6.0)), range(1000))
    assert len(out.getvalue().splitlines()) == 1000


def test_a_quick_stage_says_one_line() -> None:
    out = io.StringIO()
    run(_Lines(out, ticking(0.0001)), range(100))
    assert len(out.getvalue().splitlines()) == 1


def test_openjd_never_passes_a_hundred_per_cent() -> None:
    out = io.StringIO()
    run(progress("openjd", out), range(24), "faces")
    lines = out.getvalue().splitlines()
    assert lines[0] == "openjd_status: faces"
    assert lines[-1] == "openjd_progress: 100.0"


@pytest.mark.parametrize(
    ("mode", "line"),
    [("opencue", "ALF_PROGRESS 100%"), ("afanasy", "PROGRESS: 100%"), ("tractor", "TR_PROGRESS 100%")],
)
def test_farms_read_whole_per_cent_beside_the_plain_line(mode: str, line: str) -> None:
    out = io.StringIO()
    run(progress(mode, out), range(24))
    plain, told = out.getvalue().splitlines()
    assert plain.startswith("render 24/24 frames")
    assert told == line


def test_what_is_not_done_is_not_a_hundred_and_tractor_wants_three_digits() -> None:
    out = io.StringIO()
    shown = progress("tractor", out)
    shown.clock = ticking(6.0)
    shown.advance("render", 0, 1000)
    shown.advance("render", 79, 1000)
    shown.advance("render", 999, 1000)
    assert [line for line in out.getvalue().splitlines() if line.startswith("TR_")] == [
        "TR_PROGRESS 007%",
        "TR_PROGRESS 099%",
    ]


def test_the_farm_is_known_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dialect({"OPENJD_SESSION_WORKING_DIR": "/tmp"}) == "openjd"
    assert dialect({"CUE_FRAME": "0001-render"}) == "opencue"
    assert dialect({"AF_TASK_ID": "3"}) == "afanasy"
    assert dialect({"TRACTOR_ENGINE": "a desk that spools jobs"}) == "auto"
    monkeypatch.setenv("CUE_FRAME", "0001-render")
    out = io.StringIO()
    run(progress("auto", out), range(3))
    assert "ALF_PROGRESS 100%" in out.getvalue()


def test_none_is_silent_and_no_frames_are_no_trouble() -> None:
    out = io.StringIO()
    run(progress("none", out), range(10))
    run(progress("plain", out), range(0))
    assert out.getvalue() == ""


def test_a_terminal_gets_a_bar_that_names_both_stages() -> None:
    out = Terminal()
    with progress("auto", out) as shown:
        for stage in ("faces", "render"):
            for _ in shown.stage(stage, range(5)):
                pass
    assert "faces" in out.getvalue()
    assert "render" in out.getvalue()
    assert "5/5" in out.getvalue()


def test_the_bar_is_put_away_when_a_frame_fails() -> None:
    shown = progress("auto", Terminal())
    with pytest.raises(ZeroDivisionError), shown:
        [1 // frame for frame in shown.stage("render", range(3))]
    assert not shown.shown.live.is_started


def test_an_unknown_mode_names_the_ones_there_are() -> None:
    with pytest.raises(UsageError, match="auto or plain or openjd or opencue or afanasy or tractor or none"):
        progress("loud")
