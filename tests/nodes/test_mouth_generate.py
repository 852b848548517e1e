# SPDX-License-Identifier: Apache-2.0
"""MouthGenerate says what it is asked to, leaves nothing of what was said before, and touches nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.nodes import mouth_generate
from ofx_lipsync.nodes.mouth_generate import Params, analyse, render, wanted

OPEN, WIDTH = 0, 1


def opening(amounts: list[float]) -> np.ndarray:
    """[N, 6]: a mouth that opens the way mouths do."""
    return np.array(amounts)[:, None] * np.array([1.0, -0.2, 0.8, 0.6, 0.9, 0.0])


def plan_of(shot, line, **params) -> MouthPlan:
    return analyse(shot.faces, shot.rate, shot.frames, line, Params(**params), plate=shot)


def test_a_still_portrait_speaks(portrait, curve, dub, tracker) -> None:
    amounts = [0.0, 0.2, 0.5, 0.9, 1.2, 0.7, 0.3, 0.0]
    pictures, _ = dub(portrait, curve(opening(amounts)))
    seen = articulation(tracker.landmarks(pictures))[:, OPEN]
    assert np.corrcoef(seen, amounts)[0, 1] > 0.97
    assert seen[0] < 0.012, "her smile shows teeth; at rest her lips must be shut"
    assert seen[4] > 0.05


def test_silence_shuts_a_smile(portrait, curve, dub, tracker) -> None:
    line = curve(opening([0.8] * 8), closure=1.0, voice=0.0)
    pictures, _ = dub(portrait, line)
    assert articulation(tracker.landmarks(pictures))[:, OPEN].max() < 0.012


def test_nothing_changes_where_the_matte_is_zero(portrait, curve, dub) -> None:
    odd = dataclasses.replace(portrait, pictures=portrait.pictures.copy())
    odd.pictures[:, :, :6, :6] = np.array([np.nan, np.inf, -np.inf], np.float32)[:, None, None]
    odd.pictures[:, :, 20, :] = -0.5
    pictures, mattes = dub(odd, curve(opening([1.0] * 8)))
    outside = np.broadcast_to(mattes[:, None] == 0, pictures.shape)
    assert np.array_equal(pictures[outside].view(np.int32), odd.pictures[outside].view(np.int32))
    assert 0.01 < (mattes > 0).mean() < 0.5


def test_broken_pixels_in_the_mouth_stay_few(portrait, curve, dub) -> None:
    odd = dataclasses.replace(portrait, pictures=portrait.pictures.copy())
    x, y = portrait.faces.landmarks[0, 17, :2].astype(int)
    odd.pictures[:, :, y + 6, x] = np.nan
    pictures, _ = dub(odd, curve(opening([0.6] * 8)))
    assert 0 < np.isnan(pictures[0]).any(axis=0).sum() < 60


def test_any_order_gives_the_same_bits(portrait, curve) -> None:
    plan = plan_of(portrait, curve(opening(list(np.linspace(0, 1, 8)))))
    forth = {f: render(portrait, f, plan, Params()) for f in portrait.frames}
    back = {f: render(portrait, f, plan, Params()) for f in reversed(portrait.frames)}
    for frame in portrait.frames:
        for layer in ("image", "ground"):
            a, b = getattr(forth[frame], layer).pixels, getattr(back[frame], layer).pixels
            assert np.array_equal(a.view(np.int32), b.view(np.int32))


def test_every_array_of_the_plan_has_a_row_a_frame(portrait, curve) -> None:
    plan = plan_of(portrait, curve(opening([0.5] * 8)))
    assert plan.frames.tolist() == portrait.frames
    assert {len(getattr(plan, field.name)) for field in dataclasses.fields(plan)} == {8}


def test_no_strength_is_no_patch_and_half_moves_half(portrait, curve) -> None:
    plan = plan_of(portrait, curve(opening([0.0] * 8), closure=1.0))
    frame = portrait.frames[3]
    assert render(portrait, frame, plan, Params(strength=0.0)) is None
    whole, half = (render(portrait, frame, plan, Params(strength=s)).outline for s in (1.0, 0.5))
    start = plan.here[3][mouth_generate.layers.OUTLINE]
    assert np.allclose(half - start, (whole - start) / 2, atol=1e-3)


def test_nobody_gives_an_empty_plan(portrait, curve) -> None:
    plan = analyse(None, portrait.rate, portrait.frames, curve(opening([0.5] * 8)), Params())
    assert len(plan.frames) == 0
    assert wanted(plan, portrait.frames) == {}
    assert render(portrait, portrait.frames[0], plan, Params()) is None


def test_frames_without_a_face_keep_the_plate(portrait, curve) -> None:
    seen = portrait.faces.presence.copy()
    seen[[2, 3]] = 0.1
    plan = analyse(
        dataclasses.replace(portrait.faces, presence=seen), portrait.rate, portrait.frames,
        curve(opening([0.5] * 8)), Params(), cuts=[portrait.frames[6]],
    )  # fmt: skip
    assert plan.frames.tolist() == [portrait.frames[i] for i in (0, 1, 4, 5, 6, 7)]


def test_one_frame_is_enough(portrait, curve) -> None:
    rows = [0]
    parts = ("frames", "landmarks", "presence", "blendshapes")
    track = dataclasses.replace(portrait.faces, **{n: getattr(portrait.faces, n)[rows] for n in parts})
    plan = analyse(track, portrait.rate, portrait.frames[:1], curve(opening([0.7])), Params())
    patch = render(portrait, portrait.frames[0], plan, Params())
    assert patch is not None
    assert np.isfinite(patch.image.pixels).all()


def test_the_frames_asked_for_are_the_frames_read(portrait, curve) -> None:
    plan = plan_of(portrait, curve(opening([0.9] * 8)))
    allowed = wanted(plan, portrait.frames[2:5])
    read: list[tuple[int, object]] = []

    class Watched:
        display = portrait.display

        def window(self, frame):
            return portrait.display

        def crop(self, frame, region):
            read.append((frame, region))
            return portrait.crop(frame, region)

    for frame in portrait.frames[2:5]:
        render(Watched(), frame, plan, Params())
        own, *library = [pair for pair in read if pair is not None]
        assert own[0] == frame
        assert library
        assert all(allowed[number].contains(region) for number, region in library)
        read.clear()


def test_nothing_is_read_from_outside_the_data_window(portrait, curve, dub) -> None:
    """A chin at the lower edge of the picture: what lies below does not exist, and is not black."""
    lowest = int(portrait.faces.landmarks[0, 152, 1]) - 4
    cut = dataclasses.replace(portrait, pictures=np.ascontiguousarray(portrait.pictures[:, :, :lowest]))
    pictures, mattes = dub(cut, curve(opening([0.0] * 8), closure=1.0))
    moved = mattes[0, -1] > 0.5
    assert moved.any(), "her chin goes up as her lips shut, so pixels from below the picture would be wanted"
    assert pictures[0, :, -1][:, moved].mean() > 0.8 * cut.pictures[0, :, -1][:, moved].mean()
    off = dataclasses.replace(portrait.faces, landmarks=portrait.faces.landmarks + np.array([0, 400, 0], np.float32))
    plan = analyse(off, portrait.rate, portrait.frames, curve(opening([0.5] * 8)), Params())
    assert render(portrait, portrait.frames[0], plan, Params()) is None


def test_handles_fade_in(portrait, curve) -> None:
    plan = plan_of(portrait, curve(opening([0.5] * 8)), handles=3)
    assert np.all(np.diff(plan.strength[:4]) > 0)
    assert plan.strength[3] == 1
    assert np.allclose(plan.strength, plan.strength[::-1])


def test_a_face_in_profile_keeps_its_own_mouth(portrait, curve) -> None:
    turn = np.radians(80)
    spin = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]], np.float32)
    middle = portrait.faces.landmarks[:, 1:2]
    side = dataclasses.replace(portrait.faces, landmarks=(portrait.faces.landmarks - middle) @ spin.T + middle)
    plan = analyse(side, portrait.rate, portrait.frames, curve(opening([0.5] * 8)), Params())
    assert not plan.strength.any()
    assert render(portrait, portrait.frames[0], plan, Params()) is None


@pytest.mark.parametrize(
    ("name", "value"), [("opening", 1.5), ("opening_bias", 0.3), ("width", 3.0), ("jaw", 0.0), ("sync_offset", 80.0),
                    ("smoothing", 60.0), ("closure", 0.0), ("hold_closed_in_silence", 0.0), ("handles", 2)],
)  # fmt: skip
def test_every_param_of_the_motion_moves_the_plan(portrait, curve, name, value) -> None:
    amounts = [0.0, 0.1, 0.4, 0.9, 0.9, 0.4, 0.1, 0.0]
    line = dataclasses.replace(
        curve(opening(amounts)), closure=np.array([0, 0, 0, 1, 1, 0, 0, 0], "f4"), voice=np.array([0.2] * 8, "f4")
    )
    before, after = plan_of(portrait, line), plan_of(portrait, line, **{name: value})
    assert not (np.array_equal(before.target, after.target) and np.array_equal(before.strength, after.strength))


def test_opening_can_be_keyed(portrait, curve) -> None:
    first, last = portrait.frames[0], portrait.frames[-1]
    plan = plan_of(portrait, curve(opening([0.5] * 8)), opening={first: 0.0, last: 2.0})
    lips = plan.target[:, mouth_generate.layers.LIPS_EDGE]
    assert np.all(np.diff(np.ptp(lips[:, :, 1], axis=1)) > 0)


def test_a_reel_that_is_not_there_is_said(portrait, curve) -> None:
    with pytest.raises(UsageError, match="library: is 'reel', but no reel is given"):
        plan_of(portrait, curve(opening([0.5] * 8)), library="reel")


@pytest.mark.shared
def test_the_new_line_is_said_and_the_old_one_is_gone(talking, curve, dub, tracker) -> None:
    """Its own channels played backwards over the plate: as wild as speech, and another line at every frame."""
    raw = articulation(talking.faces.landmarks)
    rest = np.median(raw[raw[:, OPEN] < 0.012], axis=0)
    channels = (raw - rest) / np.maximum(np.quantile(raw, 0.95, axis=0) - rest, [0.03, 0.01, 0.02, 0.008, 0.03, 0.002])
    line = np.roll(channels[::-1], 9, axis=0)
    pictures, mattes = dub(talking, curve(line))
    made = articulation(tracker.landmarks(pictures))
    new = [float(np.corrcoef(made[:, c], line[:, c])[0, 1]) for c in (OPEN, WIDTH)]
    old, chance = (float(np.corrcoef(c, raw[:, OPEN])[0, 1]) for c in (made[:, OPEN], line[:, OPEN]))
    print(
        f"opening r {new[OPEN]:.3f}, width r {new[WIDTH]:.3f}, old opening r {old:.3f} (the line itself {chance:.3f})"
    )
    assert new[OPEN] > 0.95
    assert new[WIDTH] > 0.75
    assert abs(old - chance) < 0.12
    outside = np.broadcast_to(mattes[:, None] == 0, pictures.shape)
    assert np.array_equal(pictures[outside], talking.pictures[outside])


@pytest.mark.shared
def test_silence_over_a_talking_plate_is_silent(talking, curve, dub, tracker) -> None:
    raw = articulation(talking.faces.landmarks)[:, OPEN]
    pictures, _ = dub(talking, curve(np.zeros((75, 6)), closure=1.0, voice=0.0))
    made = articulation(tracker.landmarks(pictures))[:, OPEN]
    print(f"opening in % of face height: as shot up to {100 * raw.max():.1f}, made {100 * made.max():.1f}")
    assert made.max() < 0.012 < raw.max() / 3
    assert made.std() < raw.std() / 8
