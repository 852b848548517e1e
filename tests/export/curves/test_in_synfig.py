# SPDX-License-Identifier: Apache-2.0
"""Synfig shows, frame by frame, the mouths that its list names: LIPSYNC_SYNFIG names the program (Debian: synfig)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.core.mouth_letters import PRESTON_BLAIR
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.take import Take

CANVAS = """<?xml version="1.0"?>
<canvas version="1.0" width="16" height="16" view-box="-1 1 1 -1" fps="24" begin-time="0f" end-time="{last}f">
<layer type="import" active="true" version="0.1">
<param name="tl"><vector><x>-1</x><y>1</y></vector></param><param name="br"><vector><x>1</x><y>-1</y></vector></param>
<param name="filename"><string>line.lst</string></param>
</layer></canvas>
"""


@pytest.mark.host
def test_synfig_shows_every_mouth_on_its_frame(taken: Callable[..., Take], tmp_path: Path) -> None:
    program = shutil.which(os.environ.get("LIPSYNC_SYNFIG", ""))
    if program is None:
        pytest.skip("LIPSYNC_SYNFIG names no synfig")
    take = taken("synfig")
    last = len(take.curves) - 1
    for number, mouth in enumerate(PRESTON_BLAIR):
        grey = np.full((16, 16, 3), (20 + 20 * number) / 255, np.float32)
        oiio.ImageBuf(grey).write(str(tmp_path / f"{mouth}.png"), "uint8")
    (tmp_path / "line.lst").write_bytes(FORMATS["synfig"].encoded(take))
    (tmp_path / "a.sif").write_text(CANVAS.format(last=last))
    run = [program, "a.sif", "-t", "png", "-o", "shown.png", "--begin-time", "0f", "--end-time", f"{last}f"]
    subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    shown = [oiio.ImageBuf(str(path)).getpixel(8, 8)[0] for path in sorted(tmp_path.glob("shown.*.png"))]
    assert len(shown) == last + 1
    for frame, grey in enumerate(shown):
        mouth = PRESTON_BLAIR[round((grey * 255 - 20) / 20)]
        rows = FORMATS["synfig"].encoded(take).decode().splitlines()[3:]
        assert mouth == [row.split()[1] for row in rows if int(row.split()[0]) <= frame + 1][-1], frame
