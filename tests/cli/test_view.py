# SPDX-License-Identifier: Apache-2.0
"""`lipsync view --out`: the window's picture without the window, and clear words for wrong input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import main
from ofx_lipsync.view.context import LIBRARIES, available

WITH_GL = pytest.mark.skipif(not any(map(available, LIBRARIES)), reason="neither EGL nor OSMesa is installed")
FRAMES = (11, 12, 13, 14, 15, 16)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six frames of the portrait, a line and their analysis."""
    folder = tmp_path_factory.mktemp("shot")
    samples = Path(__file__).resolve().parents[2] / "samples"
    still = oiio.ImageBuf(str(samples / "collins" / "portrait.png"))
    for frame in FRAMES:
        still.write(str(folder / f"plate.{frame:04d}.png"))
    line = samples / "lines" / "english.flac"
    plate = folder / "plate.####.png"
    words = ["analyse", plate, line, folder / "shot.lipsync", "--progress", "none"]
    assert main(list(map(str, words))) == 0
    return folder


def view(shot: Path, *more: str) -> int:
    return main(["view", str(shot / "plate.####.png"), *more])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    text, farm = capsys.readouterr().err.strip().splitlines()
    assert farm.startswith("LIPSYNC_FAIL")
    return text


@WITH_GL
def test_a_frame_with_its_overlays(shot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    analysis = str(shot / "shot.lipsync")
    plain, over = tmp_path / "plain.png", tmp_path / "over.png"
    assert view(shot, "--out", str(plain), "--shot", "12") == 0
    assert view(shot, "--out", str(over), "--shot", "12", "--analysis", analysis, "--overlays", "landmarks") == 0
    assert "frame 12" in capsys.readouterr().out
    before, after = (oiio.ImageBuf(str(p)).get_pixels(oiio.FLOAT) for p in (plain, over))
    track = read_analysis(analysis).faces.chosen_track()
    assert track is not None
    points = track.landmarks[1, :468, :2].astype(int)
    changed = np.abs(after - before).max(axis=2) > 0.02
    # White on white shows nothing: the whites of the eyes are few of the mesh's points.
    assert changed[points[:, 1], points[:, 0]].mean() > 0.9
    outside = np.ones(changed.shape, bool)
    outside[points[:, 1].min() - 4 : points[:, 1].max() + 4, points[:, 0].min() - 4 : points[:, 0].max() + 4] = False
    assert not changed[outside].any()


@WITH_GL
def test_the_result_differs_from_the_plate_round_the_mouth_alone(shot: Path, tmp_path: Path) -> None:
    analysis = str(shot / "shot.lipsync")
    plate, dub = tmp_path / "plate.exr", tmp_path / "dub.exr"
    shared = ("--shot", "13", "--analysis", analysis, "--overlays", "none")
    assert view(shot, "--out", str(plate), *shared) == 0
    assert view(shot, "--out", str(dub), "--result", *shared) == 0
    before, after = (oiio.ImageBuf(str(p)).get_pixels(oiio.FLOAT) for p in (plate, dub))
    track = read_analysis(analysis).faces.chosen_track()
    assert track is not None
    brow = int(track.landmarks[2, 168, 1])
    assert np.abs(after - before).max() > 0.01
    assert np.array_equal(after[:brow], before[:brow])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--result"], "--result: there is nothing to show without an analysis"),
        (["--overlays", "box"], "--overlays: there is nothing to show without an analysis"),
        (["--overlays", "ears"], "--overlays: got 'ears', expected some of box"),
        (["--view", "Film"], "view: no view 'Film' for 'sRGB - Display'"),
        (["--display", "Telly"], "view: no display 'Telly'"),
        (["--exposure", "nan"], "--exposure: got nan, expected stops"),
        (["--out", "frame.gif"], "frame.gif: got .gif, expected one of .png"),
        (["--shot", "3-5"], "frames 3-5 are missing"),
    ],
)
def test_wrong_input(shot: Path, capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    assert view(shot, *(["--out", str(shot / "x.png")] if "--out" not in words else []), *words) in (2, 4)
    assert text in said(capsys)
    assert not (shot / "x.png").exists()


def test_a_frame_that_was_not_analysed(shot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--analysis", str(shot / "shot.lipsync"), "--shot", "99", "--out", str(shot / "x.png"))
    assert view(shot, *words) == 2
    assert "--shot 99: frame 99 is not in" in said(capsys)


def test_the_analysis_of_another_plate_is_refused(
    shot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = oiio.ImageBuf(oiio.ImageSpec(64, 64, 3, "uint8"))
    for frame in FRAMES:
        other.write(str(tmp_path / f"plate.{frame:04d}.png"))
    words = ("--analysis", str(shot / "shot.lipsync"), "--out", str(tmp_path / "x.png"))
    assert view(tmp_path, *words) == 4
    assert "was made with another plate" in said(capsys)


@pytest.mark.parametrize("platform", [name for name in LIBRARIES if available(name)])
def test_each_way_of_drawing_without_a_window(shot: Path, tmp_path: Path, platform: str) -> None:
    """In processes of their own: PyOpenGL keeps its first platform."""
    words = ["view", str(shot / "plate.####.png"), "--out", str(tmp_path / "x.png"), "--shot", "11"]
    environment = {**os.environ, "PYOPENGL_PLATFORM": platform}
    done = subprocess.run(
        [sys.executable, "-m", "ofx_lipsync.cli.main", *words], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.png").stat().st_size > 10_000


def test_no_screen_is_said_with_what_to_do(shot: Path) -> None:
    pytest.importorskip("glfw")
    hidden = {n: v for n, v in os.environ.items() if n not in ("DISPLAY", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM")}
    words = ["view", str(shot / "plate.####.png")]
    done = subprocess.run(
        [sys.executable, "-m", "ofx_lipsync.cli.main", *words], env=hidden, capture_output=True, text=True
    )
    assert done.returncode == 5
    assert "there is no screen to open a window on" in done.stderr
    assert "--out" in done.stderr
