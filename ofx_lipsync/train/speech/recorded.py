# SPDX-License-Identifier: Apache-2.0
"""Real voices with phone times: festvox-ru (one Russian, 99 minutes) and speechocean (124 learners of English)."""

from __future__ import annotations

from pathlib import Path

import soundfile

from ofx_lipsync.train.speech.alphabets import ARPABET, RUSSIAN, sound
from ofx_lipsync.train.speech.utterance import Shelf, Utterance, split_of, timed

FESTVOX_RU = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")


def festvox_ru(shelf: Shelf, minutes: float, voice: Path = FESTVOX_RU) -> None:
    """Labels give each phone's end, by an HMM aligner on a 10 ms grid, good to 20 ms. Held-out sentences come first."""
    paths = sorted((voice / "lab").glob("ru_*.lab"))
    splits = [split_of("festvox-ru", "msu_ru_nsh", number, len(paths)) for number in range(len(paths))]
    for split, path in sorted(zip(splits, paths, strict=True)):
        spoken = voice / "wav" / f"{path.stem}.wav"
        if str(spoken) in shelf.known or not spoken.is_file() or (split == "train" and shelf.minutes() >= minutes):
            continue
        lines = [line.split() for line in path.read_text().splitlines()]
        phones = timed((sound(RUSSIAN, line[2]), float(line[0])) for line in lines if len(line) == 3)
        shelf.add(Utterance(str(spoken), "festvox-ru", "BSD-like (Debian festvox-ru)", "ru", "msu_ru_nsh", "aligned",
                            split, soundfile.info(spoken).duration, phones))  # fmt: skip


def speechocean(shelf: Shelf, minutes: float, folder: Path) -> None:
    """Labels `start end PHONE` by pocketsphinx; accents are strong."""
    paths = sorted(folder.glob("*.lab"))
    speakers = {name: number for number, name in enumerate(sorted({path.stem[:5] for path in paths}))}
    for path in paths:
        spoken = path.with_suffix(".flac").resolve()
        split = split_of("speechocean", path.stem[:5], speakers[path.stem[:5]])
        if str(spoken) in shelf.known or (split == "train" and shelf.minutes() >= minutes):
            continue
        phones = timed(_gapless(path))
        seconds = soundfile.info(spoken).duration
        shelf.add(Utterance(str(spoken), "speechocean", "free, also commercial (speechocean762)", "en",
                            f"so{path.stem[:5]}", "aligned", split, seconds, phones))  # fmt: skip


def _gapless(path: Path):  # type: ignore[no-untyped-def]
    """(sound, end) with what lies between two labels told as unknown."""
    at = 0.0
    for line in path.read_text().splitlines():
        start, end, name = line.split()
        if float(start) > at + 1e-6:
            yield None, float(start)
        yield sound(ARPABET, name.lower()), float(end)
        at = float(end)
