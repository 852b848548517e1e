# SPDX-License-Identifier: Apache-2.0
"""A measurement, on one screen: detect every face, compare each with the sound, say how late it is and who speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.offset import FaceSync, SyncReport
from ofx_lipsync.graph import Progress, Settings, Shot, node
from ofx_lipsync.models.loader import load

JUMP_S = 0.03
"""An offset that changes by more than this from one step to the next has jumped."""
LOW, HIGH = 0.5, 0.8


@dataclass(frozen=True)
class Summary:
    """A face in a few numbers. offset_s: where it is sure, the middle of it; NaN where it never is. spread_s: how far
    the middle four fifths of it go. drift: seconds a second. jumps: (seconds, from, to). confidence: the mean where
    somebody is heard. speaks: share of what is heard that this face says."""

    offset_s: float
    spread_s: float
    drift: float
    jumps: tuple[tuple[float, float, float], ...]
    confidence: float
    speaks: float


def measured(
    shot: Shot, settings: Settings, progress: Progress | None = None, faces: FaceAnalysis | None = None
) -> tuple[FaceAnalysis, SyncReport]:
    """FaceDetect -> SyncMeter, for everybody in the plate.

    Raises: FrameError where no face is seen; ModelError for weights; MediaError for a sound that is none.
    """
    load(settings["SyncMeter"].network)  # wrong weights are said before the shot is looked at, not after
    tell = progress or (lambda stage, done, total: None)
    if faces is None:
        faces = node("FaceDetect").analyse(
            shot.plate, shot.frames, settings["FaceDetect"], progress=lambda done, total: tell("faces", done, total)
        )
    if not faces.tracks:
        raise FrameError("SyncMeter: no face is seen in the shot; lower FaceDetect.smallest_face or give another range")
    report = node("SyncMeter").analyse(
        shot.plate, faces, shot.sound, shot.frames, settings["SyncMeter"], times_s=shot.times_s,
        progress=lambda done, total: tell("sync", done, total),
    )  # fmt: skip
    return faces, report


def summed_up(report: SyncReport, index: int, least: float = LOW) -> Summary:
    """index: of the face. least: confidence under which an offset says nothing."""
    face = report.faces[index]
    curve, heard = face.curve, report.voice > 0.5
    sure = curve.confidence >= least
    speaks = float((report.speaking == index).sum() / max(1, heard.sum()))
    confidence = float(curve.confidence[heard].mean()) if heard.any() else 0.0
    if not sure.any():
        return Summary(float("nan"), float("nan"), float("nan"), (), confidence, speaks)
    low, middle, high = np.quantile(curve.offset_s[sure], (0.1, 0.5, 0.9))
    jumps = _jumps(face)
    drift = float("nan") if jumps else _slope(curve.times_s[sure], curve.offset_s[sure])
    return Summary(float(middle), float(high - low), drift, jumps, confidence, speaks)


def _jumps(face: FaceSync) -> tuple[tuple[float, float, float], ...]:
    offset, times = face.curve.offset_s, face.curve.times_s
    at = np.flatnonzero(np.abs(np.diff(offset)) > JUMP_S)
    return tuple((float(times[i + 1]), float(offset[i]), float(offset[i + 1])) for i in at)


def _slope(times_s: np.ndarray, offset_s: np.ndarray) -> float:
    if len(times_s) < 2 or np.ptp(times_s) < 1:
        return 0.0
    return float(np.polyfit(times_s, offset_s, 1)[0])
