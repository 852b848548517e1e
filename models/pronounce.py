# SPDX-License-Identifier: Apache-2.0
"""How a text is spoken, in any language espeak-ng reads: words of phones, for times that are found in the sound.

espeak-ng is asked as a program of its own; nothing of it is linked or shipped (Debian: espeak-ng).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Sequence

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.ipa import ipa

Word = tuple[str, ...]
"""Phones of core.phones.PHONES."""
PROGRAM = "espeak-ng"
VOICES = {"en": "en-us", "en-gb": "en-gb", "fr": "fr-fr", "zh": "cmn-latn-pinyin", "pt": "pt-br"}
"""espeak-ng's names where they are not the language's own; it reads Mandarin as pinyin and Japanese as kana."""
LONGEST_S = 60


def pronounce(text: str, language: str) -> list[Word]:
    """The words of a text as phones; what cannot be spoken is left out.

    Raises: ModelError where espeak-ng is not installed; UsageError for a language it does not know, or a text without
    a word in it.
    """
    if shutil.which(PROGRAM) is None:
        raise ModelError(f"transcript: {PROGRAM} is not installed; apt-get install {PROGRAM}, or leave the text out")
    voice = VOICES.get(language.lower(), language.lower())
    spoken = subprocess.run(
        [PROGRAM, "-q", "--ipa", "--sep=_", "-v", voice, "--stdin"],
        input=text.encode(), capture_output=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    if spoken.returncode != 0:
        raise UsageError(
            f"transcript: {PROGRAM} does not know the language {language!r}; give one of its names, such as en, ru, "
            f"de, fr, es, it (all of them: {PROGRAM} --voices)"
        )
    words = words_of(spoken.stdout.decode("utf-8", "replace"))
    if not words:
        raise UsageError(f"transcript: there is nothing to say in {text[:40]!r} in {language!r}; give the spoken words")
    return words


def words_of(told: str) -> list[Word]:
    """espeak-ng's IPA, sounds apart by _ and words by spaces; `(en)` and its like only name a language."""
    bare = re.sub(r"\([\w-]+\)", "", told)
    words = (tuple(phones_of(word.split("_"))) for word in bare.split())
    return [word for word in words if word]


def phones_of(sounds: Sequence[str]) -> list[str]:
    parts = (ipa(sound) for sound in sounds)
    return [phone for part in parts for phone, _ in part or ()]
