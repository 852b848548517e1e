# SPDX-License-Identifier: Apache-2.0
"""What grain a comp lacks, layer by layer, and putting it back.

Where shares p of the plate, q of moved skin and r of a new mouth meet, grains that have nothing to do with each other
leave p^2 + q^2 + r^2 of their power; the rest is added as whole grain. What a warp or a mix has taken from the moved
skin and the mouth themselves is measured on skin and added ring by ring of frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import Patch
from ofx_lipsync.core.region import Region, bands
from ofx_lipsync.kernels.over import over
from ofx_lipsync.kernels.regrain import regrain
from ofx_lipsync.nodes._blend_grain import CENTRES, Look, kept, look, taps

FINE_PX = 1.0
"""Fine texture is what a blur of so many px takes away: about what reading between pixels loses."""
SOLID = 0.98
SURE_SKIN = 0.6
SAME = 1e-6
"""A pixel that differs by less than this share was not moved."""
LEAST = 0.02
"""Grain of less than this share of the plate's is not worth adding."""
GRAIN_PX = 1 << 18
"""Of a band to which grain is added: the noise round its edge is made twice."""
_STEPS = (1, 2_000_003, 4_000_000_000_037)
_ODD = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)


@dataclass(frozen=True)
class Shares:
    """Of a comp over a region: skin, lips, moved, whole: [H, W] float32, how much of a layer's own loss, and of the
    plate's whole grain, to add. mouth, ground: the layers, premultiplied [4, h, w] from a corner (row, column) on, and
    where [H, W] to measure their losses. keener: by how much fine texture was multiplied on the mouth's skin, and not
    on its lips."""

    skin: np.ndarray
    lips: np.ndarray
    moved: np.ndarray
    whole: np.ndarray
    mouth: tuple[np.ndarray, np.ndarray, tuple[int, int]]
    ground: tuple[np.ndarray, np.ndarray, tuple[int, int]]
    keener: float


def shares(
    plate: Image, patch: Patch, ground_alpha: np.ndarray, box: Region, layer: np.ndarray, alpha: np.ndarray,
    skin: np.ndarray, keener: float,
) -> Shares:  # fmt: skip
    """ground_alpha: [H, W] how much of the moved skin shows. layer: [4, h, w] the matched mouth over `box`, alpha:
    [h, w] how much of it shows, skin: [h, w] where it is skin that both show."""
    inside, shape = box.slices_in(plate.region), plate.region.shape
    mouth = np.zeros(shape, np.float32)
    mouth[inside] = alpha
    ground, shown = patch.ground.pixels, plate.pixels[:3]
    on_skin, sure = skin * (layer[3] > SOLID), np.zeros(shape, bool)
    sure[inside] = on_skin > SURE_SKIN
    beside, moved, whole = np.empty(shape, bool), np.empty(shape, np.float32), np.empty(shape, np.float32)
    for rows in bands(shape):
        changed = _changed(ground[:, rows], shown[:, rows])
        there = mouth[rows]
        beside[rows] = changed & (ground[3, rows] > SOLID) & (there == 0)
        moved[rows] = ground_alpha[rows] * changed * (1 - there)
        filmed = there if patch.made_up is None else there * (1 - patch.made_up[rows])
        left = 1 - (1 - there - moved[rows]) ** 2 - moved[rows] ** 2 - filmed**2
        whole[rows] = np.sqrt(np.maximum(left, 0))
    on, off = (np.zeros(shape, np.float32) for _ in range(2))
    filmed = alpha if patch.made_up is None else alpha * (1 - patch.made_up[inside])
    on[inside], off[inside] = filmed * np.sqrt(on_skin), filmed * np.sqrt(1 - on_skin)
    corner = inside[0].start, inside[1].start
    return Shares(on, off, moved, whole, (layer, sure, corner), (ground, beside, (0, 0)), keener)


def _changed(ground: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """[h, w]: where the ground [4, h, w] is not the plate's own pixel."""
    alpha = ground[3]
    held = np.maximum(alpha, np.float32(1e-6))
    changed = np.zeros(alpha.shape, bool)
    with np.errstate(invalid="ignore"):
        for own, plane in zip(ground[:3], shown, strict=True):
            changed |= np.abs(own / held - plane) > SAME * np.abs(plane)
    return np.asarray(changed & (alpha > 0))


@dataclass(frozen=True)
class Lacking:
    """Grain to add: its taps, as `share` [H, W] float32 says; number: the noise's own."""

    taps: np.ndarray
    share: np.ndarray
    number: int


def lacking(plate: Image, given: Shares, amount: float, seed: int) -> tuple[Look | None, list[Lacking]]:
    """The plate's grain, and what of it to add with `amount` of what is missing. seed: the artist's."""
    shown = plate.pixels[:3]
    grain = look(shown)
    if grain is None:
        return None, []
    skin, moved = (kept(shown, made, where, grain, at) for made, where, at in (given.mouth, given.ground))
    lips, now = skin / keen_power(given.keener), moment(shown)
    parts = ((given.whole, np.zeros_like(skin)), (given.skin, skin), (given.lips, lips), (given.moved, moved))
    found = []
    for which, (share, there) in enumerate(parts):
        missing = np.maximum(1 - there, 0)
        if missing.max() > LEAST:
            power = missing * grain.power
            part = float(power.sum() / max(float(grain.power.sum()), 1e-30))
            number = sum(p * odd for p, odd in zip((seed, now, which), _ODD, strict=True))
            held = share if amount == 1 else share * np.float32(amount)
            found.append(Lacking(taps(power, part), held, number))
    return grain, found


def add_grain(layer: np.ndarray, plate: Image, given: Shares, amount: float, seed: int) -> None:
    """Gives the layer [4, H, W] the grain that its comp over the plate lacks."""
    grain, parts = lacking(plate, given, amount, seed)
    if grain is None:
        return
    x, y = plate.region.x0, plate.region.y0
    for rows in bands(layer.shape[1:], GRAIN_PX):
        comp = bare = over(layer[:, rows], plate.pixels[:3, rows])
        for part in parts:
            comp = _added(comp, grain, part, rows, (x, y + rows.start))
        if comp is bare:
            continue
        comp -= bare
        finite = np.isfinite(comp)
        layer[:3, rows] += comp if finite.all() else np.where(finite, comp, 0)


def _added(comp: np.ndarray, grain: Look, part: Lacking, rows: slice, corner: tuple[int, int]) -> np.ndarray:
    """[3, h, w]: a band of the comp with a part of the grain."""
    share = part.share[rows]
    columns = np.flatnonzero(share.any(axis=0))
    if not len(columns):
        return comp
    box = (slice(None), slice(None), slice(columns[0], columns[-1] + 1))
    at = corner[0] + int(columns[0]), corner[1]
    made = regrain(comp[box], share[box[1:]], part.taps, grain.mix, grain.level, seed=part.number, origin=at)
    if made.shape == comp.shape:
        return np.asarray(made)
    out = comp.copy()
    out[box] = made
    return out


def moment(picture: np.ndarray) -> int:
    """A number that every picture [3, H, W] has of its own, and equal pictures share, whatever their frames are called:
    logs of its channels' means to five digits, which grain alone changes, and a host's roundings do not."""
    known = np.zeros(3)
    for rows in bands(picture.shape[1:]):
        size = np.abs(picture[:, rows])
        total = size.sum(axis=(1, 2), dtype=np.float64)
        if not np.isfinite(total).all():
            total = np.where(np.isfinite(size), size, 0).sum(axis=(1, 2), dtype=np.float64)
        known += total
    known /= picture[0].size
    return int(sum(int(part) * step for part, step in zip(np.rint(np.log(known + 1e-9) * 1e5), _STEPS, strict=True)))


def keen_power(keener: float) -> np.ndarray:
    """[R]: what `keener` fine texture does to power, ring by ring."""
    blurred = np.exp(-2 * (np.pi * FINE_PX * CENTRES) ** 2)
    return np.asarray((1 + (keener - 1) * (1 - blurred)) ** 2)
