# SPDX-License-Identifier: Apache-2.0
"""The sources themselves, as far as they are installed here, and closures of espeak-ng set right."""

from __future__ import annotations

import ctypes.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import index
from ofx_lipsync.train.speech.corpus import _minutes
from ofx_lipsync.train.speech.espeak import closed_from, sounds
from ofx_lipsync.train.speech.prompts import SENTENCES, endless, sentences
from ofx_lipsync.train.speech.utterance import RATE_HZ, read_manifest

NONE = ["festvox-ru=0", "speechocean=0", "flite=0", "festival=0", "espeak=0", "asterisk=0", "gcin=0"]


def test_closures_begin_where_it_gets_silent() -> None:
    samples = np.random.default_rng(1).normal(size=8000).astype(np.float32) * np.float32(0.1)
    samples[3200:4400] *= 0.001
    burst_s = 4400 / RATE_HZ
    assert closed_from(samples, burst_s) == pytest.approx(0.2, abs=0.006)
    assert closed_from(samples, 7000 / RATE_HZ) == 7000 / RATE_HZ
    (_, vowel_end), (_, end) = sounds(samples, [(0.0, "a"), (burst_s, "p")])
    assert vowel_end == pytest.approx(0.2, abs=0.006)
    assert end == 0.5


def test_texts_are_the_same_on_every_run() -> None:
    first, second = endless("en", 3), endless("en", 3)
    assert [next(first) for _ in range(6)] == [next(second) for _ in range(6)]
    for language in SENTENCES:
        assert len(sentences(language)) >= 3
        assert all(1 < len(text) < 160 for text in sentences(language))


def test_minutes_are_of_a_source() -> None:
    assert _minutes("flite=2.5") == ("flite", 2.5)
    for wrong in ("flute=2", "flite", "flite=-1", "flite=x"):
        with pytest.raises(UsageError, match="SOURCE=MINUTES"):
            _minutes(wrong)


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_flite_says_when(tmp_path: Path) -> None:
    wanted = [*NONE[:2], "flite=0.05", *NONE[3:]]
    assert main(["train", "corpus", "--out", str(tmp_path), "--minutes", *wanted]) == 0
    found = read_manifest(tmp_path)
    assert {u.speaker for u in found} == {"flite-rms"}
    assert {u.split for u in found} == {"test"}
    one = found[0]
    assert one.phones[-1][1] == pytest.approx(one.duration_s, abs=0.1)
    assert len(one.frames()) == int(one.duration_s * 100)
    loud = np.square(one.samples(tmp_path)[: len(one.frames()) * 160]).reshape(-1, 160).mean(axis=1)
    assert loud[one.frames() == index("sil")].mean() < 0.05 * loud[one.frames() != index("sil")].mean()


@pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="espeak-ng is not installed")
def test_espeak_speaks_many_languages(tmp_path: Path) -> None:
    wanted = [*NONE[:4], "espeak=0.6", *NONE[5:]]
    assert main(["train", "corpus", "--out", str(tmp_path), "--minutes", *wanted]) == 0
    found = read_manifest(tmp_path)
    assert len({u.language for u in found}) >= 5
    assert all(u.split == "train" for u in found)
    told = np.concatenate([u.frames() for u in found])
    assert (told >= 0).mean() > 0.97
    assert main(["train", "corpus", "--out", str(tmp_path), "--minutes", *wanted]) == 0
    assert read_manifest(tmp_path) == found
