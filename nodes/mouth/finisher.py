# SPDX-License-Identifier: Apache-2.0
"""The neural engine: which frames a network mends, how much, and which mouth shows it what this actor's is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.nodes.mouth import neural
from ofx_lipsync.nodes.mouth.lips import seen_inside
from ofx_lipsync.nodes.mouth.points import LOWER_INNER, UPPER_INNER

OPENEST = 0.97
"""The most open mouth shown to the network is more open than this share of them: the very last may be a wrong track."""


def widest(plan: MouthPlan) -> tuple[int, int]:
    """(row, which) of the plan's most open library mouth: one for the whole shot, so that teeth do not change."""
    gaps = np.linalg.norm(plan.source[:, :, LOWER_INNER[4:7]] - plan.source[:, :, UPPER_INNER[4:7]], axis=3)
    share = (gaps.mean(axis=2) / plan.face_height_px[:, None]).ravel()
    ordered = np.argsort(share, kind="stable")
    place = int(ordered[min(int(OPENEST * len(ordered)), len(ordered) - 1)])
    return place // 2, place % 2


ALIKE, UNLIKE = 0.15, 0.6
"""How different two gaps are (lips.unlike) before `auto` mends the mouth, and when it does so in full: on strangers the
network was 0.4 dB better below 0.3, 1.8 dB from there to 0.7, 3 dB and more beyond (lipsync bench generator)."""
REAL_SOFT_PX = 2.0
"""Softness of the edge between real teeth and what is made beside them, in window px."""


@dataclass(frozen=True)
class Finisher:
    """network: models/mouth_generator.py. always: the correction counts in full on every frame; otherwise only as far
    as a mouth had to be made up or stretched, and not on teeth that were filmed."""

    network: neural.Network
    always: bool

    def amount(self, built: float, apart: float) -> float:
        """0..1 of the correction, from how much the plate engine had to make up, and how unlike the gaps are."""
        if self.always:
            return 1.0
        t = min(max((apart - ALIKE) / (UNLIKE - ALIKE), 0.0), 1.0)
        return max(built, t * t * (3 - 2 * t))

    def finish(
        self, pixels: np.ndarray, region: Region, target: np.ndarray, source: np.ndarray, face_height_px: float,
        amount: float, built: float, part: Image, widest: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """[3, h, w]: the mouth layer `pixels` of `region`, mended. target: [P, 2] control points there; source: of the
        library mouth that it is made of. part, widest: the most open mouth and its control points."""
        matrix = neural.window_matrix(target, face_height_px)
        guess = neural.view(pixels, region, target, matrix)
        there = widest.astype(np.float64)
        known = neural.view(part.pixels[:3], part.region, there, neural.carried(matrix, target, there))
        shares = amount * (1 - self.real(source, target, matrix, face_height_px))
        return neural.finish(pixels, region, guess, known, matrix, self.network, shares, built)

    def real(self, source: np.ndarray, target: np.ndarray, matrix: np.ndarray, face_height_px: float) -> np.ndarray:
        """[64, 64]: where the library mouth's own teeth and tongue are seen, which `auto` leaves alone."""
        if self.always:
            return np.zeros(neural.WINDOW.shape, np.float32)
        seen, shown = seen_inside(source, target, face_height_px)
        placed = neural.through(neural.inverse(matrix), seen).astype(np.float32)
        filmed = matte(placed, neural.WINDOW, feather_px=REAL_SOFT_PX)
        return filmed * neural.between(neural.through(neural.inverse(matrix), target)) * shown
