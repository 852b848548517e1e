# SPDX-License-Identifier: Apache-2.0
"""A talking clip to measure on: its picture, sound, and the mouth that is really there."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Sequence

import numpy as np

from ofx_lipsync.bench.footage import Joined, joined_track
from ofx_lipsync.bench.measure import mouth_curves
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.mouth import MouthCurve
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.pose import fit_pose, to_front
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import node
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.media.source import open_plate


@dataclass(frozen=True)
class Subject:
    """track: the tracked face. raw: [N, 6] its articulation. front: [N, 478, 3] landmarks turned to the front, in face
    heights. loudness: [N] dB."""

    path: Path
    frames: tuple[int, ...]
    rate: Fraction
    track: FaceTrack
    raw: np.ndarray
    front: np.ndarray
    loudness: np.ndarray

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}".replace("/", "-")

    def posed(self, front: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Front-turned landmarks [M, 478, 3] as they lie in the plate at the head poses of `rows`."""
        return fit_pose(self.track.landmarks[rows]).place(front)


def bilabials(subject: Subject) -> np.ndarray:
    """[N] bool: frames of the track at or beside a p, b or m, by aligning the sentence in the clip's name."""
    from ofx_lipsync.models.mel import RATE_HZ
    from ofx_lipsync.train.align import CLOSED, LABELS_HZ, Aligner, sentence

    samples = resample(read_sound(str(subject.path)), RATE_HZ).mono()
    phones = Aligner().phones(samples, sentence(subject.path.stem))
    per_frame = float(LABELS_HZ / subject.rate)
    at = np.isin(phones, list(CLOSED))
    starts = (subject.track.frames - subject.frames[0]) * per_frame
    return np.array([at[max(0, round(s - per_frame)) : round(s + 2 * per_frame)].any() for s in starts], bool)


def load_subjects(paths: Sequence[Path]) -> list[Subject]:
    return [_load(path) for path in paths]


def _load(path: Path) -> Subject:
    with open_plate(str(path)) as plate:
        track = track_of(plate)
        sound = read_sound(str(path))
        audio = node("AudioFeature").analyse(sound, plate.frames, plate.rate, node("AudioFeature").Params())
        loudness = audio.loudness_db[track.frames - plate.frames[0]]
        return Subject(
            path, tuple(plate.frames), plate.rate, track, mouth_curves(track), to_front(track.landmarks), loudness
        )


def track_of(plate: Plate) -> FaceTrack:
    detect = node("FaceDetect")
    track = detect.analyse(plate, plate.frames, detect.Params()).chosen_track()
    if track is None:
        raise FrameError(f"bench: no face in {plate.info.path}")
    return track


class Line(NamedTuple):
    """A spoken line and when in the shot it begins; before 0 its beginning is cut."""

    path: Path
    start_s: float = 0.0

    def sound(self) -> Sound:
        return replace(read_sound(str(self.path), start_s=max(0.0, -self.start_s)), start_s=max(0.0, self.start_s))


@functools.lru_cache(maxsize=512)
def _heard(line: Line, frames: tuple[int, ...], rate: Fraction) -> MouthCurve:
    audio = node("AudioFeature")
    return audio.analyse(line.sound(), frames, rate, audio.Params()).curve


def wanted_curve(line: Line, subject: Subject) -> MouthCurve:
    """What a line asks of the mouth, at the subject's frames."""
    return _heard(line, subject.frames, subject.rate)


def dubbed(
    subject: Subject, line: Line, out: Path, reel: Sequence[Subject], keep_away_s: float = 0.0
) -> tuple[FaceTrack, MouthCurve]:
    """Render the subject with a line, lossless, and track the result. With a reel mouths come from it alone, else from
    the subject's own frames at least `keep_away_s` away."""
    mouth = node("MouthGenerate")
    plates = [open_plate(str(s.path)) for s in reel]
    joined = Joined(plates) if plates else None
    params = mouth.Params(library="reel") if plates else mouth.Params(keep_away=keep_away_s)
    sound = line.sound()
    with open_plate(str(subject.path)) as plate:
        curve = wanted_curve(line, subject)
        track = joined_track([s.track for s in reel], [len(s.frames) for s in reel]) if joined else None
        given = (joined, track) if joined else None
        plan = mouth.analyse(subject.track, plate.rate, plate.frames, curve, params, plate=plate, reel=given)
        plate.prefetch(mouth.wanted(plan, plate.frames))
        with open_writer(str(out), plate, sound=sound, codec="ffv1") as writer:
            for frame in plate.frames:
                writer.write(_frame(plate, frame, plan, params, joined))
    for p in plates:
        p.close()
    with open_plate(str(out)) as result:
        return track_of(result), curve


def _frame(plate: Plate, frame: int, plan: MouthPlan, params: Any, reel: Clip | None) -> Frame:
    mouth, blend = node("MouthGenerate"), node("Blend")
    native = plate.load(frame)
    patch = mouth.render(plate, frame, plan, params.at(frame), reel=reel)
    if patch is not None:
        image, matte = blend.render(plate.crop(frame, patch.image.region), patch, blend.Params(), None)
        native.composite(image, matte)
    return native
