# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of a knob's expression: numbers, operators, a few functions, the frame and other knobs. Nothing is run.

frame < 1010 ? 0 : clamp((frame - 1010) / 8)
"""

from __future__ import annotations

import math
import operator
import re
from functools import lru_cache
from typing import Any, Callable

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0x[0-9A-Fa-f]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*(?:\.(?:[A-Za-z_]\w*|\d+))*)"
    r"|(?P<mark>\*\*|\|\||&&|[=!<>]=|[-+*/%<>!?:(),])|(?P<end>\Z))"
)
_DEEPEST = 60
_LONGEST = 10_000

Lookup = Callable[[str, "float | None"], float]
"""What a name stands for; with a time where the expression gives one, as in Blur1.size(frame - 1)."""


def clamp(x: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(max(x, low), high)


def step(edge: float, x: float) -> float:
    return 0.0 if x < edge else 1.0


def smoothstep(low: float, high: float, x: float) -> float:
    if low == high:
        return step(low, x)
    t = clamp((x - low) / (high - low))
    return t * t * (3 - 2 * t)


def lerp(a: float, b: float, t: float) -> float:
    return a + (b - a) * t


def _rint(x: float) -> float:
    return float(round(x))


FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {
    **{n: (getattr(math, n), 1, 1) for n in ("sin", "cos", "tan", "asin", "acos", "atan", "exp", "sqrt", "floor",
                                             "ceil", "trunc", "degrees", "radians", "sinh", "cosh", "tanh")},
    **{n: (getattr(math, n), 2, 2) for n in ("atan2", "hypot", "fmod", "pow")},
    "log": (math.log, 1, 1), "log10": (math.log10, 1, 1), "log2": (math.log2, 1, 1),
    "abs": (abs, 1, 1), "fabs": (abs, 1, 1), "int": (math.trunc, 1, 1), "rint": (_rint, 1, 1),
    "min": (min, 2, 99), "max": (max, 2, 99), "clamp": (clamp, 1, 3), "step": (step, 2, 2),
    "smoothstep": (smoothstep, 3, 3), "lerp": (lerp, 3, 3), "mix": (lerp, 3, 3),
}  # fmt: skip
"""Name -> function, fewest and most arguments."""
_LEVELS: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"||": lambda a, b: float(bool(a) or bool(b))},
    {"&&": lambda a, b: float(bool(a) and bool(b))},
    {"==": operator.eq, "!=": operator.ne},
    {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "%": math.fmod},
)


def evaluate(text: str, frame: float, lookup: Lookup) -> float:
    """The value at a frame.  Raises: ValueError saying what cannot be worked out."""
    try:
        value = float(_Parser(_tokens(text), frame, lookup).whole())
    except ZeroDivisionError:
        raise ValueError("it divides by 0") from None
    except (OverflowError, TypeError):
        raise ValueError("its value is no real number") from None
    if not math.isfinite(value):
        raise ValueError("its value is no real number")
    return value


@lru_cache(maxsize=512)
def _tokens(text: str) -> tuple[tuple[str, str], ...]:
    if len(text) > _LONGEST:
        raise ValueError(f"it is over {_LONGEST} letters long")
    found: list[tuple[str, str]] = []
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text[at : at + 20].strip()!r} is not worked out here")
        at = match.end()
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        if kind == "end":
            return tuple(found)


class _Parser:
    """Works out while it reads. Both sides of ?: are read, and only the one chosen is looked up."""

    def __init__(self, tokens: tuple[tuple[str, str], ...], frame: float, lookup: Lookup) -> None:
        self.tokens, self.frame, self.lookup = tokens, frame, lookup
        self.at, self.depth, self.idle = 0, 0, False

    def whole(self) -> float:
        value = self._choice()
        if self.tokens[self.at][0] != "end":
            raise ValueError(f"{self.tokens[self.at][1]!r} comes unexpectedly")
        return value

    def _choice(self) -> float:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        value = self._level(0)
        if self._take("?"):
            idle = self.idle
            self.idle = idle or not value
            first = self._choice()
            self._need(":")
            self.idle = idle or bool(value)
            second = self._choice()
            self.idle = idle
            value = first if value else second
        self.depth -= 1
        return value

    def _level(self, level: int) -> float:
        if level == len(_LEVELS):
            return self._signed()
        value = self._level(level + 1)
        while self.tokens[self.at][1] in _LEVELS[level] and self.tokens[self.at][0] == "mark":
            mark = self._next()
            other = self._level(level + 1)
            value = value if self.idle else float(_LEVELS[level][mark](value, other))
        return value

    def _signed(self) -> float:
        """Signs, in a loop, since a text may hold any number of them."""
        signs = []
        while self.tokens[self.at][1] in ("-", "+", "!"):
            signs.append(self._next())
        value = self._power()
        for sign in reversed(signs):
            value = -value if sign == "-" else float(not value) if sign == "!" else value
        return value

    def _power(self) -> float:
        base = self._one()
        if not self._take("**"):
            return base
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        power = self._signed()
        self.depth -= 1
        return base if self.idle else float(base**power)

    def _one(self) -> float:
        kind, text = self.tokens[self.at]
        if kind == "number":
            self._next()
            return float(int(text, 16)) if text[:2].lower() == "0x" else float(text)
        if kind == "name":
            self._next()
            return self._named(text)
        if self._take("("):
            value = self._choice()
            self._need(")")
            return value
        raise ValueError(f"{text!r} comes unexpectedly" if text else "it ends too early")

    def _named(self, name: str) -> float:
        arguments = self._arguments() if self._take("(") else None
        if name in ("frame", "t", "x") and arguments is None:
            return self.frame
        if name == "pi" and not arguments:
            return math.pi
        if name in FUNCTIONS and arguments is not None:
            return self._call(name, arguments)
        if arguments is not None and len(arguments) != 1:
            raise ValueError(f"there is no function {name!r} here")
        if self.idle:
            return 1.0
        return self.lookup(name, None if arguments is None else arguments[0])

    def _call(self, name: str, arguments: list[float]) -> float:
        function, fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise ValueError(f"{name} takes {fewest} to {most} values, got {len(arguments)}")
        return 1.0 if self.idle else float(function(*arguments))

    def _arguments(self) -> list[float]:
        values: list[float] = []
        if self._take(")"):
            return values
        values.append(self._choice())
        while self._take(","):
            values.append(self._choice())
        self._need(")")
        return values

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _take(self, mark: str) -> bool:
        if self.tokens[self.at] != ("mark", mark):
            return False
        self.at += 1
        return True

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            got = self.tokens[self.at][1]
            raise ValueError(f"expected {mark!r}, got {got!r}" if got else f"expected {mark!r} before its end")
