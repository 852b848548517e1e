# SPDX-License-Identifier: Apache-2.0
"""The live figures count what they say: on changes whose delay is known, and on two seconds of the real thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.bench.live import answers, drift, measured, show
from ofx_lipsync.bench.live_line import Line, heard_whole
from ofx_lipsync.bench.live_run import perform
from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.core.phones import ADOBE, UNKNOWN
from ofx_lipsync.live.perform import read_figure
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.view.context import offscreen

M, AA = ADOBE.index("M"), ADOBE.index("Aa")
LABELS = np.repeat(np.array([0, M, AA, 0, AA, UNKNOWN, 0], np.int8), 50)


def changes(late_frames: int, delay_s: float, turns: int = 6) -> np.ndarray:
    """All but each second turn's M, said late and drawn after a delay."""
    rows = []
    for turn in range(turns):
        for at, mouth in ((50, M), (100, AA), (150, 0), (200, AA), (300, 0)):
            if mouth != M or turn % 2:
                frame = turn * len(LABELS) + at + late_frames
                rows.append((mouth, frame, frame / 100, frame / 100, frame / 100 + delay_s))
    return np.array(rows)


def test_a_delay_counts_from_the_labels_beginning() -> None:
    line = Line(np.zeros(len(LABELS) * 160, np.float32), LABELS, "by hand")
    assert line.onsets() == [(50, M), (100, AA), (150, 0), (200, AA)]
    told = answers(changes(3, 0.08), line)
    assert told["all median"] == pytest.approx(0.11)
    assert told["all 95 %"] == pytest.approx(0.11)
    assert told["closures found"] == pytest.approx(0.5, abs=0.11)
    early = answers(changes(-2, 0.08), line)
    assert early["all median"] == pytest.approx(0.06)
    assert "all found" not in answers(changes(30, 0.08), line)  # too late to be an answer


def test_drift_is_the_last_tenth_beside_the_first() -> None:
    rows = changes(0, 0.08, turns=20)
    rows[:, 4] += np.linspace(0, 0.1, len(rows))
    told = drift(rows, np.array([[5.0, 100, 0], [20.0, 101, 0], [25.0, 131, 199.0]]))
    assert told["way at first"] == pytest.approx(0.085, abs=0.005)
    assert told["way at last"] == pytest.approx(0.175, abs=0.005)
    assert (told["MB at first"], told["MB at last"], told["rate found, ppm"]) == (101, 131, 199)


def test_a_short_run_fills_the_table(sample_line: Path, samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hearing, figure = Hearing.named(), read_figure(str(samples / "character"), 64)
    sound = read_sound(str(sample_line)).mono()
    sound = sound[: len(sound) // 160 * 160]
    line = heard_whole(Line(sound, np.zeros(len(sound) // 160, np.int8), ""), hearing)
    try:
        context = offscreen()
        context.__enter__()
    except DeviceError as error:
        pytest.skip(str(error))
    done = perform(str(sample_line), figure, hearing, 11.0, 64, 48000, 200.0, 0.01)
    context.__exit__(None, None, None)
    figures = measured(done, line, line)
    assert figures["way median"] > 0.06
    assert figures["blocks"] > 100
    show(figures, done)
    told = capsys.readouterr().out
    assert "a labelled mouth's beginning to that frame" in told
    assert "nan" not in told.replace("nan -> nan -> nan MB", "")
