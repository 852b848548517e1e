# SPDX-License-Identifier: Apache-2.0
"""One graph said in three ways: as a Nuke script, as a shot file and in Python. The same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ofx_lipsync.cli.frames import finished
from ofx_lipsync.cli.main import main
from ofx_lipsync.cli.progress import progress
from ofx_lipsync.cli.shot import analysed
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.shotfile import Line, PlateEntry, ShotFile, open_shotfile

FRAMES = range(1001, 1007)
STRENGTH = {1001: 0.25, 1004: 1.0}

SCRIPT = """#! /usr/local/Nuke14.0v5/libnuke-14.0.5.so -nx
version 14.0 v5
Root {
 inputs 0
 first_frame 1001
 last_frame 1006
 fps 24
}
Read {
 inputs 0
 file matte/id.####.exr
 first 1001
 last 1006
 name Hands
}
Shuffle2 {
 fromInput1 {{0} B}
 mappings "1 rgba.red 0 0 rgba.alpha 0 3"
 name ToAlpha
}
Read {
 inputs 0
 file plate/plate.%04d.exr
 first 1001
 last 1006
 name Plate
}
set Nplate [stack 0]
OFXorg.ofxlipsync.facedetect_v1 {
 missing_face pass
 name FaceDetect1
}
OFXorg.ofxlipsync.audiofeature_v1 {
 line sound/line.flac
 audio_offset 2f
 view source
 name AudioFeature1
}
OFXorg.ofxlipsync.mouthgenerate_v1 {
 opening 1.1
 strength {{curve L x1001 0.25 x1004 1}}
 name MouthGenerate1
}
push $Nplate
OFXorg.ofxlipsync.blend_v1 {
 inputs 3
 feather 6
 name Blend1
}
Write {
 file same/nk.####.exr
 create_directories true
 name Write1
}
"""

SHOT = """
[plate]
path = "plate/plate.####.exr"
rate = "24"
holdout = "matte/id.####.exr"
[[line]]
path = "sound/line.flac"
offset = "2f"
[params.MouthGenerate]
opening = 1.1
strength = {1001 = 0.25, 1004 = 1.0}
[params.Blend]
feather = 6.0
[output]
comp = "same/toml.####.exr"
"""


@pytest.fixture
def said(here) -> Path:
    Path("same").mkdir(exist_ok=True)
    Path("same.nk").write_text(SCRIPT)
    Path("same.toml").write_text(SHOT)
    return here


def in_python() -> None:
    shot = ShotFile(
        plate=PlateEntry(path="plate/plate.####.exr", rate="24", holdout="matte/id.####.exr"),
        lines=(Line(path="sound/line.flac", offset="2f"),),
    ).with_params({"MouthGenerate": {"opening": 1.1, "strength": STRENGTH}, "Blend": {"feather": 6.0}})
    with open_shotfile(shot) as opened, progress("none") as quiet:
        analysis = analysed(opened, None, quiet)
        with open_writer("same/py.####.exr", opened.plate) as writer:
            for made in finished(opened, analysis, FRAMES, quiet):
                writer.write(made.frame)


def test_a_script_a_shot_file_and_python_give_the_same_bytes(said):
    assert main(["render", "same.nk", "--progress", "none"]) == 0
    assert main(["dub", "same.toml", "--progress", "none"]) == 0
    in_python()
    made = {way: [Path(f"same/{way}.{frame}.exr").read_bytes() for frame in FRAMES] for way in ("nk", "toml", "py")}
    assert made["nk"] == made["toml"]
    assert made["nk"] == made["py"]
    assert made["nk"] != [Path(f"plate/plate.{frame}.exr").read_bytes() for frame in FRAMES]


def test_in_parts_as_a_farm_renders_it(said):
    assert main(["render", "same.nk", "--progress", "none", "--set", "Write1.file=same/whole.####.exr"]) == 0
    for frames in ("1004-1006", "1001-1003x2", "1002"):
        assert (
            main(["render", "same.nk", "-F", frames, "--progress", "none", "--set", "Write1.file=same/part.####.exr"])
            == 0
        )
    for frame in FRAMES:
        assert Path(f"same/part.{frame}.exr").read_bytes() == Path(f"same/whole.{frame}.exr").read_bytes()
