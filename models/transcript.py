# SPDX-License-Identifier: Apache-2.0
"""A line whose words are known: what was heard, set right by its text."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.phones import LIPS, PHONES, members
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.models.alignment import align
from ofx_lipsync.models.hearing_listener import Heard
from ofx_lipsync.models.pronounce import pronounce

EAR = 0.15
"""How much of what was heard is kept: dictionaries know nothing of accents and of what is swallowed."""


class Transcript:
    """The text of one line; call it with what was heard of that line."""

    def __init__(self, text: str, language: str) -> None:
        """Raises: ModelError where espeak-ng is not installed; UsageError for an unknown language or no words."""
        self.words = pronounce(text, language)

    def __call__(self, heard: Heard, steps: Steps = NO_STEPS) -> Heard:
        """Raises: UsageError where the line is too short for the text."""
        labels = align(heard.phones, self.words, steps).labels
        phones = np.eye(len(PHONES), dtype=np.float32)[labels]
        lips = np.stack([members(group)[labels] for group in LIPS], axis=1).astype(np.float32)
        return Heard(phones + EAR * (heard.phones - phones), lips + EAR * (heard.lips - lips))
