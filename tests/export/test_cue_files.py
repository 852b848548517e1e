# SPDX-License-Identifier: Apache-2.0
"""Cue files of other programs: theirs read, broken ones told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.face_curves import Cue
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.export.cue_files import SUFFIXES, read_cues

RHUBARB_TSV = "0.00\tX\n0.05\tD\n0.27\tC\n0.31\tB\n0.43\tX\n0.47\tX\n"
"""As in Rhubarb's own README."""
RHUBARB_XML = """<?xml version="1.0" encoding="utf-8"?>
<rhubarbResult><metadata><soundFile>C:\\Users\\Daniel\\Desktop\\av\\hi.wav</soundFile><duration>0.47</duration></metadata>
<mouthCues><mouthCue start="0.00" end="0.05">X</mouthCue><mouthCue start="0.05" end="0.27">D</mouthCue></mouthCues>
</rhubarbResult>"""


def read(folder: Path, name: str, text: str, fps: int = 24):  # type: ignore[no-untyped-def]
    (folder / name).write_text(text, encoding="utf-8")
    return read_cues(folder / name, Rate(fps))


def test_rhubarbs_own_examples(tmp_path: Path) -> None:
    tsv = read(tmp_path, "a.tsv", RHUBARB_TSV)
    assert tsv.mouths == "rhubarb"
    assert tsv.cues[1] == Cue(0.05, 0.27, "D")
    assert tsv.duration_s == 0.47
    xml = read(tmp_path, "a.xml", RHUBARB_XML)
    assert (xml.sound, xml.cues) == ("hi.wav", (Cue(0, 0.05, "X"), Cue(0.05, 0.27, "D")))


def test_papagayo_counts_from_one_and_synfig_tells_its_rate(tmp_path: Path) -> None:
    dat = read(tmp_path, "a.dat", "MohoSwitch1\n1 rest\n13 MBP\n25 ai\n37 rest\n")
    assert dat.cues == (Cue(0, 0.5, "rest"), Cue(0.5, 1, "MBP"), Cue(1, 1.5, "AI"))
    assert read(tmp_path, "a.lst", "MohoSwitch1\nFPS 12\npng\n1 rest\n13 MBP\n25 rest\n").cues[1].end_s == 2


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.tsv", "0.0\tX\n", "it has one row"),
        ("a.tsv", "zero\tX\n1\tX\n", "could not convert"),
        ("a.tsv", "0.0\n1\tX\n", "out of range"),
        ("a.tsv", "1\tA\n0\tX\n2\tX\n", "comes before the one above it, or ends before it begins"),
        ("a.tsv", "0\tQ\n1\tX\n", "no set of mouths holds Q"),
        ("a.tsv", "0\tA\nnan\tX\n", "cue 'A' is at 0..nan s"),
        ("a.tsv", "", "there is no cue in it"),
        ("a.xml", "<a/>", "its root is a, expected rhubarbResult"),
        ("a.xml", "<a", "does not read as mouth cues"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><rhubarbResult/>', "declares entities"),
        ("a.json", '{"mouthCues": [{"start": 0}]}', "it lacks 'end'"),
        ("a.json", '{"mouthCues": 3}', "does not read as mouth cues"),
        ("a.json", "[" * 100000, "does not read as mouth cues"),
        ("a.dat", "hello\n1 A", "it begins with 'hello', expected MohoSwitch1"),
        ("a.dat", "MohoSwitch1\n", "there is no cue in it"),
        ("a.lst", "MohoSwitch1\nFPS 0\n1 A\n2 A\n", "does not read as mouth cues"),
    ],
)
def test_a_broken_file_says_what_is_wrong(name: str, text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, name, text)
    assert name in str(refused.value)
    assert told in str(refused.value)


@given(st.sampled_from(SUFFIXES), st.binary(max_size=200))
def test_anything_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_cues(path, Rate(24))
