# SPDX-License-Identifier: Apache-2.0
"""One shot, asked for in several ways, comes out the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.cli.shot import asked, open_shot
from ofx_lipsync.shotfile import Line, PlateEntry, ShotFile, open_shotfile, write_shot

FIRST, LAST = 1001, 1010
SETS = {"MouthGenerate": {"opening": 1.2, "strength": {1001: 0.0, 1004: 1.0}}, "Blend": {"feather": 9.0}}


@pytest.fixture
def shot(plate, sample_line, tmp_path) -> Path:
    """A shot file, its results beside it."""
    path = tmp_path / "shots" / "ab.toml"
    path.parent.mkdir()
    (tmp_path / "out").mkdir()
    path.write_text(
        f'[plate]\npath = "{plate}"\n[[line]]\npath = "{sample_line}"\nface_at = [0.5, 0.4]\n'
        "[params.MouthGenerate]\nopening = 1.2\nstrength = {1001 = 0.0, 1004 = 1}\n[params.Blend]\nfeather = 9\n"
        '[output]\ncomp = "../out/toml.####.exr"\nanalysis = "ab.lipsync"\n'
    )
    return path


def digests(folder: Path, stem: str) -> list[str]:
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob(f"{stem}.*.exr"))]


def run(*words: object) -> int:
    return main([*map(str, words), "--progress", "none"])


def test_file_options_and_python_give_the_same_bytes(shot, plate, sample_line, tmp_path, capsys):
    assert run("dub", shot) == 0
    assert f"result                   {shot.parent}/../out/toml.####.exr" in capsys.readouterr().out
    made = digests(tmp_path / "out", "toml")
    assert len(made) == LAST - FIRST + 1
    nearest = ("--set", "FaceDetect.face=nearest", "--set", "FaceDetect.face_y=40")
    sets = ("--set", "MouthGenerate.strength=1001:0,1004:1", "--set", "Blend.feather=9")
    options = tmp_path / "out" / "options.####.exr"
    assert run("dub", plate, *nearest, sample_line, "--set", "MouthGenerate.opening=1.2", options, *sets) == 0
    assert digests(tmp_path / "out", "options") == made
    asked_in_python(plate, sample_line, tmp_path / "out" / "python.####.exr")
    assert digests(tmp_path / "out", "python") == made


def asked_in_python(plate: str, line: Path, out: Path) -> None:
    from ofx_lipsync.cli.frames import finished
    from ofx_lipsync.cli.progress import progress
    from ofx_lipsync.graph import Dub
    from ofx_lipsync.media.sink import open_writer

    wanted = ShotFile(plate=PlateEntry(str(plate)), lines=(Line(path=str(line), face_at=(0.5, 0.4)),), params=SETS)
    with open_shotfile(wanted) as opened, open_writer(str(out), opened.plate) as writer, progress("none") as quiet:
        analysis = Dub(opened.shot, opened.settings).analyse({**opened.key, **opened.settings.key()})
        for made in finished(opened, analysis, opened.delivered, quiet):
            writer.write(made.frame)


def parsed(*words: object):
    return build_parser().parse_args([*map(str, words)])


def test_options_win_over_the_file(shot, plate, tmp_path, sample_line_ru, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.wav").write_bytes(b"")
    args = parsed("dub", "shots/ab.toml", "--shot", "1002-1005", "--set", "FaceDetect.face=largest",
                  "--set", "MouthGenerate.opening=0.8", "other.wav", "--audio-offset", "-2", "out.mov",
                  "--codec", "h264")  # fmt: skip
    wanted = asked(args)
    assert (args.out, args.codec, args.analysis) == ("out.mov", "h264", "shots/ab.lipsync")
    assert wanted.plate == PlateEntry(plate, frames="1002-1005")
    assert wanted.lines == (Line(path=str(tmp_path / "other.wav"), offset="-2"),)
    settings = wanted.settings()
    assert (settings["MouthGenerate"].opening, settings["FaceDetect"].face) == (0.8, "largest")
    assert settings["Blend"].feather == 9.0
    assert asked(args) is wanted


def test_one_name_after_a_shot_file_is_the_result(shot):
    assert parsed("dub", shot, "out.mov").line == "out.mov"
    args = parsed("dub", shot, "out.mov")
    assert (len(asked(args).lines), args.out) == (1, "out.mov")
    args = parsed("analyse", shot)
    asked(args)
    assert args.out.endswith("shots/ab.lipsync")


def test_handles_are_analysed_and_not_delivered(shot, plate, sample_line, tmp_path):
    wide = ShotFile(
        plate=PlateEntry(plate, frames="1003-1006", handles=3), lines=(Line(path=str(sample_line), offset="1f"),)
    )
    with open_shotfile(wide) as opened:
        assert list(opened.shot.frames) == [*range(1001, 1010)]
        assert list(opened.delivered) == [1003, 1004, 1005, 1006]
        assert opened.sound.start_s == pytest.approx(3 / 24)
    write_shot(shot, wide)
    with open_shot(parsed("dub", shot, "out.mov")) as opened:
        assert list(opened.delivered) == [1003, 1004, 1005, 1006]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("dub", "none.toml", "out.mov"), 4, "none.toml: cannot be read (No such file or directory)"),
        (("dub", "bad.toml"), 4, "bad.toml: [plate] 'pth' is unknown; did you mean path?"),
        (("dub", "empty.toml"), 2, "lipsync dub: nothing is given for line and out"),
        (("dub", "line.toml", "out.mov"), 4, "line.toml: there is no plate; give path in [plate]"),
        (("dub", "line.toml", "line.toml"), 2, "line.toml: is the shot file as well, and would be lost"),
        (("analyse", "line.toml"), 2, "nothing is given for out; name it after the plate, or in a shot file"),
        (("dub", "plate.mov"), 2, "nothing is given for line and out"),
    ],
)
def test_wrong_input_is_one_line(words, code, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("[plate]\npth = 1")
    Path("empty.toml").write_text("")
    Path("line.toml").write_text('[[line]]\npath = "a.wav"')
    assert run(*words) == code
    text, farm = capsys.readouterr().err.strip().splitlines()
    assert told in text
    assert farm.startswith(f"LIPSYNC_FAIL code={code} ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.toml", "empty.toml", "line.toml"]


def test_verbs_that_open_a_plate_themselves_take_a_shot_file(
    shot, plate, sample_portrait, sample_line, tmp_path, capsys
):
    from ofx_lipsync.cli.shot import taken

    shot.write_text(
        shot.read_text().replace("[plate]\n", '[plate]\nframes = "1002-1006"\nrate = "25"\nspace = "ACEScg"\n')
    )
    for words in (("measure", shot), ("resync", shot, "out.mov"), ("view", shot)):
        args = parsed(*words, "--set", "Blend.mix=0.5")
        settings = taken(args).settings()
        assert (args.plate, args.rate, args.space) == (plate, "25", "ACEScg")
        assert (settings["Blend"].mix, settings["MouthGenerate"].opening) == (0.5, 1.2)
    assert args.shot == "1002-1006"
    assert main(["view", str(shot), "--out", str(tmp_path / "check.png")]) == 0
    assert "frame 1002" in capsys.readouterr().out
    assert main(["measure", str(shot), "--progress", "none"]) == 2
    assert "has no sound of its own; give it with --sound" in capsys.readouterr().err


def test_a_portrait_from_a_shot_file(sample_portrait, sample_line, tmp_path, capsys):
    from ofx_lipsync.cli.portrait import open_still

    path = tmp_path / "still.toml"
    path.write_text(
        f'[plate]\npath = "{sample_portrait}"\nframes = "101-200"\nrate = 24\n[[line]]\npath = "{sample_line}"\n'
        '[params.Portrait]\nhead_motion = 0.0\n[output]\ncomp = "a.####.png"\n'
    )
    args = parsed("portrait", path)
    with open_still(args) as opened:
        assert opened.plate.frames[0] == 101
        assert opened.plate.rate == 24
        assert (opened.settings["Portrait"].head_motion, opened.settings["MouthGenerate"].engine) == (0.0, "auto")
    assert args.out == str(tmp_path / "a.####.png")


def test_fill_takes_one_line(shot, capsys, tmp_path, sample_line):
    shot.write_text(shot.read_text() + f'[[line]]\nname = "ben"\npath = "{sample_line}"\n')
    assert run("fill", shot, tmp_path / "out" / "o.####.exr") == 2
    assert "2 people speak; fill takes a shot with one [[line]]" in capsys.readouterr().err


def test_handles_end_to_end(shot, plate, sample_line, tmp_path):
    """Delivered or not, and in any chunks, a frame of the shot is the same."""
    text = shot.read_text().replace("[plate]\n", '[plate]\nframes = "1003-1007"\nhandles = 2\n')
    shot.write_text(text)
    assert run("dub", shot) == 0
    cut = tmp_path / "out"
    assert [path.name for path in sorted(cut.glob("*.exr"))] == [f"toml.{frame}.exr" for frame in range(1003, 1008)]
    assert read_analysis(shot.with_name("ab.lipsync")).frames.tolist() == [*range(1001, 1010)]
    made = digests(cut, "toml")
    shot.write_text(text + '[policy]\nhandles = "deliver"\n')
    assert run("dub", shot, cut / "whole.####.exr") == 0
    whole = digests(cut, "whole")
    assert len(whole) == 9
    assert whole[2:7] == made
    for frame in range(1007, 1002, -1):
        assert run("dub", shot, cut / "one.####.exr", "-F", str(frame)) == 0
    assert digests(cut, "one") == made
