# SPDX-License-Identifier: Apache-2.0
"""Where two people speak, one of them is tuned at a time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.shotfile import read_shot

FRAMES = range(1, 7)


@pytest.fixture(scope="module")
def shot(tmp_path_factory, sample_portrait, sample_line, sample_line_ru) -> Path:
    folder = tmp_path_factory.mktemp("two")
    face = oiio.ImageBufAlgo.resize(oiio.ImageBuf(str(sample_portrait)), roi=oiio.ROI(0, 256, 0, 256, 0, 1, 0, 3))
    one = face.get_pixels(oiio.FLOAT)[:, :, :3] ** 2.2
    for frame in FRAMES:
        image = oiio.ImageBuf(oiio.ImageSpec(512, 256, 3, "half"))
        image.specmod().attribute("oiio:ColorSpace", "lin_ap1_scene")
        image.set_pixels(oiio.ROI.All, np.concatenate([one, one[:, ::-1]], axis=1))
        image.write(str(folder / f"plate.{frame:04d}.exr"))
    path = folder / "shot.toml"
    path.write_text(
        '[shot]\nname = "two"\n[plate]\npath = "plate.####.exr"\n'
        f'[[line]]\nname = "anna"\npath = "{sample_line}"\nface_at = [0.25, 0.5]\n'
        f'[[line]]\nname = "ben"\npath = "{sample_line_ru}"\nface_at = [0.75, 0.5]\n'
        '[line.params.MouthGenerate]\nopening = 1.1\n[output]\nanalysis = "two.lipsync"\n'
    )
    assert main(["analyse", str(path), "--progress", "none"]) == 0
    return path


def test_a_wedge_is_of_the_person_who_is_named(shot, tmp_path) -> None:
    command = ["wedge", str(shot), str(tmp_path), "--vary", "Blend.feather=4,8", "-F", "4", "--progress", "none"]
    assert main([*command, "--person", "ben"]) == 0
    table = json.loads((tmp_path / "wedge.json").read_text())
    assert table["calls"]["faces"]["made"] == table["calls"]["plans"]["made"] == 0
    assert main(["wedge", str(shot), str(tmp_path), "--pick", "2", "--person", "ben"]) == 0
    picked = read_shot(shot)
    assert (picked.settings(0)["Blend"].feather, picked.settings(1)["Blend"].feather) == (7.0, 8.0)
    assert picked.settings(1)["MouthGenerate"].opening == 1.1


def test_a_report_is_of_the_person_who_is_named(shot, tmp_path) -> None:
    assert main(["report", str(shot), str(tmp_path), "--person", "ben", "--no-sync", "--progress", "none"]) == 0
    assert "<h1>two, ben</h1>" in (tmp_path / "index.html").read_text()


def test_nobody_of_that_name(shot, tmp_path, capsys) -> None:
    for verb in (["report"], ["wedge", "--vary", "Blend.feather=4,8"]):
        assert main([verb[0], str(shot), str(tmp_path / "out"), *verb[1:], "--person", "carl"]) == 2
        assert "is called so; there are anna, ben" in capsys.readouterr().err
