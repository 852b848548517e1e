# SPDX-License-Identifier: Apache-2.0
"""A line whose sounds have known times, to be played into the live performer: flite's voice rms, on which nothing was
trained. Where flite is not installed, the sample line with what is heard in it as a whole."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ofx_lipsync.core.phones import PHONES, SILENCE, UNKNOWN, adobe
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.bands import HOP, RATE_HZ
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.viseme_choice import VisemeChoice
from ofx_lipsync.train.speech.prompts import sentences
from ofx_lipsync.train.speech.spoken import said_by_flite
from ofx_lipsync.train.speech.utterance import HELD_OUT_FLITE

LEAST_S, PAUSE_S = 60.0, 0.4
SAMPLE = Path(__file__).parents[2] / "samples" / "lines" / "english.flac"


@dataclass(frozen=True)
class Line:
    """samples: [N] float32, 16 kHz, whole 10 ms. labels: [N / 160] mouths of ADOBE, or UNKNOWN. told: by whom."""

    samples: np.ndarray
    labels: np.ndarray
    told: str

    def write(self, path: str) -> None:
        soundfile.write(path, self.samples, RATE_HZ, subtype="PCM_16")

    def onsets(self) -> list[tuple[int, int]]:
        """(frame, mouth) wherever a known mouth begins after another known one."""
        changes = np.flatnonzero(np.diff(self.labels)) + 1
        return [
            (int(at), int(self.labels[at])) for at in changes if UNKNOWN not in (self.labels[at], self.labels[at - 1])
        ]


def labelled_line() -> Line:
    return _of_flite() if shutil.which("flite") else _of_sample()


def heard_whole(line: Line, hearing: Hearing) -> Line:
    """The same sound, with the mouths that are chosen when all of it is known."""
    labels = VisemeChoice(adobe()).line(hearing.line(line.samples))
    return Line(line.samples, labels, "heard as a whole")


def _of_flite() -> Line:
    parts, labels = [], []
    for text in sentences("en"):
        samples, phones = said_by_flite(HELD_OUT_FLITE, text, 1.0)
        count = len(samples) // HOP
        parts += [samples[: count * HOP], np.zeros(round(PAUSE_S * RATE_HZ), np.float32)]
        labels += [_frames(phones, count), np.full(round(PAUSE_S * 100), SILENCE, np.int8)]
        if sum(map(len, parts)) > LEAST_S * RATE_HZ:
            break
    samples, told = np.concatenate(parts).astype(np.float32), f"flite's voice {HELD_OUT_FLITE}, its own times"
    return Line(samples, adobe().labels(np.concatenate(labels)), told)


def _frames(phones: tuple[tuple[str, float], ...], count: int) -> np.ndarray:
    """[count] int8: the phone in the middle of each 10 ms."""
    ends_s = np.array([end for _, end in phones])
    names = np.array([PHONES.index(name) if name else UNKNOWN for name, _ in phones] + [SILENCE], np.int8)
    return names[np.searchsorted(ends_s, (np.arange(count) + 0.5) / 100, side="right")]


def _of_sample() -> Line:
    samples = resample(read_sound(str(SAMPLE)), RATE_HZ).mono()
    samples = samples[: len(samples) // HOP * HOP]
    return heard_whole(Line(samples, np.zeros(len(samples) // HOP, np.int8), ""), Hearing.named())
