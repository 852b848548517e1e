# SPDX-License-Identifier: Apache-2.0
"""A character's drawings as layers, back to front, for one moment of acting.

The head turns in the plane about its neck, and what is drawn below bends along, down to where it stands still; what
lies on the face slides over it as it looks aside, which is as much of a third dimension as flat drawings can have.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Callable, Hashable

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.live.face_pose import FacePose
from ofx_lipsync.live.layer import Layer
from ofx_lipsync.live.performer import Acting
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import Drawing, screen_codes
from ofx_lipsync.media.mouth_set import MouthSet
from ofx_lipsync.nodes.drawn.figure import EYES
from ofx_lipsync.nodes.drawn.inbetween import InBetweens

STEPS = (0.5, 0.75)
"""How far turned a mouth is drawn between two: at 60 fps a turn is seen for three frames."""
KEPT_MB = 256
"""Of in-between mouths; the one that was not shown for the longest goes first."""
CHIN, NECK = 0.3, 0.45
"""How far below the mouth they lie, in heights of the face (brows to mouth)."""
SLIDE, GAZE, BROW = 0.22, 0.012, 0.06
"""How far the face slides at a right angle, of its width; the eyes with the gaze and the brows, of its height."""
TRAVEL, FURTHEST = 1.0, 0.5
"""How far the character goes, of the way the actor's head goes, and at most, in heights of the face."""
NEAREST, FARTHEST = 1.25, 0.8
HALF_SHUT, SHUT = 0.35, 0.7


class Figure:
    """One character. It takes its mouths apart when it is made, some seconds: the stage must never wait for that."""

    def __init__(self, mouths: MouthSet, colour: Colour) -> None:
        self.mouths = mouths
        self._colour = colour
        self._between = InBetweens(mouths)
        rest = mouths.alphabet[0]
        for expression, drawn in mouths.mouths.items():
            for mouth in drawn:
                self._between.drawing((expression, mouth), (expression, rest), STEPS[0])
        self._kept: OrderedDict[Hashable, tuple[np.ndarray, Region]] = OrderedDict()
        self._bytes = 0
        face = face_of(mouths)
        self._face = (face.width, face.height)
        self._neck = ((face.x0 + face.x1) / 2, face.y1 + NECK * face.height)
        head = mouths.part("head", mouths.expressions[0])
        foot = max(head.region.y1 if head is not None else 0.0, self._neck[1] + 1)
        self.bend = (face.y1 + CHIN * face.height, foot)
        """Canvas y down to which all moves with the head, and y from which on nothing does."""

    @property
    def canvas(self) -> tuple[int, int]:
        return self.mouths.canvas.width, self.mouths.canvas.height

    def layers(self, acting: Acting) -> list[Layer]:
        """From back to front; everything that is drawn."""
        head = head_move(acting.face, self._face, self._neck)
        on_face = head @ slid(acting.face, self._face)
        parts = (
            ("head", head),
            (self._eyes(acting), on_face @ gazing(acting.face, self._face)),
            ("brows", on_face @ browing(acting.face, self._face)),
        )
        back = [self._part(name, acting.expression, move) for name, move in parts]
        front = self._part("front", acting.expression, head)
        return [layer for layer in (*back, self._mouth(acting, on_face), front) if layer is not None]

    def _eyes(self, acting: Acting) -> str:
        """As shut as they are, or as the set has them."""
        shut = (acting.face.blink_left + acting.face.blink_right) / 2
        wanted = 2 if shut >= SHUT else 1 if shut >= HALF_SHUT else 0
        return next((n for n in EYES[wanted::-1] if self.mouths.part(n, acting.expression) is not None), EYES[0])

    def _part(self, name: str, expression: str, move: np.ndarray) -> Layer | None:
        drawing = self.mouths.part(name, expression)
        return None if drawing is None else self._layer((name, expression), lambda: drawing, move)

    def _mouth(self, acting: Acting, move: np.ndarray) -> Layer:
        names, expression = self.mouths.alphabet, acting.expression
        before, after = names[acting.mouth_from], names[acting.mouth_to]
        mouths = self.mouths.mouths[expression]
        if acting.phase >= 1 or mouths[before] is mouths[after]:
            return self._layer(("mouth", expression, after), lambda: mouths[after], move)
        step = max(step for step in STEPS if step <= max(acting.phase, STEPS[0]))
        key = ("between", expression, before, after, step)
        return self._layer(key, lambda: self._between.drawing((expression, before), (expression, after), step), move)

    def _layer(self, key: Hashable, make: Callable[[], Drawing], move: np.ndarray) -> Layer:
        if key not in self._kept:
            drawing = make()
            pixels = seen(drawing, self._colour)
            self._kept[key] = (pixels, drawing.region)
            self._bytes += pixels.nbytes
            while self._bytes > KEPT_MB << 20 and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1][0].nbytes
        self._kept.move_to_end(key)
        pixels, region = self._kept[key]
        return Layer(key, pixels, (region.x0, region.y0, region.x1, region.y1), move)


def seen(drawing: Drawing, colour: Colour) -> np.ndarray:
    """[h, w, 4] uint8: premultiplied sRGB, as it was drawn."""
    codes = screen_codes(drawing.pixels, colour).astype(np.uint16)
    codes[..., :3] = (codes[..., :3] * codes[..., 3:] + 127) // 255
    return codes.astype(np.uint8)


def face_of(mouths: MouthSet) -> Region:
    """From the brows to the mouth, as far as they are drawn."""
    first = mouths.expressions[0]
    parts = (mouths.part(name, first) for name in ("eyes_open", "brows"))
    region = mouths.mouth_region
    for drawing in parts:
        region = region.union(drawing.region) if drawing is not None else region
    return region


def head_move(face: FacePose, size: tuple[float, float], neck: tuple[float, float]) -> np.ndarray:
    """[3, 3] canvas to canvas: turned about the neck, nearer or further, and gone aside. size: of the face, px."""
    turn, zoom = math.radians(face.roll), max(FARTHEST, min(NEAREST, face.size or 1.0))
    c, s = zoom * math.cos(turn), zoom * math.sin(turn)
    x, y = neck
    dx, dy = (size[1] * max(-FURTHEST, min(FURTHEST, TRAVEL * way)) for way in (face.x, -face.y))
    return np.array([[c, -s, x - c * x + s * y + dx], [s, c, y - s * x - c * y + dy], [0, 0, 1]])


def slid(face: FacePose, size: tuple[float, float]) -> np.ndarray:
    """[3, 3]: the face over the head as it looks aside or down."""
    yaw, pitch = (math.sin(math.radians(max(-60.0, min(60.0, angle)))) for angle in (face.yaw, face.pitch))
    return moved(SLIDE * yaw * size[0], SLIDE * pitch * size[1])


def gazing(face: FacePose, size: tuple[float, float]) -> np.ndarray:
    return moved(GAZE * face.gaze_x * size[1], -GAZE * face.gaze_y * size[1])


def browing(face: FacePose, size: tuple[float, float]) -> np.ndarray:
    return moved(0.0, -BROW * face.brow * size[1])


def moved(dx: float, dy: float) -> np.ndarray:
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]])
