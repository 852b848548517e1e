# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.train.align import LABELS_HZ, PHONES, UNKNOWN, Aligner, sentence
from ofx_lipsync.train.track import read_samples


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("bbaf2n", "bin blue at f. two now"),
        ("lwizzp", "lay white in z. zero please"),
        ("sgwj9s", "set green with j. nine soon"),
    ],
)
def test_a_name_is_a_sentence(stem: str, words: str) -> None:
    assert sentence(stem) == words


@pytest.mark.parametrize("stem", ["bbaf2", "xbaf2n", "bbaf2nn"])
def test_a_name_that_is_none(stem: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        sentence(stem)


@pytest.mark.shared
def test_sounds_are_found_where_they_are_said(shared_data: Path) -> None:
    pytest.importorskip("pocketsphinx")
    samples = read_samples(shared_data / "grid" / "s1" / "bbaf2n.mkv")
    labels = Aligner().phones(samples, sentence("bbaf2n"))
    said = [PHONES[p] for p, before in zip(labels, np.append(-9, labels[:-1]), strict=True) if p != before]
    assert " ".join(said) == "SIL B IH N B L UW AE T EH F T UW N AW SIL"
    assert abs(int(np.argmax(labels == PHONES.index("B"))) / LABELS_HZ - 0.92) < 0.1
    assert (Aligner().phones(np.zeros(8000, np.float32), "bin blue at f. two now") == UNKNOWN).all()
