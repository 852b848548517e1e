# SPDX-License-Identifier: Apache-2.0
"""Keyframes of an animated param: `1001:0,1010:1:ease`, and ramps, `ramp(1001-1100, 8)`.

A key says how the curve comes to it from the key before: straight where it says nothing, else by one of EASES. Before
the first key and after the last the value is held.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, Callable, Mapping

Key = float | tuple[float, str]
"""A value, straight from the key before; or a value and the name of its ease."""
Keys = Mapping[int, Key]
"""Frame -> key, ascending."""

EASES: dict[str, Callable[[float], float]] = {
    "linear": lambda t: t,
    "ease": lambda t: t * t * (3 - 2 * t),
    "ease_in": lambda t: t * t,
    "ease_out": lambda t: t * (2 - t),
    "hold": lambda t: 0.0,
}
"""Share of the way from one key to the next by share of the time. ease leaves and arrives softly, ease_in only leaves
softly, ease_out only arrives softly, hold keeps the earlier value until the key's own frame."""

FORM = "a number, keyframes such as 1001:0,1010:1:ease, or a ramp such as ramp(1001-1100, 8)"
_RAMP = re.compile(r"ramp\((-?\d+)-(-?\d+),(\d+)(?:/(\d+))?(?:,([^,]+))?(?:,([^,]+))?\)\Z")


def key_value(key: Key) -> float:
    return key[0] if isinstance(key, tuple) else key


def key_ease(key: Key) -> str:
    return key[1] if isinstance(key, tuple) else "linear"


def at(keys: Keys, frame: int) -> float:
    """The value at a frame."""
    frames = sorted(keys)
    after = bisect_right(frames, frame)
    if after == 0:
        return key_value(keys[frames[0]])
    left = frames[after - 1]
    if after == len(frames) or frame == left:
        return key_value(keys[left])
    right = frames[after]
    share = EASES[key_ease(keys[right])]((frame - left) / (right - left))
    begin, end = key_value(keys[left]), key_value(keys[right])
    return begin + share * (end - begin)


def checked(given: Mapping[Any, Any], check: Callable[[Any], float]) -> dict[int, Key]:
    """Keys in their plain form: a curve has one, so that equal curves make equal analysis keys. A straight key is its
    number alone, as it was before there were eases, and the first key has no ease, for nothing comes before it.

    given: frame -> value, or [value, ease]. check: a value in its own type.  Raises: ValueError saying what is wrong.
    """
    if not given:
        raise ValueError("has no keys")
    frames = {int(frame): key for frame, key in given.items()}
    found: dict[int, Key] = {}
    for frame in sorted(frames):
        value, ease = frames[frame], "linear"
        if isinstance(value, (tuple, list)):
            if len(value) != 2 or value[1] not in EASES:
                raise ValueError(f"key {frame} is {value!r}; write [value, ease], ease one of {', '.join(EASES)}")
            value, ease = value
        number = check(value)
        found[frame] = (number, ease) if found and ease != "linear" else number
    return found


def read(text: str, default: float) -> dict[int, Any]:
    """Keys as text has them, values not yet checked. default: what a ramp rises to where it does not say.

    Raises: ValueError for text that is neither keys nor a ramp.
    """
    plain = re.sub(r"\s+", "", text)
    if plain.startswith("ramp("):
        return _ramp(plain, default)
    found: dict[int, Any] = {}
    for part in plain.split(","):
        frame, value, *ease = part.split(":")
        if len(ease) > 1 or int(frame) in found:
            raise ValueError(f"key {part!r} says too much")
        found[int(frame)] = [float(value), ease[0]] if ease else float(value)
    return found


def text_of(keys: Keys) -> str:
    """As `read` takes it."""
    return ",".join(
        f"{frame}:{key_value(key)!r}" + (f":{key_ease(key)}" if isinstance(key, tuple) else "")
        for frame, key in keys.items()
    )


def _ramp(text: str, default: float) -> dict[int, Any]:
    """`ramp(FIRST-LAST, FRAMES[/FRAMES][, TO[, FROM]])`: rises softly over so many frames, falls softly over as many or
    the second number; 0 frames leaves that end where it is."""
    match = _RAMP.match(text)
    if match is None:
        raise ValueError(
            "a ramp is written ramp(FIRST-LAST, FRAMES), ramp(1001-1100, 8/12) or ramp(1001-1100, 8, TO, FROM)"
        )
    first, last, rise = (int(match[i]) for i in (1, 2, 3))
    fall = rise if match[4] is None else int(match[4])
    to, start = float(match[5] or default), float(match[6] or 0.0)
    if last <= first or rise + fall > last - first or not rise + fall:
        raise ValueError(f"a ramp of {rise} and {fall} frames does not fit {first}-{last}")
    keys: dict[int, Any] = {first: start} if rise else {}
    keys[first + rise] = [to, "ease"]
    if fall:
        keys.setdefault(last - fall, to)
        keys[last] = [start, "ease"]
    return keys
