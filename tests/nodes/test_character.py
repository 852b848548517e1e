# SPDX-License-Identifier: Apache-2.0
"""Character: a line heard, timed and drawn; each frame by itself; odd sounds right or refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.phones import ADOBE, OVR
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.drawing import Drawing
from ofx_lipsync.media.mouth_set import MouthSet
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.nodes import character
from ofx_lipsync.nodes.drawn.inbetween import InBetweens

RATE = Fraction(24)
PARAMS = character.Params()


@pytest.fixture(scope="module")
def sound(samples) -> Sound:
    return read_sound(str(samples / "lines" / "english.flac"))


def frames(sound: Sound) -> range:
    return range(1001, 1001 + int(sound.duration_s * 24))


def plan_of(sound: Sound, params=PARAMS, **more):
    return character.analyse(sound, frames(sound), RATE, params, **more)


def oval(wide: int, high: int) -> Drawing:
    y, x = np.mgrid[:high, :wide] + 0.5
    alpha = (((x / wide * 2 - 1) ** 2 + (y / high * 2 - 1) ** 2) < 1).astype(np.float32)
    pixels = np.stack([0.5 * alpha, 0.1 * alpha, 0.1 * alpha, alpha]).astype(np.float32)
    return Drawing(pixels, Region(40 - wide // 2, 30 - high // 2, 40 - wide // 2 + wide, 30 - high // 2 + high))


@pytest.fixture(scope="module")
def mouths() -> MouthSet:
    own = {name: oval(20 + 2 * n, 4 + n) for n, name in enumerate(ADOBE)}
    head = Drawing(np.ones((4, 64, 80), np.float32), Region(0, 0, 80, 64))
    shut = Drawing(
        np.full((4, 4, 30), 1, np.float32) * np.float32([0, 0, 0, 1]).reshape(4, 1, 1), Region(20, 8, 50, 12)
    )
    parts = {("neutral", "head"): head, ("neutral", "eyes_closed"): shut}
    return MouthSet(
        "oval", Region(0, 0, 80, 64), ADOBE, "Character Animator", {"neutral": own, "happy": own}, {}, parts
    )


def test_a_line_is_heard_as_mouths_that_move_and_close(sound) -> None:
    plan = plan_of(sound)
    names = [ADOBE[m] for m in plan.shown if m >= 0]
    assert names[0] == names[-1] == "Neutral"
    assert 25 < (np.diff(plan.end) != 0).sum() < 50
    closures = sum(ADOBE[m] == "M" for m in plan.cues.mouth)
    shown = np.array([ADOBE[m] == "M" for m in plan.shown])
    assert (np.diff(shown.astype(int)) == 1).sum() >= closures - 1  # `m b` in `camera up` may be one


def test_a_change_ends_on_time_whatever_its_length(sound) -> None:
    one, four, cut = (plan_of(sound, PARAMS.with_values(transition_frames=n)) for n in (1, 4, 1))
    arrivals = [np.flatnonzero(np.diff(p.end) != 0) for p in (one, four)]
    assert (four.phase < 1).sum() > (one.phase < 1).sum() > 10
    # a mouth that is shown alone in both plans begins to be so on the same frame
    same = (one.shown >= 0) & (four.shown >= 0)
    np.testing.assert_array_equal(one.shown[same], four.shown[same])
    assert len(arrivals[0]) == len(arrivals[1])
    np.testing.assert_array_equal(one.phase, cut.phase)


def test_frames_before_the_line_starts_and_after_it_ends_rest(sound) -> None:
    late = replace(sound, start_s=1.0)
    plan = character.analyse(late, range(1, 24 * 8), RATE, PARAMS)
    assert (plan.end[:18] == 0).all()
    assert (plan.end[-24:] == 0).all()


def test_the_same_at_any_rate(sound) -> None:
    """A mouth shown for long at 24 frames a second is shown at the same time at 60."""
    coarse = plan_of(sound)
    fine = character.analyse(
        sound, range(int(sound.duration_s * 60)), Fraction(60), PARAMS.with_values(lead=2.5, hold=5)
    )
    alone = [n for n in range(len(coarse.frames) - 2) if coarse.shown[n] >= 0]
    agree = np.mean([fine.end[round(n * 2.5)] == coarse.end[n] for n in alone])
    assert agree > 0.8


def test_expressions_follow_their_keys(sound) -> None:
    params = PARAMS.with_values(expression="1001:neutral, 1040:Happy")
    plan = plan_of(sound, params, expressions=("neutral", "happy"))
    assert plan.expression_start[:38].tolist() == [0] * 38
    assert plan.expression_start[39:].tolist() == [1] * (len(plan.frames) - 39)


@pytest.mark.parametrize(
    ("text", "error"),
    [("angry", "the drawings have no 'angry'; they have neutral, happy"), ("x1:happy", "cannot read 'x1:happy'")],
)
def test_a_wrong_expression_is_refused(sound, text, error) -> None:
    with pytest.raises(UsageError, match=error):
        plan_of(sound, PARAMS.with_values(expression=text), expressions=("neutral", "happy"))


def test_ovrs_fifteen_mouths(sound) -> None:
    plan = plan_of(sound, alphabet=OVR)
    assert plan.cues.names == OVR
    assert {OVR[m] for m in plan.end} > {"sil", "PP", "aa"}


def test_render_is_of_one_frame_alone_and_straight_from_the_drawings(sound, mouths) -> None:
    plan = plan_of(sound)
    forward = [character.render(f, plan, InBetweens(mouths), PARAMS).pixels for f in plan.frames[::9]]
    drawn = InBetweens(mouths)
    backward = [character.render(f, plan, drawn, PARAMS).pixels for f in plan.frames[::9][::-1]]
    for one, other in zip(forward, backward[::-1], strict=True):
        np.testing.assert_array_equal(one, other)
    alone = plan.frames[np.flatnonzero(plan.phase == 1)[0]]
    name = ADOBE[plan.end[plan.row(alone)]]
    image = character.render(alone, plan, drawn, PARAMS.with_values(head=False))
    own = mouths.mouths["neutral"][name]
    np.testing.assert_array_equal(image.window(own.region).pixels, own.pixels)
    assert image.channels == ("R", "G", "B", "A")
    assert not image.pixels[:, :10].any()


@pytest.mark.parametrize("transition", ["morph", "dissolve", "hold", "inbetween"])
def test_every_transition_draws(sound, mouths, transition) -> None:
    plan, params = plan_of(sound), PARAMS.with_values(transition=transition, head=False)
    frame = int(plan.frames[np.flatnonzero((plan.phase < 1) & (plan.start != plan.end))[0]])
    alpha = character.render(frame, plan, InBetweens(mouths, transition), params).pixels[3]
    assert 0.9 < alpha.max() <= 1.0001
    soft = ((alpha > 0.2) & (alpha < 0.8)).sum() / (alpha > 0.2).sum()
    assert soft > 0.03 if transition == "dissolve" else soft < 0.5


def test_the_mouth_is_moved_scaled_and_turned(sound, mouths) -> None:
    plan = plan_of(sound)
    frame = int(plan.frames[0])

    def drawn(**values) -> np.ndarray:
        return character.render(frame, plan, InBetweens(mouths), PARAMS.with_values(head=False, **values)).pixels[3]

    def middle(alpha: np.ndarray) -> np.ndarray:
        return (
            np.array([(alpha.sum(axis=axis) * (np.arange(alpha.shape[1 - axis]) + 0.5)).sum() for axis in (0, 1)])
            / alpha.sum()
        )

    still = drawn()
    moved = drawn(mouth_x=12.5, mouth_y=-6.25)
    np.testing.assert_allclose(middle(moved) - middle(still), (8, -4), atol=0.01)
    assert drawn(mouth_scale=2.0).sum() == pytest.approx(4 * still.sum(), rel=0.05)
    turned = drawn(mouth_turn=90.0)
    assert np.ptp(np.nonzero(turned > 0.5)[0]) > np.ptp(np.nonzero(turned > 0.5)[1])


def test_eyes_blink_at_the_same_times_for_a_seed(sound) -> None:
    params = PARAMS.with_values(blinks=60.0)
    one, same, other = (plan_of(sound, params.with_values(seed=n)).eyes for n in (1, 1, 2))
    assert set(one) == {0, 1, 2}
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert not plan_of(sound, PARAMS.with_values(blinks=0.0)).eyes.any()


def mouth_moves(sound: Sound) -> float:
    plan = plan_of(sound)
    return float((plan.end != 0).mean())


def test_odd_sounds_are_heard_as_well(sound) -> None:
    """Telephone, clipped, and a stereo file with one dead channel: about the same mouths."""
    whole = plan_of(sound).end
    phone = resample(sound, 8000)
    clipped = Sound(np.clip(sound.samples * 0.9 / np.abs(sound.samples).max() * 4, -1, 1), sound.rate_hz)
    dead = Sound(np.concatenate([sound.samples, np.zeros_like(sound.samples)]), sound.rate_hz)
    for name, odd, least in (("phone", phone, 0.55), ("clipped", clipped, 0.6), ("dead", dead, 0.99)):
        heard = plan_of(odd).end
        assert (heard == whole[: len(heard)]).mean() > least, name


def test_silence_noise_and_a_chord_leave_the_mouth_alone() -> None:
    generator = np.random.default_rng(4)
    t = np.arange(3 * 16000) / 16000
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220, 277.2, 329.6, 440)) / 8
    for samples in (np.zeros_like(t), 0.02 * generator.standard_normal(len(t)), chord):
        assert mouth_moves(Sound(samples[None].astype(np.float32), 16000)) < 0.35


def test_samples_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(MediaError, match="samples that are not numbers"):
        plan_of(Sound(np.full((1, 16000), np.nan, np.float32), 16000))


def test_a_sound_of_a_few_samples_rests() -> None:
    plan = character.analyse(Sound(np.zeros((1, 3), np.float32), 16000), range(1, 6), RATE, PARAMS)
    assert plan.end.tolist() == [0] * 5
