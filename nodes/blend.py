# SPDX-License-Identifier: Apache-2.0
"""The new mouth over the plate: matte, holdout, colour match, mix.

result = plate under the moved jaw and cheeks (ground), under the mouth, each premultiplied, in scene-linear:
    under  = ground + (1 - a_ground) plate
    layer  = a colour(mouth) + (1 - a) ground,    a = matte(outline, feather, erode) * reach * holdout * mix
    result = layer + (1 - a_layer) plate
where colour() brings the mouth's broad light and colour, and how fine its texture is, to those of `under` on the skin
both show. Where the matte is 0 the plate comes back bit for bit.

Grain is read off the plate of the same frame (nodes/_blend_grain.py); what warps, mixes and feathers have lost of it is
added as noise of that spectrum and level, other noise for every picture: where a plate stands still, so does it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ofx_lipsync.core.choice import keep_only
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.params import Bool, Float, Int, ParamSet
from ofx_lipsync.core.plan import Patch
from ofx_lipsync.core.region import Region, bands
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.kernels.match import match
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.over import over
from ofx_lipsync.nodes._blend_motion import smeared
from ofx_lipsync.nodes._blend_regrain import FINE_PX, add_grain, shares

ID = "Blend"
VERSION = 1
INPUTS = ("plate", "mouth", "holdout")
DARKEST = 1e-6
LEAST_KEEN, MOST_KEEN = 0.6, 1.5
"""No mouth's texture is changed by more: beyond, the two do not show the same skin."""
SMALL_PX = 100.0
"""On a face no higher than this, tiles hold its features, and what is as fine as grain is skin: none is read from it.
From twice that on it counts in full."""
FLAT = 0.4
"""Skin with less than this share of the plate's texture is not soft but without grain, as a cleaned reel's is: that is
put back, and its pores are not made crisper."""


class Params(ParamSet):
    owner = ID
    mix = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Mix",
        help="Fades the whole patch over the plate; to ease a mouth in, animate MouthGenerate.strength instead.",
    )  # fmt: skip
    feather = Float(
        7.0, lo=0, hi=40, slider=(0, 20), unit="% of face height", group="Matte",
        help="Width of the soft edge between the new mouth and the plate's skin, half of it on either side.",
    )  # fmt: skip
    erode = Float(
        0.0, lo=-8, hi=20, slider=(-5, 10), unit="% of face height", group="Matte",
        help="Pulls the edge of the new mouth inwards, or below 0 pushes it outwards.",
    )  # fmt: skip
    move_jaw = Bool(
        True, group="Matte",
        help="Moves the plate's own chin, cheeks and neck with the new jaw; off, only the mouth itself is replaced.",
    )  # fmt: skip
    invert_holdout = Bool(
        False, group="Matte",
        help="Reads the holdout the other way round: by default the plate stands where the holdout is white.",
    )  # fmt: skip
    colour_match = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Colour",
        help="How far the new mouth takes on the broad light and colour of the plate's skin round it.",
    )  # fmt: skip
    colour_radius = Float(
        9.0, lo=1, hi=100, slider=(2, 30), unit="% of face height", group="Colour",
        help="How local the colour match is: small follows a shadow across the chin, large corrects the mouth as one.",
    )  # fmt: skip
    texture_match = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Colour",
        help="How far the new skin round the lips is made as crisp, or as soft, as the plate's; 0 leaves it as it is.",
    )  # fmt: skip
    shutter = Float(
        0.5, lo=0, hi=1, slider=(0, 1), unit="share of a frame", group="Colour",
        help="How long the shutter was open, 0.5 for 180 degrees: how far a mouth on a head that moves is smeared "
        "along its way. 0 smears none.",
    )  # fmt: skip
    grain = Float(
        1.0, lo=0, hi=2, slider=(0, 1), unit="share", group="Grain",
        help="How much of the grain that the new mouth lacks, measured against the plate round it, is put back.",
    )  # fmt: skip
    grain_seed = Int(
        0, lo=0, hi=2**31 - 1, slider=(0, 100), unit="number", group="Grain",
        help="Another number gives other grain; the same number gives the same grain on every machine.",
    )  # fmt: skip


def render(plate: Image, patch: Patch, params: Params, holdout: Image | None = None) -> tuple[Image, np.ndarray]:
    """The comp over `plate`'s region, and its matte [H, W] float32; params: resolved at the frame.

    plate: RGB(A) over the patch's region, scene-linear. holdout: what lies in front of the mouth, white in
        its alpha, or in red where it has none.
    Raises: UsageError when the regions differ.
    """
    if params.mix == 0:
        _check(plate, patch, holdout)
        return plate, np.zeros(plate.region.shape, np.float32)
    made, _ = layer(plate, patch, params, holdout)
    return replace(plate, pixels=over(made.pixels, plate.pixels)), made.pixels[3]


@np.errstate(invalid="ignore")
def layer(plate: Image, patch: Patch, params: Params, holdout: Image | None = None) -> tuple[Image, np.ndarray]:
    """The new pixels alone, RGBA, premultiplied: over the plate they are the comp, mouth and moved jaw as one layer.
    And how much of it is the mouth, [H, W] float32. Arguments and errors as of `render`. NaN and Inf of the plate go
    their way without a word."""
    _check(plate, patch, holdout)
    keep = _keep(holdout, params)
    made = patch.ground.pixels * keep if params.move_jaw else np.zeros_like(patch.ground.pixels)
    mouth_matte = np.zeros(plate.region.shape, np.float32)
    box = _reached(patch, params)
    if not box.is_empty:
        rows, columns = box.slices_in(patch.image.region)
        moved_jaw = made[3].copy()
        under = over(np.ascontiguousarray(made[:, rows, columns]), plate.pixels[:, rows, columns])
        edge = _soft_edge(patch, box, params) * (keep[rows, columns] if isinstance(keep, np.ndarray) else keep)
        shot, skin = plate.pixels[:3, rows, columns], (patch.skin * keep)[rows, columns]
        own, keener = _matched(patch.image.pixels[:, rows, columns], skin, under, shot, patch, params)
        mouth = own * edge
        made[:, rows, columns] = over(mouth, np.ascontiguousarray(made[:, rows, columns]))
        mouth_matte[rows, columns] = mouth[3]
        amount = params.grain * min(max(patch.face_height_px / SMALL_PX - 1, 0.0), 1.0)
        if amount > 0:
            known = shares(plate, patch, moved_jaw, box, own, mouth[3], skin, keener)
            add_grain(made, plate, known, amount, params.grain_seed)
    for band in bands(plate.region.shape):
        keep_only(made[3, band] > 0, made[:3, band])  # what a holdout covers leaves nothing, NaN included
    return replace(patch.image, pixels=made), mouth_matte


def _check(plate: Image, patch: Patch, holdout: Image | None) -> None:
    for name, image in (("plate", plate), ("holdout", holdout)):
        if image is not None and image.region != patch.image.region:
            raise UsageError(
                f"{ID}: the {name} covers {image.region}, expected the patch's {patch.image.region}; crop it to that"
            )


def _keep(holdout: Image | None, params: Params) -> np.ndarray | np.float32:
    """How much of the patch may show: [H, W] or one number."""
    mix = np.float32(params.mix)
    if holdout is None:
        return mix
    channel = holdout.channels.index("A") if "A" in holdout.channels else 0
    front = np.clip(np.nan_to_num(holdout.pixels[channel], nan=0.0), 0, 1)
    return (front if params.invert_holdout else 1 - front) * mix


def _reached(patch: Patch, params: Params) -> Region:
    """Where the mouth layer may show; beyond it nothing need be matched."""
    reach_px = max(0.0, params.feather / 2 - params.erode) * _unit_px(patch)
    return Region.around(patch.outline, reach_px + 1).intersect(patch.image.region)


def _unit_px(patch: Patch) -> float:
    """A hundredth of the face's height in the picture as it is shown: of an anamorphic one in pixels' heights."""
    return patch.face_height_px * math.sqrt(patch.pixel_aspect) / 100


def _soft_edge(patch: Patch, box: Region, params: Params) -> np.ndarray:
    """[h, w]: the outline's matte over `box`, as a share of the reach that is already in the patch's alpha.

    Of an anamorphic picture it is made as that is shown, and squeezed: an edge as soft across as it is down.
    """
    unit_px, aspect = _unit_px(patch), patch.pixel_aspect
    feather_px = params.feather * unit_px
    size = {"feather_px": feather_px, "erode_px": params.erode * unit_px - feather_px / 2}
    if aspect == 1:
        return matte(patch.outline, box, **size)
    shown = Region(math.floor(box.x0 * aspect) - 1, box.y0, math.ceil(box.x1 * aspect) + 1, box.y1)
    wide = matte(patch.outline * np.array([aspect, 1], np.float32), shown, **size)
    matrix = np.array([[aspect, 0, box.x0 * aspect - shown.x0], [0, 1, 0]])
    return np.asarray(crop(wide[None], matrix, box.shape, outside="hold")[0])


def _matched(
    layer: np.ndarray, skin: np.ndarray, under: np.ndarray, shot: np.ndarray, patch: Patch, params: Params
) -> tuple[np.ndarray, float]:
    """[4, h, w]: the mouth `layer`, premultiplied, in the light of what it goes over and as crisp as what was shot; and
    by how much the fine texture of its skin was multiplied."""
    way = np.zeros(2) if patch.motion is None else params.shutter * patch.motion
    if params.colour_match == 0 and params.texture_match == 0 and not way.any():
        return layer, 1.0
    sigma_px = max(0.5, params.colour_radius / 100 * patch.face_height_px)
    alpha = layer[3]
    bare = np.empty((3, *alpha.shape), np.float32)
    for band in bands(alpha.shape):
        np.divide(layer[:3, band], np.maximum(alpha[band], np.float32(1e-6)), out=bare[:, band])
        keep_only(alpha[band] > 0, bare[:, band])
    bare = smeared(bare, way)
    weight = skin * (alpha > 0.5)
    root = _root(bare)
    if params.colour_match > 0:
        matched = _relit(bare, under[:3], weight, sigma_px)
        root = root + np.float32(params.colour_match) * (matched - root)
    keener = (
        1 + params.texture_match * (_keenness(root, _root(shot), weight, params.grain) - 1)
        if params.texture_match > 0
        else 1.0
    )
    fine = _fine(root) if keener != 1 else None
    out = np.empty_like(layer)
    for band in bands(alpha.shape):
        part = root[:, band]
        if fine is not None:
            part = part + np.float32(keener - 1) * weight[band] * fine[:, band]
        np.multiply(part * np.abs(part), alpha[band], out=out[:3, band])
    out[3:] = layer[3:]
    return out, keener


def _relit(mouth: np.ndarray, under: np.ndarray, weight: np.ndarray, sigma_px: float) -> np.ndarray:
    """[3, h, w] square roots: more or less light multiplies the mouth as one; what colour is then left is added to
    square roots.

    On skin that holds little blue, a gain of each channel turns white highlights purple and a sum turns dark beards
    blue; square roots lie half way between and do neither.
    """
    light = mouth.mean(axis=0, keepdims=True)
    lit = match(light, under.mean(axis=0, keepdims=True), weight, sigma_px=sigma_px, mode="gain")
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(np.abs(light) > DARKEST, lit / light, np.float32(1))
    return match(_root(mouth * gain), _root(under), weight, sigma_px=sigma_px, mode="offset")


def _keenness(mouth: np.ndarray, shot: np.ndarray, weight: np.ndarray, grain: float) -> float:
    """What the mouth's skin must be multiplied by to have as much fine texture as that of the plate as it was `shot`.

    Lips and teeth stay as they are: made crisper, their edges would ring, and corners would twitch.

    Resampling between pixels and the mix of two mouths at a jump soften; a plate in motion is softer than the mouth.
    Means of magnitudes, not of squares: an edge of the plate's old lips among the skin should count for little. The
    very finest counts as far as no grain is put back for it: resampling takes hardly anything of what is coarser.
    """
    share = np.float32(min(grain, 1.0))
    own, wanted = (_texture(part.mean(axis=0, keepdims=True), weight, share) for part in (mouth, shot))
    if not (own > 0 and wanted > 0):
        return 1.0
    flat = float(share) * min(max((1 / MOST_KEEN - own / wanted) / (1 / MOST_KEEN - FLAT), 0.0), 1.0)
    keener = min(max(wanted / own, LEAST_KEEN), MOST_KEEN)
    return keener + flat * (1 - keener)


def _texture(light: np.ndarray, weight: np.ndarray, without: np.float32) -> float:
    fine = _fine(light)
    if without > 0:
        fine = fine - without * _fine(fine)
    return float((weight * np.abs(fine[0])).sum())


def _fine(picture: np.ndarray) -> np.ndarray:
    """[C, h, w]: what a pixel differs by from those round it; 0 beside NaN and Inf."""
    with np.errstate(invalid="ignore"):
        fine = picture - blur(picture, FINE_PX)
    return np.where(np.isfinite(fine), fine, np.float32(0))


def _root(colour: np.ndarray) -> np.ndarray:
    """Square root that keeps the sign, so that nothing is clamped."""
    root = np.empty(colour.shape, np.float32)
    for band in bands(colour.shape[1:]):
        part, given = root[:, band], colour[:, band]
        np.sqrt(np.abs(given, out=part), out=part)
        bits = part.view(np.uint32)
        bits |= given.view(np.uint32) & np.uint32(0x80000000)
    return root
