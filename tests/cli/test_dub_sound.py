# SPDX-License-Identifier: Apache-2.0
"""Where the line lands in the movie, to the sample, whatever the offset and the frames asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ofx_lipsync.cli.main import main
from ofx_lipsync.media.sound import read_sound

RATE_HZ, FPS, FRAMES = 48000, 24, 12
A_FRAME = RATE_HZ // FPS


@pytest.fixture(scope="module")
def shot(tmp_path_factory) -> tuple[Path, Path, np.ndarray]:
    """A still shown on 12 frames and a line of noise that outlasts it."""
    import OpenImageIO as oiio

    folder = tmp_path_factory.mktemp("shot")
    picture = oiio.ImageBuf(oiio.ImageSpec(64, 64, 3, "uint8"))
    oiio.ImageBufAlgo.fill(picture, (0.2, 0.2, 0.2))
    picture.write(str(folder / "plate.png"))
    line = np.random.default_rng(7).integers(-8000, 8000, RATE_HZ).astype(np.float32) / 2**15
    soundfile.write(folder / "line.wav", line, RATE_HZ, "PCM_16")
    return folder / "plate.png", folder / "line.wav", line


def heard(shot, out: Path, *more: str) -> np.ndarray:
    plate, line, _ = shot
    arguments = ["dub", str(plate), str(line), str(out), "--shot", f"1-{FRAMES}", "--progress", "none", *more]
    assert main(arguments) == 0
    return read_sound(str(out)).samples[0]


def placed(line: np.ndarray, offset: int) -> np.ndarray:
    return np.concatenate([np.zeros(offset, np.float32), line]) if offset >= 0 else line[-offset:]


@pytest.mark.parametrize(
    ("text", "offset"),
    [("0", 0), ("3", 3 * A_FRAME), ("3f", 3 * A_FRAME), ("-3", -3 * A_FRAME), ("125ms", 6000), ("-125ms", -6000)],
)
def test_the_whole_line_is_in_the_movie(shot, tmp_path, text, offset):
    sound = heard(shot, tmp_path / "out.mov", "--audio-offset", text)
    assert np.array_equal(sound, placed(shot[2], offset))


@pytest.mark.parametrize("offset_frames", [-2, 0, 2, 9])
@pytest.mark.parametrize(("frames", "first", "last"), [("4-8", 3, 8), ("4-8x2", 3, 8), ("9-12", 8, None)])
def test_some_frames_bring_their_own_sound(shot, tmp_path, offset_frames, frames, first, last):
    sound = heard(shot, tmp_path / "out.mov", "-F", frames, f"--audio-offset={offset_frames}")
    whole = placed(shot[2], offset_frames * A_FRAME)
    assert np.array_equal(sound, whole[first * A_FRAME : None if last is None else last * A_FRAME])
