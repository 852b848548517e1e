# SPDX-License-Identifier: Apache-2.0
"""Words of a Nuke script: the quoting of TCL, and nothing else of that language.

A script is commands, one a line; a command is words; a word is bare, "quoted" or {braced}. Braces nest, a backslash
takes the meaning from what follows, and quotes inside braces protect nothing. Everything here takes time in proportion
to the text, whatever is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

from ofx_lipsync.core.errors import InputError

BARE, QUOTED, BRACED = "bare", "quoted", "braced"
_GAP = re.compile(r"(?:[ \t\r\f\v]|\\\n)*")
_BARE = re.compile(r"(?:[^\s;\\\[]|\\.)+", re.DOTALL)
_SIMPLE = re.compile(r'([^\s;\\\["{#][^\s;\\\[]*)[ \t]*')
_BRACE = re.compile(r"[{}\\]")
_QUOTE = re.compile(r'["\\]')
_BRACKET = re.compile(r"[\[\]\\]")
_ESCAPE = re.compile(r"\\(\n[ \t]*|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(frozen=True)
class Word:
    """text: what stands between the marks, escapes and all. line: where it begins, from 1."""

    text: str
    kind: str
    line: int

    @property
    def value(self) -> str:
        """The text as it is meant: escapes undone, but in braces, where none are."""
        return self.text if self.kind == BRACED else unescaped(self.text)

    @property
    def source(self) -> str:
        """As it stands in the file."""
        return {BRACED: f"{{{self.text}}}", QUOTED: f'"{self.text}"'}.get(self.kind, self.text)


def unescaped(text: str) -> str:
    return _ESCAPE.sub(_meant, text) if "\\" in text else text


def _meant(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] == "\n":
        return " "
    return chr(int(code, 8)) if code[0] in "01234567" else _LETTERS.get(code, code)


def commands(text: str, path: str, line: int = 1) -> Iterator[list[Word]]:
    """The commands of a text, comments left out. line: of its first.

    Raises: InputError where a quote or a brace is never closed.
    """
    return _Scanner(text, path, line).commands()


def elements(text: str, path: str, line: int = 1) -> list[Word]:
    """The same text as one list, line ends being nothing but gaps between its elements."""
    return [word for command in _Scanner(text, path, line, comments=False).commands() for word in command]


class _Scanner:
    def __init__(self, text: str, path: str, line: int, comments: bool = True) -> None:
        self.text, self.path, self.line, self.at, self.comments = text, path, line, 0, comments

    def commands(self) -> Iterator[list[Word]]:
        words: list[Word] = []
        while True:
            simple = _SIMPLE.match(self.text, self.at)
            if simple is not None and simple.end() < len(self.text) and self.text[simple.end()] not in "\\[":
                words.append(Word(simple[1], BARE, self.line))
                self.at = simple.end()
                continue
            self._skip()
            ends = self.at >= len(self.text) or self.text[self.at] in "\n;"
            if not ends and not words and self.comments and self.text[self.at] == "#":
                self._to(_end_of_line(self.text, self.at))
            elif not ends:
                words.append(self._word())
            else:
                if words:
                    yield words
                    words = []
                if self.at >= len(self.text):
                    return
                self._to(self.at + 1)

    def _skip(self) -> None:
        match = _GAP.match(self.text, self.at)
        self._to(match.end() if match else self.at)

    def _to(self, at: int) -> None:
        self.line += self.text.count("\n", self.at, at)
        self.at = at

    def _word(self) -> Word:
        first, line = self.text[self.at], self.line
        if first == "{":
            return self._marked(BRACED, _BRACE, "{", "}", line)
        if first == '"':
            return self._marked(QUOTED, _QUOTE, "", '"', line)
        begin = self.at
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                self._to(self._close(_BRACKET, "[", "]", "bracket") + 1)
                continue
            match = _BARE.match(self.text, self.at)
            if match is None:
                # A backslash at the very end of the file means itself.
                self._to(self.at + (self.at == begin))
                break
            self._to(match.end())
        return Word(self.text[begin : self.at], BARE, line)

    def _marked(self, kind: str, marks: re.Pattern[str], opens: str, closes: str, line: int) -> Word:
        begin = self.at + 1
        end = self._close(marks, opens, closes, "quote" if kind == QUOTED else "brace")
        self._to(end + 1)
        return Word(self.text[begin:end], kind, line)

    def _close(self, marks: re.Pattern[str], opens: str, closes: str, name: str) -> int:
        """Where what opens here closes."""
        depth, at = 1, self.at + 1
        while (match := marks.search(self.text, at)) is not None:
            at = match.end() + (match[0] == "\\")
            depth += (match[0] == opens) - (match[0] == closes)
            if depth == 0:
                return match.start()
        raise InputError(
            f"{self.path}: the {name} opened on line {self.line} is never closed; the file is cut off or damaged, "
            "save or copy it again"
        )


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
