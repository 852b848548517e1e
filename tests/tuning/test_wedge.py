# SPDX-License-Identifier: Apache-2.0
"""A wedge shares what it can, shows what a dub would make, and is picked into the shot file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.cli.shot import open_shot
from ofx_lipsync.graph import Dub
from ofx_lipsync.shotfile import read_shot
from ofx_lipsync.tuning.shared import Shared
from ofx_lipsync.tuning.shown import Shower, dubbed_rgb, mouth_regions
from ofx_lipsync.tuning.vary import grid, read_axis

FRAMES = [1004, 1009]


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wedge")
    command = ["wedge", str(small.shot), str(out), "--vary", "MouthGenerate.opening=0.8,1,1.2"]
    command += ["--vary", "Blend.feather=4,8", "-F", "1004,1009", "--progress", "none", "--whole"]
    assert main(command) == 0
    return out


@pytest.fixture(scope="module")
def table(folder) -> dict:
    return json.loads((folder / "wedge.json").read_text())


def test_what_variants_share_is_made_once(table) -> None:
    calls = {name: (c["made"], c["saved"]) for name, c in table["calls"].items()}
    # the analysis file gives faces, hearing and the plan of opening=1; Blend alone tells pairs apart
    assert calls == {"faces": (0, 6), "hearing": (0, 6), "plans": (2, 4), "mouths": (6, 6), "comps": (12, 0)}


def test_every_variant_says_what_it_is(table) -> None:
    assert [one["number"] for one in table["variants"]] == [1, 2, 3, 4, 5, 6]
    assert table["variants"][3]["set"] == ["MouthGenerate.opening=1.0", "Blend.feather=8.0"]
    assert table["current"] == 4
    assert all(one["cpu_s_a_frame"] > 0 for one in table["variants"])


def test_lips_open_as_they_are_asked_to(table) -> None:
    wanted = [one["lips"]["1009"]["wanted"] for one in table["variants"][::2]]
    made = [one["lips"]["1009"]["made"] for one in table["variants"][::2]]
    assert wanted == sorted(wanted)
    assert wanted[0] < wanted[-1]
    assert np.allclose(wanted, made, atol=2.0)


def test_sync_is_the_plans_and_blend_does_not_change_it(table) -> None:
    scores = [one["sync"] for one in table["variants"]]
    assert scores[::2] == scores[1::2]


def test_a_picture_is_what_a_dub_makes(small, folder) -> None:
    sets = ["--set", "MouthGenerate.opening=1.2", "--set", "Blend.feather=4"]
    with open_shot(build_parser(["dub"]).parse_args(["dub", str(small.shot), *sets])) as opened:
        dub = Dub(opened.shot, opened.settings)
        analysis = dub.analyse()
        region = mouth_regions(analysis.faces.chosen_track(), FRAMES, opened.plate.display)[1004]
        rgb = dubbed_rgb(opened.plate.crop(1004, region).pixels, region, dub.render(analysis, 1004))
        wanted = Shower.of(opened.plate.colour).picture(rgb)
    shown = oiio.ImageBuf(str(folder / "pictures" / "05.1004.png")).get_pixels(oiio.FLOAT).transpose(2, 0, 1)
    assert shown.shape == wanted.shape
    assert np.abs(shown - wanted).max() <= 0.5 / 255 + 1e-6


def test_the_sheets_are_there_and_hold_the_pictures(folder) -> None:
    sheet = oiio.ImageBuf(str(folder / "sheet.png")).spec()
    whole = oiio.ImageBuf(str(folder / "whole.png")).spec()
    assert min(sheet.width, whole.width) >= 900
    assert sheet.height > 400
    assert len(list((folder / "pictures").glob("*.png"))) == 2 + 6 * 2


def test_shared_comps_are_those_of_each_variant_alone(small) -> None:
    args = build_parser(["dub"]).parse_args(["dub", str(small.shot)])
    with open_shot(args) as opened:
        axes = [read_axis("MouthGenerate.strength=0.5,1"), read_axis("Blend.feather=2,9")]
        variants = grid(opened.settings, axes)
        base = read_analysis(small.analysis)
        shared = Shared(opened.shot, [v.settings for v in variants], base, opened.settings)
        analyses = shared.analyses()
        for made in shared.comps(analyses, FRAMES):
            for place in made.variants:
                alone = Dub(opened.shot, variants[place].settings).render(base, made.frame)
                assert np.array_equal(alone.image.pixels, made.dubbed.image.pixels)
                assert np.array_equal(alone.matte, made.dubbed.matte)
    counts = shared.counts
    assert (counts["plans"].made, counts["mouths"].made, counts["comps"].made) == (0, 4, 8)
    assert (counts["mouths"].saved, counts["plans"].saved) == (4, 4)


def test_a_pick_goes_into_the_shot_file_and_leaves_the_rest(small, folder, tmp_path) -> None:
    shot = Path(shutil.copy(small.shot, tmp_path / "shot.toml"))
    assert main(["wedge", str(shot), str(folder), "--pick", "5"]) == 0
    text = shot.read_text()
    assert text.startswith("# watch the corners\n")
    assert "feather = 4.0  # wide" in text
    settings = read_shot(shot).settings()
    assert (settings["MouthGenerate"].opening, settings["Blend"].feather) == (1.2, 4.0)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--pick", "9"], "has variants 1 to 6"),
        (["--pick", "1", "--vary", "Blend.feather=1,2"], "make the wedge first, without --pick"),
    ],
)
def test_a_wrong_pick_says_why(small, folder, capsys, words, why) -> None:
    assert main(["wedge", str(small.shot), str(folder), *words]) == 2
    assert why in capsys.readouterr().err


def test_a_pick_needs_a_wedge_and_a_shot_file(small, folder, tmp_path, capsys) -> None:
    assert main(["wedge", str(small.shot), str(tmp_path), "--pick", "1"]) == 4
    assert "give the folder of a wedge" in capsys.readouterr().err
    assert main(["wedge", small.plate, str(small.line), str(folder), "--pick", "1"]) == 2
    assert "is no shot file" in capsys.readouterr().err


def test_a_picked_shot_is_wedged_again_without_looking_for_faces(small, tmp_path, capsys) -> None:
    """Its analysis file is stale, but in the plan alone."""
    command = ["wedge", str(small.shot), str(tmp_path / "out"), "--set", "MouthGenerate.opening=1.3"]
    command += ["--vary", "Blend.erode=-2,0", "-F", "1009", "--progress", "none"]
    before = small.analysis.read_bytes()
    assert main(command) == 0
    calls = json.loads((tmp_path / "out" / "wedge.json").read_text())["calls"]
    assert (calls["faces"]["made"], calls["plans"]["made"]) == (0, 1)
    assert small.analysis.read_bytes() == before


def test_a_stretch_that_is_rendered_is_measured(small, tmp_path) -> None:
    command = ["wedge", str(small.shot), str(tmp_path), "--vary", "Blend.erode=-2,0", "-F", "1006", "--measure", "0.5"]
    assert main([*command, "--progress", "none"]) == 0
    table = json.loads((tmp_path / "wedge.json").read_text())
    lse = [one["lse_c"] for one in table["variants"]]
    assert lse[0] == lse[1]
    assert 0 <= lse[0] < 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--vary", "Blend.feather=1:9:99"], "99 is 99 variants (expected at most 60)"),
        (["--vary", "Blend.feather=1,2", "-F", "999"], "frame 999 is not in the shot"),
        (["--vary", "Blend.feather=1,2", "--view", "Nowhere"], "no view 'Nowhere'"),
        ([], "nothing varies"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(small, tmp_path, capsys, words, why) -> None:
    assert main(["wedge", str(small.shot), str(tmp_path / "out"), "--progress", "none", *words]) != 0
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
