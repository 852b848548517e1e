# SPDX-License-Identifier: Apache-2.0
"""What a webcam tells of a face, as a puppet needs it: head, gaze, blinks, brows, smile, jaw and lips, beside its rest.

Left and right are the actor's own; x grows to the picture's right, y upwards.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace

import numpy as np

from ofx_lipsync.core.landmarks import LOWER_LIP_INNER, UPPER_LIP_INNER
from ofx_lipsync.core.phones import PHONES, SILENCE
from ofx_lipsync.core.pose import describe_pose, fit_pose
from ofx_lipsync.live.one_euro import OneEuro
from ofx_lipsync.models.face_blendshapes import NAMES

SHAPE = {name: number for number, name in enumerate(NAMES)}
MIDDLE = 168
"""Of the face, between the eyes, where no speech moves it."""


@dataclass(frozen=True)
class FacePose:
    """yaw, pitch, roll: degrees (to the picture's right, down, clockwise). x, y: the head's place, size: its height,
    in picture heights. blinks, jaw, smile, pucker, funnel: 0..1. gaze: -1..1. brow: -1 (down) .. 1 (up).
    gap: between the lips, in face heights. presence: 0..1, how surely a face is seen."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    blink_left: float = 0.0
    blink_right: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    brow: float = 0.0
    smile: float = 0.0
    jaw: float = 0.0
    pucker: float = 0.0
    funnel: float = 0.0
    gap: float = 0.0
    presence: float = 0.0

    def vector(self) -> np.ndarray:
        """[17] float64, in the order of the fields."""
        return np.array(astuple(self))

    @classmethod
    def of_vector(cls, values: np.ndarray) -> FacePose:
        return cls(*map(float, values))


CHANNELS = tuple(field.name for field in fields(FacePose))
REST = ("yaw", "pitch", "roll", "x", "y", "size", "brow", "smile", "gaze_x", "gaze_y", "pucker")
"""Told beside how they are when the actor looks into the lens and does nothing."""
CLOSED = 0.55
"""What the network calls a blink when the eye is shut, at least."""
# steady_hz, quick: heads are large and must not swim, blinks last 100 ms and must be seen
_FILTER = dict.fromkeys(("yaw", "pitch", "roll"), (1.5, 0.05))
_FILTER |= dict.fromkeys(("x", "y", "size"), (1.5, 4.0))
_FILTER |= dict.fromkeys(("blink_left", "blink_right"), (8.0, 4.0))
_FILTER |= dict.fromkeys(("jaw", "pucker", "funnel", "gap"), (4.0, 4.0))
_OTHERS = (2.0, 1.5)


def measure(landmarks: np.ndarray, shapes: np.ndarray, presence: float, height_px: float) -> FacePose:
    """landmarks: [478, 3] px of a picture height_px high. shapes: [52] blendshapes."""
    yaw, pitch, roll, scale = (float(value[0]) for value in describe_pose(landmarks[None]))
    middle = landmarks[MIDDLE] / height_px
    front = fit_pose(landmarks[None]).to_front(landmarks[None])[0]
    s = {name: float(shapes[number]) for name, number in SHAPE.items()}
    gaze_x = (s["eyeLookOutLeft"] - s["eyeLookInLeft"] + s["eyeLookInRight"] - s["eyeLookOutRight"]) / 2
    gaze_y = (s["eyeLookUpLeft"] - s["eyeLookDownLeft"] + s["eyeLookUpRight"] - s["eyeLookDownRight"]) / 2
    up = max(s["browInnerUp"], (s["browOuterUpLeft"] + s["browOuterUpRight"]) / 2)
    return FacePose(
        yaw, pitch, roll, float(middle[0]), 1 - float(middle[1]), scale / height_px,
        s["eyeBlinkLeft"], s["eyeBlinkRight"], gaze_x, gaze_y, up - (s["browDownLeft"] + s["browDownRight"]) / 2,
        (s["mouthSmileLeft"] + s["mouthSmileRight"]) / 2, s["jawOpen"], s["mouthPucker"], s["mouthFunnel"],
        float(front[LOWER_LIP_INNER, 1] - front[UPPER_LIP_INNER, 1]), presence,
    )  # fmt: skip


class Calibration:
    """The actor's own rest, learned from `count` measures in a row, and what every later one is beside it."""

    def __init__(self, count: int = 25) -> None:
        self._count = count
        self._seen: list[np.ndarray] = []
        self._rest: FacePose | None = None

    def again(self) -> None:
        self._seen, self._rest = [], None

    @property
    def done(self) -> bool:
        return self._rest is not None

    def __call__(self, face: FacePose) -> FacePose:
        if self._rest is None:
            self._seen.append(face.vector())
            rest = FacePose.of_vector(np.median(self._seen, axis=0))  # a blink among them does not count
            if len(self._seen) >= self._count:
                self._rest, self._seen = rest, []
            return beside(face, rest)
        return beside(face, self._rest)


def beside(face: FacePose, rest: FacePose) -> FacePose:
    """A measure beside rest: angles as differences, places too, but in head heights, size as a factor, blinks from
    open 0 to shut 1."""
    told = {name: getattr(face, name) - getattr(rest, name) for name in REST}
    told["size"] = face.size / rest.size if rest.size > 0 else 1.0
    for name in ("x", "y"):
        told[name] /= rest.size if rest.size > 0 else 1.0
    for name in ("blink_left", "blink_right"):
        open_ = getattr(rest, name)
        told[name] = min(1.0, max(0.0, (getattr(face, name) - open_) / max(CLOSED - open_, 0.1)))
    for name in ("smile", "pucker"):
        told[name] = max(0.0, told[name])
    return replace(face, **told)


def smoothing() -> OneEuro:
    """For vectors of a FacePose."""
    steady_hz, quick = zip(*(_FILTER.get(name, _OTHERS) for name in CHANNELS), strict=True)
    return OneEuro(np.array(steady_hz), np.array(quick))


SHUT, WIDE, PARTED = 0.012, 0.085, 0.035
"""Of the gap between the lips, in face heights."""


def phone_of(face: FacePose) -> str:
    """The sound that the face looks like, one of core.phones.PHONES. What a tongue does is not seen."""
    if face.gap < SHUT:
        return PHONES[SILENCE]
    if face.pucker > 0.45:
        return "u" if face.gap < PARTED else "o"
    if face.gap > WIDE:
        return "o" if face.funnel > 0.3 else "a"
    if face.smile > 0.4:
        return "i"
    return "ə" if face.gap > PARTED else "d"
