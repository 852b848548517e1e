# SPDX-License-Identifier: Apache-2.0
"""One mouth of a person made from another, by every engine, where the truth was filmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np

from ofx_lipsync.bench.pictures import coded, psnr_db, ssim
from ofx_lipsync.core.landmarks import LIPS
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.models.face_mesh import FaceMesh, roi_from_landmarks
from ofx_lipsync.nodes.mouth import neural
from ofx_lipsync.nodes.mouth.field import REACH, gap_px
from ofx_lipsync.nodes.mouth.finisher import Finisher
from ofx_lipsync.nodes.mouth.lips import how_built, unlike
from ofx_lipsync.nodes.mouth.points import LIPS_EDGE, OUTLINE
from ofx_lipsync.train.mouth.lessons import HEIGHT_PX, SQUARE, Person, guess

LIP_POINTS = list(LIPS)


@dataclass(frozen=True)
class Made:
    """truth, pictures: [3, 160, 160] sRGB, the face as filmed and as each engine has it. weight: [160, 160], where the
    mouth is. built: 0..1, how much the plate engine made up. gaps: of the library mouth and the wanted one, in face
    heights."""

    truth: np.ndarray
    pictures: Mapping[str, np.ndarray]
    weight: np.ndarray
    built: float
    gaps: tuple[float, float]


def made(
    person: Person, target: int, source: int, widest: int, poverty: float, networks: Mapping[str, neural.Network]
) -> Made:  # fmt: skip
    """The mouth of frame `target` out of frame `source`, by the plate engine and by it and each network."""
    want, have, other = person.points(target), person.points(source), person.points(widest)
    light = person.picture(target)
    window = Region.around(want[OUTLINE], REACH * HEIGHT_PX).intersect(SQUARE)
    matrix = neural.window_matrix(want, HEIGHT_PX)
    truth = neural.view(light, SQUARE, want, matrix)
    pixels = guess(person.picture(source), have, want, window, truth.tone, poverty)
    built = float(how_built(have, want, HEIGHT_PX, poverty))
    seen = neural.view(pixels, window, want, matrix)
    known = neural.view(person.picture(widest), SQUARE, other, neural.carried(matrix, want, other))
    layers = {"frozen": _held(person.picture(source), have, want, window), "plate": pixels}
    for name, network in networks.items():
        layers[name] = neural.finish(pixels, window, seen, known, matrix, network, 1.0, built)
        if name == "neural":
            auto = Finisher(network, always=False)
            partly = auto.amount(built, unlike(have, want, HEIGHT_PX)) * (1 - auto.real(have, want, matrix, HEIGHT_PX))
            layers["auto"] = neural.finish(pixels, window, seen, known, matrix, network, partly, built)
    alpha = _alpha(want)
    relit = {name: _relit(layer, window, light, alpha, seen.tone, truth.tone) for name, layer in layers.items()}
    return Made(coded(light), {k: coded(v) for k, v in relit.items()}, alpha, built,
                (gap_px(have) / HEIGHT_PX, gap_px(want) / HEIGHT_PX))  # fmt: skip


def _held(picture: np.ndarray, have: np.ndarray, want: np.ndarray, window: Region) -> np.ndarray:
    """The other frame's mouth as it is, held to the skull: the reference, frozen."""
    from ofx_lipsync.kernels.crop import crop

    identity = np.array([[1.0, 0, window.x0], [0, 1.0, window.y0]])
    return crop(picture, neural.carried(identity, want, have), window.shape, outside="hold")


def _alpha(points: np.ndarray) -> np.ndarray:
    soft = neural.ZONE_SOFT * HEIGHT_PX
    return matte(points[LIPS_EDGE].astype(np.float32), SQUARE, feather_px=soft, erode_px=-neural.ZONE * HEIGHT_PX)


def _relit(
    layer: np.ndarray, window: Region, under: np.ndarray, alpha: np.ndarray, own: np.ndarray, tone: np.ndarray
) -> np.ndarray:
    """The layer over the filmed face, in the light of its skin."""
    out = under.copy()
    rows, columns = window.slices_in(SQUARE)
    a = alpha[rows, columns]
    out[:, rows, columns] = under[:, rows, columns] * (1 - a) + layer * (tone / own)[:, None, None] * a
    return out


def scores(found: Made, name: str) -> tuple[float, float]:
    """PSNR in dB and SSIM of the mouth."""
    picture = found.pictures[name]
    return psnr_db(picture, found.truth, found.weight), ssim(picture, found.truth, found.weight)


def lip_points(mesh: FaceMesh, picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[L, 2] px: where the lips are seen in a picture; points: [478, 2] of the filmed face, to know where to look."""
    found, _ = mesh.landmarks(picture, roi_from_landmarks(points))
    return found[LIP_POINTS, :2]
