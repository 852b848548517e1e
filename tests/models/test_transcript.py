# SPDX-License-Identifier: Apache-2.0
"""A line's text sets right what was heard of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import CLOSURE, LIPS, PHONES, members
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.models.hearing_listener import Heard, Hearing
from ofx_lipsync.models.transcript import Transcript

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
LINES = Path(__file__).resolve().parents[2] / "samples" / "lines"


def test_what_the_text_says_is_nearly_certain_and_the_ear_keeps_a_share() -> None:
    rows = np.full((60, len(PHONES)), 1 / len(PHONES), np.float32)
    told = Transcript("papa", "en")(Heard(rows, np.full((60, len(LIPS)), 0.5, np.float32)))
    assert told.phones.sum(axis=1) == pytest.approx(1)
    assert (told.phones.max(axis=1) > 0.85).all()
    shut = members(CLOSURE)[told.phones.argmax(axis=1)]
    assert 6 <= shut.sum() < 60
    assert told.lips[shut, 0].min() > 0.9
    assert told.lips[~shut, 0].max() < 0.1


def test_a_real_line_is_heard_better_with_its_text() -> None:
    """The lips' own sounds of the sentence are found, each once and in order."""
    sound = resample(read_sound(str(LINES / "russian.flac")), RATE_HZ)
    heard = Hearing.named().line(np.ascontiguousarray(sound.mono()))
    told = Transcript("Семь лет меня ни пуля, ни штык не могли истребить.", "ru")(heard).phones.argmax(axis=1)
    shut = [PHONES[p] for p in told[np.flatnonzero(np.diff(told, prepend=-1) != 0)] if PHONES[p] in CLOSURE]
    assert shut == ["m", "m", "p", "m", "b"]
    assert 0.5 < (told == heard.phones.argmax(axis=1)).mean() < 1


def test_another_text_is_refused_where_it_does_not_fit() -> None:
    short = Heard(np.full((9, len(PHONES)), 0.02, np.float32), np.zeros((9, 3), np.float32))
    with pytest.raises(UsageError, match=r"the line has 9; give the text of this line alone"):
        Transcript("a very long sentence indeed", "en")(short)
