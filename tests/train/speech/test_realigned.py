# SPDX-License-Identifier: Apache-2.0
"""Real voices with a text: times are found where it is what is said, and doubtful sentences left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.phones import CLOSURE, PHONES, SILENCE
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.pronounce import pronounce
from ofx_lipsync.train.speech.music import keep_music, known_music
from ofx_lipsync.train.speech.realigned import asterisk, gcin, grid, labelled, prompts, syllable
from ofx_lipsync.train.speech.utterance import Shelf

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
SAID = "Bring the camera up, please. We may never meet this moment again."


@pytest.fixture(scope="module")
def english(sample_line: Path) -> np.ndarray:
    return resample(read_sound(str(sample_line)), RATE_HZ).mono()


def test_syllables_of_mandarin() -> None:
    assert syllable("ㄅㄠ3") == ("b", "a", "ʊ")
    assert syllable("ㄕ4") == ("ʃ", "ɯ"), "a consonant alone is said with a vowel"
    assert syllable("ㄩㄢ2") == ("y", "a", "n")


@needs_espeak
def test_the_right_text_is_found_and_the_wrong_one_left_out(english: np.ndarray) -> None:
    network = Hearing.named()
    labels = labelled(network, english, pronounce(SAID, "en"))
    assert labels is not None
    shut = [PHONES[p] for p in labels[np.flatnonzero(np.diff(labels, prepend=SILENCE) != 0)] if PHONES[p] in CLOSURE]
    assert shut == ["b", "m", "p", "p", "m", "m", "m", "m"]
    other = pronounce("Yesterday all of the children were singing songs about flowers and fruit.", "en")
    assert labelled(network, english, other) is None
    assert labelled(network, english[:2000], pronounce("Bring", "en")) is None, "too short"
    assert labelled(network, english, []) is None


@pytest.mark.shared
def test_grid_is_labelled_and_who_is_held_out_is_marked(shared_data: Path, tmp_path: Path) -> None:
    for folder, stem in (("s1", "bbaf2n"), ("s31", "bgix8n")):
        (tmp_path / "grid" / folder).mkdir(parents=True)
        (tmp_path / "grid" / folder / f"{stem}.mkv").symlink_to(shared_data / "grid" / folder / f"{stem}.mkv")
    shelf = Shelf(tmp_path, "grid")
    grid(shelf, 5.0, tmp_path / "grid")
    assert {u.speaker: u.split for u in shelf.known.values()} == {"grid-s1": "train", "grid-s31": "test"}
    first = next(u for u in shelf.known.values() if u.speaker == "grid-s1")
    assert len(first.frames()) == int(first.duration_s * 100)
    assert "b" in {name for name, _ in first.phones}


@needs_espeak
@pytest.mark.skipif(not list(prompts("fr")), reason="asterisk-core-sounds-fr-g722 is not installed")
def test_prompts_are_labelled(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "asterisk")
    asterisk(shelf, 0.05)
    assert shelf.known
    assert all(u.labels == "realigned" and u.split == "train" for u in shelf.known.values())


@pytest.mark.skipif(not Path("/usr/share/gcin-voice").is_dir(), reason="gcin-voice is not installed")
def test_syllables_are_labelled(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "gcin")
    gcin(shelf, 0.02)
    assert {u.language for u in shelf.known.values()} == {"zh"}


def test_music_is_kept_once_and_needs_no_package(tmp_path: Path) -> None:
    import soundfile

    assert keep_music(tmp_path, tmp_path) is None
    assert known_music(tmp_path) is None
    tone = (0.1 * np.sin(np.arange(8000) / 5)).astype(np.float32)
    assert Sound(tone[None], RATE_HZ).mono().shape == (8000,)
    soundfile.write(tmp_path / "tune.wav", tone, RATE_HZ)
    (tmp_path / "tune.wav").rename(tmp_path / "tune.g722")
    assert keep_music(tmp_path, tmp_path) is not None
    kept = known_music(tmp_path)
    assert kept is not None
    assert kept.shape == (50, 48)
    (tmp_path / "tune.g722").unlink()
    assert keep_music(tmp_path, tmp_path) is not None, "what is kept is not made again"
