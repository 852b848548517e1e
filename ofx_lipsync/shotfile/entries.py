# SPDX-License-Identifier: Apache-2.0
"""Kinds of entries of a shot file: what a value must be, said once with its help."""

from __future__ import annotations

import datetime
import math
from dataclasses import Field, dataclass, field, fields
from typing import Any, Callable

from ofx_lipsync.core.timing import FrameRange, parse_offset, parse_rate

Check = Callable[[Any], Any]
"""The value in its own type. Raises: ValueError saying what was expected, UsageError saying what is wrong."""


@dataclass(frozen=True)
class Entry:
    """One `name = value` of a table. example: TOML text for the template. path: starts at the file's folder. named: a
    path where there is such a file, else a name."""

    help: str
    check: Check
    example: str
    path: bool = False
    named: bool = False


def entry(default: Any, check: Check, example: str, help: str, *, path: bool = False, named: bool = False) -> Any:
    """A dataclass field of a table. The default is what holds where the file says nothing."""
    return field(default=default, metadata={"entry": Entry(help, check, example, path, named)})


def entries(kind: Any) -> dict[str, Entry]:
    """What a table may hold, in the order it is written."""
    found: list[Field[Any]] = [part for part in fields(kind) if "entry" in part.metadata]
    return {part.name: part.metadata["entry"] for part in found}


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text in quotes")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("text of valid characters")
    return value


def label(value: Any) -> str:
    """A name that may be part of a file's name."""
    if not all(letter.isalnum() or letter in "_-" for letter in text(value)):
        raise ValueError("a name of letters, digits, _ and -")
    return str(value)


def one_of(*options: str) -> Check:
    def check(value: Any) -> str:
        if value not in options:
            raise ValueError(" or ".join(f'"{option}"' for option in options if option))
        return str(value)

    return check


def count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 10_000:
        raise ValueError("a whole number from 0 to 10000")
    return value


def person(value: Any) -> int | None:
    return None if value is None else count(value)


def point(value: Any) -> tuple[float, float] | None:
    """Two shares of the frame, across and down."""
    if value is None:
        return None
    pair = value if isinstance(value, (list, tuple)) else ()
    fits = len(pair) == 2 and all(type(part) in (int, float) and -1 <= part <= 2 for part in pair)
    if not fits:
        raise ValueError("two shares of the frame, across and down, as [0.4, 0.3]")
    return float(pair[0]), float(pair[1])


def texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
        raise ValueError('a list of texts, as ["fr", "de"]')
    return tuple(text(part) for part in value)


def frames(value: Any) -> str:
    return value if text(value) == "" else _said(lambda: FrameRange.parse(value), value)


def rate(value: Any) -> str:
    """Frames per second; a bare number is taken as its text, so that 23.976 is what it is on the command line."""
    if type(value) in (int, float) and math.isfinite(value):
        value = repr(value)
    return value if text(value) == "" else _said(lambda: parse_rate(value), value)


def offset(value: Any) -> str:
    """Frames or ms; a bare number is frames."""
    if type(value) in (int, float) and math.isfinite(value):
        value = repr(value)
    return _said(lambda: parse_offset(text(value), parse_rate("24"), "it"), value)


def span(value: Any) -> tuple[str, str] | None:
    """From and to, each as an offset."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError('two offsets from the shot\'s first frame, as ["12f", "88f"]')
    first, last = (offset(part) for part in value)
    begin_s, end_s = (parse_offset(text, parse_rate("24")) for text in (first, last))
    if first[-1:] != "s" and last[-1:] != "s" and begin_s >= end_s:
        raise ValueError("an end after its beginning")
    return first, last


def day(value: Any) -> str:
    """A date, as TOML has it or in quotes; kept as ISO text."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if text(value) == "":
        return ""
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("a date, as 2027-01-31") from None


def _said(parse: Callable[[], object], value: Any) -> Any:
    """The value as it was written, once it is known to be understood; what is not speaks for itself."""
    parse()
    return value
