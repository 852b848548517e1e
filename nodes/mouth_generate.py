# SPDX-License-Identifier: Apache-2.0
"""A new mouth for the actor in the plate, at plate resolution, made of the actor's own mouths.

Engine `plate`: learns how this face rests and moves (nodes/mouth/actor.py), asks for lips and jaw that say the line
(target.py), finds for every frame a mouth elsewhere in the shot or reel (choose.py) and brings it, and the plate's own
chin and cheeks, to that shape (layers.py). Works in scene-linear, clamps nothing, invents no skin. It does not comp:
Blend does. With weights of the published layout the lower face is repainted from the sound instead (published.py).
"""

from __future__ import annotations

from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.mouth import AudioAnalysis, MouthCurve
from ofx_lipsync.core.params import Choice, File, Float, Int, ParamSet
from ofx_lipsync.core.plan import PLATE, MouthPlan, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.squeeze import squeezed_plan, stretched
from ofx_lipsync.core.steps import Steps
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.nodes.mouth import layers, planning, published
from ofx_lipsync.nodes.mouth.finisher import Finisher, widest
from ofx_lipsync.nodes.mouth.holdout import behind

ID = "MouthGenerate"
VERSION = 1
INPUTS = ("plate", "line", "reel")
SHIPPED = "mouth"
"""The weights that come with it, trained on several people."""


class Params(ParamSet):
    owner = ID
    engine = Choice(
        "plate", options=("plate", "neural", "auto"), group="Engine", analysed=True,
        help="Where new pixels come from: the actor's own mouths, brought to shape (plate); the same, mended by a "
        "network on every frame (neural), or where they would be stretched or painted (auto).",
    )  # fmt: skip
    weights = File(
        "", group="Engine",
        help="The network's weights, by name or path, as trained on this actor; empty takes those that come with it.",
    )  # fmt: skip
    strength = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Mouth",
        help="How far the mouth moves from what was shot (0) to what the line says (1); animate it to ramp in and out.",
    )  # fmt: skip
    opening = Float(
        1.0, lo=0, hi=3, slider=(0.5, 1.5), unit="times", group="Mouth", analysed=True,
        help="Opens the mouth more or less than the line suggests; raise it for a shout, lower it for a mumble.",
    )  # fmt: skip
    opening_bias = Float(
        0.0, lo=-1, hi=1, slider=(-0.3, 0.3), unit="share of the actor's widest", group="Mouth", analysed=True,
        help="Keeps the lips this much further apart (or together) all through speech, closures aside.",
    )  # fmt: skip
    width = Float(
        1.0, lo=0, hi=3, slider=(0.5, 1.5), unit="times", group="Mouth", analysed=True,
        help="Widens and rounds the mouth more or less than the line suggests.",
    )  # fmt: skip
    jaw = Float(
        1.0, lo=0, hi=3, slider=(0, 1.5), unit="times", group="Mouth", analysed=True,
        help="How far the chin follows; 0 holds the jaw and lets the lips alone speak.",
    )  # fmt: skip
    closure = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Timing", analysed=True,
        help="How firmly the lips shut on p, b and m; viewers see a missed one first.",
    )  # fmt: skip
    closure_lead = Float(
        0.0, lo=-200, hi=200, slider=(0, 80), unit="ms", group="Timing", analysed=True,
        help="Shuts the lips this much before p, b and m are heard; an animator's habit, and that of some actors.",
    )  # fmt: skip
    hold_closed_in_silence = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Timing", analysed=True,
        help="How firmly the lips stay shut where nobody speaks; 0 lets breaths and noise move them.",
    )  # fmt: skip
    sync_offset = Float(
        0.0, lo=-2000, hi=2000, slider=(-200, 200), unit="ms", group="Timing", analysed=True,
        help="Shifts the mouth against the sound; more than 0 moves the mouth later.",
    )  # fmt: skip
    smoothing = Float(
        0.0, lo=0, hi=500, slider=(0, 100), unit="ms", group="Timing", analysed=True, animates=False,
        help="Softens the mouth's motion in time; for lazy speech, or a line that chatters.",
    )  # fmt: skip
    handles = Int(
        0, lo=0, hi=10000, slider=(0, 48), unit="frames", group="Timing", analysed=True,
        help="Frames at the head and tail over which the mouth fades from what was shot to the line, and back.",
    )  # fmt: skip
    library = Choice(
        "both", options=("both", "plate", "reel"), group="Library", analysed=True,
        help="Where mouths may come from: the shot, the reel, or both.",
    )  # fmt: skip
    reel = File(
        "", group="Library",
        help="More footage of the same actor in similar light, whose mouths may be used; a movie or a sequence.",
    )  # fmt: skip
    keep_away = Float(
        0.0, lo=0, hi=60, slider=(0, 2), unit="s", group="Library", analysed=True, animates=False,
        help="Takes no mouth of the shot from within this time of the frame it is for.",
    )  # fmt: skip
    steadiness = Float(
        1.0, lo=0, hi=20, slider=(0, 4), unit="times", group="Library", analysed=True, animates=False,
        help="Higher stays longer with one run of mouths, lower jumps sooner to one whose lips fit better.",
    )  # fmt: skip


def analyse(
    track: FaceTrack | None,
    plate_rate: Rate,
    frames: Sequence[int],
    curve: MouthCurve,
    params: Params,
    *,
    plate: Clip | None = None,
    reel: tuple[Clip, FaceTrack] | None = None,
    cuts: Sequence[int] = (),
    times_s: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
    made_up: Sequence[int] = (),
    holdout: Clip | None = None,
    invert_holdout: bool = False,
    aspect: float = 1.0,
) -> MouthPlan:
    """What to paint on every frame where the face is seen. Reads no pixels but the holdout's.

    frames: the shot's, ascending; curve times count from the first. cuts: frames that begin a new scene.
    times_s: [N] float64, when each frame is shown, for footage whose frames last unequal times.
    progress: called with (done, total) frames, at least once a second of work; what it raises stops the planning.
    holdout: what lies in front; no mouth is taken from where it lies over the lips. invert_holdout: as Blend's.
    aspect: how many times as wide as high a pixel of plate and reel is shown; a face is measured as it is shown.
    made_up: frames that nobody filmed: their mouths are led from and to those beside them, and none is taken from them.
    Raises: UsageError when params ask for a reel and there is none.
    """
    if params.library == "reel" and reel is None:
        raise UsageError(f"{ID}.library: is 'reel', but no reel is given; give one with {ID}.reel, or use library=both")
    if times_s is None:
        times_s = (np.asarray(frames) - frames[0]) / float(plate_rate)
    if track is not None and holdout is not None:
        track = behind(track, holdout, invert_holdout)
    steps, from_reel = Steps.of(progress, len(frames)), reel[1] if reel else None
    track, from_reel = (None if one is None else stretched(one, aspect) for one in (track, from_reel))
    plan = planning.plan(track, plate_rate, frames, curve, params, from_reel, cuts, times_s, steps, made_up)
    return squeezed_plan(plan, aspect)


def wanted(
    plan: MouthPlan, frames: Sequence[int], clip: int = PLATE, params: ParamSet | None = None
) -> dict[int, Region]:
    """Library frames of a clip that these frames need, with the part of each. params: for what an engine needs more."""
    found: dict[int, Region] = {}
    if params is not None and is_published(params):
        return found
    for row in filter(lambda r: r is not None, map(plan.index, frames)):
        places = {(row, which) for which in range(2 if plan.cross[row] > 0 else 1)}
        if params is not None and params.engine != "plate":
            places.add(widest(plan))
        for place in places:
            if plan.source_clip[place] != clip:
                continue
            frame = int(plan.source_frame[place])
            region = layers.source_region(plan.source[place])
            found[frame] = found[frame].union(region) if frame in found else region
    return found


def region(frame: int, plan: MouthPlan, params: Params) -> Region | None:
    """Where the patch of a frame has pixels, or None where the plate keeps its own mouth. Reads no pixels."""
    row = plan.index(frame)
    if row is None or not paints(plan, frame, params):
        return None
    if is_published(params):
        return published.region_of(plan, row)
    return layers.region_of(plan, row, float(params.strength))


def render(
    plate: Clip, frame: int, plan: MouthPlan, params: Params, *, reel: Clip | None = None,
    heard: tuple[AudioAnalysis, float] | None = None,
) -> Patch | None:  # fmt: skip
    """The patch for a frame, or None where the plate keeps its own mouth. params: resolved at the frame. heard: the
    line, and when the frame is shown, s; only weights of the published layout listen to it.

    Raises: UsageError when the plan uses a reel that is not given, or the weights need a line that is not.
    """
    row = plan.index(frame)
    if row is None or not paints(plan, frame, params):
        return None
    if is_published(params):
        window = mel_window(heard, params)
        return published.paint(plate, frame, plan, row, float(params.strength), _public_network(params), window)
    known = [plan.source_clip[row]] + ([plan.source_clip[widest(plan)]] if params.engine != "plate" else [])
    if reel is None and any((clips != PLATE).any() for clips in known):
        raise UsageError(f"{ID}: the analysis of frame {frame} uses a reel, but none is given; set {ID}.reel")
    return layers.paint(plate, frame, reel, plan, row, float(params.strength), _finisher(params))


def paints(plan: MouthPlan, frame: int, params: Params) -> bool:
    """Whether a frame gets another mouth, known without making it. params: resolved at the frame."""
    row = plan.index(frame)
    return row is not None and params.strength != 0 and plan.strength[row] != 0


def generator_sha256(params: Params) -> str | None:
    """Of the weights that the engine uses, or None where it uses none.  Raises: ModelError."""
    from ofx_lipsync.models.loader import load_given

    is_published(params)  # what it refuses is said before a shot is analysed
    return None if params.engine == "plate" else load_given(params.weights or SHIPPED).sha256


def is_published(params: ParamSet) -> bool:
    """Whether the engine's weights are a public checkpoint.

    Raises: ModelError; UsageError where `auto` is asked of one."""
    if params.engine == "plate" or not params.weights:
        return False
    from ofx_lipsync.models.loader import load_given

    weights = load_given(params.weights)
    if weights.dims.get("layout") != published.LAYOUT:
        return False
    if params.engine == "auto":
        raise UsageError(
            f"{ID}.engine: is 'auto', but {weights.name} is of layout {published.LAYOUT!r}, which makes every mouth "
            "whole and mends none; use engine=neural, or weights of the mouth finisher"
        )
    return True


def note(params: ParamSet) -> str | None:
    """What a user should know of the weights, once a dub."""
    if not is_published(params):
        return None
    return (
        f"{params.weights}, a public network of {published.SIDE_PX} px that goes by the sound alone: strength, handles "
        "and sync_offset apply; opening, width, jaw, closure and library do not"
    )


def mel_window(heard: tuple[AudioAnalysis, float] | None, params: Params) -> np.ndarray:
    """[80, 16] of the line's mel for a frame.  Raises: UsageError where the line, or its place, is not known."""
    from ofx_lipsync.models.mel import generator_window

    if heard is None or not np.isfinite(heard[0].mel_start_s):
        raise UsageError(
            f"{ID}: {params.weights} goes by the sound, and this analysis does not hold it; analyse the line again, or "
            "use engine=plate"
        )
    audio, time_s = heard
    return generator_window(audio.mel, time_s - audio.mel_start_s - float(params.sync_offset) / 1000)


def _public_network(params: Params) -> published.Network:
    from ofx_lipsync.models.published_mouth import published_mouth

    return published_mouth(params.weights)


def _finisher(params: Params) -> Finisher | None:
    if params.engine == "plate":
        return None
    from ofx_lipsync.models.mouth_generator import generator

    return Finisher(generator(params.weights or SHIPPED), params.engine == "neural")
