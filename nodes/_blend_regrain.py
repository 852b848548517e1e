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
from ofx_lipsync.core.region import Region
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
_STEPS = (1, 2_000_003, 4_000_000_000_037)
_ODD = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)


@dataclass(frozen=True)
class Shares:
    """Of a comp over a region: skin, lips, moved, whole: [H, W] float32, how much of a layer's own loss, and of the
    plate's whole grain, to add. mouth, ground: [3, H, W] the layers, and where [H, W] to measure their losses.
    keener: by how much fine texture was multiplied on the mouth's skin, and not on its lips."""

    skin: np.ndarray
    lips: np.ndarray
    moved: np.ndarray
    whole: np.ndarray
    mouth: tuple[np.ndarray, np.ndarray]
    ground: tuple[np.ndarray, np.ndarray]
    keener: float


def shares(
    plate: Image, patch: Patch, ground_alpha: np.ndarray, box: Region, layer: np.ndarray, alpha: np.ndarray,
    skin: np.ndarray, keener: float,
) -> Shares:  # fmt: skip
    """ground_alpha: [H, W] how much of the moved skin shows. layer: [4, h, w] the matched mouth over `box`, alpha:
    [h, w] how much of it shows, skin: [h, w] where it is skin that both show."""
    inside = box.slices_in(plate.region)
    mouth, on_skin = (np.zeros(plate.region.shape, np.float32) for _ in range(2))
    mouth[inside], on_skin[inside] = alpha, skin * (layer[3] > SOLID)
    warped, shown = _straight(patch.ground.pixels), plate.pixels[:3]
    with np.errstate(invalid="ignore"):
        changed = (np.abs(warped - shown) > SAME * np.abs(shown)).any(axis=0) & (patch.ground.pixels[3] > 0)
    moved = ground_alpha * changed * (1 - mouth)
    filmed = mouth if patch.made_up is None else mouth * (1 - patch.made_up)
    left = 1 - (1 - mouth - moved) ** 2 - moved**2 - filmed**2
    own = np.zeros((3, *mouth.shape), np.float32)
    own[(slice(None), *inside)] = _straight(layer)
    beside = changed & (patch.ground.pixels[3] > SOLID) & (mouth == 0)
    return Shares(
        filmed * np.sqrt(on_skin), filmed * np.sqrt(1 - on_skin), moved, np.sqrt(np.maximum(left, 0)),
        (own, on_skin > SURE_SKIN), (warped, beside), keener,
    )  # fmt: skip


def regrained(comp: np.ndarray, plate: Image, given: Shares, amount: float, seed: int) -> np.ndarray:
    """[3, H, W]: `comp` with `amount` of the grain that it lacks beside the plate. seed: the artist's."""
    shown = plate.pixels[:3]
    grain = look(shown)
    if grain is None:
        return comp
    skin, moved = kept(shown, *given.mouth, grain), kept(shown, *given.ground, grain)
    lips = skin / keen_power(given.keener)
    parts = ((given.whole, np.zeros_like(skin)), (given.skin, skin), (given.lips, lips), (given.moved, moved))
    for which, (share, there) in enumerate(parts):
        missing = np.maximum(1 - there, 0)
        if missing.max() > LEAST:
            comp = _added(
                comp,
                grain,
                missing * grain.power,
                share * np.float32(amount),
                plate.region,
                (seed, moment(shown), which),
            )
    return comp


def moment(picture: np.ndarray) -> int:
    """A number that every picture [3, H, W] has of its own, and equal pictures share, whatever their frames are called:
    logs of its channels' means to five digits, which grain alone changes, and a host's roundings do not."""
    known = np.where(np.isfinite(picture), np.abs(picture), 0).mean(axis=(1, 2), dtype=np.float64)
    return int(sum(int(part) * step for part, step in zip(np.rint(np.log(known + 1e-9) * 1e5), _STEPS, strict=True)))


def keen_power(keener: float) -> np.ndarray:
    """[R]: what `keener` fine texture does to power, ring by ring."""
    blurred = np.exp(-2 * (np.pi * FINE_PX * CENTRES) ** 2)
    return np.asarray((1 + (keener - 1) * (1 - blurred)) ** 2)


def _added(
    comp: np.ndarray, grain: Look, power: np.ndarray, share: np.ndarray, region: Region, seed: tuple[int, int, int]
) -> np.ndarray:
    rows, columns = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
    if not len(rows):
        return comp
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    part = float(power.sum() / max(float(grain.power.sum()), 1e-30))
    number = sum(part * odd for part, odd in zip(seed, _ODD, strict=True))
    corner = region.x0 + int(columns[0]), region.y0 + int(rows[0])
    out = comp.copy()
    out[(slice(None), *box)] = regrain(
        comp[(slice(None), *box)], share[box], taps(power, part), grain.mix, grain.level, seed=number, origin=corner
    )
    return out


def _straight(layer: np.ndarray) -> np.ndarray:
    """[3, H, W] of a premultiplied layer [4, H, W]; 0 where it has no alpha."""
    return np.where(layer[3] > 0, layer[:3] / np.maximum(layer[3], np.float32(1e-6)), np.float32(0))
