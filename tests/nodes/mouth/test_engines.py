# SPDX-License-Identifier: Apache-2.0
"""Engines neural and auto: what a network mends, which frames it needs, and that no order of frames changes a bit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.graph import Settings
from ofx_lipsync.models.loader import load_file, save
from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher
from ofx_lipsync.nodes.mouth.finisher import Finisher, widest
from ofx_lipsync.nodes.mouth.points import LOWER_INNER
from ofx_lipsync.nodes.mouth_generate import Params, analyse, render, wanted

SMALL = Dimensions(widths=(8, 8, 8, 8))


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """Of a network that changes what it sees, and was taught nothing."""
    torch.manual_seed(1)
    network = MouthFinisher(SMALL)
    torch.nn.init.normal_(network.out.weight, std=0.05)
    path = tmp_path_factory.mktemp("weights") / "made.safetensors"
    save(path, {key: value.numpy() for key, value in network.state_dict().items()}, SMALL.as_dict(), {})
    return str(path)


@pytest.fixture
def plan(portrait, curve):
    amounts = np.linspace(0, 1, 8)
    return analyse(
        portrait.faces, portrait.rate, portrait.frames,
        curve(amounts[:, None] * np.array([1.0, -0.2, 0.8, 0.6, 0.9, 0.0])), Params(), plate=portrait,
    )  # fmt: skip


def mouth(portrait, plan, frame, **params) -> np.ndarray:
    patch = render(portrait, frame, plan, Params(**params))
    assert patch is not None
    return patch.image.pixels


def test_neural_changes_the_mouth_and_auto_what_was_made_up(portrait, plan, weights) -> None:
    shut, wide = portrait.frames[0], portrait.frames[-1]
    for frame, engine in ((wide, "neural"), (wide, "auto"), (shut, "neural")):
        own = mouth(portrait, plan, frame)
        made = mouth(portrait, plan, frame, engine=engine, weights=weights)
        assert np.abs(made - own).max() > 0.003
        np.testing.assert_array_equal(made[3], own[3])


def test_auto_leaves_a_library_mouth_that_serves(portrait, plan, weights) -> None:
    same = dataclasses.replace(plan, target=plan.source[:, 0].copy(), here=plan.source[:, 0].copy())
    frame = portrait.frames[3]
    own = mouth(portrait, same, frame)
    made = mouth(portrait, same, frame, engine="auto", weights=weights)
    assert np.array_equal(own.view(np.int32), made.view(np.int32))
    auto = Finisher(None, always=False)
    assert auto.amount(0.0, 0.1) == 0
    assert 0 < auto.amount(0.0, 0.3) < auto.amount(0.0, 0.5) < auto.amount(0.0, 0.7) == 1
    assert auto.amount(0.8, 0.1) == 0.8
    assert Finisher(None, always=True).amount(0.0, 0.0) == 1


def test_any_order_gives_the_same_bits(portrait, plan, weights) -> None:
    params = {"engine": "neural", "weights": weights}
    forth = {frame: mouth(portrait, plan, frame, **params) for frame in portrait.frames}
    for frame in reversed(portrait.frames):
        again = mouth(portrait, plan, frame, **params)
        assert np.array_equal(again.view(np.int32), forth[frame].view(np.int32))


def test_the_most_open_mouth_is_one_for_the_shot_and_is_asked_for(portrait, plan, weights) -> None:
    points = plan.source.copy()
    points[5, 1, LOWER_INNER[1:-1], 1] += 9
    plan = dataclasses.replace(plan, source=points)
    row, which = widest(plan)
    assert (row, which) == (5, 1)
    params = Params(engine="neural", weights=weights)
    for frame in portrait.frames:
        needed = wanted(plan, [frame], params=params)
        assert int(plan.source_frame[row, which]) in needed
        assert set(wanted(plan, [frame])) <= set(needed)


def test_an_analysis_knows_the_weights_it_is_for(weights) -> None:
    plain = Settings.parse([]).key()
    assert "mouth network" not in plain
    key = Settings.parse(["MouthGenerate.engine=neural", f"MouthGenerate.weights={weights}"]).key()
    assert key["mouth network"] == load_file(Path(weights)).sha256


def test_weights_that_are_not_there_are_one_line(portrait, plan, tmp_path) -> None:
    with pytest.raises(ModelError, match=r"nobody: no nobody\.safetensors"):
        mouth(portrait, plan, portrait.frames[0], engine="neural", weights="nobody")
    with pytest.raises(ModelError, match="cannot be read"):
        mouth(portrait, plan, portrait.frames[0], engine="neural", weights=str(tmp_path / "no.safetensors"))
