# SPDX-License-Identifier: Apache-2.0
"""Gathers speech with phone times: real recordings that are installed, and voices that say when they say each sound.

lipsync train corpus --speechocean SPEECHOCEAN --grid GRID --minutes flite=60 festival=150 espeak=260

Needs the Debian packages festvox-ru, flite, festival with its voices, espeak-ng, fortunes, asterisk-core-sounds-*-g722,
asterisk-moh-opsound-g722 and gcin-voice, as many as there are.
What has been made is not made again; held-out speakers and sentences are marked in the manifest and never trained on.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Callable, Sequence

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.train.speech.espeak import espeak
from ofx_lipsync.train.speech.music import keep_music
from ofx_lipsync.train.speech.realigned import asterisk, gcin, grid
from ofx_lipsync.train.speech.recorded import festvox_ru, speechocean
from ofx_lipsync.train.speech.spoken import festival, flite
from ofx_lipsync.train.speech.utterance import Shelf, Utterance, write_manifest

MINUTES = {"festvox-ru": 99.0, "speechocean": 60.0, "flite": 30.0, "festival": 60.0, "espeak": 60.0, "grid": 60.0,
           "asterisk": 150.0, "gcin": 30.0}  # fmt: skip


def gather(
    folder: Path, wanted: dict[str, float], learners: Path | None, filmed: Path | None = None
) -> list[Utterance]:
    """Fills each source to its minutes and writes the one manifest."""
    sources: dict[str, Callable[[Shelf, float], None]] = {"festvox-ru": festvox_ru, "flite": flite,
                                                          "festival": festival, "espeak": espeak,
                                                          "asterisk": asterisk, "gcin": gcin}  # fmt: skip
    if learners is not None:
        sources["speechocean"] = partial(speechocean, folder=learners)
    if filmed is not None:
        sources["grid"] = partial(grid, folder=filmed)
    for name, minutes in wanted.items():
        if name in sources and minutes > 0:
            started, shelf = time.monotonic(), Shelf(folder, name)
            sources[name](shelf, minutes)
            print(f"{name}: {shelf.minutes():.1f} min, made in {time.monotonic() - started:.0f} s", flush=True)
    if wanted.get("asterisk", 0) > 0:
        keep_music(folder)
    return write_manifest(folder)


def summary(utterances: Sequence[Utterance]) -> str:
    """A line for each source and split: minutes, speakers, languages, kind of labels, licences."""
    lines = []
    for source, split in sorted({(u.source, u.split) for u in utterances}):
        part = [u for u in utterances if (u.source, u.split) == (source, split)]
        minutes = sum(u.duration_s for u in part) / 60
        languages = " ".join(sorted({u.language for u in part}))
        speakers = len({u.speaker for u in part})
        lines.append(
            f"{source:12s} {split:5s} {minutes:6.1f} min {speakers:4d} speakers  {part[0].labels:8s} {languages}"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    options = _arguments(argv)
    print(summary(gather(options.out, MINUTES | dict(options.minutes), options.speechocean, options.grid)))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="lipsync train corpus", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("work-data/speech"), help="folder of the corpus")
    parser.add_argument("--speechocean", type=Path, help="folder of speechocean sentences (flac + lab)")
    parser.add_argument("--grid", type=Path, help="folder of GRID clips, one sub-folder a person")
    parser.add_argument("--minutes", type=_minutes, nargs="+", default=[], metavar="SOURCE=MINUTES",
                        help=f"how much of each source; 0 leaves it out (default: {MINUTES})")  # fmt: skip
    return parser.parse_args(argv)


def _minutes(text: str) -> tuple[str, float]:
    source, _, minutes = text.partition("=")
    try:
        if source in MINUTES and float(minutes) >= 0:
            return source, float(minutes)
    except ValueError:
        pass
    raise UsageError(f"train corpus: --minutes {text} is not SOURCE=MINUTES (sources: {', '.join(MINUTES)})")
