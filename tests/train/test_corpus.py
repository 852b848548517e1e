# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.core.phones import PHONES, index
from ofx_lipsync.train import corpus
from ofx_lipsync.train.split import HELD_OUT_PEOPLE, HELD_OUT_SENTENCES, HELD_OUT_TAKES, is_held_out, person

OPEN, WIDTH = ARTICULATION.index("open"), ARTICULATION.index("width")


def talk(rng: np.random.Generator, frames: int = 400) -> np.ndarray:
    """Raw articulation of somebody whose lips are shut a quarter of the time."""
    raw = rng.uniform(0.3, 0.4, (frames, 6)).astype(np.float32)
    raw[:, OPEN] = np.where(np.arange(frames) % 4 == 0, 0.004, rng.uniform(0.02, 0.08, frames))
    return raw


def test_split_is_what_it_says() -> None:
    assert len(HELD_OUT_SENTENCES) == 40
    assert is_held_out("s1", min(HELD_OUT_SENTENCES))
    assert not is_held_out("s1", "bbaf2n")
    assert {"s30", "s31"} <= HELD_OUT_PEOPLE
    assert is_held_out("s31", "anything")
    assert person("other", "lbax4n") == "lbax4n"
    assert is_held_out("other", "lbax4n")
    assert not is_held_out("s26", "bbaszn"), "a sentence is held out for s1 only"


def test_range_has_shut_lips_at_zero_and_the_95th_percentile_at_one() -> None:
    raw = talk(np.random.default_rng(0))
    relative = corpus.person_range(raw).relative(raw)
    assert np.median(relative[::4, OPEN]) == pytest.approx(0, abs=0.01)
    assert np.quantile(relative[:, OPEN], 0.95) == pytest.approx(1, abs=0.01)
    low, high = np.quantile(relative[:, WIDTH], [0.05, 0.95])
    assert high - low == pytest.approx(2, abs=0.01), "width leaves rest to both sides"


def test_a_still_face_takes_the_reach_of_others() -> None:
    others = corpus.person_range(talk(np.random.default_rng(0)))
    still = np.tile(np.array([0.004, 0.3, 0.3, 0.3, 0.3, 0.3], np.float32), (50, 1))
    np.testing.assert_allclose(corpus.person_range(still, others).reach, others.reach)


def test_cubic_keeps_peaks() -> None:
    times = np.arange(50) / 25
    fine = np.arange(150) / 100
    wave = np.sin(2 * np.pi * 4 * times)[:, None]
    cubic, straight = corpus.resampled(times, wave, fine)[:, 0], np.interp(fine, times, wave[:, 0])
    true = np.sin(2 * np.pi * 4 * fine)
    assert np.abs(cubic - true).max() < 0.4 * np.abs(straight - true).max()


def test_energy_voice_bridges_short_gaps() -> None:
    samples = np.random.default_rng(0).normal(size=32000).astype(np.float32) * 0.1
    samples[8000:9600] *= 1e-3
    samples[20000:28000] *= 1e-3
    voice = corpus.energy_voice(samples, 200)
    assert voice[52:58].all()
    assert not voice[130:170].any()


@pytest.mark.shared
def test_artist_curves_open_with_the_jaw(shared_data: Path) -> None:
    takes = {take.name: take for take in corpus.facegood_takes(shared_data / "facegood")}
    assert {name for name, take in takes.items() if take.held_out} == HELD_OUT_TAKES
    values = takes["1114_3_15"].values
    assert np.corrcoef(values[:, OPEN], values[:, ARTICULATION.index("jaw")])[0, 1] > 0.8
    assert np.corrcoef(values[:, WIDTH], values[:, ARTICULATION.index("pucker")])[0, 1] < -0.7


def test_teaching_weights() -> None:
    """Lips part before speech and shut after it; far from it an open mouth teaches little."""
    phones = np.zeros(200, np.int8)
    phones[80:120] = index("ɑ")
    flat = np.ones((200, 6), np.float32)
    take = corpus.Take(
        "x", "s1", False, np.zeros((200, 48), np.float32), np.zeros((80, 160)), flat, flat, phones, phones, phones
    )
    weight = corpus.believed(take).weight
    assert weight[100, OPEN] == weight[40, OPEN] == weight[140, OPEN] == 1
    assert weight[5, OPEN] == weight[160, OPEN] == pytest.approx(0.1)
    assert weight[5, WIDTH] < 0.1 < weight[100, WIDTH]


def test_english_labels_become_everybodys() -> None:
    from ofx_lipsync.train import align

    labels = np.repeat([align.PHONES.index("SIL"), align.PHONES.index("AY"), align.UNKNOWN], [10, 20, 5]).astype(
        np.int8
    )
    found = corpus.in_any_language(labels)
    assert [PHONES[p] if p >= 0 else "" for p in found[[0, 12, 28, 32]]] == ["sil", "a", "ɪ", ""]
    assert len(found) == 35
