# SPDX-License-Identifier: Apache-2.0
"""LSE-D and LSE-C of a made clip, by SyncMeter where this version has it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Sequence

import numpy as np

from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import NODES, OTHERS, node
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.models.face_mesh import FaceMesh, roi_from_landmarks
from ofx_lipsync.train.faces import Talker

METER = "SyncMeter"
RATE_HZ = 16000


@dataclass(frozen=True)
class Pictures:
    """Faces [F, 3, H, W] float32, sRGB, as a clip numbered from 1, for networks to look at. Is a core.clip.Clip."""

    coded: np.ndarray
    rate: Fraction = Fraction(25)

    @property
    def frames(self) -> Sequence[int]:
        return range(1, len(self.coded) + 1)

    @property
    def display(self) -> Region:
        return Region.of_size(self.coded.shape[3], self.coded.shape[2])

    def window(self, frame: int) -> Region:
        return self.display

    def crop(self, frame: int, region: Region) -> Image:
        light = self.look(frame, region, max(region.shape)).pixels
        return Image(np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4), region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        scale = max(1.0, max(region.shape) / longest_px)
        shape = max(1, round(region.height / scale)), max(1, round(region.width / scale))
        x, y = region.width / shape[1], region.height / shape[0]
        matrix = np.array([[x, 0, region.x0], [0, y, region.y0]])
        made = Region.of_size(shape[1], shape[0])
        return Image(crop(self.coded[frame - 1], matrix, shape), made, made)


def lse(pictures: np.ndarray, talker: Talker, rows: np.ndarray, mesh: FaceMesh) -> tuple[float, float]:
    """(distance, confidence) of pictures [F, 3, 160, 160], sRGB, of frames `rows` of a clip; NaN without SyncMeter."""
    if METER not in NODES | OTHERS:
        return float("nan"), float("nan")
    seen = [
        mesh.landmarks(picture, roi_from_landmarks(talker.points[row]))
        for picture, row in zip(pictures, rows, strict=True)
    ]
    frames = np.arange(1, len(pictures) + 1, dtype=np.int64)
    points, presence = (np.array([part[i] for part in seen], np.float32) for i in (0, 1))
    track = FaceTrack(0, frames, points, presence, np.zeros((len(frames), 52), np.float32))
    sound = Sound(talker.samples[None, round(talker.times_s[rows[0]] * RATE_HZ) :], RATE_HZ)
    meter = node(METER)
    report = meter.analyse(
        Pictures(pictures), FaceAnalysis((track,), (), 0), sound, frames.tolist(), meter.Params()
    ).faces[0]
    return float(report.lse_d), float(report.lse_c)
