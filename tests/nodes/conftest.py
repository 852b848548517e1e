# SPDX-License-Identifier: Apache-2.0
"""Shots in memory and the face tracker, for the nodes that paint mouths."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.mouth import MouthCurve
from ofx_lipsync.core.region import Region

RATE = Fraction(25)


@dataclass(frozen=True)
class Shot:
    """A Clip in memory. pictures: [N, 3, H, W] float32 scene-linear, numbered from `first`. faces: who is in them."""

    pictures: np.ndarray
    faces: FaceTrack
    rate: Fraction = RATE

    @property
    def frames(self) -> list[int]:
        return self.faces.frames.tolist()

    @property
    def display(self) -> Region:
        return Region.of_size(self.pictures.shape[3], self.pictures.shape[2])

    def window(self, frame: int) -> Region:
        return self.display

    def crop(self, frame: int, region: Region) -> Image:
        inside, pixels = region.intersect(self.display), np.zeros((3, *region.shape), np.float32)
        if not inside.is_empty:
            rows, columns = inside.slices_in(self.display)
            pixels[(slice(None), *inside.slices_in(region))] = self.pictures[self.faces.index(frame)][:, rows, columns]
        return Image(pixels, region, self.display)


class Tracker:
    """The shipped face networks on pictures in memory."""

    def __init__(self) -> None:
        from ofx_lipsync.models.face_bundle import FaceNetworks

        self.networks = FaceNetworks.load()

    def landmarks(self, pictures: np.ndarray) -> np.ndarray:
        """[N, 478, 3] from scene-linear pictures [N, 3, H, W] whose first one shows a face."""
        from ofx_lipsync.models.face_mesh import roi_from_detection, roi_from_landmarks

        shown = [np.clip(picture, 0, 1) ** np.float32(1 / 2.2) for picture in pictures]
        found = self.networks.detector.detect(shown[0][:, ::2, ::2])
        found = found.placed(np.full(2, 2, np.float32), np.zeros(2, np.float32))
        roi, points = roi_from_detection(found.boxes[0], found.keypoints[0]), []
        for picture in shown:
            landmarks, _ = self.networks.mesh.landmarks(picture, roi)
            roi = roi_from_landmarks(landmarks)
            points.append(landmarks)
        return np.array(points, np.float32)


def faces(landmarks: np.ndarray, first: int = 1001) -> FaceTrack:
    count = len(landmarks)
    numbers = np.arange(first, first + count, dtype=np.int64)
    return FaceTrack(0, numbers, landmarks, np.ones(count, np.float32), np.zeros((count, 52), np.float32))


@pytest.fixture(scope="session")
def tracker() -> Tracker:
    return Tracker()


@pytest.fixture(scope="session")
def portrait(sample_portrait: Path, tracker: Tracker) -> Shot:
    """Eight equal frames of the smiling portrait, her face 110 px high."""
    with av.open(str(sample_portrait)) as file:
        picture = next(file.decode(video=0)).to_ndarray(format="rgb24")[:300, 80:380]
    linear = (picture.transpose(2, 0, 1).astype(np.float32) / 255) ** np.float32(2.2)
    pictures = np.repeat(linear[None], 8, axis=0)
    return Shot(pictures, faces(np.repeat(tracker.landmarks(pictures[:1]), 8, axis=0)))


@pytest.fixture(scope="session")
def talking(shared_data: Path, tracker: Tracker) -> Shot:
    """A man of GRID saying a sentence, 75 frames."""
    with av.open(str(shared_data / "grid" / "s1" / "bbaf2n.mkv")) as file:
        frames = [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]
    pictures = (np.stack(frames).transpose(0, 3, 1, 2).astype(np.float32) / 255) ** np.float32(2.2)
    return Shot(pictures, faces(tracker.landmarks(pictures)))


def curve_of(values: np.ndarray, closure: float = 0.0, voice: float = 1.0) -> MouthCurve:
    """A curve with one row of channels [N, 6] a frame."""
    count = len(values)
    times_s = np.arange(count) / float(RATE)
    return MouthCurve(times_s, values.astype(np.float32), np.full(count, closure, "f4"), np.full(count, voice, "f4"))


@pytest.fixture(scope="session")
def curve():
    return curve_of


@pytest.fixture(scope="session")
def dub():
    """Plan, paint and comp a whole shot; pictures [N, 3, H, W] and mattes [N, H, W]."""
    from ofx_lipsync.nodes import blend, mouth_generate

    def run(shot: Shot, line: MouthCurve, mouth=None, comp=None):
        mouth, comp = mouth or mouth_generate.Params(), comp or blend.Params()
        plan = mouth_generate.analyse(shot.faces, shot.rate, shot.frames, line, mouth, plate=shot)
        pictures, mattes = shot.pictures.copy(), np.zeros(shot.pictures[:, 0].shape, np.float32)
        for row, frame in enumerate(shot.frames):
            patch = mouth_generate.render(shot, frame, plan, mouth.at(frame))
            if patch is None:
                continue
            plate = shot.crop(frame, patch.image.region)
            image, matte = blend.render(plate, patch, comp.at(frame))
            inside = image.region.intersect(shot.display)
            here, there = inside.slices_in(shot.display), inside.slices_in(image.region)
            mattes[row][here] = matte[there]
            pictures[row][(slice(None), *here)] = image.pixels[(slice(None), *there)]
        return pictures, mattes

    return run
