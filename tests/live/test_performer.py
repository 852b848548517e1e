# SPDX-License-Identifier: Apache-2.0
"""Who moves the mouth, what the head does, and when: in virtual time."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import pairwise

import pytest

from ofx_lipsync.core.phones import ADOBE, adobe
from ofx_lipsync.live.face_pose import FacePose
from ofx_lipsync.live.idle import BLINK_S, Idle
from ofx_lipsync.live.performer import REST, Performer, mirrored, openness
from ofx_lipsync.live.voice import Change
from ofx_lipsync.live.webcam import Seen

MOUTH = {name: number for number, name in enumerate(ADOBE)}
EXPRESSIONS = ("neutral", "happy")


class Voice:
    """Changes alone, as the stage sees a voice."""

    def __init__(self) -> None:
        self.changes: deque[Change] = deque()

    def say(self, name: str, told_s: float) -> None:
        self.changes.append(Change(MOUTH[name], round(100 * told_s), told_s - 0.07, told_s))


class Webcam:
    latest: Seen | None = None

    def see(self, face: FacePose, at_s: float) -> None:
        self.latest = Seen(face, face, at_s)


def performer(voice: Voice | None = None, webcam: Webcam | None = None, **how: object) -> Performer:
    return Performer(voice, webcam, EXPRESSIONS, **how)  # type: ignore[arg-type]


def test_a_change_is_shown_by_the_next_frame_and_logged_when_that_is_drawn() -> None:
    voice = Voice()
    stage = performer(voice)
    stage.at(1.0)
    voice.say("Aa", 1.005)
    acting = stage.at(1.016)
    assert (acting.mouth_to, acting.phase) == (MOUTH["Aa"], 0.5)
    assert not stage.shown
    stage.drawn(1.02)
    assert [(change.mouth, drawn_s) for change, drawn_s in stage.shown] == [(MOUTH["Aa"], 1.02)]


def test_two_closures_never_fall_into_one_frame() -> None:
    voice = Voice()
    stage = performer(voice)
    for name, told_s in (("M", 1.0), ("Aa", 1.01), ("F", 1.02), ("Ee", 1.03)):
        voice.say(name, told_s)
    shown = [stage.at(2.0 + frame / 60).mouth_to for frame in range(4)]
    assert shown == [MOUTH["M"], MOUTH["F"], MOUTH["Ee"], MOUTH["Ee"]]


def test_an_offset_delays_the_mouth() -> None:
    voice = Voice()
    stage = performer(voice, offset_s=0.2)
    voice.say("Aa", 1.0)
    assert stage.at(1.1).mouth_to == MOUTH["Neutral"]
    assert stage.at(1.21).mouth_to == MOUTH["Aa"]


GAPING = replace(REST, gap=0.12, presence=1.0)


@pytest.mark.parametrize(
    ("how", "speaking", "silent"),
    [("voice", "Ee", "Neutral"), ("face", "Aa", "Aa"), ("blend", "Ee", "Aa")],
)
def test_who_moves_the_mouth(how: str, speaking: str, silent: str) -> None:
    voice, webcam = Voice(), Webcam()
    stage = performer(voice, webcam, mouth=how)
    webcam.see(GAPING, 1.0)
    stage.at(1.0)
    voice.say("Ee", 1.01)
    webcam.see(GAPING, 1.02)
    assert stage.at(1.02).mouth_to == MOUTH[speaking]
    voice.say("Neutral", 1.1)
    for frame in range(60):
        webcam.see(GAPING, 1.1 + frame / 60)
        acting = stage.at(1.1 + frame / 60)
    assert acting.mouth_to == MOUTH[silent]


def test_a_webcam_that_has_gone_leaves_the_voice_and_a_head_that_goes_back_to_rest() -> None:
    voice, webcam = Voice(), Webcam()
    stage = performer(voice, webcam, mouth="face")
    webcam.see(replace(GAPING, yaw=30.0, roll=20.0), 1.0)
    for frame in range(30):
        webcam.see(replace(GAPING, yaw=30.0, roll=20.0), 1.0 + frame / 60)
        acting = stage.at(1.0 + frame / 60)
    assert acting.face.yaw == pytest.approx(30, abs=1)
    voice.say("Ee", 2.9)
    yaws = [stage.at(2.0 + frame / 60).face.yaw for frame in range(120)]
    assert max(abs(a - b) for a, b in pairwise(yaws)) < 4  # no jump
    assert abs(yaws[-1]) < 4
    assert stage.at(4.0).mouth_to == MOUTH["Ee"]


def test_a_face_that_is_seen_for_the_first_time_does_not_jump_in() -> None:
    webcam = Webcam()
    stage = performer(None, webcam)
    before = stage.at(1.0).face.yaw
    yaws = []
    for frame in range(40):
        webcam.see(replace(REST, yaw=40.0, presence=1.0), 1.1 + frame / 60)
        yaws.append(stage.at(1.1 + frame / 60).face.yaw)
    assert max(b - a for a, b in pairwise([before, *yaws])) < 5
    assert yaws[-1] == pytest.approx(40)


def test_a_mouth_on_the_border_between_two_does_not_flicker() -> None:
    voice, webcam = Voice(), Webcam()
    stage = performer(voice, webcam, mouth="face")
    shown = []
    for frame in range(120):
        webcam.see(replace(GAPING, gap=0.034 + 0.002 * (frame % 2)), 1 + frame / 60)
        shown.append(stage.at(1 + frame / 60).mouth_to)
    assert sum(a != b for a, b in pairwise(shown)) <= 2 / 0.08
    webcam.see(replace(GAPING, gap=0.0), 3.0)
    assert stage.at(3.0).mouth_to == MOUTH["Neutral"]


def test_smiles_choose_the_expression_and_keys_have_the_last_word() -> None:
    webcam = Webcam()
    stage = performer(None, webcam)

    def with_smile(smile: float, at_s: float) -> str:
        for frame in range(30):
            webcam.see(replace(REST, smile=smile, presence=1.0), at_s + frame / 60)
            expression = stage.at(at_s + frame / 60).expression
        return expression

    assert with_smile(0.1, 1) == "neutral"
    assert with_smile(0.8, 2) == "happy"
    assert with_smile(0.35, 3) == "happy"  # it does not flicker between
    stage.choose(0)
    assert with_smile(0.8, 4) == "neutral"
    stage.choose(0)
    assert with_smile(0.8, 5) == "happy"
    stage.choose(7)
    assert with_smile(0.1, 6) == "neutral"


def test_without_a_webcam_it_blinks_sways_and_does_so_again() -> None:
    idle, again = Idle(3), Idle(3)
    blinks = [idle.blink(at / 100) for at in range(3000)]
    assert blinks == [again.blink(at / 100) for at in range(3000)]
    assert 3 <= sum(a == 0 < b for a, b in pairwise(blinks)) <= 16
    assert max(blinks) > 0.9
    first = next(at for at, blink in enumerate(blinks) if blink)
    assert sum(blink > 0 for blink in blinks[first : first + 100]) <= 100 * BLINK_S + 1
    assert idle.blink(100_000.0) < 1  # hours later: no storm of blinks
    assert max(map(abs, idle.sway(12.3))) < 5


def test_a_mirror_swaps_sides() -> None:
    face = FacePose(yaw=10, roll=5, x=0.1, gaze_x=0.3, blink_left=1.0)
    there = mirrored(face)
    assert (there.yaw, there.roll, there.x, there.gaze_x) == (-10, -5, -0.1, -0.3)
    assert (there.blink_left, there.blink_right) == (0.0, 1.0)
    assert mirrored(there) == face


def test_how_late_the_face_is_comes_of_talk_that_both_saw() -> None:
    voice, webcam = Voice(), Webcam()
    stage = performer(voice, webcam)
    assert stage.face_late() is None
    names = ("Aa", "M", "Ee", "Neutral", "Oh", "M", "Uh", "F")
    for frame in range(60 * 12):
        at_s = 1 + frame / 60
        if frame % 11 == 0:
            voice.say(names[(frame // 11 * 5) % len(names)], at_s)
        late = names[(max(0, frame - 6) // 11 * 5) % len(names)]
        webcam.see(replace(GAPING, gap=0.1 * openness(adobe())[MOUTH[late]]), at_s)
        stage.at(at_s)
    late = stage.face_late()
    assert late is not None
    assert late.sure
    assert late.late_s == pytest.approx(0.1, abs=0.02)
