# SPDX-License-Identifier: Apache-2.0
"""A drawn character, on one screen: read the drawings, hear the line, draw frame by frame.

As for a dub, `analyse` sees the whole line once, and `render` is a pure function of one frame.
"""

from __future__ import annotations

import math
from typing import Any, Sequence

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.graph import node
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.mouth_set import MouthSet, read_mouth_set
from ofx_lipsync.nodes.drawn.inbetween import InBetweens
from ofx_lipsync.nodes.drawn.plan import CharacterPlan

LONGEST_FRAMES = 10_000_000


class DrawnCharacter:
    """Drawings and a line."""

    def __init__(self, mouths: MouthSet, sound: Sound, frames: Sequence[int], rate: Rate, params: Any) -> None:
        self.mouths, self.sound, self.frames, self.rate, self.params = mouths, sound, frames, rate, params
        self._drawn = InBetweens(mouths, params.transition)

    def analyse(self) -> CharacterPlan:
        """The whole line.  Raises: MediaError, UsageError."""
        plan = node("Character").analyse(
            self.sound, self.frames, self.rate, self.params,
            alphabet=self.mouths.alphabet, expressions=self.mouths.expressions,
        )  # fmt: skip
        return plan

    def render(self, plan: CharacterPlan, frame: int) -> Image:
        """RGBA, premultiplied, scene-linear."""
        image: Image = node("Character").render(frame, plan, self._drawn, self.params.at(frame))
        return image


def read_drawings(path: str, params: Any, colour: Colour) -> MouthSet:
    """The set at `path`, at the size and in the colour space that params ask for.  Raises: MediaError, ColourError."""
    return read_mouth_set(path, colour, height_px=params.height or None, space=params.space or None)


def frames_of(sound: Sound, rate: Rate, first: int) -> range:
    """Every frame in which something of the sound is heard, the first at 0 s."""
    count = max(1, math.ceil((sound.start_s + sound.duration_s) * rate - 1e-6))
    if count > LONGEST_FRAMES:
        raise UsageError(f"character: the line lasts {count} frames, expected at most {LONGEST_FRAMES}; cut it")
    return range(first, first + count)
