# SPDX-License-Identifier: Apache-2.0
"""How texts are spoken; the real program where it is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.models.pronounce import pronounce, words_of

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_words_and_sounds() -> None:
    assert words_of("m_ˈaɪ b_ˈɔɪ\n_(en)_tʃ_ˈiː_(ja)_ʔ") == [("m", "a", "ɪ"), ("b", "ɔ", "ɪ"), ("tʃ", "i")]


@needs_espeak
@pytest.mark.parametrize(
    ("text", "language", "first", "words"),
    [("Bob moved.", "en", ("b", "ɑ", "b"), 2), ("Мама моет.", "ru", ("m", "ɑ", "m", "a"), 2),
     ("bon vin", "fr", ("b", "ɔ"), 2), ("ma1 ma5", "zh", ("m", "ɑ"), 2)],
)  # fmt: skip
def test_languages(text: str, language: str, first: tuple[str, ...], words: int) -> None:
    spoken = pronounce(text, language)
    assert spoken[0] == first
    assert len(spoken) == words


@needs_espeak
def test_what_cannot_be_spoken_is_said_so() -> None:
    with pytest.raises(UsageError, match="does not know the language 'klingonese'"):
        pronounce("hello", "klingonese")
    with pytest.raises(UsageError, match=r"nothing to say in '\.\.\.' in 'en'"):
        pronounce("...", "en")


def test_without_the_program_there_is_a_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="espeak-ng is not installed; apt-get install espeak-ng, or leave"):
        pronounce("hello", "en")
