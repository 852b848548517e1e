# SPDX-License-Identifier: Apache-2.0
"""What is known of a dubbed shot, frame by frame: what was planned, what came of it, and how sure anybody is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.offset import FaceSync
from ofx_lipsync.graph import Settings, Shot, followed
from ofx_lipsync.measure import measured
from ofx_lipsync.tuning.planned import MouthReader, openings, planned_track, strengths
from ofx_lipsync.tuning.rendered_score import chosen_on

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Gathered:
    """F frames of the shot. track: the person dubbed, in the plate. seen: [F] bool, the face was found. Lips apart in %
    of face height, NaN where nobody is seen: before [F] in the plate, wanted [F] as planned, made [F] in the result.
    strength: [F] 0..1, of params and plan. confidence, built: [F] as the plan has them, NaN where it has nothing.
    voice, closure: [F] 0..1, of the line. sync: the result's face against the line, None where it was not measured.
    offset_s, sureness: [F] of it."""

    frames: np.ndarray
    times_s: np.ndarray
    rate: float
    track: FaceTrack
    cuts: tuple[int, ...]
    seen: np.ndarray
    before: np.ndarray
    wanted: np.ndarray
    made: np.ndarray
    strength: np.ndarray
    planned_strength: np.ndarray
    confidence: np.ndarray
    built: np.ndarray
    voice: np.ndarray
    closure: np.ndarray
    sync: FaceSync | None
    offset_s: np.ndarray
    sureness: np.ndarray


def gather(
    shot: Shot, settings: Settings, analysis: Analysis, result: Clip, told: Told, measure: bool = True
) -> Gathered:  # fmt: skip
    """shot: all of what was analysed, or the part without its handles (rendered_score.stretch). result: the dubbed
    shot, finished or made as it is looked at. measure: by SyncMeter too.

    Raises: FrameError where nobody is seen in the shot.
    """
    frames, plan = list(shot.frames), analysis.plan
    rows = np.searchsorted(analysis.frames, frames)
    track = followed(analysis.faces, analysis.frames.tolist(), settings["FaceDetect"])
    if track is None or not len(track.frames):
        raise FrameError("report: nobody is seen in the shot; look at it with: lipsync view")
    reader, made = MouthReader(track), np.full(len(frames), np.nan)
    for place, frame in enumerate(frames):
        told("tracking", place, len(frames))
        made[place] = reader.opening(result, frame)
    told("tracking", len(frames), len(frames))
    sync = _sync(shot, settings, analysis, result, told) if measure else None
    assert shot.times_s is not None
    asked = strengths(settings, frames)
    planned = _of_plan(analysis, plan.strength, 0.0)[rows]
    middles_s = shot.times_s + 0.5 / float(shot.plate.rate)
    return Gathered(
        np.asarray(frames), shot.times_s, float(shot.plate.rate), track, analysis.faces.cuts,
        np.isin(frames, track.frames), openings(track, frames),
        openings(planned_track(track, plan, settings), frames), made, asked * planned, planned,
        _of_plan(analysis, plan.confidence, np.nan)[rows], _of_plan(analysis, plan.built, np.nan)[rows],
        analysis.audio.curve.voice[rows], analysis.audio.curve.closure[rows], sync,
        np.full(len(frames), np.nan) if sync is None else sync.curve.at(middles_s),
        np.zeros(len(frames)) if sync is None else np.interp(middles_s, sync.curve.times_s, sync.curve.confidence),
    )  # fmt: skip


def _sync(shot: Shot, settings: Settings, analysis: Analysis, result: Clip, told: Told) -> FaceSync:
    faces = chosen_on(analysis.faces, shot.frames)
    _, report = measured(replace(shot, plate=result), settings, told, faces)
    return report.faces[0]


def _of_plan(analysis: Analysis, values: np.ndarray, elsewhere: float) -> np.ndarray:
    """[N] values of every analysed frame, of what the plan has for its own."""
    found = np.full(len(analysis.frames), elsewhere, np.float64)
    found[np.searchsorted(analysis.frames, analysis.plan.frames)] = values
    return found
