# SPDX-License-Identifier: Apache-2.0
"""Damaged scripts: one clear error, at once, whatever is in them."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import InputError, LipSyncError
from ofx_lipsync.nk.check import needs
from ofx_lipsync.nk.project import open_project
from ofx_lipsync.nk.script import parse_script

from .conftest import SCRIPTS

PIECES = ["Read {", "}", "{", "\\", '"', "[stack 0]", "set N1", "push $N1", "push 0", "Group {", "end_group",
          "clone $N1 {", " inputs 2\n", " name A\n", "Write {\n file a.####.exr\n}\n",
          "Merge2 {\n inputs 3+1\n}\n", "Dot {\n}\n", ";",
          " disable {{curve x1", " file \"", "addUserKnob {4 a M {b c}}", "#", "$", "Root {\n fps x\n}\n", "\0",
          "\u2028",
          "OFXorg.ofxlipsync.blend_v1 {\n inputs 2\n}\n", "Switch {\n which {{1/0}}\n}\n", "-1"]  # fmt: skip


def check(text: str, folder: Path) -> None:
    path = folder / "x.nk"
    path.write_text(text, "utf-8", errors="replace")
    with contextlib.suppress(LipSyncError):
        assert isinstance(needs(open_project(str(path))).renders, bool)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("garbage")


@given(text=st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=25).map("\n".join))
def test_garbage(folder, text):
    check(text, folder)


@given(name=st.sampled_from(sorted(p.name for p in SCRIPTS.glob("*.nk"))), share=st.floats(0, 1))
def test_cut_off_anywhere(folder, name, share):
    text = (SCRIPTS / name).read_text()
    check(text[: int(len(text) * share)], folder)


@given(name=st.sampled_from(sorted(p.name for p in SCRIPTS.glob("*.nk"))), at=st.floats(0, 1),
       byte=st.sampled_from(list('{}"[]\\$;# \n0')))  # fmt: skip
def test_a_letter_changed(folder, name, at, byte):
    text = (SCRIPTS / name).read_text()
    place = int(len(text) * at)
    check(text[:place] + byte + text[place + 1 :], folder)


END = "Write {\n file a.####.exr\n}\n"
BOMBS = {
    "braces": "Read {" + "{" * 2_000_000,
    "closed braces": "Read {\n x " + "{" * 1_000_000 + "}" * 1_000_000 + "\n}\n",
    "brackets": "set N " + "[" * 1_000_000,
    "groups": "Group {\n}\n" * 20_000,
    "closed groups": "Group {\n}\nInput {\n inputs 0\n}\nOutput {\n}\n" * 2_000 + "end_group\n" * 2_000
    + "Write {\n file a.####.exr\n}\n",
    "one line": "Read {\n label \"" + "x" * 10_000_000 + "\"\n inputs 0\n}\nWrite {\n file a.####.exr\n}\n",
    "a line of words": "Read {\n label " + "word " * 400_000 + "\n inputs 0\n}\nWrite {\n file a.####.exr\n}\n",
    "dots": "Read {\n inputs 0\n file p.####.exr\n}\n" + "Dot {\n}\n" * 50_000 + "Write {\n file a.####.exr\n}\n",
    "many inputs": "Merge2 {\n inputs 9999\n}\nWrite {\n file a.####.exr\n}\n",
    "backslashes": "Read {\n label " + "\\" * 3_000_000,
    "merges": "Read {\n inputs 0\n file p.####.exr\n}\n"
    + "set N [stack 0]\npush $N\nMerge2 {\n inputs 2\n}\n" * 40 + "Write {\n file a.####.exr\n}\n",
    "rings": "NoOp {\n inputs 0\n name A\n disable {{B.disable}}\n}\nNoOp {\n name B\n disable {{A.disable}}\n}\n"
    "Write {\n file a.####.exr\n}\n",
    "a ring of text": "Read {\n inputs 0\n file \"\\[value Read1.file]\"\n name Read1\n}\n" + END,
    "brackets in text": "Read {\n inputs 0\n file \"" + "\\[file dirname " * 5_000 + "\"\n}\n" + END,
    "no end": "Root {\n first_frame 1\n last_frame 999999999\n}\nRead {\n inputs 0\n}\nWrite {\n file a.####.exr\n}\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_in_seconds(name, folder):
    began = time.process_time()
    check(BOMBS[name], folder)
    assert time.process_time() - began < 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no node"),
        ("Read {\n inputs 0\n", "line 1"),
        ('Read {\n inputs 0\n file "a\n}\n', "line 3"),
        ("proc a {} { exec rm }\n", "line 1"),
        ("Read {\n}\nexec rm -rf x\n", "line 3"),
        ("Group {\n name G\n}\nDot {\n}\n", "end_group"),
        ("end_group\n", "without a group"),
        ("Read {\n inputs many\n}\n", "inputs"),
    ],
)
def test_each_says_where(text, words):
    with pytest.raises(InputError, match=words):
        parse_script(text, "shot.nk")


def test_the_command_says_it_in_one_line(tmp_path, capsys):
    path = tmp_path / "cut.nk"
    path.write_text("Read {\n file plate.####.exr\n")
    for verb in ("render", "nk-check"):
        assert main([verb, str(path)]) == 4
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 2
        assert str(path) in said[0]
    assert main(["render", str(tmp_path)]) == 4
    assert main(["render", str(tmp_path / "none.nk")]) == 4
    (tmp_path / "binary.nk").write_bytes(bytes(range(256)) * 10)
    assert main(["nk-check", str(tmp_path / "binary.nk")]) == 4
