# SPDX-License-Identifier: Apache-2.0
"""What the hearing bench counts, and that its conditions are what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.bench import hearing_bars as bars
from ofx_lipsync.bench.hearing import SOURCES
from ofx_lipsync.bench.hearing_noise import conditions, mixed, nobody, pink
from ofx_lipsync.bench.hearing_peers import CHERRY, at_its_best
from ofx_lipsync.bench.hearing_score import Score, table
from ofx_lipsync.core.phones import ADOBE, UNKNOWN

LABELS = np.repeat([ADOBE.index(name) for name in ("Neutral", "M", "Aa", "F", "W-Oo", "M", "Ee")], 10)


def test_the_labels_themselves_are_perfect() -> None:
    score = Score()
    score.add(LABELS, LABELS)
    figures = score.figures()
    assert all(value == 1 for value in figures.values())
    assert all(not list(bars.streaming(source, figures)) for source in SOURCES)


def test_what_is_missed_late_and_invented_is_counted() -> None:
    shown = LABELS.copy()
    shown[10:20] = ADOBE.index("D")
    shown[34:36] = ADOBE.index("M")
    shown[50:55] = ADOBE.index("W-Oo")
    score = Score()
    score.add(LABELS, shown)
    figures = score.figures()
    assert (figures["M found"], figures["M true"]) == (0.5, 0.5)
    assert figures["frames"] == pytest.approx(53 / 70)
    assert score.onsets == [0.05]
    assert figures["M in time"] == 0
    assert "M found 0.500 < 0.97" in list(bars.streaming("festvox-ru", figures))


def test_a_closure_that_comes_early_is_early() -> None:
    shown = LABELS.copy()
    shown[6:10] = ADOBE.index("M")
    score = Score()
    score.add(LABELS, shown)
    assert score.onsets == [0.04, 0.0]


def test_what_is_not_labelled_does_not_count() -> None:
    labels = LABELS.copy()
    labels[:10] = UNKNOWN
    shown = LABELS.copy()
    shown[:10] = ADOBE.index("F")
    score = Score()
    score.add(labels, shown)
    assert score.figures()["frames"] == score.figures()["F true"] == 1


def test_noise_is_as_loud_as_it_says() -> None:
    rng = np.random.default_rng(1)
    speech = rng.normal(size=16000).astype(np.float32) * np.float32(0.1)
    noise = mixed(speech, pink(16000, rng), 10.0) - speech
    assert 10 * np.log10(np.square(speech).mean() / np.square(noise).mean()) == pytest.approx(10, abs=0.01)


def test_every_condition_keeps_the_length() -> None:
    rng = np.random.default_rng(2)
    speech = rng.normal(size=8000).astype(np.float32) * np.float32(0.1)
    for name, condition in conditions([speech, speech[:3000]]).items():
        heard = condition(speech, np.random.default_rng(3))
        assert heard.shape == speech.shape, name
        assert heard.dtype == np.float32, name
        assert not np.array_equal(heard, speech), name
        assert np.array_equal(heard, condition(speech, np.random.default_rng(3))), name


def test_a_peer_is_read_in_the_way_that_suits_it() -> None:
    assert sorted(CHERRY) == sorted(ADOBE)
    shuffled = np.random.default_rng(4).permutation(12)
    assert np.array_equal(at_its_best(LABELS, shuffled[LABELS])[shuffled[LABELS]], LABELS)


def test_tables_line_up() -> None:
    lines = table({"ours": {"frames": 0.5}, "theirs": {"frames": 0.25, "M found": 1.0}}).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "nan" in lines[1]
    assert set(bars.STREAMING) == set(SOURCES)


def test_every_bar_can_be_missed() -> None:
    rows = {"flite, streaming": {"frames": 0.7}, "flite, offline": {"frames": 0.71}, "flite, Rhubarb": {"frames": 0.7}}
    assert list(bars.whole("flite", rows)) == [
        "a whole line gains 0.010 < 0.02",
        "flite, Rhubarb has 0.700, streaming 0.700",
    ]
    lost = {"flite, room": {"frames lost": 0.13, "M found lost": 0.16}, "flite, 18 dB louder": {
        "frames lost": 0.021, "M found lost": 0.0}, "ru, room": {"frames lost": 1.0, "M found lost": 1.0}}  # fmt: skip
    assert list(bars.conditions("flite", lost)) == [
        "room loses 0.130 of frames > 0.12", "room loses 0.160 of M found > 0.15",
        "18 dB louder loses 0.021 of frames > 0.02"]  # fmt: skip
    assert list(bars.rest({"breath": 0.94, "music": 0.96})) == ["breath 0.940 < 0.95"]
    slow = {"step ms": 0.2, "offline x": 49.0, "start s": 0.1, "torch": 1.0}
    assert [text.split()[0:2] for text in bars.cost(slow)] == [["a", "step"], ["a", "line"], ["a", "process"]]
    filmed = {"people, network": {"open r": 0.5}, "facegood, own style": {"jaw r": 0.9}}
    assert list(bars.articulation(filmed)) == ["people (network): open r 0.500 < 0.86"]
    assert bars.verdict("x", iter(())) == "bars of x: met"
    assert bars.verdict("x", iter(("a", "b"))) == "bars of x: MISSED: a; b"


def test_where_nobody_speaks() -> None:
    sounds = nobody(np.random.default_rng(5), seconds=2)
    assert set(sounds) == {"silence", "room tone", "breath", "music"}
    levels_db = {name: 10 * np.log10(np.square(sound).mean() + 1e-12) for name, sound in sounds.items()}
    assert levels_db["silence"] == pytest.approx(-120, abs=0.01)
    assert levels_db["room tone"] == pytest.approx(-55, abs=0.1)
    assert levels_db["music"] > levels_db["breath"] > -60
