# SPDX-License-Identifier: Apache-2.0
"""What the mouth finisher sees of a frame, and how its correction comes back to the plate.

The network's window hangs from the nose base, upright and as large as the head: 64 px are 0.52 of a face height. Its
colours are square roots of light relative to the skin round the lips, so that exposure, lamp and varnish are the same
to it, and nothing above 1 or below 0 is lost: root(x) = sign(x) sqrt|x| turns back exactly as far as floats go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.nodes.mouth.field import gap_px, similarity
from ofx_lipsync.nodes.mouth.points import LIPS_EDGE, LOWER_INNER, NOSE_BASE_ROW, STILL_ROWS, UPPER_INNER, rows

SIDE_PX = 64
STEP = 1.3 / 160
"""Face heights that a pixel of the window spans: that of a face cut at 160 px (models/face_square.py)."""
ABOVE_PX = 6
"""The window begins this far above the nose base."""
ZONE, ZONE_SOFT = 0.045, 0.06
"""The correction reaches so far beyond the lips, in face heights, and fades over so much."""
SHOWS_NOTHING, SHOWS_ALL = 0.3, 0.7
"""The most open mouth known shows nothing of a mouth that is wanted, or all of it, where it is so much as open."""
DOUBT = 0.4
"""Share of the correction that is not believed there: the mean of teeth, tongue and dark is paler than any of them."""
EDGES_PX = 3.0
"""Blur of window px: what it takes away are teeth's edges, what it leaves is how light the inside is."""
EYES = rows((33, 133, 362, 263))
WINDOW = Region.of_size(SIDE_PX, SIDE_PX)


class Network(Protocol):
    def correct(self, x: np.ndarray) -> np.ndarray:
        """[3, 64, 64] correction for inputs [9, 64, 64]."""
        ...


@dataclass(frozen=True)
class View:
    """A mouth in the window. picture: [3, 64, 64] roots of light relative to the skin. tone: [3] that skin, linear.
    points: [P, 2] control points in window px."""

    picture: np.ndarray
    tone: np.ndarray
    points: np.ndarray


def window_matrix(points: np.ndarray, face_height_px: float) -> np.ndarray:
    """[2, 3] float64: window px to those of control points [P, 2]."""
    across = points[EYES[2:]].mean(axis=0) - points[EYES[:2]].mean(axis=0)
    across = across / np.linalg.norm(across)
    turn = np.stack([across, np.array([-across[1], across[0]])], axis=1) * (STEP * face_height_px)
    return np.concatenate([turn, (points[NOSE_BASE_ROW] - turn @ np.array([SIDE_PX / 2, ABOVE_PX]))[:, None]], axis=1)


def carried(matrix: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """[2, 3]: the same window on another frame of the same head. here, there: [P, 2] control points."""
    turn, offset = similarity(here[STILL_ROWS], there[STILL_ROWS])
    return np.concatenate([turn @ matrix[:, :2], (turn @ matrix[:, 2] + offset)[:, None]], axis=1)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """[2, 3]: the other way round."""
    turn = np.linalg.inv(matrix[:, :2])
    return np.concatenate([turn, -turn @ matrix[:, 2:]], axis=1)


def through(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[Q, 2] points moved by a matrix [2, 3]."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def view(pixels: np.ndarray, region: Region, points: np.ndarray, matrix: np.ndarray) -> View:
    """pixels: [3, h, w] of `region`, scene-linear. points: [P, 2] in its px. matrix: window px to those."""
    cut = crop(pixels, shifted(matrix, region), (SIDE_PX, SIDE_PX), outside="hold")
    cut = np.nan_to_num(cut, nan=0.0, posinf=0.0, neginf=0.0)
    placed = through(inverse(matrix), points)
    tone = _tone(cut, 1 - zone(placed))
    return View(root(cut / tone[:, None, None]), tone, placed)


def shifted(matrix: np.ndarray, region: Region) -> np.ndarray:
    """[2, 3]: the matrix into an array whose corner is that of a region."""
    return matrix - np.array([[0, 0, region.x0], [0, 0, region.y0]])


def inputs(guess: View, widest: View) -> np.ndarray:
    """[9, 64, 64] float32, what the network sees. guess: at the wanted shape; widest: the most open mouth known."""
    maps = np.stack([between(guess.points), lips(guess.points), between(widest.points)])
    return np.concatenate([guess.picture, widest.picture, maps]).astype(np.float32)


def finish(
    pixels: np.ndarray, region: Region, guess: View, widest: View, matrix: np.ndarray, network: Network,
    amount: float | np.ndarray, built: float,
) -> np.ndarray:  # fmt: skip
    """[3, h, w]: the mouth layer `pixels` of `region` with the network's correction, at the plate's resolution.

    amount: 0..1 of the correction, one for all or [64, 64]. built: 0..1, how much of what is between the lips was made
    up. Fine texture of skin and lips, which the network cannot see, stays as it is; that of a made-up inside goes, but
    where no open mouth is known: there the network can only tell how light an inside is, and drawn teeth keep their
    edges.
    """
    rim = zone(guess.points)
    correction = network.correct(inputs(guess, widest)) * rim
    made_up = between(guess.points)[None] * rim * np.float32(built)
    drawn = made_up * unseen(guess, widest)
    correction = correction * (1 - DOUBT * drawn)
    correction = correction + drawn * (_edges(guess.picture) - _edges(guess.picture + correction))
    correction, made_up = correction * np.float32(amount), (made_up - drawn) * np.float32(amount)
    box = Region.around(through(matrix, CORNERS)).intersect(region)
    if box.is_empty:
        return pixels
    rows, columns = box.slices_in(region)
    back = crop(
        np.concatenate([correction, guess.picture, made_up]), _from_window(matrix, box), box.shape, filter="cubic"
    )
    light = root(pixels[:, rows, columns] / guess.tone[:, None, None])
    with np.errstate(invalid="ignore"):
        fine = np.nan_to_num(light - back[3:6], nan=0.0, posinf=0.0, neginf=0.0)
        light = light + back[:3] - np.clip(back[6:], 0, 1) * fine
        touched = np.abs(back[:3]).max(axis=0) + back[6] > 0
        made = np.where(touched, squared(light) * guess.tone[:, None, None], pixels[:, rows, columns])
    out = pixels.copy()
    out[:, rows, columns] = made
    return out


def unseen(guess: View, widest: View) -> np.float32:
    """0..1: 0 where the most open mouth known shows what is wanted, 1 where it shows nothing."""
    known = gap_px(widest.points) / max(gap_px(guess.points), 1e-6)
    t = np.clip((SHOWS_ALL - known) / (SHOWS_ALL - SHOWS_NOTHING), 0, 1)
    return np.float32(t * t * (3 - 2 * t))


def _edges(picture: np.ndarray) -> np.ndarray:
    return picture - blur(np.ascontiguousarray(picture), EDGES_PX)


CORNERS = np.array([[0.0, 0.0], [SIDE_PX, 0.0], [SIDE_PX, SIDE_PX], [0.0, SIDE_PX]])


def _from_window(matrix: np.ndarray, box: Region) -> np.ndarray:
    """[2, 3]: pixels of an array over `box` to window px."""
    back = inverse(matrix)
    corner = through(back, np.array([[float(box.x0), float(box.y0)]]))[0]
    return np.concatenate([back[:, :2], corner[:, None]], axis=1)


def between(points: np.ndarray) -> np.ndarray:
    """[64, 64]: the inside of the mouth; a faint line where lips are shut."""
    loop = np.concatenate([points[UPPER_INNER], points[LOWER_INNER][-2:0:-1]])
    return matte(loop.astype(np.float32), WINDOW, feather_px=1.5, erode_px=-0.75)


def lips(points: np.ndarray) -> np.ndarray:
    """[64, 64]: lips and all between them."""
    return matte(points[LIPS_EDGE].astype(np.float32), WINDOW, feather_px=1.0)


def zone(points: np.ndarray) -> np.ndarray:
    """[64, 64]: where the network may change anything, soft, and nothing on the window's rim."""
    soft_px, grown_px = ZONE_SOFT / STEP, ZONE / STEP
    inside = matte(points[LIPS_EDGE].astype(np.float32), WINDOW, feather_px=soft_px, erode_px=-grown_px)
    edge = np.minimum(np.arange(SIDE_PX), np.arange(SIDE_PX)[::-1])
    rim = np.clip(np.minimum(edge[:, None], edge[None]) / 4, 0, 1).astype(np.float32)
    return inside * rim


def root(light: np.ndarray) -> np.ndarray:
    """Square root that keeps the sign."""
    return np.copysign(np.sqrt(np.abs(light)), light)


def squared(value: np.ndarray) -> np.ndarray:
    """The inverse of root."""
    return value * np.abs(value)


def _tone(cut: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """[3] float32: mean colour under a weight; never so dark that dividing by it would blow up."""
    mean = (cut * weight).sum(axis=(1, 2)) / max(float(weight.sum()), 1e-6)
    return np.maximum(mean, max(float(mean.max()) * 0.02, 1e-6)).astype(np.float32)
