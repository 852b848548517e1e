# SPDX-License-Identifier: Apache-2.0
"""Knobs as Nuke saves them, and errors that name node, knob and text."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.nk.script import parse_script
from ofx_lipsync.nk.values import Values

TEXT = r"""Root {
 first_frame 1001
 fps 24
 format "1920 1080 0 0 1920 1080 1 HD_1080"
}
NoOp {
 inputs 0
 name Ctl
 addUserKnob {20 User l "My tab"}
 addUserKnob {7 x t "a T b M c" R 0 1}
 addUserKnob {4 mode l "how {far}" M {near "quite far" far}}
 addUserKnob {41 linked T Other.size}
 x 0.25
 mode "quite far"
}
Blur {
 size {3 {curve x1 0 x11 10}}
 name Other
 channels {rgba.red rgba.green -rgba.blue}
 a {{"Ctl.x * 4 + Other.size.y"}}
 b {{parent.Ctl.mode}}
 c {{root.first_frame + root.last_frame i}}
 d {{"curve + 1" x1 0 x11 10}}
 e {{size.1}}
 f 1e-3
 g true
 h {{"frame > 5"}}
 j "\[value root.first_frame]/\[value Ctl.mode].%04d"
 k "say \\\[softly\\\] \"so\" \{x\} \u00e9"
 m {{this.f}}
 n {{Ctl.linked}}
 text1 "two
lines"
 bad1 {{"1 +"}}
 bad2 {{Nowhere.x}}
 bad3 "\[exec rm]"
 bad4 {{curve C x1 0 x2 1}}
 bad5 seven
 bad6 nan
 bad7 {{bad8}}
 bad8 {{bad7}}
 bad9 "\[value"
 deep {{"((((((((((((((((((((((((((((((deep+1))))))))))))))))))))))))))))))"}}
 wide {{root.width/2}}
}
OFXorg.ofxlipsync.facedetect_v1 {
 name Face
 view landmarks
 face {{1}}
 missing_face {{"frame < 0 ? 0 : 2"}}
}
"""


@pytest.fixture(scope="module")
def values() -> Values:
    return Values(parse_script(TEXT, "ab.nk"))


def node(values: Values, name: str):
    found = values.script.find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("knob", "frame", "place", "value"),
    [
        ("size", 6, 0, 3), ("size", 6, 1, 5), ("a", 6, 0, 6), ("b", 1, 0, 1), ("c", 1, 0, 1101), ("d", 6, 0, 6),
        ("e", 3, 0, 2), ("f", 1, 0, 0.001), ("g", 1, 0, 1), ("h", 6, 0, 1), ("m", 1, 0, 0.001), ("n", 1, 0, 3),
        ("not_there", 1, 0, 7), ("wide", 1, 0, 960),
    ],
)  # fmt: skip
def test_numbers(values, knob, frame, place, value):
    assert values.number(node(values, "Other"), knob, frame, 7, place) == pytest.approx(value)


def test_text(values):
    other = node(values, "Other")
    assert values.text(other, "j") == "1001/quite far.%04d"
    assert values.text(other, "k") == 'say [softly] "so" {x} \u00e9'
    assert values.text(other, "text1") == "two\nlines"
    assert values.text(other, "not_there", "else") == "else"


def test_flags_and_choices(values):
    other, face = node(values, "Other"), node(values, "Face")
    assert values.flag(other, "g", 1)
    assert [values.flag(other, "h", frame) for frame in (5, 6)] == [False, True]
    assert values.choice(face, "view", values.options_of(face, "view"), 1) == "landmarks"
    options = values.options_of(face, "missing_face")
    assert values.choice(face, "missing_face", options, 1) == options[2]
    assert values.options_of(node(values, "Ctl"), "mode") == ("near", "quite far", "far")


@pytest.mark.parametrize("knob", [f"bad{n}" for n in range(1, 10)])
def test_what_cannot_be_worked_out_names_node_knob_and_text(values, knob):
    other = node(values, "Other")
    read = values.text if knob in ("bad3", "bad9") else lambda n, k: values.number(n, k, 1)
    with pytest.raises(InputError) as error:
        read(other, knob)
    said = str(error.value)
    assert "ab.nk" in said
    if knob not in ("bad7", "bad8"):
        assert f"Other.{knob}" in said
        assert other.knobs[knob][0].source[:10] in said


def test_a_knob_that_follows_itself_ends(values):
    with pytest.raises(InputError, match="deep"):
        values.number(node(values, "Other"), "deep", 1)


def test_the_project_folder_stands_before_relative_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOW", "/shows/ab")
    text = """Root {
 project_directory "\\[getenv SHOW]"
}
Read {
 inputs 0
 file plate/p.####.exr
 name A
}
Read {
 inputs 0
 file "\\[file dirname \\[value root.name]]/p.####.exr"
 name B
}
"""
    values = Values(parse_script(text, str(tmp_path / "s.nk")))
    assert values.path(node(values, "A"), "file") == "/shows/ab/plate/p.####.exr"
    assert values.path(node(values, "B"), "file") == f"{tmp_path.resolve()}/p.####.exr"
