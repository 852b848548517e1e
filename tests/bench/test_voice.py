# SPDX-License-Identifier: Apache-2.0
"""The measure is measured: known curves give known figures; the shipped weights give the figures of their card."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.bench import voice
from ofx_lipsync.core.phones import index
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loader import SHIPPED
from ofx_lipsync.train.corpus import Take, natural_take
from ofx_lipsync.train.track import track_folder

P, AA = index("p"), index("ɑ")


@pytest.fixture
def take() -> Take:
    phones = np.full(300, AA, np.int8)
    phones[100:110] = phones[200:210] = P
    closure = (phones == P).astype(np.float32)
    values = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    bands, mel = np.zeros((300, 48), np.float32), np.zeros((80, 240), np.float32)
    return Take("t", "s31", True, bands, mel, values, np.ones((300, 6), np.float32), closure,
                np.ones(300, np.float32), phones)  # fmt: skip


def late(take: Take, by: int) -> voice.Heard:
    return lambda t: (np.roll(t.values, by, axis=0), np.roll(t.closure, by))


def test_the_truth_scores_one(take: Take) -> None:
    figures = voice.score([take], late(take, 0))
    assert figures["open r"] == pytest.approx(1)
    assert (figures["p b m seen"], figures["p b m recall"]) == (2, 1)
    assert figures["onset error, frames, median"] == 0
    assert figures["vowels shut"] == 0


def test_lateness_is_measured(take: Take) -> None:
    shut = voice.closures([take], late(take, 6))
    assert shut.onset_errors_s == (0.06, 0.06)
    assert voice.closures([take], late(take, 40)).found == 0


def test_a_constant_lag_is_found(take: Take) -> None:
    slow = np.repeat(np.random.default_rng(0).normal(size=(30, 6)), 10, axis=0).astype(np.float32)
    r, lag_s = voice.own_lag([replace(take, values=slow)], lambda t: (np.roll(t.values, -6, axis=0), t.closure))
    assert r == pytest.approx(1)
    assert lag_s == pytest.approx(0.06)


def test_what_was_not_seen_does_not_count(take: Take) -> None:
    weight = take.weight.copy()
    weight[150:] = 0
    hidden = replace(take, weight=weight)
    spoilt = lambda t: (np.where(np.arange(300)[:, None] < 150, t.values, 9.0), t.closure)  # noqa: E731
    assert voice.correlations([hidden], spoilt)["t"][0] == pytest.approx(1)


def test_groups_and_table(take: Take) -> None:
    known = replace(take, person="s1")
    found = voice.groups([take, known, replace(take, held_out=False)])
    assert (len(found["people"]), len(found["s1"])) == (1, 1)
    assert "people" in voice.table({"people": voice.score([take], late(take, 0))})


@pytest.mark.shared
def test_shipped_weights_follow_a_mouth_they_never_saw(shared_data: Path, tmp_path: Path) -> None:
    clips = tmp_path / "s30"
    clips.mkdir()
    (clips / "bwwy5n.mkv").symlink_to(shared_data / "grid" / "s30" / "bwwy5n.mkv")
    takes = [natural_take(path) for path in track_folder(clips, tmp_path / "tracks")]
    figures = voice.score(takes, voice.listener_hears(ArticulationListener.named()))
    assert figures["open r"] > 0.75
    assert figures["open r"] > voice.score(takes, voice.loudness_hears)["open r"]


@pytest.mark.slow
@pytest.mark.shared
def test_card_tells_the_truth(shared_data: Path, tmp_path: Path) -> None:
    from ofx_lipsync.train.corpus import grid_takes
    from ofx_lipsync.train.split import HELD_OUT_PEOPLE

    for folder, stem in [("s30", "*"), ("s31", "*"), ("other", "*")]:
        (tmp_path / "grid" / folder).mkdir(parents=True)
        for clip in (shared_data / "grid" / folder).glob(f"{stem}.mkv"):
            (tmp_path / "grid" / folder / clip.name).symlink_to(clip)
    track_folder(tmp_path / "grid", tmp_path / "tracks")
    takes = [t for t in grid_takes(tmp_path / "tracks", tmp_path / "aligned.npz") if t.person in HELD_OUT_PEOPLE]
    figures = voice.score(takes, voice.listener_hears(ArticulationListener.named()))
    card = (SHIPPED / "coarticulation.md").read_text()
    told = re.search(r"people never trained on \| network \| +(\d\.\d+) \| +(\d\.\d+)", card)
    assert told is not None
    assert figures["open r"] == pytest.approx(float(told[1]), abs=0.01)
    assert figures["width r"] == pytest.approx(float(told[2]), abs=0.02)
