# SPDX-License-Identifier: Apache-2.0
"""Voices of flite and festival, which tell when they say each sound."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping

import numpy as np
import soundfile

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.ipa import Sound
from ofx_lipsync.core.sound import Sound as Heard
from ofx_lipsync.media.sound import resample
from ofx_lipsync.train.speech import alphabets
from ofx_lipsync.train.speech.alphabets import sound
from ofx_lipsync.train.speech.prompts import endless
from ofx_lipsync.train.speech.utterance import (
    HELD_OUT_FLITE,
    RATE_HZ,
    Shelf,
    Utterance,
    silent_stretches,
    split_of,
    timed,
)  # fmt: skip

FLITE_VOICES = (HELD_OUT_FLITE, "slt", "awb", "kal16")
HELD_OUT_MINUTES = 4.0
AT_ONCE = 20
"""Sentences said by one festival process: its start costs more than a sentence."""


@dataclass(frozen=True)
class Voice:
    """A festival voice: its command, language, text encoding and phone names."""

    name: str
    language: str
    encoding: str
    alphabet: Mapping[str, Sound]
    licence: str


FESTIVAL_VOICES = (
    Voice("cmu_us_slt_arctic_hts", "en", "ascii", alphabets.ARPABET, "BSD-like (Debian festvox-us-slt-hts)"),
    Voice("kal_diphone", "en", "ascii", alphabets.ARPABET, "BSD-like (Debian festvox-kallpc16k)"),
    Voice("ked_diphone", "en", "ascii", alphabets.ARPABET, "BSD-like (Debian festvox-kdlpc16k)"),
    Voice("lp_diphone", "it", "iso8859-1", alphabets.ITALIAN, "GPL-2+ (Debian festvox-italp16k); output ours"),
    Voice("pc_diphone", "it", "iso8859-1", alphabets.ITALIAN, "GPL-2+ (Debian festvox-itapc16k); output ours"),
    Voice("czech_ph", "cs", "iso8859-2", alphabets.CZECH, "GPL-2+ (Debian festvox-czech-ph); output ours"),
    Voice("czech_dita", "cs", "iso8859-2", alphabets.CZECH, "MIT-like (Debian festvox-czech-dita)"),
    Voice("czech_machac", "cs", "iso8859-2", alphabets.CZECH, "MIT-like (Debian festvox-czech-machac)"),
    Voice("czech_krb", "cs", "iso8859-2", alphabets.CZECH, "MIT-like (Debian festvox-czech-krb)"),
    Voice("suo_fi_lj_diphone", "fi", "iso8859-1", alphabets.FINNISH, "LGPL (Debian festvox-suopuhe-lj); output ours"),
    Voice("hy_fi_mv_diphone", "fi", "iso8859-1", alphabets.FINNISH, "LGPL (Debian festvox-suopuhe-mv); output ours"),
    Voice("upc_ca_ona_hts", "ca", "iso8859-1", alphabets.CATALAN, "LGPL (Debian festvox-ca-ona-hts); output ours"),
)


def flite(shelf: Shelf, minutes: float) -> None:
    """Its four English voices in turn, at rates from a fifth faster to a third slower; `rms` only for measuring."""
    for voice in FLITE_VOICES:
        speaker = f"flite-{voice}"
        share = (
            min(HELD_OUT_MINUTES, minutes)
            if voice == HELD_OUT_FLITE
            else (minutes - HELD_OUT_MINUTES) / (len(FLITE_VOICES) - 1)
        )
        rng = np.random.default_rng(len(voice) * 1000 + ord(voice[0]))
        texts = endless("en", int(rng.integers(1 << 30)))
        for number in itertools.count():
            path, text, stretch = shelf.name(voice, f"{number:05d}"), next(texts), rng.uniform(0.8, 1.3)
            if _minutes_of(shelf, speaker) >= share:
                break
            if path not in shelf.known:
                samples, phones = said_by_flite(voice, text, float(stretch))
                shelf.add(Utterance(path, "flite", "BSD-like (flite 2.2)", "en", speaker, "exact",
                                    split_of("flite", speaker), len(samples) / RATE_HZ, phones), samples)  # fmt: skip


def said_by_flite(voice: str, text: str, stretch: float) -> tuple[np.ndarray, tuple[tuple[str, float], ...]]:
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "line.wav"
        told = _ran(["flite", "-voice", voice, "-psdur", "--setf", f"duration_stretch={stretch:.3f}", "-t", text,
                     "-o", str(spoken)])  # fmt: skip
        samples = _read(spoken)
    pairs = (word.rsplit(":", 1) for word in told.split())
    return samples, silent_stretches(samples, timed((sound(alphabets.ARPABET, n), float(end)) for n, end in pairs))


def festival(shelf: Shelf, minutes: float) -> None:
    """Twelve voices of five languages, as many as are installed, equally long each."""
    installed = [voice for voice in FESTIVAL_VOICES if _is_installed(voice)]
    for number, voice in enumerate(installed):
        texts, part = endless(voice.language, number), 0
        while _minutes_of(shelf, f"festival-{voice.name}") < minutes / len(installed):
            chosen = [(shelf.name(voice.name, f"{part:04d}-{i:02d}"), next(texts)) for i in range(AT_ONCE)]
            if not any(path in shelf.known for path, _ in chosen):
                _festival_part(shelf, voice, chosen, stretch=0.8 + 0.1 * (part % 6))
            part += 1


def _festival_part(shelf: Shelf, voice: Voice, chosen: list[tuple[str, str]], stretch: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = [f"(voice_{voice.name})", f"(Parameter.set 'Duration_Stretch {stretch:.2f})"]
        for i, (_, text) in enumerate(chosen):
            script.append(f'(set! u (SynthText "{_plain(text)}"))')
            script.append(f'(utt.save.wave u "{folder}/{i}.wav" \'riff) (utt.save.segs u "{folder}/{i}.lab")')
        said_before = len(shelf.known)
        (Path(folder) / "say.scm").write_bytes("\n".join(script).encode(voice.encoding, "ignore"))
        _ran(["festival", "-b", f"{folder}/say.scm"], may_fail=True)
        for i, (path, _) in enumerate(chosen):
            lab = Path(folder) / f"{i}.lab"
            if lab.is_file():
                samples = _read(lab.with_suffix(".wav"))
                phones = silent_stretches(samples, timed(_segments(lab, voice.alphabet)))
                shelf.add(Utterance(path, "festival", voice.licence, voice.language, f"festival-{voice.name}", "exact",
                                    "train", len(samples) / RATE_HZ, phones), samples)  # fmt: skip
    if len(shelf.known) == said_before:
        raise MediaError(f"festival: voice {voice.name} said nothing; reinstall its package, or leave this source out")


def _segments(lab: Path, alphabet: Mapping[str, Sound]) -> Iterator[tuple[Sound | None, float]]:
    for line in lab.read_text(errors="replace").splitlines():
        fields = line.split()
        if len(fields) == 3:
            yield sound(alphabet, fields[2]), float(fields[0])


def _is_installed(voice: Voice) -> bool:
    return any(Path("/usr/share/festival/voices").glob(f"*/{voice.name}"))


def _minutes_of(shelf: Shelf, speaker: str) -> float:
    return sum(u.duration_s for u in shelf.known.values() if u.speaker == speaker) / 60


def _plain(text: str) -> str:
    return text.replace("\\", " ").replace('"', " ")


def _read(path: Path) -> np.ndarray:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return resample(Heard(np.ascontiguousarray(samples.T), rate_hz), RATE_HZ).mono()


def _ran(command: list[str], may_fail: bool = False) -> str:
    try:
        ended = subprocess.run(command, capture_output=True, timeout=300, check=not may_fail)
    except FileNotFoundError:
        raise MediaError(
            f"{command[0]}: not installed; apt-get install {command[0]}, or leave this source out"
        ) from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise MediaError(f"{command[0]}: failed on {command[-3]!r} ({error}); leave this source out") from None
    return ended.stdout.decode(errors="replace")
