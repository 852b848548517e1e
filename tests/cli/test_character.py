# SPDX-License-Identifier: Apache-2.0
"""`lipsync character`: the shipped character says the shipped lines; wrong input is one line."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.cli.main import main

SMALL = ["--set", "Character.height=120", "--progress", "none"]


@pytest.fixture(scope="module")
def mila(samples) -> str:
    return str(samples / "character")


@pytest.fixture(scope="module")
def line(samples) -> str:
    return str(samples / "lines" / "english.flac")


def said(capsys, code: int, *words: str) -> str:
    assert main(["character", *words]) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return err if code else out


def test_a_sequence_has_every_frame_and_chunks_equal_the_whole(mila, line, tmp_path, capsys) -> None:
    assert "95 of 95" in said(capsys, 0, mila, line, str(tmp_path / "a.####.png"), *SMALL)
    assert len(list(tmp_path.glob("a.*.png"))) == 95
    said(capsys, 0, mila, line, str(tmp_path / "b.####.png"), "-F", "40-47", *SMALL)
    for frame in range(40, 48):
        assert (tmp_path / f"a.{frame:04d}.png").read_bytes() == (tmp_path / f"b.{frame:04d}.png").read_bytes()


def test_the_shot_and_the_offset(mila, line, tmp_path, capsys) -> None:
    words = ["--shot", "1001-1012", "--audio-offset", "-1000ms", "--fps", "25"]
    assert "12 of 12" in said(capsys, 0, mila, line, str(tmp_path / "a.####.exr"), *words, *SMALL)
    assert sorted(p.name for p in tmp_path.iterdir())[0] == "a.1001.exr"


def test_list_says_what_the_drawings_are(mila, capsys) -> None:
    text = said(capsys, 0, mila, "--list")
    assert "Character Animator, canvas 1080 x 1080 px, expressions neutral, happy" in text
    assert "stand-ins" not in text


def quiet(path: Path, seconds: float = 0.5, rate: int = 8000) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.zeros(round(seconds * rate), np.int16).tobytes())
    return str(path)


def test_a_telephones_silence_rests(mila, tmp_path, capsys) -> None:
    text = said(capsys, 0, mila, quiet(tmp_path / "a.wav"), str(tmp_path / "o.####.png"), *SMALL)
    assert "12 of 12" in text
    assert "0 closures heard" in text


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["{mila}"], 2, "give mouths, a line and where to write"),
        (["{mila}", "{line}", "{tmp}/o.mp4"], 4, "mp4 holds no alpha"),
        (["{tmp}/none", "{line}", "{tmp}/o.####.png"], 4, "there is no such folder or file"),
        (["{mila}", "{tmp}/empty.wav", "{tmp}/o.####.png"], 4, "has no samples"),
        (["{mila}", "{line}", "{tmp}/o.####.png", "--background", "red"], 2, "got 'red', expected six digits"),
        (["{mila}", "{line}", "{tmp}/o.####.png", "-F", "500"], 2, "frame 500 is not in the shot"),
        (["{mila}", "{line}", "{tmp}/o.####.png", "--set", "Character.hold=0"], 2, "expected 1 to 12 frames"),
        (["{mila}", "{line}", "{tmp}/o.####.png", "--set", "Character.expression=sad"], 2, "have no 'sad'"),
        (["{mila}", "{line}", "{tmp}/o.####.png", "--shot", "1-9x2"], 2, "has gaps"),
    ],
)
def test_wrong_input_is_one_clear_line_and_nothing_is_written(mila, line, tmp_path, capsys, words, code, text) -> None:
    quiet(tmp_path / "empty.wav", 0.0)
    given = [word.format(mila=mila, line=line, tmp=tmp_path) for word in words]
    assert text in said(capsys, code, *given)
    assert [path.name for path in tmp_path.iterdir()] == ["empty.wav"]
