# SPDX-License-Identifier: Apache-2.0
"""Written and read again a shot is the same; a file that is there keeps what somebody wrote beside."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ofx_lipsync.core.errors import OutputError, ShotError
from ofx_lipsync.core.params import Bool, Choice, Float, Int
from ofx_lipsync.graph import NODES, OTHERS, node
from ofx_lipsync.shotfile import Colours, Consent, Line, Output, PlateEntry, Policy, ShotFile, read_shot, write_shot
from ofx_lipsync.shotfile.read import parse_shot
from ofx_lipsync.shotfile.write import updated

TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = some.text("abcdefgh_", max_size=6)


def values_of(param):
    if isinstance(param, Float):
        number = some.floats(max(param.lo, -1e6), min(param.hi, 1e6), allow_nan=False).map(lambda v: v + 0.0)
        key = number | some.tuples(number, some.sampled_from(["ease", "hold", "linear"]))
        keys = some.dictionaries(some.integers(-100, 10**6), key, min_size=1, max_size=3).map(param.check)
        return number | keys if param.animates else number
    if isinstance(param, Int):
        return some.integers(param.lo, param.hi)
    if isinstance(param, Bool):
        return some.booleans()
    return some.sampled_from(param.options) if isinstance(param, Choice) else TEXT


@some.composite
def params(draw):
    found: dict = {}
    for name in draw(some.lists(some.sampled_from([*NODES, *OTHERS]), max_size=2)):
        declared = node(name).Params.declarations()
        for param in draw(some.lists(some.sampled_from(list(declared)), max_size=3)):
            found.setdefault(name, {})[param] = draw(values_of(declared[param]))
    return found


LINES = some.builds(
    Line, path=TEXT, offset=some.sampled_from(["0", "12", "12f", "-250ms"]), face=some.none() | some.integers(0, 99),
    language=NAMES, transcript=TEXT, params=params(),
)  # fmt: skip
RATES = some.sampled_from(["", "24000/1001"])
SHOTS = some.builds(
    ShotFile, name=TEXT, note=TEXT,
    plate=some.builds(PlateEntry, path=TEXT, frames=some.just("1001-1100x2,1200"), rate=RATES,
                      missing=some.sampled_from(["error", "hold", "skip"]), handles=some.integers(0, 10_000)),
    lines=some.lists(LINES, max_size=3).map(lambda ls: tuple(replace(line, name=f"p{n}") for n, line in enumerate(ls))),
    params=params(), policy=some.builds(Policy, missing_face=some.sampled_from(["", "hold"])),
    colour=some.builds(Colours, config=TEXT), output=some.builds(Output, comp=TEXT, codec=TEXT),
    consent=some.builds(Consent, performer=TEXT, languages=some.lists(TEXT, max_size=2).map(tuple),
                        expires=some.sampled_from(["", "2027-12-31"])),
)  # fmt: skip


@given(SHOTS, SHOTS)
def test_what_is_written_is_what_is_read(shot, before):
    fresh = updated("", shot)
    assert parse_shot(fresh.encode()) == shot
    assert updated(fresh, shot) == fresh
    assert parse_shot(updated(updated("", before), shot).encode()) == shot


def test_comments_order_and_spacing_stay(tmp_path):
    path = tmp_path / "shot.toml"
    path.write_text(
        "# from the lead\n[params.MouthGenerate]\nopening   = 1.1 # wide, she shouts\nwidth = 1.2\n\n"
        '[plate] # scan of the 12th\npath = "a.####.exr"\n[[line]]\npath = "b.wav"   # pick up\n'
    )
    shot = read_shot(path)
    write_shot(path, shot)
    assert path.read_text().startswith("# from the lead\n[params.MouthGenerate]\nopening   = 1.1 # wide, she shouts\n")
    write_shot(path, shot.with_values("MouthGenerate", opening=1.4).with_values("Blend", feather=9.0))
    text = path.read_text()
    for kept in ("# from the lead\n", "# wide, she shouts", "[plate] # scan of the 12th", 'path = "b.wav"   # pick up'):
        assert kept in text
    again = read_shot(path)
    assert again.params == {"MouthGenerate": {"opening": 1.4, "width": 1.2}, "Blend": {"feather": 9.0}}
    assert os.listdir(tmp_path) == ["shot.toml"]


HANDWRITTEN = (
    'plate.path = "x" # c\nparams.Blend.mix = 0.5\n',
    'plate = {path="x"}\nline = [{path="a", params={Blend={mix=0.5}}}]\n',
    '[params]\nBlend.mix = {1=0.0}\n[[line]]\npath="a"\n[line.params]\nBlend.feather = 3\n',
    '[params.MouthGenerate.strength]\n1001 = 0.0\n1010 = 1.0\n[plate]\npath="x"\n',
    'line = []\n[plate]\npath = "x"',
    '[[line]]\n[[line]]\npath = "b"\n[line.params.Blend]\nmix=0.1\n[output]\ncomp="c"',
)
"""Ways of writing that TOML has besides the one we write."""


@pytest.mark.parametrize("text", HANDWRITTEN)
def test_however_it_is_written_it_can_be_brought_up_to_date(text):
    keys = {1: 0.0, 5: 1.0}
    lines = (Line(name="a", path="p", params={"Blend": {"mix": keys}}), Line(name="b", path="q", face=1))
    params = {"Blend": {"mix": 0.25}, "MouthGenerate": {"strength": keys}}
    much = ShotFile(name="n", plate=PlateEntry("z", frames="1-5"), lines=lines, params=params)
    own = parse_shot(text.encode())
    for shot in (own, much, ShotFile()):
        assert parse_shot(updated(text, shot).encode()) == shot
    assert "# c" not in text or "# c" in updated(text, much)


def test_lines_are_added_and_taken_away(tmp_path):
    path = tmp_path / "shot.toml"
    shot = ShotFile(plate=PlateEntry(path="a.mov"), lines=(Line(name="a", path="a.wav"),), folder=str(tmp_path))
    for lines in (2, 3, 1, 0, 2):
        several = tuple(Line(name=f"p{n}", path="a.wav", params={"Blend": {"mix": 0.5}}) for n in range(lines))
        write_shot(path, replace(shot, lines=several))
        assert read_shot(path).lines == several


def test_paths_are_seen_from_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shots").mkdir()
    (tmp_path / "actor.safetensors").write_bytes(b"")
    shot = ShotFile(
        plate=PlateEntry(path="plates/a.####.exr"), lines=(Line(path=str(tmp_path / "b.wav")),),
        colour=Colours(config="studio-config-v2.2.0_aces-v1.3_ocio-v2.4"),
        params={"MouthGenerate": {"weights": "actor.safetensors"}},
    )  # fmt: skip
    write_shot("shots/ab.toml", shot)
    read = read_shot("shots/ab.toml")
    assert read.plate.path == "../plates/a.####.exr"
    assert read.lines[0].path == str(tmp_path / "b.wav")
    assert read.colour.config == "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
    assert read.params["MouthGenerate"]["weights"] == "../actor.safetensors"
    assert os.path.samefile(read.settings()["MouthGenerate"].weights, "actor.safetensors")


def test_what_may_not_stand_in_a_file_is_not_written(tmp_path):
    path = tmp_path / "shot.toml"
    path.write_text("# kept")
    with pytest.raises(ShotError, match=r"\[plate\] frames: cannot read 'all'"):
        write_shot(path, ShotFile(plate=PlateEntry(path="a", frames="all")))
    with pytest.raises(ShotError, match=r"\[params.Blend\] 'soft' is unknown"):
        write_shot(path, ShotFile(params={"Blend": {"soft": 1.0}}))
    with pytest.raises(OutputError, match="there is no folder"):
        write_shot(tmp_path / "none" / "shot.toml", ShotFile())
    path.write_text("[plate")
    with pytest.raises(ShotError, match=r"shot.toml: is not TOML"):
        write_shot(path, ShotFile())
    assert path.read_text() == "[plate"
