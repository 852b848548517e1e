# SPDX-License-Identifier: Apache-2.0
"""Every script read by somebody else's parser as well, node for node and knob for knob."""

from __future__ import annotations

import pytest
from nkparser import Script
from nkparser.lexer import Lexer
from nkparser.parser import Parser, RawNode

from ofx_lipsync.nk.script import Node, read_script

from .conftest import SCRIPTS

FILES = sorted(SCRIPTS.glob("*.nk"))
WORDS_OF_THE_PARSER = ("end_group", "clone")
"""Commands that it has no notion of, and reports."""


def theirs(path) -> list[tuple[str, dict[str, str]]]:
    """(class, knobs) in the file's order; knobs on one line, which is all that it keeps together."""
    parser = Parser(Lexer(path.read_text()).tokenize())
    statements = parser.parse()[1]
    unknown = [e for e in parser.errors if not any(f"'{word}'" in str(e) for word in WORDS_OF_THE_PARSER)]
    assert not [e for e in unknown if "expected node class" not in str(e)], unknown
    nodes = [s for s in statements if isinstance(s, RawNode)]
    return [(n.node_class, {k.name: k.raw_value for k in n.knobs}) for n in nodes if n.node_class[0] != "$"]


def ours(path) -> list[Node]:
    """Without clones of others, which have no class of their own in the file."""
    return [n for n in read_script(str(path)).nodes if "clone" not in path.read_text().splitlines()[n.line - 1]]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_same_nodes_with_the_same_knobs(path):
    mine, other = ours(path), theirs(path)
    assert [n.kind for n in mine] == [kind for kind, _ in other]
    compared = 0
    for node, (kind, knobs) in zip(mine, other, strict=True):
        for name, words in node.knobs.items():
            text = " ".join(word.source for word in words)
            if "\n" in text:
                continue
            assert knobs[name].split() == text.split(), (node.full_name, name, kind)
            compared += 1
        if kind != "Group":
            assert ("addUserKnob" in knobs) == bool(node.user)
    assert compared >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_same_wires(path):
    """Where it can tell: it keeps no groups, no clones and no masks apart."""
    text = path.read_text()
    if any(word in text for word in ("Group {", "clone ", "inputs 2+1", "$cut_paste_input")):
        pytest.skip("it reads these otherwise")
    mine = {n.name: [i.name if i else None for i in n.inputs] for n in read_script(str(path)).nodes}
    other = {n.name: [i.name if i else None for i in reversed(n._inputs)] for n in Script.from_string(text).nodes}
    wired = [name for name in mine if name in other and "Root" not in (name, *other[name])]
    assert {n: mine[n] for n in wired if n != "Viewer1"} == {n: other[n] for n in wired if n != "Viewer1"}
    assert len(wired) >= 2


def test_there_are_twenty_of_them():
    assert len(FILES) >= 20
