# SPDX-License-Identifier: Apache-2.0
"""The shipped hearing weights on the sample lines: what a viewer would see at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ofx_lipsync.core.phones import ADOBE, index
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.viseme_choice import VisemeChoice

M = ADOBE.index("M")
CLOSURES = 9
"""Bring the camera up, please. We may never meet this moment again: b m p p m m m m, of which a listener counts nine
with the closed pause before the second sentence."""


@pytest.fixture(scope="module")
def network() -> Hearing:
    return Hearing.named()


@pytest.fixture(scope="module")
def english(sample_line: Path) -> np.ndarray:
    return np.asarray(soundfile.read(sample_line, dtype="float32")[0])


def streamed(network: Hearing, samples: np.ndarray) -> np.ndarray:
    stream, choice = network.stream(), VisemeChoice()
    return np.concatenate([choice.push(stream.push(samples)), choice.push(stream.finish())])


def closures(mouths: np.ndarray) -> int:
    return int((np.diff((mouths == M).astype(int), prepend=0) == 1).sum())


def test_closures_of_the_english_line_are_heard(network: Hearing, english: np.ndarray) -> None:
    for mouths in (streamed(network, english), VisemeChoice().line(network.line(english))):
        assert CLOSURES - 3 <= closures(mouths) <= CLOSURES + 2


def test_sounds_of_the_russian_line_are_heard(network: Hearing, sample_line_ru: Path) -> None:
    """It begins with s and holds sh and i: hissing takes a good part of it."""
    samples = np.asarray(soundfile.read(sample_line_ru, dtype="float32")[0])
    heard = network.line(samples)
    hissing = heard.phones[:, [index("s"), index("ʃ")]].sum(axis=1) > 0.5
    assert 0.05 < hissing.mean() < 0.35
    assert heard.phones[: len(heard.phones) // 2, index("s")].max() > 0.8


@pytest.mark.parametrize("gain_db", [-18.0, 18.0])
def test_gain_does_not_move_the_mouth(network: Hearing, english: np.ndarray, gain_db: float) -> None:
    changed = streamed(network, english * np.float32(10 ** (gain_db / 20)))
    assert (changed == streamed(network, english)).mean() > 0.95


def test_lips_rest_in_silence(network: Hearing) -> None:
    for samples in (
        np.zeros(32000, np.float32),
        np.random.default_rng(1).normal(size=32000).astype(np.float32) * 0.001,
    ):
        mouths = streamed(network, np.asarray(samples, np.float32))
        assert np.isin(mouths, [M, ADOBE.index("Neutral")]).mean() > 0.95
