# SPDX-License-Identifier: Apache-2.0
"""A movie as a webcam: a face is followed, measured, calibrated; its process may die and come back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.watching import Picture, Watcher
from ofx_lipsync.live.webcam import Webcam, WebcamOpened

from .conftest import waited

cv2 = pytest.importorskip("cv2")


@pytest.fixture(scope="session")
def portrait_bgr(sample_portrait: Path) -> np.ndarray:
    pixels = oiio.ImageBuf(str(sample_portrait)).get_pixels(oiio.UINT8)[..., 2::-1]
    return np.ascontiguousarray(cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA))


@pytest.fixture(scope="session")
def movie(portrait_bgr: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The portrait, tilting to and fro for a second."""
    path = str(tmp_path_factory.mktemp("webcam") / "face.mkv")
    with av.open(path, "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 320, "yuv420p", 4_000_000
        for number in range(25):
            shown = av.VideoFrame.from_ndarray(tilted(portrait_bgr, 12 * np.sin(number / 4)), format="bgr24")
            file.mux(stream.encode(shown))
        file.mux(stream.encode(None))
    return path


def tilted(bgr: np.ndarray, degrees: float) -> np.ndarray:
    """Clockwise."""
    size = bgr.shape[0]
    return cv2.warpAffine(bgr, cv2.getRotationMatrix2D((size / 2, size / 2), -degrees, 1.0), (size, size))


def test_a_tilt_is_measured_and_a_picture_without_a_face_says_so(portrait_bgr: np.ndarray) -> None:
    watcher = Watcher()
    upright = watcher.see(Picture(portrait_bgr, 0.0))
    for number, degrees in enumerate((4.0, 8.0, 12.0), start=1):
        face = watcher.see(Picture(tilted(portrait_bgr, degrees), number / 30))
        assert face.presence > 0.5
        assert face.roll - upright.roll == pytest.approx(degrees, abs=1.5)
    assert upright.smile > 0.3  # she smiles
    assert 0.2 < upright.size < 0.8
    empty = np.zeros_like(portrait_bgr)
    assert watcher.see(Picture(empty, 1.0)).presence == 0
    assert watcher.see(Picture(empty, 2.0)).presence == 0
    assert watcher.see(Picture(portrait_bgr, 3.0)).presence > 0.5


def test_a_webcam_that_crashes_is_back_and_nobody_else_noticed(movie: str) -> None:
    webcam = Webcam(movie, loop=True)
    opened: list[WebcamOpened] = []

    def open_it() -> WebcamOpened:
        opened.append(webcam.open())
        return opened[-1]

    keeper = Keeper(webcam.name, open_it)
    keeper.start()
    try:
        assert waited(lambda: webcam.pictures > 10, 60)
        assert webcam.latest is not None
        assert webcam.latest.raw.presence > 0.5
        os.kill(opened[0].pid, signal.SIGKILL)
        assert waited(lambda: keeper.openings == 2, 30)
        seen = webcam.pictures
        assert waited(lambda: webcam.pictures > seen + 3, 60)
    finally:
        keeper.close()
    with pytest.raises(ProcessLookupError):
        os.kill(opened[-1].pid, 0)


def test_a_wrong_webcam_is_said_at_once() -> None:
    with pytest.raises(DeviceError, match="neither a webcam's number nor a movie"):
        Webcam("nowhere.mkv")
    with pytest.raises(DeviceError, match="webcam 97 gives no picture; does another program hold it"):
        Webcam("97").open()
