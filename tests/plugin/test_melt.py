# SPDX-License-Identifier: Apache-2.0
"""MLT, which makes and destroys a node for every frame, feeds display values in bytes and gives no other frames.

LIPSYNC_MELT names a melt with the openfx module (and avformat, for PNG)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.plugin.install import install

pytestmark = pytest.mark.host
FRAMES, SIZE = range(10), (320, 180)
PROFILE = """description=test
frame_rate_num=24
frame_rate_den=1
width=320
height=180
progressive=1
sample_aspect_num=1
sample_aspect_den=1
display_aspect_num=16
display_aspect_den=9
colorspace=709
"""


@pytest.fixture
def plate(tmp_path: Path, sample_portrait: Path) -> str:
    """Ten frames of PNG, from 0, as MLT counts: a portrait that moves a little."""
    rgb = oiio.ImageBufAlgo.resize(oiio.ImageBuf(str(sample_portrait)), roi=oiio.ROI(0, 320, 0, 180, 0, 1, 0, 3))
    face = oiio.ImageBufAlgo.fit(oiio.ImageBuf(str(sample_portrait)), roi=oiio.ROI(0, 180, 0, 180, 0, 1, 0, 3))
    pixels, wide = face.get_pixels(oiio.UINT8)[..., :3], rgb.get_pixels(oiio.UINT8)[..., :3]
    for frame in FRAMES:
        shown = wide.copy()
        shown[:, 60 + frame % 3 : 240 + frame % 3] = pixels
        image = oiio.ImageBuf(oiio.ImageSpec(*SIZE, 3, "uint8"))
        image.set_pixels(oiio.ROI.All, shown)
        image.write(str(tmp_path / f"plate.{frame:04d}.png"))
    return str(tmp_path / "plate.%04d.png")


def melt(plate: str, out: Path, **params: str) -> str:
    """Renders the frames; what it printed, since its exit code says nothing."""
    program = os.environ.get("LIPSYNC_MELT") or shutil.which("melt") or pytest.skip("LIPSYNC_MELT names no melt")
    profile = out.parent / "profile"
    profile.write_text(PROFILE)
    command = [
        program, "-profile", str(profile), plate, "ttl=1", "in=0", f"out={FRAMES[-1]}", "-attach",
        "openfx.org.ofxlipsync.lipsync", *(f"{name}={value}" for name, value in params.items()), "-consumer",
        f"avformat:{out}", "f=image2", "vcodec=png", "pix_fmt=rgb24", "mlt_image_format=rgb", "an=1", "real_time=-1",
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return done.stdout[-2000:] + done.stderr[-4000:]


def read(path: Path, said: str) -> np.ndarray:
    assert path.is_file(), said
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.UINT8)[..., :3], np.int16)


def test_one_node_in_mlt_gives_the_pixels_of_lipsync_dub(
    tmp_path: Path, plate: str, sample_line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(install(tmp_path / "ofx").bundle.parent))
    analysis = str(tmp_path / "shot.lipsync")
    ours = str(tmp_path / "ours.%04d.png")
    arguments = [plate, str(sample_line), "--progress", "none", "--rate", "24"]
    assert main(["dub", *arguments[:2], ours, *arguments[2:], "--analysis", analysis]) == 0
    said = melt(plate, tmp_path / "theirs.%04d.png", analysis=analysis, line=str(sample_line), plate_file=plate)
    changed = 0
    for frame in FRAMES:
        shot, wanted = (read(tmp_path / f"{name}.{frame:04d}.png", said) for name in ("plate", "ours"))
        got = read(tmp_path / f"theirs.{frame + 1:04d}.png", said)  # its writer counts from 1
        assert np.abs(got - wanted).max() == 0, f"frame {frame}\n{said}"
        changed += int((wanted != shot).any())
    assert changed > len(FRAMES) / 2


def test_a_slate_tells_what_an_ignored_failure_would_hide(
    tmp_path: Path, plate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLT passes the plate through where a node fails, with exit code 0."""
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(install(tmp_path / "ofx").bundle.parent))
    said = melt(plate, tmp_path / "slate.%04d.png", analysis=str(tmp_path / "none.lipsync"), on_error="slate")
    shot, slate = read(tmp_path / "plate.0000.png", said), read(tmp_path / "slate.0001.png", said)
    assert (slate != shot).any(axis=2).mean() > 0.3, said
    assert "none.lipsync" in said
