# SPDX-License-Identifier: Apache-2.0
"""A still comes alive apart from its mouth: it blinks, raises its brows at a stress, and moves its head a little.

Takes a still whose mouth already speaks (MouthGenerate and Blend) and whose face stays where it is. Lids are drawn down
over the eyes out of their own skin (nodes/_portrait_eyes.py); the head turns as a body by the depth of the face mesh,
with hair, neck and background following less and less (nodes/_portrait_head.py). When and how far is seeded noise and
the stress of the line (nodes/_portrait_motion.py). Works in scene-linear and clamps nothing. It
shows no side of a head that the still does not show, and moves no shoulders, hands or eyes.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.params import Float, Int, ParamSet
from ofx_lipsync.core.portrait import PortraitPlan
from ofx_lipsync.core.pose import describe_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.nodes import _portrait_eyes as eyes
from ofx_lipsync.nodes import _portrait_head as heads
from ofx_lipsync.nodes import _portrait_motion as motion

ID = "Portrait"
VERSION = 1
INPUTS = ("plate", "line")
YAW, PITCH, ROLL = 4.0, 2.4, 2.0
"""Degrees that a head wanders to either side at head_motion 1; more, and the far cheek would have to show."""
PERIOD_S = (3.1, 2.3, 3.7)
"""How long one movement of each lasts."""
NOD = 2.2
"""Degrees that a head nods on a stressed syllable, and back up where the phrase is quiet."""
SHIFT = 0.008
"""Face heights that it drifts."""
LEAST = 1e-3
"""Lids and brows that move less than this do not move."""
MOST_YAW = 60.0
"""Degrees; a face turned further shows half a mouth and one eye."""


class Params(ParamSet):
    owner = ID
    head_motion = Float(
        0.5, lo=0, hi=2, slider=(0, 1), unit="times", group="Head",
        help="How far the head wanders and nods: 1 is four degrees to a side, 0 holds it and the frame as it is.",
    )  # fmt: skip
    nods = Float(
        1.0, lo=0, hi=3, slider=(0, 2), unit="times", group="Head",
        help="How far the head nods with the voice, within its motion; 0 lets it wander alone.",
    )  # fmt: skip
    motion_seed = Int(
        1, lo=0, hi=2**31 - 1, slider=(1, 100), unit="take", group="Head", analysed=True,
        help="Another number is another take of the head's wandering; the same number is the same frames.",
    )  # fmt: skip
    blinks = Float(
        14.0, lo=0, hi=60, slider=(0, 30), unit="a minute", group="Eyes", analysed=True, animates=False,
        help="How often it blinks, sooner at pauses than within a phrase; 0 keeps the eyes as they are.",
    )  # fmt: skip
    blink_depth = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Eyes",
        help="How far the lids come down; lower it where a painted eye suffers from being shut.",
    )  # fmt: skip
    blink_seed = Int(
        1, lo=0, hi=2**31 - 1, slider=(1, 100), unit="take", group="Eyes", analysed=True,
        help="Another number is another set of blinks; the same number is the same frames.",
    )  # fmt: skip
    brows = Float(
        1.0, lo=0, hi=2, slider=(0, 1), unit="times", group="Eyes",
        help="How far the brows rise on stressed syllables: 1 is one and a half per cent of the face's height.",
    )  # fmt: skip
    lead_in = Float(
        0.5, lo=0, hi=60, slider=(0, 2), unit="s", group="Timing", analysed=True, animates=False,
        help="Time before the line, over which the still, untouched on the first frame, comes alive.",
    )  # fmt: skip
    lead_out = Float(
        0.7, lo=0, hi=60, slider=(0, 2), unit="s", group="Timing", analysed=True, animates=False,
        help="Time after the line, over which it comes to rest as the still again.",
    )  # fmt: skip


def analyse(
    track: FaceTrack | None, audio: AudioAnalysis, frames: Sequence[int], rate: Rate, params: Params
) -> PortraitPlan:
    """track: the still's face, whose first row counts. audio: the line at `frames`, which are ascending.

    Raises: FrameError where there is no face, or it is turned too far away to speak.
    """
    if track is None or not len(track.frames):
        raise FrameError(
            f"{ID}: no face is found in the still; crop it nearer to the face, or lower FaceDetect.smallest_face "
            "or FaceDetect.presence"
        )
    landmarks = track.landmarks[0]
    yaw = abs(float(describe_pose(landmarks[None])[0][0]))
    if yaw > MOST_YAW:
        raise FrameError(
            f"{ID}: the face is turned {yaw:.0f} degrees from the camera (expected at most {MOST_YAW:.0f}): "
            "half of its mouth is out of sight; give a still that shows both corners of the mouth"
        )
    times_s = (np.asarray(frames, np.int64) - frames[0]) / float(rate)
    alive = motion.at_rest(times_s, params.lead_in, params.lead_out, float(times_s[-1]))
    voice = audio.curve.voice
    stress = motion.stress(times_s, audio.loudness_db, voice)
    turn = [motion.wander(times_s, params.motion_seed, channel, period) for channel, period in enumerate(PERIOD_S)]
    drift = [motion.wander(times_s, params.motion_seed, channel, 4.1) for channel in (3, 4)]
    lids = motion.blinks(times_s, voice, params.blinks, params.blink_seed)
    return PortraitPlan(
        np.asarray(frames, np.int64), landmarks.astype(np.float32), alive.astype(np.float32),
        (lids * (alive > 0)).astype(np.float32),
        (motion.strong(stress) * alive).astype(np.float32),
        (np.stack(turn, axis=1) * (YAW, PITCH, ROLL) * alive[:, None]).astype(np.float32),
        (motion.weighted(times_s, stress) * NOD * alive).astype(np.float32),
        (np.stack(drift, axis=1) * SHIFT * alive[:, None]).astype(np.float32),
    )  # fmt: skip


def region(plan: PortraitPlan, frame: int, params: Params, window: Region) -> Region:
    """What `render` may change of a frame; empty where it changes nothing. window: where the still has pixels."""
    row = plan.index(frame)
    if row is None:
        return Region(0, 0, 0, 0)
    if _moves(plan, row, params):
        return heads.head_of(plan.landmarks, window).region
    return _joined(_eye_regions(plan, row, params)).intersect(window)


def render(plate: Clip, frame: int, plan: PortraitPlan, params: Params) -> tuple[Image, np.ndarray] | None:
    """A frame of the talking still, moved, and where it was: [H, W] float32, 0 where the plate stands bit for bit.

    None where nothing moves. params: resolved at the frame.
    """
    row, window = plan.index(frame), plate.window(frame)
    if row is None:
        return None
    moves, looks = _moves(plan, row, params), _eye_regions(plan, row, params)
    if not moves and not looks:
        return None
    head = heads.head_of(plan.landmarks, window) if moves else None
    whole = head.region if head is not None else _joined(looks).intersect(window)
    if whole.is_empty:
        return None
    picture = plate.crop(frame, whole)
    pixels, matte = picture.pixels.copy(), np.zeros(whole.shape, np.float32)
    for look in (look.intersect(whole) for look in looks):
        if not look.is_empty:
            rows, columns = look.slices_in(whole)
            before = pixels[:, rows, columns]
            after = eyes.paint(before, look, plan.landmarks, *_eye_amounts(plan, row, params), _height_px(plan))
            matte[rows, columns] = np.maximum(matte[rows, columns], _differs(before, after))
            pixels[:, rows, columns] = after
    if head is not None:
        turn, shift = _head_amounts(plan, row, params)
        grid = heads.field(head, turn, shift)
        pixels, matte = heads.turned(pixels, head, grid), heads.reached(head)
    return Image(pixels, whole, plate.display, colour=picture.colour), matte


def _moves(plan: PortraitPlan, row: int, params: Params) -> bool:
    turn, shift = _head_amounts(plan, row, params)
    return bool(np.abs(turn).max() > 0 or np.abs(shift).max() > 0)


def _head_amounts(plan: PortraitPlan, row: int, params: Params) -> tuple[np.ndarray, np.ndarray]:
    turn = plan.turn[row].astype(np.float64) + (0.0, float(plan.nod[row]) * params.nods, 0.0)
    return turn * params.head_motion, plan.shift[row].astype(np.float64) * params.head_motion


def _eye_amounts(plan: PortraitPlan, row: int, params: Params) -> tuple[float, float]:
    lids, brows = float(plan.lids[row]) * params.blink_depth, float(plan.brows[row]) * params.brows
    return lids if lids > LEAST else 0.0, brows if brows > LEAST else 0.0


def _eye_regions(plan: PortraitPlan, row: int, params: Params) -> list[Region]:
    return eyes.touched(plan.landmarks, *_eye_amounts(plan, row, params), _height_px(plan))


def _height_px(plan: PortraitPlan) -> float:
    return float(np.linalg.norm(plan.landmarks[10, :2] - plan.landmarks[152, :2]))


def _joined(regions: Sequence[Region]) -> Region:
    whole = Region(0, 0, 0, 0)
    for one in regions:
        whole = whole.union(one)
    return whole


def _differs(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """[H, W]: NaN that stays NaN has not changed."""
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    return np.asarray(~same.all(axis=0), np.float32)
