# SPDX-License-Identifier: Apache-2.0
"""What the keys do: the part of the window that needs no window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Sequence

KEYS = """space (held) or m mute   1-9 expression, again: as the face has it   c calibrate: look ahead, mouth shut
b background: colour or see-through   s status   f full screen   q quit"""
Colour3 = tuple[float, float, float]
Colour4 = tuple[float, float, float, float]
CLEAR = (0.0, 0.0, 0.0, 0.0)


@dataclass
class Controls:
    """background: RGB 0..1 sRGB, or None for see-through. mute, choose, calibrate: what those keys call."""

    background: Colour3 | None
    mute: Callable[[bool], None]
    choose: Callable[[int], None]
    calibrate: Callable[[], None]
    chroma: Colour3 = (0.0, 1.0, 0.0)
    status: bool = False
    full_screen: bool = False
    closing: bool = False
    muted: bool = field(init=False, default=False)
    held: bool = field(init=False, default=False)

    @property
    def behind(self) -> Colour4:
        return CLEAR if self.background is None else (*self.background, 1.0)

    def press(self, key: str) -> None:
        """One of the keys in KEYS; any other does nothing."""
        if key.isdigit() and key != "0":
            self.choose(int(key) - 1)
        elif key == "m":
            self.muted = not self.muted
            self._tell()
        else:
            act = {"b": self._see_through, "s": self._status, "f": self._full, "c": self.calibrate, "q": self._close}
            act.get(key, lambda: None)()

    def hold(self, down: bool) -> None:
        """The space bar goes down or up."""
        self.held = down
        self._tell()

    def _tell(self) -> None:
        self.mute(self.muted or self.held)

    def _see_through(self) -> None:
        self.background = self.chroma if self.background is None else None

    def _status(self) -> None:
        self.status = not self.status

    def _full(self) -> None:
        self.full_screen = not self.full_screen

    def _close(self) -> None:
        self.closing = True


NAMED: dict[str, Colour3 | None] = {
    "transparent": None, "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0), "magenta": (1.0, 0.0, 1.0),
    "black": (0.0, 0.0, 0.0), "grey": (0.5, 0.5, 0.5), "white": (1.0, 1.0, 1.0),
}  # fmt: skip


def background_of(text: str) -> Colour3 | None:
    """A name of NAMED or #rrggbb.  Raises: ValueError."""
    if text.lower() in NAMED:
        return NAMED[text.lower()]
    if len(text) != 7 or text[0] != "#":
        raise ValueError(f"got {text!r}, expected #rrggbb or one of {', '.join(NAMED)}")
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def expression_names(expressions: Sequence[str]) -> str:
    """`1 neutral   2 happy`, for a person to see which key is which."""
    return "   ".join(f"{number} {name}" for number, name in enumerate(expressions[:9], start=1))
