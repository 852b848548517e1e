# SPDX-License-Identifier: Apache-2.0
"""Knobs that somebody added to a node."""

from __future__ import annotations

from dataclasses import dataclass

from ofx_lipsync.nk.words import Word, elements


@dataclass(frozen=True)
class UserKnob:
    """One that somebody added. kind: Nuke's number, 4 a list, 41 a link. options: of a list. text: its own default."""

    name: str
    kind: str
    options: tuple[str, ...] = ()
    text: str = ""


def user_knob(word: Word, path: str) -> UserKnob:
    """From the list of addUserKnob: its kind and name, then letters with what they set."""
    parts = elements(word.text, path, word.line)
    kind = parts[0].value if parts else ""
    name = parts[1].value if len(parts) > 1 else ""
    options: tuple[str, ...] = ()
    text = ""
    rest = iter(parts[2:])
    for letter in rest:
        # Flags such as +STARTLINE stand alone; every letter has a value.
        if letter.text[:1] in "+-" or (value := next(rest, None)) is None:
            continue
        if letter.text == "M":
            options = tuple(w.value for w in elements(value.text, path, value.line))
        elif letter.text == "T":
            text = value.value
    return UserKnob(name, kind, options, text)
