# SPDX-License-Identifier: Apache-2.0
"""Wrong input: one clear line, the right exit code, nothing half-written."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import soundfile

from ofx_lipsync.cli.main import main


def write_frame(path: Path, value: float = 0.18, size: int = 64) -> None:
    spec = oiio.ImageSpec(size, size, 3, "half")
    out = oiio.ImageOutput.create(str(path))
    out.open(str(path), spec)
    out.write_image(np.full((size, size, 3), value, np.float32))
    out.close()


@pytest.fixture
def plate(tmp_path) -> Path:
    for frame in (1, 2, 3):
        write_frame(tmp_path / f"plate.{frame:04d}.exr")
    return tmp_path / "plate.####.exr"


@pytest.fixture
def line(tmp_path) -> Path:
    path = tmp_path / "line.wav"
    soundfile.write(path, np.sin(np.arange(16000) / 20) * 0.1, 16000)
    return path


def run(capsys, *arguments: object) -> tuple[int, str]:
    code = main([*map(str, arguments), "--progress", "none"])
    return code, capsys.readouterr().err


def one_line(err: str, code: int) -> str:
    text, farm = err.strip().splitlines()
    assert text.startswith("lipsync: ")
    assert farm.startswith(f"LIPSYNC_FAIL code={code} ")
    return text


def assert_nothing_new(folder: Path, before: set[str]) -> None:
    assert {p.name for p in folder.iterdir()} == before


def fails(capsys, plate, line, tmp_path, code, *more):
    out = tmp_path / "results"
    out.mkdir(exist_ok=True)
    got, err = run(capsys, "dub", plate, line, out / "out.####.exr", *more)
    assert got == code, err
    assert list(out.iterdir()) == []
    return one_line(err, code)


def test_a_plate_with_nobody_in_it_passes_through(capsys, plate, line, tmp_path):
    out = tmp_path / "results"
    out.mkdir()
    assert main(["dub", str(plate), str(line), str(out / "o.####.exr"), "--progress", "none"]) == 0
    assert "frames without the face  1-3" in capsys.readouterr().out
    assert len(list(out.glob("o.*.exr"))) == 3


def test_nobody_in_it_is_an_error_when_asked(capsys, plate, line, tmp_path):
    text = fails(capsys, plate, line, tmp_path, 3, "--set", "FaceDetect.missing_face=error")
    assert "no face in 3 of 3 frames (1-3)" in text


def test_truncated_exr(capsys, plate, line, tmp_path):
    frame = tmp_path / "plate.0002.exr"
    frame.write_bytes(frame.read_bytes()[:400])
    assert "plate.0002.exr" in fails(capsys, plate, line, tmp_path, 4)


def test_text_renamed_wav(capsys, plate, tmp_path):
    line = tmp_path / "line.wav"
    line.write_text("this is no sound\n" * 40)
    assert "line.wav" in fails(capsys, plate, line, tmp_path, 4)


def test_missing_frames(capsys, plate, line, tmp_path):
    (tmp_path / "plate.0002.exr").unlink()
    assert "2" in fails(capsys, plate, line, tmp_path, 4)


def test_empty_movie(capsys, line, tmp_path):
    movie = tmp_path / "plate.mov"
    movie.touch()
    assert "plate.mov" in fails(capsys, movie, line, tmp_path, 4)


def test_negative_frames_as_a_farm_writes_them(plate, line, tmp_path):
    for frame in (-2, -1, 0):
        write_frame(tmp_path / f"neg.{frame:04d}.exr")
    arguments = ["dub", tmp_path / "neg.####.exr", line, tmp_path / "out.####.exr", "-F", "-2,-1"]
    assert main([*map(str, arguments), "--progress", "none"]) == 0
    assert sorted(p.name for p in tmp_path.glob("out.*.exr")) == ["out.-001.exr", "out.-002.exr"]


def test_an_analysis_of_other_frames_names_them(capsys, plate, line, tmp_path):
    made = tmp_path / "shot.lipsync"
    assert run(capsys, "analyse", plate, line, made)[0] == 0
    assert "is of frames 1-3, expected the shot's 1-2" in fails(
        capsys, plate, line, tmp_path, 4, "--analysis", made, "--shot", "1-2"
    )


def test_absent_plate_and_line(capsys, plate, line, tmp_path):
    assert "nowhere" in fails(capsys, tmp_path / "nowhere.####.exr", line, tmp_path, 4)
    assert "silence.wav" in fails(capsys, plate, tmp_path / "silence.wav", tmp_path, 4)


def test_two_frame_plate(capsys, plate, line, tmp_path):
    (tmp_path / "plate.0003.exr").unlink()
    out = tmp_path / "results"
    out.mkdir()
    assert main(["dub", str(plate), str(line), str(out / "o.####.exr"), "--progress", "none"]) == 0
    assert len(list(out.glob("o.*.exr"))) == 2


def test_ten_hour_sound_is_not_read_whole(capsys, plate, tmp_path):
    line = tmp_path / "long.wav"
    with soundfile.SoundFile(line, "w", 8000, 1, "PCM_U8") as sound:
        block = np.zeros(8000 * 3600, np.float32)
        for _ in range(10):
            sound.write(block)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = tmp_path / "results"
    out.mkdir()
    assert main(["dub", str(plate), str(line), str(out / "o.####.exr"), "--progress", "none"]) == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


def test_unknown_colour_space(capsys, plate, line, tmp_path):
    assert "no such space" in fails(capsys, plate, line, tmp_path, 4, "--space", "no such space")


def test_latest_config_is_refused(capsys, plate, line, tmp_path):
    assert "ocio://default" in fails(capsys, plate, line, tmp_path, 4, "--colour", "ocio://default")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; a missing folder is tested below")
def test_read_only_output_folder(capsys, plate, line, tmp_path):
    out = tmp_path / "locked"
    out.mkdir(mode=0o500)
    code, err = run(capsys, "dub", plate, line, out / "out.####.exr")
    assert code == 4
    assert "locked" in one_line(err, 4)


def test_output_folder_that_cannot_be(capsys, plate, line, tmp_path):
    (tmp_path / "file").touch()
    code, err = run(capsys, "dub", plate, line, tmp_path / "file" / "out.####.exr")
    assert code == 4
    assert "file" in one_line(err, 4)


def test_output_over_the_plate(capsys, plate, line, tmp_path):
    before = (tmp_path / "plate.0001.exr").read_bytes()
    code, err = run(capsys, "dub", plate, line, plate)
    assert code in (2, 4)
    one_line(err, code)
    assert (tmp_path / "plate.0001.exr").read_bytes() == before


@pytest.mark.parametrize("role", ["line", "reel", "holdout", "analysis"])
def test_output_over_another_input(capsys, plate, line, tmp_path, role):
    given = tmp_path / "given.wav"
    given.write_bytes(line.read_bytes())
    more = [] if role == "line" else [f"--{role}", given]
    code, err = run(capsys, "dub", plate, given if role == "line" else line, given, *more)
    assert code == 2
    assert f"given.wav: is the {role} as well" in one_line(err, code)
    assert given.read_bytes() == line.read_bytes()


def test_an_analysis_does_not_replace_the_line(capsys, plate, line):
    before = line.read_bytes()
    code, err = run(capsys, "analyse", plate, line, line, "--overwrite")
    assert code == 2
    assert "is the line as well" in one_line(err, code)
    assert line.read_bytes() == before


def test_what_cannot_be_written_is_said_before_the_shot_is_analysed(capsys, plate, line, tmp_path, monkeypatch):
    from ofx_lipsync.graph import Dub

    monkeypatch.setattr(Dub, "analyse", lambda *_: pytest.fail("the shot was analysed first"))
    assert "no movie codec" in fails(capsys, plate, line, tmp_path, 4, "--codec", "prores")
    assert "absent" in fails(capsys, plate, line, tmp_path, 4, "--analysis", tmp_path / "absent" / "shot.lipsync")
    code, err = run(capsys, "dub", plate, line, tmp_path / "out.mp4", "--codec", "ffv1")
    assert code == 4
    assert "does not hold ffv1" in one_line(err, code)


def test_a_line_that_is_cut_is_said_to_be(plate, tmp_path, capsys):
    line = tmp_path / "long.wav"
    soundfile.write(line, np.zeros(8000 * 70), 8000)
    assert main(["dub", str(plate), str(line), str(tmp_path / "out.mov"), "--progress", "none"]) == 0
    printed = capsys.readouterr().out
    assert "cut 60 s after the shot's last frame" in printed
    assert "codec" in printed


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (("-F", "1-9"), "not in the shot"),
        (("-F", "1-3:2"), "interleave"),
        (("--set", "Blend.fether=3"), "no param 'fether'"),
        (("--set", "Blur.size=3"), "there is no 'Blur'"),
        (("--set", "Blend.feather=wide"), "expected a number"),
        (("--set", "feather=3"), "NODE.PARAM=VALUE"),
        (("--audio-offset", "soon"), "--audio-offset"),
        (("--rate", "0"), "rate"),
        (("--frobnicate",), "unrecognized"),
    ],
)
def test_wrong_arguments(capsys, plate, line, tmp_path, more, text):
    assert text in fails(capsys, plate, line, tmp_path, 2, *more)


def test_sound_that_ends_before_the_shot(capsys, plate, line, tmp_path):
    assert "nothing is left at 5.0 s" in fails(capsys, plate, line, tmp_path, 4, "--audio-offset=-5000ms")


def test_analysis_file_of_something_else(capsys, plate, line, tmp_path):
    wrong = tmp_path / "shot.lipsync"
    wrong.write_bytes(b"PK\x03\x04" + bytes(5000))
    assert "shot.lipsync" in fails(capsys, plate, line, tmp_path, 4, "--analysis", wrong)


def test_analysis_is_not_overwritten_unasked(capsys, plate, line, tmp_path):
    there = tmp_path / "shot.lipsync"
    there.write_text("mine")
    code, err = run(capsys, "analyse", plate, line, there)
    assert code == 2
    assert "--overwrite" in one_line(err, 2)
    assert there.read_text() == "mine"


def test_what_was_assumed_is_said(plate, line, tmp_path, capsys):
    arguments = ["dub", str(plate), str(line), str(tmp_path / "o.####.exr"), "--progress", "none"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "24 frames/s, as the files say none" in printed
    assert "ACEScg, as the files say none" in printed
    assert main([*arguments, "--rate", "25", "--space", "ACEScg"]) == 0
    assert "say none" not in capsys.readouterr().out


def test_a_dpx_carries_its_own_name(plate, line, tmp_path):
    assert main(["dub", str(plate), str(line), str(tmp_path / "o.####.dpx"), "-F", "2", "--progress", "none"]) == 0
    head = (tmp_path / "o.0002.dpx").read_bytes()[:2048]
    assert head[36:136].rstrip(b"\0") == b"o.0002.dpx"
    assert b"tmp" not in head


@pytest.fixture
def locked(tmp_path):
    """Take the right to read a file away, from root as well: by a name that leads round in a circle."""

    def lock(path: Path) -> None:
        path.unlink()
        path.symlink_to(path.name)

    return lock


def test_files_that_cannot_be_reached_are_no_fault_of_the_program(capsys, plate, line, tmp_path, locked):
    locked(tmp_path / "plate.0002.exr")
    assert "plate.0002.exr" in fails(capsys, plate, line, tmp_path, 4)


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        *(("dub", f"o.####.{ending}") for ending in ("exr", "dpx", "tif", "png")),
        ("dub", "o.mov"),
        ("analyse", "s.lipsync"),
    ],
)
def test_a_disk_that_takes_no_more(plate, line, tmp_path, verb, name):
    """A limit on file size fails in the middle of a write, as a full disk does."""
    out = tmp_path / "results"
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "ofx_lipsync.cli.main", verb, plate, line, out / name, "--progress", "none"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (90, 90)),
    )
    assert done.returncode == 4, done.stderr
    assert name.partition(".")[0] in one_line(done.stderr, 4)
    assert list(out.iterdir()) == []
