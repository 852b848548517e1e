# SPDX-License-Identifier: Apache-2.0
"""A shot file says what is wrong in it, all of it, with its place."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ofx_lipsync.core.errors import ShotError
from ofx_lipsync.shotfile import Line, ShotFile, read_shot
from ofx_lipsync.shotfile.read import parse_shot

WHOLE = """
[shot]
name = "ab_0010"
[plate]
path = "plate.####.exr"
frames = "1001-1100x2"
rate = 23.976
space = "ACEScg"
missing = "hold"
handles = 8
[[line]]
name = "anna"
path = "anna_fr.wav"
offset = 12
face_at = [0.4, 0.3]
language = "fr"
[line.params.MouthGenerate]
opening = 1.3
[params.MouthGenerate]
opening = 1.1
strength = {1001 = 0, 1010 = 1}
[params.Blend]
move_jaw = false
[policy]
missing_face = "hold"
[consent]
performer = "Anna Example"
languages = ["fr", "de"]
status = "pending"
expires = 2027-12-31
[output]
comp = "out.####.exr"
"""


def problems(text: str) -> str:
    with pytest.raises(ShotError) as caught:
        parse_shot(text.encode(), "ab.toml")
    return str(caught.value)


def test_a_whole_file():
    shot = parse_shot(WHOLE.encode(), "shots/ab.toml")
    assert (shot.name, shot.folder, shot.plate.rate, shot.plate.handles) == ("ab_0010", "shots", "23.976", 8)
    assert shot.at(shot.plate.path) == "shots/plate.####.exr"
    assert shot.lines[0].face_at == (0.4, 0.3)
    assert shot.lines[0].offset == "12"
    assert shot.params["MouthGenerate"]["strength"] == {1001: 0.0, 1010: 1.0}
    assert (shot.consent.languages, shot.consent.expires) == (("fr", "de"), "2027-12-31")


def test_params_of_shot_line_and_other_words_for_them():
    settings = parse_shot(WHOLE.encode()).settings()
    assert settings["MouthGenerate"].opening == 1.3
    assert settings["MouthGenerate"].at(1001).strength == 0.0
    assert not settings["Blend"].move_jaw
    assert (settings["FaceDetect"].missing_face, settings["FaceDetect"].face) == ("hold", "nearest")
    assert (settings["FaceDetect"].face_x, settings["FaceDetect"].face_y) == (40.0, 30.0)
    assert settings["AudioFeature"].language == "fr"


def test_given_values_win_over_a_line_and_over_other_words():
    shot = parse_shot(WHOLE.encode())
    given = shot.with_params({"MouthGenerate": {"opening": 0.5}, "FaceDetect": {"face": "largest", "face_x": 1.0}})
    settings = (
        given.with_values("AudioFeature", language="de").with_values("FaceDetect", missing_face="pass").settings()
    )
    assert settings["MouthGenerate"].opening == 0.5
    assert settings["MouthGenerate"].at(1001).strength == 0.0
    assert (settings["FaceDetect"].face, settings["FaceDetect"].face_y) == ("largest", 50.0)
    assert (settings["FaceDetect"].missing_face, settings["AudioFeature"].language) == ("pass", "de")


def test_everything_wrong_is_named_with_its_place_and_nearest_match():
    text = problems(
        'shto = 1\n[plate]\nframse = "1-2"\nframes = "10-1"\nhandles = -1\nmissing = "guess"\n'
        '[[line]]\npath = 3\n[[line]]\nface_at = [0.5, 4]\n[line.params.Blend]\nfeathr = 1\n'
        '[params.Blnd]\n[params.Blend]\nfeather = "soft"\nmix = 3\nmove_jaw = 1\n'
        '[params.MouthGenerate]\nstrength = {a = 1}\nopening = {}\nsmoothing = {1 = 2}\n[consent]\nexpires = "soon"\n'
    )  # fmt: skip
    for told in (
        "ab.toml: 16 things are wrong: ",
        "'shto' is unknown; did you mean shot?",
        "[plate] 'framse' is unknown; did you mean frames?",
        "[plate] frames: '10-1' is empty",
        "[plate] handles: got -1, expected a whole number from 0 to 10000",
        '[plate] missing: got \'guess\', expected "error" or "hold" or "skip"',
        "[[line]] 1 path: got 3, expected text in quotes",
        "[[line]] 2 face_at: got [0.5, 4], expected two shares of the frame",
        "[[line]] 2 [line.params.Blend] 'feathr' is unknown; did you mean feather?",
        "[params] 'Blnd' is unknown; did you mean Blend?",
        "[params.Blend] feather: got 'soft', expected a number",
        "[params.Blend] mix: got 3, expected 0 to 1 share",
        "[params.Blend] move_jaw: got 1, expected true or false",
        "[params.MouthGenerate] strength: got {'a': 1}, expected keyframes, as {1001 = 0.0, 1010 = 1.0}",
        "[params.MouthGenerate] opening: got {}, expected keyframes",
        "[params.MouthGenerate] smoothing: got 'keyframes', expected one number",
        "[consent] expires: got 'soon', expected a date, as 2027-01-31",
    ):
        assert told in text


def test_what_does_not_go_together():
    text = problems('[plate]\nhandles = 8\n[[line]]\nname = "a"\nface = 0\nface_at = [0, 0]\n[[line]]\nname = "a"\n')
    assert "[plate] handles: there are no frames to put them before and after" in text
    assert "[[line]] 1: has face and face_at; keep one of them" in text
    assert "[[line]]: several are named 'a'" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[plate", "is not TOML"),
        ("plate = 3", "[plate] is 3, expected a table"),
        ("line = 3", "line is 3, expected tables under [[line]]"),
        ("line = [3]", "[[line]] is 3, expected a table"),
        ("params = 3", "[params] is 3, expected tables such as [params.Blend]"),
        ("[params]\nBlend = 3", "[params.Blend] is 3, expected param = value"),
        ("[plate]\nrate = inf", "rate: got inf, expected text in quotes"),
        ("[plate]\nrate = 0", "rate: 0 is outside 0..1000"),
        ("[[line]]\noffset = 'soon'", "offset: cannot read 'soon'; write frames as 12 or 12f, or time as 500ms"),
    ],
)
def test_one_thing_wrong(text, told):
    assert told in problems(text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ShotError, match=r"cannot be read .*; make one with: lipsync new"):
        read_shot(tmp_path / "none.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (1 << 20) + b"#")
    with pytest.raises(ShotError, match="it is no shot file"):
        read_shot(tmp_path / "big.toml")


@given(some.binary(max_size=200))
def test_garbage_is_one_error(content):
    with contextlib.suppress(ShotError):
        parse_shot(content)


VALUE = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8) | some.dates(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text("abc1-", max_size=4), inner, max_size=3),
    max_leaves=4,
)
PLACES = [
    *("shot.name", "plate.path", "plate.frames", "plate.rate", "plate.handles", "line", "line.0.offset", "line.0.face"),
    *("line.0.face_at", "line.0.params", "params", "params.Blend", "params.Blend.mix", "params.MouthGenerate.strength"),
    *("params.Fill.frames", "params.FaceDetect.face_index", "consent.languages", "consent.expires", "output", "x"),
]


@given(some.dictionaries(some.sampled_from(PLACES), VALUE, max_size=4))
def test_any_value_at_any_place_is_read_or_refused(values):
    from ofx_lipsync.shotfile.read import from_tables

    tables: dict = {}
    for place, value in values.items():
        *parents, last = place.split(".")
        at = tables
        for parent in parents:
            below = at.get(parent) if isinstance(at, dict) else None
            at[parent] = below if isinstance(below, dict) else {}
            at = at[parent]
        at[last] = value
    if isinstance(tables.get("line"), dict):
        tables["line"] = [tables["line"].get("0")]
    try:
        shot = from_tables(tables, "shot.toml")
    except ShotError:
        return
    shot.settings()


def test_an_empty_file_is_a_shot_of_nothing():
    assert parse_shot(b"") == ShotFile()
    assert parse_shot(b"[[line]]") == ShotFile(lines=(Line(),))
