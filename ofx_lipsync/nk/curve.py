# SPDX-License-Identifier: Apache-2.0
"""Animation curves as Nuke saves them: `curve L x1001 0 x1010 1`.

A key is [interpolation] [k|l] [xFRAME] VALUE [sSLOPE] [tSLOPE] [uLENGTH] [vLENGTH]. K holds, L is straight, S (where
nothing is said) is Catmull-Rom, held within the keys on either side, R is plain Catmull-Rom. A letter counts until the
next; without xFRAME a key follows at the distance of the last two. s and t are slopes before and after a key that
somebody set by hand; u and v lengthen the handles of that cubic. k and l say whether the ends hold or go on straight.
Source: Foundry's NDK guide, Curve serialisation format, and nuke.AnimationKey.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Sequence

_LETTERS = "KLSRC"


@dataclass(frozen=True)
class Key:
    """kind: K, L, S or R. left, right: slopes set by hand, or None. before, after: lengths of handles, in thirds.
    straight: as the first or last key, the curve goes on from here instead of holding."""

    x: float
    y: float
    kind: str = "S"
    straight: bool = False
    left: float | None = None
    right: float | None = None
    before: float = 1.0
    after: float = 1.0


class Curve:
    """keys: by frame."""

    def __init__(self, keys: Sequence[Key]) -> None:
        if not keys:
            raise ValueError("a curve without keys")
        self.keys = sorted(keys, key=lambda key: key.x)
        self._frames = [key.x for key in self.keys]

    @classmethod
    def parse(cls, tokens: Sequence[str]) -> Curve:
        """tokens: what follows the word `curve`.  Raises: ValueError saying what cannot be read."""
        keys: list[Key] = []
        kind, straight, x, given = "S", False, None, {}
        for token in [*tokens, ""]:
            letter = token[:1]
            if letter in ("s", "t", "u", "v") and keys:
                given[letter] = _number(token[1:])
                continue
            if keys and given:
                keys[-1] = _shaped(keys[-1], given)
                given = {}
            if not token or token in ("i", "I"):
                continue
            if token in _LETTERS or token in ("k", "l"):
                kind, straight = (token, straight) if token in _LETTERS else (kind, token == "l")
            elif letter == "x":
                x = _number(token[1:])
            else:
                keys.append(Key(_next(keys) if x is None else x, _number(token), kind, straight))
                x = None
        if any(key.kind == "C" for key in keys):
            raise ValueError("cubic interpolation (C) is not worked out here; set the keys to smooth or linear")
        return cls(keys)

    def at(self, frame: float) -> float:
        keys = self.keys
        if frame <= keys[0].x or len(keys) == 1:
            return self._beyond(0, frame)
        if frame >= keys[-1].x:
            return self._beyond(len(keys) - 1, frame)
        right = bisect_right(self._frames, frame)
        a, b = keys[right - 1], keys[right]
        if (a.kind == "K" and a.right is None) or frame == a.x:
            return a.y
        return _between(a, b, self._slope(right - 1, after=True), self._slope(right, after=False), frame)

    @property
    def linear_keys(self) -> dict[int, float] | None:
        """The keys themselves, where straight lines between them and held ends are all there is to it."""
        plain = all(k.kind == "L" and k.left is None and k.right is None and k.x == round(k.x) for k in self.keys[:-1])
        last = self.keys[-1]
        whole = last.x == round(last.x) and last.left is None and len({k.x for k in self.keys}) == len(self.keys)
        holds = not (self.keys[0].straight or last.straight)
        simple = plain and whole and holds and (len(self.keys) == 1 or last.kind in "LK")
        return {int(k.x): k.y for k in self.keys} if simple else None

    def _beyond(self, index: int, frame: float) -> float:
        key = self.keys[index]
        if not key.straight or len(self.keys) == 1:
            return key.y
        return key.y + (frame - key.x) * self._slope(index, after=index == 0)

    def _slope(self, index: int, after: bool) -> float:
        """Of the curve before or after a key."""
        key, keys = self.keys[index], self.keys
        given = key.right if after and key.right is not None else key.left
        if given is not None:
            return given
        here = _chord(keys[index], keys[index + 1]) if index + 1 < len(keys) else None
        past = _chord(keys[index - 1], keys[index]) if index else None
        if here is None or past is None:
            return (past if here is None else here) or 0.0
        if key.kind in "LK":
            return here if after else past
        around = _chord(keys[index - 1], keys[index + 1])
        if key.kind == "R":
            return around
        # Within the keys on both sides: handles are a third of the way long, so three times a chord is the most.
        if here * past <= 0:
            return 0.0
        return math.copysign(min(abs(around), 3 * abs(here), 3 * abs(past)), here)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no number of a curve") from None
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]!r} is no number of a curve")
    return value


def _next(keys: Sequence[Key]) -> float:
    """Where a key lies that does not say so."""
    if not keys:
        return 0.0
    return keys[-1].x + (keys[-1].x - keys[-2].x if len(keys) > 1 else 1.0)


def _shaped(key: Key, given: dict[str, float]) -> Key:
    left = given.get("s", key.left)
    return replace(key, left=left, right=given.get("t", left), before=given.get("u", 1.0), after=given.get("v", 1.0))


def _chord(a: Key, b: Key) -> float:
    return (b.y - a.y) / (b.x - a.x) if b.x > a.x else 0.0


def _between(a: Key, b: Key, out: float, into: float, frame: float) -> float:
    """The cubic whose handles lie a third of the way in, times their lengths."""
    third = (b.x - a.x) / 3
    xs = (a.x, a.x + third * a.after, b.x - third * b.before, b.x)
    ys = (a.y, a.y + out * third * a.after, b.y - into * third * b.before, b.y)
    t = (frame - a.x) / (b.x - a.x)
    if (a.after, b.before) != (1.0, 1.0):
        t = _where(xs, frame)
    return _bezier(ys, t)


def _where(xs: tuple[float, float, float, float], frame: float) -> float:
    """By halving: handles may make the curve steep, but never turn it back."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _bezier(xs, middle) < frame else (low, middle)
    return (low + high) / 2


def _bezier(p: tuple[float, float, float, float], t: float) -> float:
    u = 1 - t
    return u * u * u * p[0] + 3 * u * u * t * p[1] + 3 * u * t * t * p[2] + t * t * t * p[3]
