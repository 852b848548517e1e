# SPDX-License-Identifier: Apache-2.0
"""The demo's face and lines are what samples/README.md says, and the plate is a plate."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import soundfile


@pytest.fixture(scope="module")
def plate(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("plate")
    command = [
        sys.executable,
        samples / "make_plate.py",
        folder / "plate.####.exr",
        "--frames",
        "3",
        "--size",
        "320x180",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return sorted(folder.iterdir())


def test_the_files_are_the_listed_ones(samples: Path) -> None:
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (samples / "README.md").read_text(), re.MULTILINE)
    assert len(listed) == 3
    for digest, name in listed:
        assert hashlib.sha256((samples / name).read_bytes()).hexdigest() == digest, name


def test_the_character_is_what_its_code_draws(samples: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, samples / "make_character.py", tmp_path], check=True, capture_output=True)
    drawn = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.svg"))
    assert len(drawn) == 33
    assert drawn == sorted(path.relative_to(samples / "character") for path in (samples / "character").rglob("*.svg"))
    for name in drawn:
        assert (tmp_path / name).read_bytes() == (samples / "character" / name).read_bytes(), name


def test_the_samples_stay_small(samples: Path) -> None:
    assert sum(path.stat().st_size for path in samples.rglob("*") if path.is_file()) < 3_000_000


@pytest.mark.parametrize("name", ["english", "russian"])
def test_the_lines_are_speech_at_16_khz(samples: Path, name: str) -> None:
    sound, rate_hz = soundfile.read(samples / "lines" / f"{name}.flac")
    assert (rate_hz, sound.ndim) == (16000, 1)
    assert 3 < len(sound) / rate_hz < 5
    assert 0.3 < np.abs(sound).max() < 1


def test_the_licences_are_told(samples: Path, checkout: Path) -> None:
    notice = (checkout / "NOTICE").read_text()
    for path in [*(samples / "collins").iterdir(), *(samples / "lines").iterdir()]:
        assert path.relative_to(checkout).as_posix() in notice
    for path in (samples / "LICENSES").iterdir():
        assert path.relative_to(checkout).as_posix() in notice
    for path in (checkout / "models" / "weights").iterdir():
        if path.suffix in (".task", ".tflite", ".safetensors"):
            assert path.relative_to(checkout).as_posix() in notice


def test_the_plate_is_numbered_from_1001(plate: list[Path]) -> None:
    assert [path.name for path in plate] == ["plate.1001.exr", "plate.1002.exr", "plate.1003.exr"]


def test_the_plate_carries_colour_rate_and_timecode(plate: list[Path]) -> None:
    spec = oiio.ImageBuf(str(plate[1])).spec()
    assert spec.format == oiio.HALF
    assert spec["oiio:ColorSpace"] == "lin_ap1_scene"
    assert spec["FramesPerSecond"] == (24, 1)
    assert spec["smpte:TimeCode"] == (0x00004118, 0)  # 1002 = 41 s and 18 frames


def test_the_camera_moves_and_nothing_is_clamped(plate: list[Path]) -> None:
    first, last = (oiio.ImageBuf(str(plate[i])).get_pixels(oiio.FLOAT) for i in (0, 2))
    assert np.abs(first - last).mean() > 0.01
    assert -0.2 < first.min() < 0  # Lanczos rings where suit meets shadow
    assert 0.9 < first.max() < 1.3


def test_the_plate_comes_out_the_same_twice(samples: Path, plate: list[Path], tmp_path: Path) -> None:
    command = [sys.executable, samples / "make_plate.py", tmp_path / "p.####.exr", "--frames", "3", "--size", "320x180"]
    subprocess.run(command, check=True, capture_output=True)
    assert [p.read_bytes() for p in sorted(tmp_path.iterdir())] == [p.read_bytes() for p in plate]
