# SPDX-License-Identifier: Apache-2.0
"""Joins voice and face: which mouth, which expression, how the head stands, at any moment.

The voice has the last word on the mouth, or the face, or (`blend`) the voice while it speaks and the face in between,
so that a silent gape or a pout is seen. Without a webcam the character blinks and sways by itself.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Sequence

import numpy as np

from ofx_lipsync.core.gestures import GESTURES, gestures
from ofx_lipsync.core.phones import CLOSURE, Visemes, adobe, index
from ofx_lipsync.live.calibration import Offset, offset_between
from ofx_lipsync.live.face_pose import FacePose, phone_of
from ofx_lipsync.live.idle import Idle
from ofx_lipsync.live.lips import Lips
from ofx_lipsync.live.voice import Change, Voice, rest_of, shut_of
from ofx_lipsync.live.webcam import Webcam

STALE_S = 0.5
"""A face seen longer ago than this is no longer believed; the head goes back to rest."""
EASE_S = 0.25
"""From one to the other."""
FACE_HOLD_S = 0.08
"""How long a mouth that the face makes stays, unless it shuts: what lies between two mouths must not flicker."""
SPEAKS_S = 0.3
"""How long after its last mouth a voice still has the word."""
HAPPY = ("happy", "smile", "smiling", "joy")
SMILES, SOBERS = 0.45, 0.3
LOGGED, TRACKED = 4096, 1800


@dataclass(frozen=True)
class Acting:
    """expression: of the set's. mouth_from, mouth_to: indices into its alphabet; phase: 0.5 .. 1, how far the turn is.
    face: head, eyes and brows beside their rest."""

    expression: str
    mouth_from: int
    mouth_to: int
    phase: float
    face: FacePose


REST = FacePose(size=1.0)


class Performer:
    """voice: may be None, and webcam. offset_s: how much later than as soon as possible the mouth moves."""

    def __init__(
        self, voice: Voice | None, webcam: Webcam | None, expressions: Sequence[str], *,
        mouth: str = "voice", offset_s: float = 0.0, mirror: bool = False, idle: Idle | None = None,
        visemes: Visemes | None = None,
    ) -> None:  # fmt: skip
        self.voice, self.webcam, self.expressions = voice, webcam, tuple(expressions)
        self.offset_s, self.mirror = offset_s, mirror
        self.shown: deque[tuple[Change, float]] = deque(maxlen=LOGGED)
        """Changes of the voice, and when the frame that showed each was finished."""
        self.visemes = visemes or adobe()
        self.expression = self.expressions[0]
        self._shut, rest = shut_of(self.visemes), rest_of(self.visemes)
        self._mouth_from = mouth if webcam else "voice"
        self._lips = Lips(rest, self._shut)
        self._rest = rest
        self._idle = idle or Idle()
        self._chosen: str | None = None
        self._smiling = False
        self._voice_mouth, self._spoke_s = rest, -math.inf
        self._fresh: list[Change] = []
        self._openness = openness(self.visemes)
        self._tracks: deque[tuple[float, float, float]] = deque(maxlen=TRACKED)
        self._face, self._left, self._there, self._turned_s = REST, REST, False, -math.inf
        self._own, self._face_mouth, self._face_mouth_s = REST, rest, -math.inf

    def choose(self, number: int) -> None:
        """An expression by its number; the same again leaves it to the face."""
        if number < len(self.expressions):
            name = self.expressions[number]
            self._chosen = None if self._chosen == name else name

    def at(self, now_s: float) -> Acting:
        """Times never go back."""
        self._hear(now_s)
        face = self._see(now_s)
        self._lips.show(self._mouth(now_s), now_s)
        self.expression = self._expression(face)
        if self.webcam and self.webcam.latest:
            self._tracks.append((now_s, self._openness[self._voice_mouth], self.webcam.latest.raw.gap))
        return Acting(self.expression, *self._lips.at(now_s), face)

    def drawn(self, drawn_s: float) -> None:
        """The frame of the last `at` is finished."""
        self.shown.extend((change, drawn_s) for change in self._fresh)
        self._fresh.clear()

    def face_late(self) -> Offset | None:
        """How much later than the voice the face reaches the stage, from the last half minute of talk."""
        if len(self._tracks) < 2:
            return None
        at_s, voice, face = np.array(self._tracks).T
        return offset_between(at_s, voice, at_s, face)

    def _hear(self, now_s: float) -> None:
        """Takes the changes that are due. Two closures never fall into one frame: a frame shows the first."""
        changes = self.voice.changes if self.voice else ()
        while changes and changes[0].told_s + self.offset_s <= now_s:
            change = changes.popleft()
            self._fresh.append(change)
            self._voice_mouth = change.mouth
            if change.mouth in self._shut:
                break
        if self._voice_mouth != self._rest:
            self._spoke_s = now_s

    def _see(self, now_s: float) -> FacePose:
        """The head as the webcam has it, or at rest with a life of its own; from one to the other without a jump."""
        seen = self.webcam.latest if self.webcam else None
        there = seen is not None and now_s - seen.taken_s < STALE_S
        if there != self._there:
            self._there, self._left, self._turned_s = there, self._face, now_s
        wanted = self._own = seen.face if seen is not None and there else self._alone(now_s)
        wanted = mirrored(wanted) if self.mirror and there else wanted
        share, left = min(1.0, (now_s - self._turned_s) / EASE_S), self._left.vector()
        self._face = replace(FacePose.of_vector(left + share * (wanted.vector() - left)), presence=float(there))
        return self._face

    def _alone(self, now_s: float) -> FacePose:
        roll, yaw = self._idle.sway(now_s)
        blink = self._idle.blink(now_s)
        return replace(REST, roll=roll, yaw=yaw, blink_left=blink, blink_right=blink)

    def _mouth(self, now_s: float) -> int:
        seen = self._face.presence > 0
        speaks = now_s - self._spoke_s < SPEAKS_S
        if self._mouth_from == "voice" or not seen or (self._mouth_from == "blend" and speaks):
            return self._voice_mouth
        wanted = int(self.visemes.of_phone[index(phone_of(self._own))])
        if wanted != self._face_mouth and (wanted == self._rest or now_s - self._face_mouth_s >= FACE_HOLD_S):
            self._face_mouth, self._face_mouth_s = wanted, now_s
        return self._face_mouth

    def _expression(self, face: FacePose) -> str:
        self._smiling = face.smile > (SOBERS if self._smiling else SMILES)
        happy = next((name for name in self.expressions if name in HAPPY), None)
        return self._chosen or (happy if happy and self._smiling else self.expressions[0])


def openness(visemes: Visemes) -> np.ndarray:
    """[V] how far open each mouth is, 0..1: the mean of its sounds."""
    table = gestures()
    wide = table[:, GESTURES.index("open")] + 0.2 * (1 - table[:, GESTURES.index("rest")])
    wide[[index(phone) for phone in CLOSURE]] = 0
    of_mouth = [wide[visemes.of_phone == mouth].mean() for mouth in range(len(visemes.names))]
    return np.array(of_mouth) / max(of_mouth)


def mirrored(face: FacePose) -> FacePose:
    """As in a mirror."""
    return replace(
        face, yaw=-face.yaw, roll=-face.roll, x=-face.x, gaze_x=-face.gaze_x,
        blink_left=face.blink_right, blink_right=face.blink_left,
    )  # fmt: skip
