# SPDX-License-Identifier: Apache-2.0
"""The report opens from disk with all it needs, says what is known, and lists what deserves a look first."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.tuning.findings import closures, findings, missed
from ofx_lipsync.tuning.gathered import Gathered

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "action")]


def links(page: Path) -> list[str]:
    parser = Links()
    parser.feed(page.read_text())
    return parser.found


@pytest.fixture(scope="module")
def made_now(small, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    command = ["report", str(small.shot), str(out), "-F", "1004,1009", "--progress", "none"]
    assert main([*command, "--set", "MouthGenerate.strength=ramp(1001-1012, 4)"]) == 0
    return out


def test_everything_the_page_shows_lies_beside_it(made_now) -> None:
    page = made_now / "index.html"
    assert len(links(page)) > 5
    for link in links(page):
        assert (made_now / link).is_file(), link
    assert not re.search(r"https?://|@import|url\(", page.read_text())


def test_the_page_says_what_the_shot_is_and_escapes_it(made_now) -> None:
    text = (made_now / "index.html").read_text()
    assert "<h1>ab_0010</h1>" in text
    assert "A &lt;Person&gt;" in text
    assert "A <Person>" not in text
    assert "MouthGenerate.strength" in text
    assert "made for this page" in text


def test_figures_go_with_it_for_scripts(made_now, small) -> None:
    data = json.loads((made_now / "report.json").read_text())
    assert data["frames"] == list(range(1001, 1013))
    assert data["strength"][0] == 0
    assert max(data["strength"]) == 1
    assert len(data["made"]) == len(data["wanted"]) == 12
    assert data["lse_c"] is not None
    # where nothing is painted the lips are where the plate has them
    assert data["made"][0] == pytest.approx(data["before"][0], abs=1.0)


def test_a_finished_render_is_read_and_found_the_same(small, made_now, tmp_path, capsys) -> None:
    comp, strength = tmp_path / "comp.####.exr", ["--set", "MouthGenerate.strength=ramp(1001-1012, 4)"]
    assert main(["dub", str(small.shot), str(comp), "--progress", "none", *strength]) == 0
    out = tmp_path / "page"
    command = ["report", str(small.shot), str(out), "--result", str(comp), "-F", "1004", "--progress", "none"]
    assert main([*command, *strength, "--no-sync"]) == 0
    assert "comp.####.exr" in capsys.readouterr().out
    read, made = (json.loads((folder / "report.json").read_text()) for folder in (out, made_now))
    assert np.allclose(read["made"], made["made"], atol=0.35)
    assert read["lse_c"] is None


def test_a_movie_counts_from_one_and_is_known_all_the_same(small, tmp_path) -> None:
    comp, sheet = tmp_path / "comp.mov", tmp_path / "sheet.png"
    assert main(["dub", str(small.shot), str(comp), "--progress", "none", "--codec", "prores"]) == 0
    command = ["report", str(small.shot), str(sheet), "--sheet", "--result", str(comp), "-F", "1004,1009"]
    assert main([*command, "--progress", "none"]) == 0
    assert oiio.ImageBuf(str(sheet)).spec().width >= 900


def test_frames_that_were_not_rendered_are_said(small, tmp_path, capsys) -> None:
    comp = tmp_path / "part.####.exr"
    assert main(["dub", str(small.shot), str(comp), "--progress", "none", "-F", "1001-1004"]) == 0
    out = tmp_path / "page"
    assert main(["report", str(small.shot), str(out), "--result", str(comp), "--progress", "none"]) == 2
    assert "has no frames 1005-1012 of the shot; render them first" in capsys.readouterr().err
    assert not out.exists()


def test_without_its_libraries_it_says_how_to_get_them(small, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", str(small.shot), str(tmp_path / "page")]) == 2
    assert 'needs jinja2, which is not installed; get it: pip install "ofx-lipsync[report]"' in capsys.readouterr().err
    assert not (tmp_path / "page").exists()


@pytest.fixture
def good(small) -> Gathered:
    """Fifty frames of a dub with nothing wrong in it."""
    track: FaceTrack = read_analysis(small.analysis).faces.chosen_track()
    count, every = 50, np.ones(50)
    lips = np.abs(4 * np.sin(np.arange(count) / 4))
    return Gathered(
        np.arange(1001, 1001 + count), np.arange(count) / 24, 24.0, track, (), every > 0, lips, lips, lips, every,
        every, 0.9 * every, 0 * every, every, 0 * every, None, 0 * every, 0 * every,
    )  # fmt: skip


def part(values: np.ndarray, first: int, last: int, value: float) -> np.ndarray:
    changed = values.copy().astype(type(value) if isinstance(value, bool) else np.float64)
    changed[first:last] = value
    return changed


def test_a_good_dub_has_no_findings(good) -> None:
    assert findings(good) == []


@pytest.mark.parametrize(
    ("kind", "field", "value", "why"),
    [
        ("face lost", "seen", False, "nobody is found"),
        ("low confidence", "confidence", 0.2, r"confidence 0.20"),
        ("strength held", "planned_strength", 0.4, "strength is held to 0.40"),
        ("opening off", "made", 9.0, "the lips are 9.0 % of face height apart"),
        ("poor library", "built", 1.0, "the library is poor"),
    ],
)
def test_each_doubt_is_found_where_it_is(good, kind, field, value, why) -> None:
    found = findings(replace(good, **{field: part(getattr(good, field), 20, 26, value)}))
    assert [one.kind for one in found] == [kind]
    assert 1021 <= found[0].worst <= 1026
    assert set(found[0].frames) <= set(range(1021, 1027))
    assert re.search(why, found[0].why)


def test_closures_that_are_made_and_missed(good) -> None:
    heard = part(part(good.closure, 10, 13, 1.0), 30, 33, 1.0)
    shut = part(part(good.made, 12, 13, 0.2), 30, 33, 3.0)
    dub = replace(good, closure=heard, made=shut, wanted=shut)
    assert closures(dub) == [(10, 13), (30, 33)]
    assert missed(dub) == [(30, 33)]
    assert [(one.kind, str(one.frames)) for one in findings(dub)] == [("closure missed", "1031-1033")]


def test_sound_that_is_late_is_named_where_it_is_sure(good) -> None:
    late = replace(good, offset_s=part(good.offset_s, 5, 40, 0.125), sureness=part(good.sureness, 10, 30, 0.9))
    (found,) = findings(late)
    assert (found.kind, str(found.frames)) == ("out of sync", "1011-1030")
    assert "3.0 frames late" in found.why


def test_the_gravest_come_first(good) -> None:
    found = findings(replace(
        good, seen=part(good.seen, 45, 47, False), confidence=part(good.confidence, 5, 9, 0.1),
        built=part(good.built, 15, 25, 1.0),
    ))  # fmt: skip
    assert [one.kind for one in found] == ["face lost", "low confidence", "poor library"]
