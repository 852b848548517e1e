# SPDX-License-Identifier: Apache-2.0
"""Frames, rates and seconds. A frame is an int, a time is seconds, a sample is sound: never mixed."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Iterable, Iterator, Sequence

from ofx_lipsync.core.errors import UsageError

Rate = Fraction
"""Frames per second, exact: 24000/1001."""

_PART = re.compile(r"(-?\d{1,10})(?:-(-?\d{1,10})(?:([x:])(\d{1,10}))?)?\Z")
_OFFSET = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)(f|ms)?\Z")


def parse_rate(text: str) -> Rate:
    """A rate from `24`, `23.976`, `24000/1001`; the NTSC decimals mean their exact fractions."""
    ntsc = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "59.94": 60, "119.88": 120}
    try:
        if text in ntsc:
            return Rate(ntsc[text] * 1000, 1001)
        rate = Rate(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"rate: cannot read {text!r}; write frames per second such as 24 or 24000/1001") from None
    if not 0 < rate <= 1000:
        raise UsageError(f"rate: {text} is outside 0..1000 frames per second")
    return rate


def parse_offset(text: str, rate: Rate, name: str = "--audio-offset") -> float:
    """Seconds from `12`, `12f` (frames) or `500ms`. name: of the option or param, for the error."""
    match = _OFFSET.match(text)
    if match is None:
        raise UsageError(f"{name}: cannot read {text!r}; write frames as 12 or 12f, or time as 500ms")
    return float(match[1]) / 1000 if match[2] == "ms" else float(Rate(match[1]) / rate)


class FrameRange(Sequence[int]):
    """An ordered list of frame numbers, each once. Text is inclusive: `1001-1100x2,1200`.

    `:` is refused unless `openjd=True`, where `1-9:2` steps like `1-9x2`; elsewhere on farms the
    same text means *every* frame, interleaved, and guessing would drop frames silently.
    """

    def __init__(self, frames: Iterable[int]) -> None:
        self._frames = tuple(dict.fromkeys(frames))
        self._members = frozenset(self._frames)

    @classmethod
    def parse(cls, text: str, openjd: bool = False) -> FrameRange:
        frames: list[int] = []
        for part in text.replace(" ", "").split(","):
            frames.extend(_parse_part(part, text, openjd))
        return cls(frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[int]:
        return iter(self._frames)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._frames[index]

    def __contains__(self, frame: object) -> bool:
        return frame in self._members

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrameRange) and self._frames == other._frames

    def __hash__(self) -> int:
        return hash(self._frames)

    def __repr__(self) -> str:
        return f"FrameRange({self})"

    def __str__(self) -> str:
        """Inclusive text with steps of one folded: 1-5,8,10-12."""
        parts: list[str] = []
        for first, last in _runs(self._frames):
            parts.append(str(first) if first == last else f"{first}-{last}")
        return ",".join(parts)


def _parse_part(part: str, text: str, openjd: bool) -> Iterable[int]:
    match = _PART.match(part)
    if match is None:
        raise UsageError(f"frames: cannot read {part!r} in {text!r}; write 1001-1100, 1001-1100x2 or 7,9")
    first, last = int(match[1]), int(match[2] or match[1])
    if match[3] == ":" and not openjd:
        raise UsageError(
            f"frames: ':' in {text!r} means a step to OpenJD and interleave to OpenCue; "
            "write x for a step (1001-1100x2) or pass --frames-syntax openjd"
        )
    step = int(match[4] or 1)
    if step < 1 or last < first:
        raise UsageError(f"frames: {part!r} is empty; the first frame comes first and a step is at least 1")
    if (last - first) // step > 10_000_000:
        raise UsageError(f"frames: {part!r} names over ten million frames; check the range")
    return range(first, last + 1, step)


def _runs(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = previous = None
    for frame in frames:
        if previous is not None and frame == previous + 1:
            previous = frame
            continue
        if start is not None and previous is not None:
            yield start, previous
        start = previous = frame
    if start is not None and previous is not None:
        yield start, previous
