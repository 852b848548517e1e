# SPDX-License-Identifier: Apache-2.0
"""Portrait in a host: what the engine makes of the same picture and analysis, and the host's own bytes elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from host_shot import FRAMES
from shim_client import FailedError

from ofx_lipsync.analysis import read_analysis, read_parts, write_analysis
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.graph import node
from ofx_lipsync.media.source import open_plate

FRAME = FRAMES[5]
AT_ONCE = {"lead_in": 0.0, "lead_out": 0.0}


def shown(host, analysis, rgba, **params):
    source = rgba["Source", FRAME]
    return source, host.line().render("Portrait", FRAME, {"analysis": analysis, **params}, {"Source": source}, rgba)


def test_a_host_gets_what_the_engine_makes(host, analysis, plate, rgba) -> None:
    source, result = shown(host, analysis, rgba, **AT_ONCE)
    found, portrait = read_analysis(analysis), node("Portrait")
    params = portrait.Params(**AT_ONCE)
    plan = portrait.analyse(
        found.faces.chosen_track(), found.audio, found.frames.tolist(), Rate(found.rate), params
    )  # fmt: skip
    with open_plate(plate) as clip:
        image, matte = portrait.render(clip, FRAME, plan, params)
    moved = np.zeros(result.rows.shape[:2], bool)
    made = source.rows[::-1, :, :3].copy()
    rows, columns = image.region.slices_in(clip.display)
    moved[rows, columns] = matte > 0
    made[rows, columns] = np.where(matte[..., None] > 0, image.pixels.transpose(1, 2, 0), made[rows, columns])
    assert np.allclose(result.rows[::-1, :, :3], made, atol=1e-5)
    assert np.array_equal(result.rows[::-1][~moved], source.rows[::-1][~moved])
    assert not np.array_equal(result.rows, source.rows)


def test_a_held_head_gives_the_source_back(host, analysis, rgba) -> None:
    source, result = shown(host, analysis, rgba, head_motion=0.0, blinks=0.0, brows=0.0, **AT_ONCE)
    assert np.array_equal(result.rows, source.rows)


def test_a_matte_says_what_moves(host, analysis, rgba) -> None:
    _, matte = shown(host, analysis, rgba, view="matte", **AT_ONCE)
    assert 0.1 < (matte.rows[..., 0] > 0).mean() < 1


def test_without_a_line_it_says_whose_analyse_is_missing(host, analysis, rgba, tmp_path) -> None:
    from dataclasses import replace

    deaf = str(tmp_path / "deaf.lipsync")
    write_analysis(deaf, replace(read_parts(analysis), audio=None, plan=None))
    with pytest.raises(FailedError, match="holds nothing of AudioFeature; press Analyse there"):
        shown(host, deaf, rgba)
