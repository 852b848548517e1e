# SPDX-License-Identifier: Apache-2.0
"""Several people in one plate, each with a line: all of their mouths, in one frame."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import ShotError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import together
from ofx_lipsync.media.sound import mixed
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.shotfile import Line, Output, PlateEntry, ShotFile, write_shot

FIRST, LAST, MIDDLE = 1001, 1010, 400


def run(*words: object) -> int:
    return main([*map(str, words), "--progress", "none"])


def pixels(path: str | Path, frame: int) -> np.ndarray:
    return oiio.ImageBuf(str(path).replace("####", f"{frame:04d}")).get_pixels(oiio.HALF).view(np.uint16)


@pytest.fixture(scope="module")
def shot(two_people, sample_line, sample_line_ru, tmp_path_factory) -> ShotFile:
    lines = (
        Line(name="left", path=str(sample_line), face_at=(0.25, 0.5), params={"MouthGenerate": {"opening": 1.3}}),
        Line(name="right", path=str(sample_line_ru), face_at=(0.75, 0.5), offset="-12f"),
    )
    folder = str(tmp_path_factory.mktemp("people"))
    return ShotFile(plate=PlateEntry(two_people), lines=lines, output=Output(comp="both.####.exr"), folder=folder)


@pytest.fixture(scope="module")
def both(shot) -> Path:
    path = Path(shot.folder, "shot.toml")
    write_shot(path, shot)
    assert run("dub", path) == 0
    return Path(shot.folder, "both.####.exr")


def test_two_mouths_in_one_frame(both, two_people, shot):
    for frame in (FIRST + 5, LAST):
        changed = (pixels(two_people, frame) != pixels(both, frame)).any(axis=2)
        assert changed[:, :MIDDLE].sum() > 300
        assert changed[:, MIDDLE:].sum() > 300
        assert not changed[:, MIDDLE - 40 : MIDDLE + 40].any()
    header = oiio.ImageBuf(str(both).replace("####", str(LAST))).spec()
    params = json.loads(header.get_string_attribute("lipsync/params"))
    assert [params[who]["MouthGenerate"]["opening"] for who in ("left", "right")] == [1.3, 1.0]
    assert header.get_string_attribute("lipsync/people") == "left right"
    x0, _, x1, _ = map(int, header.get_string_attribute("lipsync/ai_region").split())
    assert x0 < MIDDLE < x1


def test_each_is_as_if_alone(both, shot, tmp_path):
    from dataclasses import replace

    for line, half in zip(shot.lines, (np.s_[:, :MIDDLE], np.s_[:, MIDDLE:]), strict=True):
        path = tmp_path / f"{line.name}.toml"
        write_shot(path, replace(shot, lines=(line,)))
        assert run("dub", path, tmp_path / "alone.####.exr") == 0
        for frame in (FIRST + 5, LAST):
            assert np.array_equal(pixels(tmp_path / "alone.####.exr", frame)[half], pixels(both, frame)[half])


def test_chunks_of_several_people_give_the_same_bytes(both, tmp_path):
    path = both.with_name("shot.toml")
    kept = tmp_path / "ab.lipsync"
    assert run("analyse", path, kept) == 0
    files = [tmp_path / f"ab.{name}.lipsync" for name in ("left", "right")]
    assert sorted(tmp_path.iterdir()) == files
    assert [read_analysis(file).faces.chosen for file in files] in ([0, 1], [1, 0])
    for first in range(LAST - 1, FIRST - 1, -2):
        frames = ("-F", f"{first}-{first + 1}")
        assert run("dub", path, tmp_path / "out.####.exr", "--analysis", kept, *frames) == 0
    for frame in range(FIRST, LAST + 1):
        name = str(tmp_path / f"out.{frame}.exr")
        assert Path(name).read_bytes() == Path(str(both).replace("####", str(frame))).read_bytes()


def test_one_face_is_not_dubbed_twice(shot, both, tmp_path, capsys):
    path = tmp_path / "shot.toml"
    path.write_text(both.with_name("shot.toml").read_text().replace("[0.25, 0.5]", "[0.8, 0.4]"))
    (tmp_path / "out").mkdir()
    assert run("dub", path, tmp_path / "out" / "out.####.exr") == 4
    assert "left and right are both person" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_analyses_are_not_overwritten(both, tmp_path, capsys):
    (tmp_path / "ab.right.lipsync").write_text("mine")
    assert run("analyse", both.with_name("shot.toml"), tmp_path / "ab.lipsync") == 2
    assert "ab.right.lipsync: exists already" in capsys.readouterr().err


def test_a_line_without_sound_is_named(tmp_path):
    from ofx_lipsync.shotfile import open_shotfile

    with pytest.raises(ShotError, match=r"line ben has no sound; give its path in \[\[line\]\]"):
        open_shotfile(ShotFile(plate=PlateEntry("a.mov"), lines=(Line(path="a.wav"), Line(name="ben"))))


def test_lines_are_heard_together():
    one = Sound(np.full((1, 8), 0.5, np.float32), 8, 1.0)
    two = Sound(np.stack([np.full(4, 0.25, np.float32), np.full(4, 0.75, np.float32)]), 8, 0.5)
    whole = mixed([one, two])
    assert (whole.rate_hz, whole.start_s, whole.samples.shape) == (8, 0.5, (2, 12))
    assert whole.samples[0].tolist() == [0.25] * 4 + [0.5] * 8
    assert whole.samples[1].tolist() == [0.75] * 4 + [0.5] * 8
    assert mixed([one]) is one
    assert mixed([one, Sound(np.zeros((1, 160), np.float32), 16)]).rate_hz == 16


@pytest.mark.shared
def test_two_filmed_people(shared_data, tmp_path):
    """GRID's s1 and s30 side by side, each with another of their sentences."""
    import av

    left, right = (sorted((shared_data / "grid" / who).glob("*.mkv")) for who in ("s1", "s30"))
    with av.open(str(left[0])) as one, av.open(str(right[0])) as other:
        pairs = list(zip(range(30), one.decode(video=0), other.decode(video=0), strict=False))
    for number, *frames in pairs:
        rgb = np.hstack([frame.to_ndarray(format="rgb24") for frame in frames])
        oiio.ImageBuf(np.ascontiguousarray(rgb)).write(str(tmp_path / f"two.{number:04d}.png"))
    lines = tuple(
        Line(name=name, path=str(file), face_at=(x, 0.5), offset="-15f")
        for name, file, x in (("left", left[2], 0.25), ("right", right[3], 0.75))
    )
    path = tmp_path / "shot.toml"
    write_shot(path, ShotFile(plate=PlateEntry(str(tmp_path / "two.####.png"), rate="25"), lines=lines))
    assert run("dub", path, tmp_path / "out.####.png", "-F", "20-22") == 0
    for frame in (20, 21, 22):
        before, after = (
            oiio.ImageBuf(str(tmp_path / f"{name}.{frame:04d}.png")).get_pixels(oiio.UINT8) for name in ("two", "out")
        )
        changed = (before != after).any(axis=2)
        assert changed[:, :360].sum() > 300
        assert changed[:, 360:].sum() > 300


def test_view_takes_one_of_them(both, tmp_path, capsys):
    path = tmp_path / "shot.toml"
    path.write_text(both.with_name("shot.toml").read_text() + '\nanalysis = "ab.lipsync"\n')
    assert run("analyse", path) == 0
    assert main(["view", str(path), "--person", "right", "--out", str(tmp_path / "check.png")]) == 0
    assert main(["view", str(path), "--person", "ben", "--out", str(tmp_path / "no.png")]) == 2
    assert "nobody is called 'ben'; there are left, right" in capsys.readouterr().err
    assert not (tmp_path / "no.png").exists()


def test_elements_of_several_people(both, two_people, tmp_path):
    """One file of layers, a curve a person; over the plate it is the comp."""
    layers = tmp_path / "elements.####.exr"
    path = both.with_name("shot.toml")
    assert run("dub", path, tmp_path / "comp.####.exr", "--elements", layers, "-F", str(LAST)) == 0
    assert sorted(p.name for p in tmp_path.iterdir() if ".lipsync" not in p.name) == [
        "comp.1010.exr", "elements.1010.exr", "elements.left.csv", "elements.left.nk",
        "elements.right.csv", "elements.right.nk",
    ]  # fmt: skip
    found = oiio.ImageBuf(str(layers).replace("####", str(LAST)))
    spec, pixels = found.spec(), found.get_pixels(oiio.FLOAT)
    assert spec.get_float_attribute("lipsync/left.strength") == 1.0
    rgba = pixels[..., [spec.channelnames.index(name) for name in "RGBA"]]
    rows, columns = slice(spec.y, spec.y + spec.height), slice(spec.x, spec.x + spec.width)
    plate = oiio.ImageBuf(two_people.replace("####", str(LAST))).get_pixels(oiio.FLOAT)
    plate[rows, columns] = rgba[..., :3] + (1 - rgba[..., 3:]) * plate[rows, columns]
    comp = oiio.ImageBuf(str(tmp_path / "comp.1010.exr")).get_pixels(oiio.FLOAT)
    assert np.abs(plate.astype(np.float16) - comp).max() == 0
    halves = [rgba[:, : MIDDLE - spec.x], rgba[:, MIDDLE - spec.x :]]
    assert all((half[..., 3] > 0.9).sum() > 100 for half in halves)


def test_where_two_mouths_meet_the_later_lies_over_the_earlier(two_people):
    """As if the second had been laid over the first's result."""
    display = Region(0, 0, 800, 226)
    one, two = (
        Image(np.full((4, 20, 30), value, np.float32), Region(x, 40, x + 30, 60), display, ("R", "G", "B", "A"))
        for value, x in ((0.5, 100), (0.25, 120))
    )
    with open_plate(two_people) as plate:
        at_once, in_turn = plate.load(FIRST), plate.load(FIRST)
        at_once.lay(together([one, two]))
        in_turn.lay(one)
        in_turn.lay(two)
        assert np.allclose(at_once.image().pixels, in_turn.image().pixels, rtol=2e-3)
        assert not np.array_equal(at_once.image().pixels, plate.load(FIRST).image().pixels)


def test_a_rerun_skips_frames_that_are_of_these_people_and_have_their_layers(both, tmp_path, capsys):
    path, out, layers = both.with_name("shot.toml"), tmp_path / "c.####.exr", tmp_path / "e.####.exr"
    words = ("-F", f"{LAST - 1}-{LAST}", "--elements", layers, "--skip-existing")
    assert run("dub", path, out, *words) == 0
    made = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    capsys.readouterr()
    assert run("dub", path, out, *words) == 0
    assert f"{LAST - 1}-{LAST}: there already" in capsys.readouterr().out
    (tmp_path / f"e.{LAST}.exr").unlink()
    assert run("dub", path, out, *words) == 0
    assert f"{LAST}: elements are not there, or not of this frame" in capsys.readouterr().out
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == made
    other = tmp_path / "other.toml"
    other.write_text(path.read_text().replace("[0.75, 0.5]", "[0.75, 0.5]\n[line.params.Blend]\nfeather = 9.0"))
    assert run("dub", other, out, *words) == 0
    assert f"{LAST - 1}-{LAST}: made from something else" in capsys.readouterr().out
