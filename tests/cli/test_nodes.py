# SPDX-License-Identifier: Apache-2.0
"""`lipsync nodes`: what a person at a terminal reads before touching a slider."""

from __future__ import annotations

import argparse

import pytest

from ofx_lipsync.cli import nodes
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.params import Bool, Choice, File, Float, Int, Text
from ofx_lipsync.graph import NODES


def shown(capsys: pytest.CaptureFixture[str], node: str | None = None, as_page: bool = False) -> str:
    assert nodes.run(argparse.Namespace(node=node, markdown=as_page)) == 0
    return capsys.readouterr().out


def test_every_node_of_the_graph_is_found() -> None:
    assert {module.ID for module in nodes.every()} >= set(NODES)


def test_every_param_of_every_node_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    for module in nodes.every():
        assert module.ID in text
        for name in module.Params.declarations():
            assert name in text


def test_one_node_is_shown_alone_in_whatever_case(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "blend")
    assert "Blend" in text
    assert "AudioFeature" not in text


def test_an_unknown_node_names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"there is no 'Blur'; there are .*Blend"):
        nodes.named("Blur")


def test_a_log_gets_no_colour_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in shown(capsys)


def test_the_page_has_a_table_row_for_each_param(capsys: pytest.CaptureFixture[str]) -> None:
    page = shown(capsys, "Blend", as_page=True)
    for name in nodes.named("Blend").Params.declarations():
        assert f"\n| {name} | " in page
    assert all(line.count("|") == 7 for line in page.splitlines() if line.startswith("| "))


@pytest.mark.parametrize(
    ("param", "text"),
    [
        (Float(1.0, lo=0, hi=200, slider=(0, 40), unit="px"), "0 to 200 (slider 0 to 40)"),
        (Float(0.5, lo=0, hi=1, slider=(0, 1)), "0 to 1"),
        (Float(0.5), "any"),
        (Int(3, lo=1), "1 or more"),
        (Choice("a", options=("a", "b")), "a, b"),
        (Bool(True), "on, off"),
        (File(""), "a path"),
        (Text(""), "text"),
    ],
)
def test_what_a_param_takes(param: Float, text: str) -> None:
    assert nodes.reach(param) == text
