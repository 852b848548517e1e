# SPDX-License-Identifier: Apache-2.0
"""A drawn character that says the line: mouths chosen by the sound, held and changed as an animator would, RGBA out.

The whole line is heard, the best way through all its frames is found (every heard closure is shown, no mouth flickers),
and each frame is drawn from the set by itself. Mouths run a little ahead of the sound, and a change between two of them
ends on time. Drawings are read as sRGB unless they say otherwise, and composed as premultiplied scene-linear light. It
does not draw: a mouth that the set lacks is shown by the nearest it has.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.core.cues import Cues
from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.params import Bool, Choice, File, Float, Int, ParamSet, Text
from ofx_lipsync.core.phones import ADOBE, Visemes, adobe, ovr
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media.sound import resample
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.viseme_choice import VisemeChoice
from ofx_lipsync.nodes.drawn.figure import Placing, moved, stacked
from ofx_lipsync.nodes.drawn.inbetween import TRANSITIONS, InBetweens
from ofx_lipsync.nodes.drawn.plan import EASES, CharacterPlan, blinks, brow_lift, with_transitions
from ofx_lipsync.nodes.drawn.timing import Rules, timed

ID = "Character"
VERSION = 1
INPUTS = ("line", "drawings")
HEARD_HZ = 16000
BROWS_SHARE = 0.012
"""Of the canvas height, how far brows rise at the most."""


class Params(ParamSet):
    owner = ID
    mouths = File(
        "", group="Drawings",
        help="The drawings: a folder of pictures or SVGs named by mouth, or a PSD with a layer for each mouth.",
    )  # fmt: skip
    space = Text(
        "", group="Drawings",
        help="Colour space of the drawings, as the OCIO config names it; empty is what their files say, or else sRGB.",
    )  # fmt: skip
    height = Int(
        0, lo=0, hi=8192, slider=(0, 2160), unit="px", group="Drawings",
        help="Height of the picture; 0 is as the drawings are. SVGs are drawn at it, pictures are resized to it.",
    )  # fmt: skip
    head = Bool(True, group="Drawings", help="Draws the set's head, eyes and brows too; off, the mouth alone.")
    hold = Int(
        2, lo=1, hi=12, slider=(1, 6), unit="frames", group="Timing", analysed=True,
        help="How long a mouth stays at the least; only lips that shut may be quicker, since a viewer misses those.",
    )  # fmt: skip
    lead = Float(
        1.0, lo=0, hi=6, slider=(0, 3), unit="frames", group="Timing", analysed=True, animates=False,
        help="How far mouths run ahead of the sound, so that they are read in time; animators use one or two.",
    )  # fmt: skip
    style = Choice(
        "snap", options=("snap", "smooth"), group="Timing", analysed=True,
        help="Whether mouths follow every sound they can, or leave small ones out for a calmer picture.",
    )  # fmt: skip
    transition = Choice(
        "morph", options=TRANSITIONS, group="Transition",
        help="How one mouth becomes another: morphed, by the set's own in-between drawings, dissolved, or not at all.",
    )  # fmt: skip
    transition_frames = Int(
        1, lo=1, hi=4, slider=(1, 4), unit="frames", group="Transition", analysed=True,
        help="Frames on the way to a new mouth, taken from the end of the one before; the new one is there on time.",
    )  # fmt: skip
    ease = Choice(
        "smooth", options=EASES, group="Transition", analysed=True,
        help="How the change is spread over its frames: smoothly, evenly, beginning slowly, or ending slowly.",
    )  # fmt: skip
    expression = Text(
        "neutral", group="Expression", analysed=True,
        help="Which of the set's expressions: one name, or keys as 1001:neutral,1048:happy, each until the next.",
    )  # fmt: skip
    blinks = Float(
        14.0, lo=0, hi=60, slider=(0, 30), unit="per minute", group="Expression", analysed=True, animates=False,
        help="How often the eyes blink, where the set has closed ones; 0 keeps them open.",
    )  # fmt: skip
    brows = Float(
        1.0, lo=0, hi=4, slider=(0, 2), unit="times", group="Expression",
        help="How far the brows rise where a phrase begins; 0 keeps them still.",
    )  # fmt: skip
    seed = Int(
        1, lo=0, hi=10**9, slider=(0, 100), unit="number", group="Expression", analysed=True,
        help="Another number, other times of blinking; the same number, always the same.",
    )  # fmt: skip
    mouth_x = Float(
        0.0, lo=-100, hi=100, slider=(-50, 50), unit="% of height", group="Mouth",
        help="Moves the mouth to the right, for drawings made apart from their head.",
    )  # fmt: skip
    mouth_y = Float(
        0.0, lo=-100, hi=100, slider=(-50, 50), unit="% of height", group="Mouth",
        help="Moves the mouth down.",
    )  # fmt: skip
    mouth_scale = Float(
        1.0, lo=0.01, hi=20, slider=(0.25, 4), unit="times", group="Mouth",
        help="Makes the mouth larger or smaller, about its middle.",
    )  # fmt: skip
    mouth_turn = Float(
        0.0, lo=-180, hi=180, slider=(-45, 45), unit="degrees", group="Mouth",
        help="Turns the mouth clockwise, about its middle, for a head that is tilted.",
    )  # fmt: skip


def analyse(
    sound: Sound, frames: Sequence[int], rate: Rate, params: Params, *, alphabet: tuple[str, ...] = ADOBE,
    expressions: tuple[str, ...] = ("neutral",), times_s: np.ndarray | None = None,
) -> CharacterPlan:  # fmt: skip
    """frames: the shot's, ascending; the first one is at 0 s of the sound's clock. alphabet, expressions: the set's.

    Raises: MediaError for samples that are not numbers; UsageError for an expression that the set does not have.
    """
    visemes = visemes_of(alphabet)
    cues = heard(sound, visemes)
    if times_s is None:
        times_s = np.array([float((frame - frames[0]) / rate) for frame in frames], np.float64)
    rules = Rules.of(visemes, params.hold, params.lead, params.style)
    worn = expression_at(params.expression, frames, expressions)
    mouths = timed(cues, times_s, rate, rules)
    start, end, worn_start, worn_end, phase = with_transitions(mouths, worn, params.transition_frames, params.ease)
    eyes, lift = blinks(times_s, params.blinks, params.seed), brow_lift(cues, times_s)
    numbers = np.asarray(frames, np.int64)
    return CharacterPlan(numbers, start, end, phase, expressions, worn_start, worn_end, eyes, lift, cues)


def render(frame: int, plan: CharacterPlan, drawn: InBetweens, params: Params) -> Image:
    """RGBA over the whole canvas, premultiplied, scene-linear; params: resolved at the frame.

    drawn: the set's drawings and those between them, made with params.transition.
    """
    mouths, row = drawn.mouths, plan.row(frame)
    faces = [
        (plan.expressions[worn], plan.cues.names[mouth])
        for worn, mouth in (
            (plan.expression_start[row], plan.start[row]),
            (plan.expression_end[row], plan.end[row]),
        )
    ]
    placing = Placing(params.mouth_x / 100, params.mouth_y / 100, params.mouth_scale, params.mouth_turn)
    mouth = moved(drawn.drawing(*faces, float(plan.phase[row])), mouths, placing)
    worn = faces[0][0]
    lift_px = round(float(plan.lift[row]) * params.brows * BROWS_SHARE * mouths.canvas.height)
    under = drawn.under(worn, int(plan.eyes[row]), lift_px) if params.head else None
    front = mouths.part("front", worn) if params.head else None
    planes = stacked([mouth, *([front] if front is not None else [])], mouths.canvas, onto=under)
    return Image(planes, mouths.canvas, mouths.canvas, channels=("R", "G", "B", "A"))


def visemes_of(alphabet: tuple[str, ...]) -> Visemes:
    """Which sounds each of the set's mouths shows."""
    return next(visemes for visemes in (adobe(), ovr()) if visemes.names == alphabet)


def heard(sound: Sound, visemes: Visemes) -> Cues:
    """The line as mouths over time, on the sound's clock.  Raises: MediaError."""
    if not np.isfinite(sound.samples).all():
        raise MediaError(f"{ID}: the line has samples that are not numbers (NaN or Inf); export the sound again")
    mono = resample(Sound(sound.mono()[None], sound.rate_hz, sound.start_s), HEARD_HZ)
    told = Hearing.named().line(mono.samples[0])
    labels = VisemeChoice(visemes).line(told)
    likely = visemes.posteriors(told.phones)
    sure = likely[np.arange(len(labels)), labels]
    return Cues.of_labels(labels, visemes.names, sound.start_s, sure)


def expression_at(text: str, frames: Sequence[int], expressions: tuple[str, ...]) -> np.ndarray:
    """[F] int8 into `expressions`, of `happy` or `1001:neutral,1048:happy`.  Raises: UsageError."""
    keys: dict[int, str] = {}
    for part in text.split(","):
        frame, colon, name = part.rpartition(":")
        try:
            keys[int(frame) if colon else -(2**31)] = name.strip().lower()
        except ValueError:
            raise UsageError(
                f"{ID}.expression: cannot read {part!r}; write happy, or 1001:neutral,1048:happy"
            ) from None
    for name in keys.values():
        if name not in expressions:
            raise UsageError(f"{ID}.expression: the drawings have no {name!r}; they have {', '.join(expressions)}")
    starts = sorted(keys)
    at = np.clip(np.searchsorted(starts, list(frames), side="right") - 1, 0, None)
    return np.array([expressions.index(keys[starts[int(n)]]) for n in at], np.int8)
