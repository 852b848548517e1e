# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and a farm's SIGTERM in mid-render: whole frames stay, half ones do not, the exit code says which it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import OpenImageIO as oiio
import pytest
import soundfile

FRAMES = 80


@pytest.fixture(scope="module")
def shot(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("shot")
    picture = oiio.ImageBuf(oiio.ImageSpec(480, 360, 3, "half"))
    oiio.ImageBufAlgo.noise(picture, "gaussian", 0.2, 0.05)
    picture.write(str(folder / "plate.exr"))
    soundfile.write(folder / "line.wav", [0.0] * 8000, 8000)
    return folder / "plate.exr", folder / "line.wav"


def begun(folder: Path) -> bool:
    """Whether a picture is being written, or has just got its name."""
    try:
        return any(path.stat().st_size for path in folder.iterdir())
    except FileNotFoundError:
        return True


@pytest.mark.parametrize(
    ("sent", "code", "reason"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
@pytest.mark.parametrize("name", ["out.####.exr", "out.mov"])
def test_nothing_half_written_is_left(shot, tmp_path, name, sent, code, reason):
    command = ["dub", *map(str, shot), str(tmp_path / name), "--shot", f"1-{FRAMES}", "--progress", "none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ofx_lipsync.cli.main", *command],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while process.poll() is None and not begun(tmp_path):
        time.sleep(0.01)
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err.strip().splitlines()[-1] == f"LIPSYNC_FAIL code={code} reason={reason}"
    left = list(tmp_path.iterdir())
    assert len(left) < FRAMES
    assert not [path.name for path in left if path.name.startswith(".") or path.suffix == ".mov"]
    for path in left:
        assert oiio.ImageBuf(str(path)).read(force=True)
