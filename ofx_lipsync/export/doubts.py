# SPDX-License-Identifier: Apache-2.0
"""Which lines of a batch somebody should look at, and why: a thousand lines are not watched one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.inventories import base, foreign
from ofx_lipsync.core.phones import LABELS_HZ, PHONES, UNKNOWN, adobe
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.sound_shares import likeliest
from ofx_lipsync.models.loudness import speech_level_db
from ofx_lipsync.performance import Performance

SHORT_S, SPEECH_S, SILENCE_S = 0.3, 0.2, 3.0
QUIET_DB = -50.0
CLIPPED, FLAT = 0.001, 3
"""Share of samples that may lie in flat tops, and how many equal ones at full level make one."""
UNSURE = 0.66
"""How likely the likeliest mouth is on average: 0.9 in clean speech, 0.73 in free talk in a room, 0.64 in hiss at
10 dB."""
FOREIGN = 0.10
"""Share of speech heard as sounds that the language has not: 0.01 to 0.03 in its own, at most 0.09; 0.05 to 0.3 in
others."""
UNLIKE, LONG_ENOUGH = 0.5, 1.0
"""By how many nats a sound another language must fit better, and seconds of speech that tell: no line of six sources
that had no part in the table was doubted in its own language, and 0.3 to 0.7 of those given as of another were."""
FASTEST_HZ, SLOWEST_HZ = 23.0, 3.5
"""Sounds a second that are heard: 5.5 to 21.4 over 25 sources in 15 languages."""
AGREES = 0.35
"""How surely the text's own mouths are heard, on average."""
TELEPHONE_HZ = 11000


@dataclass(frozen=True)
class Doubts:
    """reasons: why the line should be looked at. notes: what was done, or not checked."""

    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def doubts(sound: Sound, shown: Performance, language: str, text: str) -> Doubts:
    """language, text: as the line was given, "" where it was not."""
    if shown.line is None:
        return Doubts()
    reasons, notes = _of_the_sound(sound, shown.line.sound.samples[0])
    phones = shown.line.by_ear.phones
    mouths = adobe().posteriors(phones)
    spoken = mouths[:, 0] < 0.5
    if spoken.sum() < SPEECH_S * LABELS_HZ:
        if np.any(sound.samples):
            reasons.append("no speech is heard in it (music, noise?); the mouth rests")
        return Doubts(tuple(reasons), tuple(notes))
    sure = float(mouths[spoken].max(axis=1).mean())
    if sure < UNSURE:
        reasons.append(f"it is hard to hear what is said (sure of {sure:.0%}): noise, music or distortion?")
    reasons += _pauses(spoken)
    rate_hz = _changes_hz(phones, spoken)
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        reasons.append(f"{rate_hz:.0f} sounds a second are heard; speech has {SLOWEST_HZ:g} to {FASTEST_HZ:g}")
    if language:
        _of_the_language(language, phones[spoken], reasons, notes)
    if text:
        agrees = _agreement(shown, spoken)
        if agrees < AGREES:
            reasons.append(f"text and sound agree for {agrees:.0%} only: another line, take or language?")
    return Doubts(tuple(reasons), tuple(notes))


def _of_the_sound(sound: Sound, mono: np.ndarray) -> tuple[list[str], list[str]]:
    reasons: list[str] = []
    notes: list[str] = []
    if sound.duration_s < SHORT_S:
        reasons.append(f"it lasts {sound.duration_s:.2f} s only")
    peaks = np.abs(sound.samples).max(axis=1, initial=0.0)
    dead = [str(channel + 1) for channel in np.flatnonzero(peaks == 0)]
    if len(dead) == len(peaks):
        return [*reasons, "it is silent from end to end"], notes
    if dead:
        notes.append(f"channel {', '.join(dead)} of {len(peaks)} is silent; the others were heard")
    level_db = speech_level_db(mono)
    if level_db < QUIET_DB:
        reasons.append(f"it is very quiet ({level_db:.0f} dB)")
    clipped = _clipped(sound.samples)
    if clipped > CLIPPED:
        reasons.append(f"it is clipped ({clipped:.1%} of the samples)")
    if sound.rate_hz < TELEPHONE_HZ:
        notes.append(f"telephone sound ({sound.rate_hz / 1000:g} kHz): s and f are heard less surely")
    return reasons, notes


def _clipped(samples: np.ndarray) -> float:
    """The largest share of a channel's samples that lie in flat tops at its own peak."""
    shares = [0.0]
    for channel in samples:
        peak = np.abs(channel).max(initial=0.0)
        top = np.abs(channel) >= 0.999 * peak if peak > 0.05 else np.zeros(0, bool)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], top, [False]]).astype(np.int8))).reshape(-1, 2)
        lengths = edges[:, 1] - edges[:, 0]
        shares.append(float(lengths[lengths >= FLAT].sum()) / max(1, len(channel)))
    return max(shares)


def _pauses(spoken: np.ndarray) -> list[str]:
    edges = np.flatnonzero(np.diff(np.concatenate([[True], spoken, [True]]).astype(np.int8))).reshape(-1, 2)
    long = [(a, b) for a, b in edges.tolist() if b - a > SILENCE_S * LABELS_HZ]
    return [f"nobody speaks for {(b - a) / LABELS_HZ:.1f} s from {a / LABELS_HZ:.1f} s on" for a, b in long[:1]]


def _changes_hz(phones: np.ndarray, spoken: np.ndarray) -> float:
    labels = phones.argmax(axis=1)[spoken]
    return float((np.diff(labels) != 0).sum() / (len(labels) / LABELS_HZ))


def _of_the_language(language: str, phones: np.ndarray, reasons: list[str], notes: list[str]) -> None:
    outside = foreign(language)
    if outside is None:
        notes.append(f"the sounds of {language!r} are not known here, so the language was not checked")
        return
    mean = phones.mean(axis=0) * outside
    likely, nats = likeliest(phones.mean(axis=0), base(language))
    if mean.sum() > FOREIGN:
        most = ", ".join(PHONES[phone] for phone in np.argsort(-mean)[:3] if mean[phone] > 0.01)
        reasons.append(f"{mean.sum():.0%} of it are sounds that {language} has not ({most}): another language?")
    elif nats > UNLIKE and len(phones) > LONG_ENOUGH * LABELS_HZ:
        reasons.append(f"its sounds are rather those of {likely} than of {language}: another language?")


def _agreement(shown: Performance, spoken: np.ndarray) -> float:
    assert shown.line is not None
    mouths = adobe()
    wanted = mouths.labels(shown.told.phones.argmax(axis=1))
    rows = np.flatnonzero(spoken & (wanted != UNKNOWN))
    return float(mouths.posteriors(shown.line.by_ear.phones)[rows, wanted[rows]].mean()) if len(rows) else 0.0
