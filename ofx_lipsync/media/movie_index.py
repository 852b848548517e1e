# SPDX-License-Identifier: Apache-2.0
"""Which frames a movie has and when each is shown, from its packets, without decoding.

Frames are counted by presentation time stamps, never by rate x duration: variable rates, edit lists and
re-ordered pictures come out right.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.timing import Rate

_STANDARD = tuple(Rate(n * 1000, 1001) for n in (24, 30, 48, 60, 120)) + tuple(
    Rate(n) for n in (24, 25, 30, 48, 50, 60, 100, 120)
)


@dataclass(frozen=True)
class MovieIndex:
    """pts: of every frame, ascending, in ticks of time_base. keys: pts that decoding may begin at.

    promised: frames that the file's header speaks of (more than len(pts) in a file cut short), or 0.
    stamped: False where packets carry no time stamps; pts are then ordinals and decoding begins at the start.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    time_base: Fraction
    rate: Rate
    variable: bool
    promised: int
    stamped: bool

    @classmethod
    def read(cls, path: str, container: Any, stream: Any) -> MovieIndex:
        """The index of a stream; the container must be opened anew (or sought) afterwards."""
        times, keys, unstamped = _demux(container, stream)
        promised = int(stream.frames or 0)
        if unstamped:
            count = len(times) + unstamped
            rate = _rate(stream)
            return cls(tuple(range(count)), (0,), 1 / rate, rate, False, promised, False)
        if not keys:
            raise MediaError(f"{path}: the movie has no frame that can be decoded; copy it again or re-wrap it")
        # Pictures shown before the first key frame lean on a group of pictures that was cut away.
        pts = tuple(sorted(t for t in times if t >= min(keys)))
        rate, variable = _find_rate(pts, stream)
        return cls(pts, tuple(sorted(keys)), stream.time_base, rate, variable, promised, True)

    def key_before(self, position: int) -> int:
        """pts of the last key frame at or before the frame at `position`."""
        return self.keys[max(0, bisect_right(self.keys, self.pts[position]) - 1)]

    def duration(self, position: int) -> int:
        """Ticks that a frame is shown; the last as long as one frame of the rate."""
        if position + 1 < len(self.pts):
            return self.pts[position + 1] - self.pts[position]
        return max(1, round(1 / (self.rate * self.time_base)))


def _demux(container: Any, stream: Any) -> tuple[set[int], set[int], int]:
    times: set[int] = set()
    keys: set[int] = set()
    unstamped = 0
    try:
        for packet in container.demux(stream):
            if packet.size == 0 or packet.is_discard:
                continue
            if packet.pts is None:
                unstamped += 1
                continue
            times.add(packet.pts)
            if packet.is_keyframe:
                keys.add(packet.pts)
    except av.error.FFmpegError:
        # A file cut short: what was found so far is there, the caller compares it with `promised`.
        pass
    return times, keys, unstamped


def _find_rate(pts: tuple[int, ...], stream: Any) -> tuple[Rate, bool]:
    """(rate, variable): the first rate by which every frame falls within one tick of where it should."""
    if len(pts) < 2:
        return _rate(stream), False
    mean = Fraction(len(pts) - 1) / ((pts[-1] - pts[0]) * stream.time_base)
    said = _rate(stream)
    # Coarse time stamps (Matroska's milliseconds) fit 60 as well as 60000/1001: the header decides then.
    near = [rate for rate in _STANDARD if abs(rate / mean - 1) < Fraction(1, 500)]
    near.sort(key=lambda rate: (abs(rate / said - 1) > Fraction(1, 100000), abs(rate / mean - 1)))
    for rate in [*near, said, mean]:
        step = 1 / (rate * stream.time_base)
        if rate.denominator <= 1001 and all(abs(t - pts[0] - n * step) <= 1 for n, t in enumerate(pts)):
            return rate, False
    return mean.limit_denominator(1001), True


def _rate(stream: Any) -> Rate:
    return Rate(stream.average_rate or stream.guessed_rate or stream.base_rate or 24)
