# SPDX-License-Identifier: Apache-2.0
"""Voices of espeak-ng in many languages: wide, not natural; times from its phoneme events, closures set right.

espeak-ng stamps p t k and their like at the burst, and counts the silence before it, when the mouth is already shut,
to the sound before. The stamp is moved back over that silence.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.ipa import Sound, ipa
from ofx_lipsync.core.sound import Sound as Heard
from ofx_lipsync.media.sound import resample
from ofx_lipsync.train.speech.prompts import endless
from ofx_lipsync.train.speech.utterance import RATE_HZ, Shelf, Utterance, silent_stretches, timed

LANGUAGES = {
    "en": "en-us", "en-gb": "en", "ru": "ru", "de": "de", "fr": "fr", "es": "es", "it": "it", "cs": "cs",
    "fi": "fi", "ca": "ca", "zh": "cmn-latn-pinyin", "ja": "ja", "pt": "pt-br", "pl": "pl", "tr": "tr", "hi": "hi",
}  # fmt: skip
VARIANTS = ("", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "klatt", "klatt2", "klatt4")
PLOSIVES = frozenset(("p", "t", "k", "ts", "tʃ", "b", "d", "g", "dʒ"))
CLOSED_DB = 22.0
SEARCH_S = 0.14

_PHONEME, _SYNCHRONOUS, _EVENTS_AND_IPA, _UTF8 = 7, 2, 1 | 2, 1
_SILENT = (("sil", 1.0),)


class _Name(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Name),
    ]  # fmt: skip


class Espeak:
    """The library, once in a process.  Raises: MediaError where it is not installed."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if name is None:
            raise MediaError("espeak: libespeak-ng is not installed; apt-get install libespeak-ng1, or leave it out")
        self._library = ctypes.CDLL(name)
        self.rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _EVENTS_AND_IPA)
        if self.rate_hz <= 0:
            raise MediaError("espeak: did not start; apt-get install espeak-ng-data, or leave this source out")
        self._heard: list[np.ndarray] = []
        self._events: list[tuple[float, str]] = []
        signature = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
        self._callback = signature(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, words_a_minute: int, pitch: int) -> tuple[np.ndarray, list[tuple[float, str]]]:
        """Samples [N] float32 at 16 kHz, and (start in s, IPA) of each sound; an empty name is a pause."""
        self._heard.clear()
        self._events.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise MediaError(f"espeak: has no voice {voice}; install espeak-ng-data of version 1.51 or later")
        self._library.espeak_SetParameter(1, words_a_minute, 0)
        self._library.espeak_SetParameter(3, pitch, 0)
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._heard or [np.zeros(1, np.int16)]).astype(np.float32) / 32768
        return resample(Heard(samples[None], self.rate_hz), RATE_HZ).mono(), list(self._events)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        at = 0
        while events[at].type != 0:
            if events[at].type == _PHONEME:
                name = events[at].id.string.decode("utf-8", "ignore")
                self._events.append((events[at].audio_position / 1000, name))
            at += 1
        return 0


def espeak(shelf: Shelf, minutes: float) -> None:
    """Languages, variants, rates and pitches in turn; every sentence is its own draw of a seed."""
    engine = Espeak()
    languages = list(LANGUAGES)
    texts = {language: endless(language.split("-")[0], seed) for seed, language in enumerate(languages)}
    number = 0
    while shelf.minutes() < minutes:
        language = languages[number % len(languages)]
        rng = np.random.default_rng(number)
        variant = VARIANTS[rng.integers(len(VARIANTS))]
        path, text = shelf.name(language, f"{number:05d}"), next(texts[language])
        number += 1
        if path in shelf.known:
            continue
        voice = LANGUAGES[language] + (f"+{variant}" if variant else "")
        samples, events = engine.say(text, voice, int(rng.integers(120, 210)), int(rng.integers(25, 80)))
        if len(events) < 3:
            continue
        phones = silent_stretches(samples, timed(sounds(samples, events)))
        shelf.add(Utterance(path, "espeak", "GPL-3 tool; its output is ours", language, f"espeak-{voice}", "stamped",
                            "train", len(samples) / RATE_HZ, phones), samples)  # fmt: skip


def sounds(samples: np.ndarray, events: list[tuple[float, str]]) -> list[tuple[Sound | None, float]]:
    """(sound, end) from events, each plosive begun where its closure is."""
    said = [_SILENT if name == "" else ipa(name) for _, name in events]
    starts_s = [at for at, _ in events]
    for i in range(1, len(said)):
        if said[i] and said[i][0][0] in PLOSIVES:  # type: ignore[index]
            starts_s[i] = max(starts_s[i - 1] + 0.01, closed_from(samples, starts_s[i]))
    ends_s = [*starts_s[1:], len(samples) / RATE_HZ]
    spoken = list(zip(said, ends_s, strict=True))
    return [(_SILENT, starts_s[0]), *spoken] if starts_s[0] > 0 else spoken


def closed_from(samples: np.ndarray, burst_s: float) -> float:
    """Where the silence before a burst begins, in s: the stretch more than 22 dB under the sound before it."""
    step = RATE_HZ // 200
    first = max(0, int((burst_s - SEARCH_S) * 200))
    last = int(burst_s * 200)
    near = samples[first * step : last * step]
    power = np.square(near[: len(near) // step * step], dtype=np.float64).reshape(-1, step).mean(axis=1)
    quiet = power < power.max(initial=0.0) * 10 ** (-CLOSED_DB / 10)
    length = 0
    # the burst itself may begin in the last 10 ms
    while length < len(quiet) and (quiet[-1 - length] or length < 2):
        length += 1
    return burst_s - length / 200 if length > 2 else burst_s
