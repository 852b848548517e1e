# SPDX-License-Identifier: Apache-2.0
"""Phones with times for GRID sentences: the file name is the sentence, pocketsphinx finds when each sound is said."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from ofx_lipsync.models.mel import RATE_HZ

_PHONES = """
SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
"""
PHONES = tuple(_PHONES.split())
"""ARPABET without stress; 0 is silence."""
UNKNOWN = -1
CLOSED = frozenset(PHONES.index(p) for p in ("P", "B", "M"))
LABELS_HZ = 100

WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    None,
    {"z": "zero", "1": "one", "2": "two", "3": "three", "4": "four"}
    | {"5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine"},
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def sentence(stem: str) -> str:
    """The words of a GRID clip from its name.   >>> sentence("bbaf2n")   # 'bin blue at f. two now'"""
    return " ".join(f"{c}." if words is None else words[c] for c, words in zip(stem, WORDS, strict=True))


class Aligner:
    """pocketsphinx with its own English model; one decoder serves many sentences until one fails."""

    def __init__(self) -> None:
        self._decoder: Any = None

    def phones(self, samples: np.ndarray, text: str) -> np.ndarray:
        """[100 a second] int8 phone per 10 ms of samples [N] float32 at 16 kHz; all UNKNOWN where it cannot align."""
        from pocketsphinx import Decoder

        labels = np.full(len(samples) * LABELS_HZ // RATE_HZ, UNKNOWN, np.int8)
        self._decoder = self._decoder or Decoder(lm=None, loglevel="FATAL")
        peak = float(np.abs(samples).max()) or 1.0
        pcm = (samples / peak * 20000).astype(np.int16).tobytes()
        try:
            self._decode(pcm, lambda: self._decoder.set_align_text(text))
            self._decode(pcm, self._decoder.set_alignment)
            found = [phone for word in self._decoder.get_alignment() for phone in word]
        except (RuntimeError, TypeError):
            self._decoder = None
            return labels
        for phone in found:
            if phone.name in PHONES:
                labels[phone.start : phone.start + phone.duration] = PHONES.index(phone.name)
        return labels

    def _decode(self, pcm: bytes, prepare: Callable[[], Any]) -> None:
        prepare()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
