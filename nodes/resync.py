# SPDX-License-Identifier: Apache-2.0
"""Brings sound that drifts, jumps or lags unevenly back to its picture.

From a curve of how late the sound is (SyncMeter's, or a table) it decides few straight stretches: constant ones, drift,
and jumps put at the quietest moment near where they were seen. Then, by `fix`:

  sound    constant stretches are moved, bit for bit; drift is played faster or slower at its own pitch; where sound was
           lost, and before and after it, there is room tone. The sound ends up exactly as long as the picture.
  picture  every output frame shows the plate frame that belongs to its sound: whole frames, never mixed, never going
           back; the first and last are held. As many frames come out as went in.
  mouth    sound and picture stay, and the mouth is made again for the sound.
  auto     sound, but mouth in stretches whose drift no ear would accept (more than `most_tempo`); there the sound goes
           on at its own speed.

It does not change the sound's pitch, level or colour, and does not take noise away.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.params import Bool, Choice, File, Float, Int, ParamSet
from ofx_lipsync.core.resync import MOUTH, PICTURE, SOUND, ResyncPlan
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.nodes._resync_cuts import placed
from ofx_lipsync.nodes._resync_rows import lines
from ofx_lipsync.nodes._retime import Piece, laid_out, played_out

ID = "Resync"
VERSION = 1
INPUTS = ("plate", "line")


class Params(ParamSet):
    owner = ID
    fix = Choice(
        "auto", options=("auto", "sound", "picture", "mouth"), group="Fix", analysed=True,
        help="What gives way: the sound, the picture by whole frames, the mouth made again, or by itself the sound and "
        "the mouth where the sound cannot follow.",
    )  # fmt: skip
    most_tempo = Float(
        6.0, lo=0, hi=12, slider=(0, 10), unit="% of natural speed", group="Fix", analysed=True, animates=False,
        help="With fix=auto, sound that would have to be played faster or slower by more than this stays as it is, "
        "and the mouth is made for it.",
    )  # fmt: skip
    curve = File(
        "", group="Curve",
        help="A table of how late the sound is (seconds,offset_ms,confidence); empty measures the shot itself.",
    )  # fmt: skip
    least_confidence = Float(
        0.015, lo=0, hi=1, slider=(0, 0.5), unit="share", group="Curve", analysed=True, animates=False,
        help="Readings less sure than this are left out and bridged; the rest count by how sure they are.",
    )  # fmt: skip
    least_jump = Float(
        25.0, lo=1, hi=1000, slider=(5, 100), unit="ms", group="Curve", analysed=True, animates=False,
        help="A step in the curve of at least this much is a jump, and is cut; less is taken as part of a drift.",
    )  # fmt: skip
    reach = Float(
        0.5, lo=0, hi=5, slider=(0, 1), unit="s", group="Sound", analysed=True, animates=False,
        help="How far from where a jump was seen its cut may lie, in search of a quiet moment.",
    )  # fmt: skip
    crossfade = Float(
        20.0, lo=2, hi=200, slider=(5, 60), unit="ms", group="Sound", animates=False,
        help="Length of the cross-fade wherever sound is cut.",
    )  # fmt: skip
    fill_dropouts = Bool(
        True, group="Sound",
        help="Puts room tone where the recording drops to digital silence for a hundredth of a second or longer.",
    )  # fmt: skip
    seed = Int(
        1, lo=0, hi=2**31 - 1, slider=(0, 100), unit="number", group="Sound",
        help="Draws another room tone.",
    )  # fmt: skip


def analyse(curve: OffsetCurve, sound: Sound, duration_s: float, params: Params) -> ResyncPlan:
    """What to do with a shot that lasts duration_s. Reads no pixels.

    Raises: InputError where no reading of the curve is sure enough.
    """
    found = lines(curve, params.least_confidence, params.least_jump / 1000, duration_s)
    if not found:
        best = float(curve.confidence.max(initial=0.0))
        raise InputError(
            f"{ID}: nothing tells how late the sound is (the surest reading is {best:.3f}, expected "
            f"{params.least_confidence:g} or more); give a curve, or lower {ID}.least_confidence"
        )
    stretches = placed(found, sound, params.least_jump / 1000, params.reach)
    begin = np.array([line.begin_s for line in stretches])
    end = np.array([line.end_s for line in stretches])
    late = np.array([line.late_s for line in stretches])
    return ResyncPlan(begin, end, late, tuple(_fix(line.slope, params) for line in stretches))


def sound(take: Sound, plan: ResyncPlan, duration_s: float, params: Params) -> Sound:
    """The delivered sound: from the first frame's start, round(duration_s * rate) samples, all channels alike."""
    fade_s = params.crossfade / 1000
    made = played_out(pieces(take, plan, duration_s, params), take.samples, take.rate_hz, fade_s, params.seed)
    return Sound(made, take.rate_hz, 0.0)


def pieces(take: Sound, plan: ResyncPlan, duration_s: float, params: Params) -> list[Piece]:
    """What the delivered sound is put together from, in order."""
    count, fade_s = round(duration_s * take.rate_hz), params.crossfade / 1000
    return laid_out(plan.played(), take.samples, take.rate_hz, take.start_s, count, fade_s, params.fill_dropouts)


def shown(plan: ResyncPlan, frames: Sequence[int], times_s: np.ndarray) -> list[int]:
    """The plate frame that each output frame shows. times_s: [N] when each frame begins, ascending."""
    if PICTURE not in plan.fix:
        return list(frames)
    last_s = times_s[-1] - times_s[-2] if len(times_s) > 1 else 0.04
    middles = (times_s + np.append(times_s[1:], times_s[-1] + last_s)) / 2
    rows = np.searchsorted(times_s, plan.shown_s(middles) + 1e-6, side="right") - 1
    return [int(frames[row]) for row in np.clip(rows, 0, len(frames) - 1)]


def redrawn(plan: ResyncPlan, times_s: np.ndarray) -> np.ndarray:
    """[N] bool: frames whose mouth is to be made again."""
    row = np.clip(np.searchsorted(plan.begin_s, times_s, side="right") - 1, 0, len(plan.fix) - 1)
    return np.array([plan.fix[r] == MOUTH for r in row], bool)


def render(plate: Clip, frame: int, plan: ResyncPlan, times_s: np.ndarray) -> Image:
    """What an output frame shows, before any mouth is made: a frame of the plate as it is."""
    there = shown(plan, plate.frames, times_s)[list(plate.frames).index(frame)]
    return plate.crop(there, plate.window(there))


def _fix(slope: float, params: Params) -> str:
    if params.fix != "auto":
        return str(params.fix)
    return MOUTH if abs(slope) * 100 > params.most_tempo else SOUND
