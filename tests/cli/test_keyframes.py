# SPDX-License-Identifier: Apache-2.0
"""Every param that may be keyframed can be; one that holds for the whole shot says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.params import Float
from ofx_lipsync.graph import NODES, Settings, node

FLOATS = [
    (name, param)
    for name in NODES
    for param in node(name).Params.declarations().values()
    if isinstance(param, Float)
]  # fmt: skip
KEYED = [(name, param) for name, param in FLOATS if param.animates]
HELD = [(name, param) for name, param in FLOATS if not param.animates]


def keys(name: str, param: Float) -> str:
    """From the default half the way to the end of the slider."""
    low, high = param.slider or (param.lo, param.hi)
    return f"{name}.{param.name}=1:{param.default},4:{(param.default + (high if param.default < high else low)) / 2}"


@pytest.mark.parametrize(("name", "param"), HELD, ids=lambda value: getattr(value, "name", value))
def test_what_holds_for_the_whole_shot_takes_no_keyframes(name: str, param: Float) -> None:
    with pytest.raises(UsageError, match=f"{name}.{param.name}: got 'keyframes', expected one number"):
        Settings.parse([keys(name, param)])


def test_everything_else_may_be_keyframed_all_at_once(tmp_path: Path, sample_portrait: Path, sample_line: Path) -> None:
    face = oiio.ImageBufAlgo.resize(oiio.ImageBuf(str(sample_portrait)), roi=oiio.ROI(0, 256, 0, 256, 0, 1, 0, 3))
    for frame in (1, 2, 3, 4):
        image = oiio.ImageBuf(oiio.ImageSpec(256, 256, 3, "half"))
        image.set_pixels(oiio.ROI.All, np.roll(face.get_pixels(oiio.FLOAT)[:, :, :3], frame % 2, axis=1))
        image.write(str(tmp_path / f"plate.{frame:04d}.exr"))
    given = [part for name, param in KEYED for part in ("--set", keys(name, param))]
    plate, out = str(tmp_path / "plate.####.exr"), str(tmp_path / "out.####.exr")
    assert main(["dub", plate, str(sample_line), out, "--progress", "none", *given]) == 0
    assert len(list(tmp_path.glob("out.*.exr"))) == 4
