# SPDX-License-Identifier: Apache-2.0
"""Real voices that come with a text and no times: times are found in the sound, doubtful sentences left out.

GRID's people are aligned by pocketsphinx's English model; Debian's asterisk prompts (Spanish, French, Italian, Russian,
English) and the Mandarin syllables of gcin-voice by this project's own network, which is why they are gathered last:
better weights give better labels.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np
import soundfile

from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.phones import LABELS_HZ, PHONES, SILENCE, VOWELS
from ofx_lipsync.core.sound import Sound as Heard
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.alignment import align
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.pronounce import pronounce
from ofx_lipsync.train import align as english
from ofx_lipsync.train.speech.alphabets import ARPABET, ZHUYIN, sound
from ofx_lipsync.train.speech.utterance import RATE_HZ, Shelf, Utterance, timed
from ofx_lipsync.train.split import is_held_out, person

ASTERISK = Path("/usr/share/asterisk/sounds")
TEXTS = Path("/usr/share/doc")
GCIN = Path("/usr/share/gcin-voice/ogg")
VOICES = {"en": "allison", "es": "allison-es", "fr": "june", "it": "carlo", "ru": "ivrvoice"}
ACCENTS = {"es": "es-419"}
"""Where espeak-ng's own accent is not the speaker's: hers is Mexican."""
LICENCES = {"en": "CC BY-SA 3.0", "es": "CC BY-SA 3.0", "fr": "CC BY-SA 3.0", "it": "CC BY 3.0", "ru": "CC BY 3.0"}
SURE, SURE_ALONE, LONGEST_S = 0.35, 0.1, 0.6
"""A sentence is kept whose sounds were heard this likely on average, and none of which was drawn out for longer. Of a
syllable alone less is asked: there is nothing else that it could be."""
SHORTEST_S = 0.25


def grid(shelf: Shelf, minutes: float, folder: Path) -> None:
    """GRID clips, whose names are their sentences; people and sentences that articulation never sees stay out here."""
    aligner = english.Aligner()
    for path in sorted(folder.glob("*/*.mkv")):
        who, stem = path.parent.name, path.stem
        split = "test" if is_held_out(who, stem) else "train"
        name = shelf.name(who, stem)
        if name in shelf.known or (split == "train" and shelf.minutes() >= minutes):
            continue
        samples = _at_16_khz(path)
        labels = aligner.phones(samples, english.sentence(stem))
        if (labels == english.UNKNOWN).mean() > 0.2:
            continue
        parts = (None if p < 0 else sound(ARPABET, english.PHONES[p].lower()) for p in labels[_ends(labels)])
        phones = timed(zip(parts, ((_ends(labels) + 1) / LABELS_HZ).tolist(), strict=True))
        shelf.add(Utterance(name, "grid", "CC BY 4.0 (GRID corpus)", "en", f"grid-{person(who, stem)}", "aligned",
                            split, len(samples) / RATE_HZ, phones), samples)  # fmt: skip


def asterisk(shelf: Shelf, minutes: float) -> None:
    """Five languages in turn, as far as the packages asterisk-core-sounds-*-g722 are installed."""
    network = Hearing.named()
    for language, voice in VOICES.items():
        for stem, text, path in prompts(language):
            name = shelf.name(language, stem)
            if name in shelf.known or shelf.minutes() >= minutes:
                continue
            samples = _at_16_khz(path)
            _add(shelf, name, f"{LICENCES[language]} (asterisk-core-sounds)", language, f"asterisk-{voice}", samples,
                 labelled(network, samples, _said(text, ACCENTS.get(language, language))))  # fmt: skip


def gcin(shelf: Shelf, minutes: float) -> None:
    """Every syllable of Mandarin by one woman (Debian: gcin-voice, its CC BY half)."""
    network = Hearing.named()
    for number, path in enumerate(sorted(GCIN.glob("*/5.ogg"))):
        name = shelf.name("zh", f"{number:04d}")
        if name in shelf.known or shelf.minutes() >= minutes:
            continue
        samples = _at_16_khz(path)
        _add(shelf, name, "CC BY 3.0 (gcin-voice)", "zh", "gcin-chulo", samples,
             labelled(network, samples, [syllable(path.parent.name)], SURE_ALONE))  # fmt: skip


def prompts(language: str) -> Iterator[tuple[str, str, Path]]:
    """(name, text, sound) of every prompt with words in it."""
    listing = TEXTS / f"asterisk-core-sounds-{language}" / f"core-sounds-{language}.txt.gz"
    if not listing.is_file():
        return
    import gzip

    for line in gzip.decompress(listing.read_bytes()).decode("utf-8-sig", "replace").splitlines():
        stem, colon, text = line.partition(":")
        path = ASTERISK / language / f"{stem.strip()}.g722"
        if colon and not stem.startswith(";") and re.search(r"\w", text) and "[" not in text and path.is_file():
            yield stem.strip().replace("/", "-"), text.strip(), path


def syllable(zhuyin: str) -> tuple[str, ...]:
    """The phones of one syllable; tones are dropped."""
    phones = [phone for letter in zhuyin if letter in ZHUYIN for phone, _ in ZHUYIN[letter]]
    return tuple(phones if VOWELS & set(phones) else [*phones, "ɯ"])


def labelled(
    network: Hearing, samples: np.ndarray, words: Sequence[Sequence[str]], sure: float = SURE
) -> np.ndarray | None:
    """[T] int8 phones, or None where the words do not seem to be what is said."""
    if not words or len(samples) < SHORTEST_S * RATE_HZ:
        return None
    try:
        found = align(network.line(samples).phones, words)
    except UsageError:
        return None
    spoken = found.labels != SILENCE
    ends = _ends(found.labels)
    longest = np.diff(np.concatenate([[-1], ends]))[found.labels[ends] != SILENCE].max(initial=0)
    doubtful = not spoken.any() or found.sure[spoken].mean() < sure or longest > LONGEST_S * LABELS_HZ
    return None if doubtful else found.labels


def _said(text: str, language: str) -> list[tuple[str, ...]]:
    try:
        return pronounce(text, language)
    except UsageError:
        return []


def _add(
    shelf: Shelf, name: str, licence: str, language: str, speaker: str, samples: np.ndarray, labels: np.ndarray | None
) -> None:  # fmt: skip
    if labels is None:
        return
    phones = tuple((PHONES[labels[end]], round((end + 1) / LABELS_HZ, 4)) for end in _ends(labels).tolist())
    shelf.add(Utterance(name, shelf.source, licence, language, speaker, "realigned", "train",
                        len(samples) / RATE_HZ, phones), samples)  # fmt: skip


def _ends(labels: np.ndarray) -> np.ndarray:
    """[N] the last frame of every run of one label."""
    return np.flatnonzero(np.append(np.diff(labels) != 0, True))


def _at_16_khz(path: Path) -> np.ndarray:
    try:
        heard = read_sound(str(path))
    except (MediaError, soundfile.LibsndfileError) as error:
        raise MediaError(f"{path}: cannot be read ({error}); install its package again, or leave it out") from None
    samples = resample(Heard(heard.mono()[None], heard.rate_hz), RATE_HZ).samples[0]
    return np.ascontiguousarray(samples)
