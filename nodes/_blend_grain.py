# SPDX-License-Identifier: Apache-2.0
"""Grain of a plate, read off one frame: how strong at which light, how coarse, and what of it a new mouth has lost.

Small tiles of the picture, their planes of light taken away, are turned into power by frequency, after Foi et al.,
"Practical Poissonian-Gaussian noise modeling and fitting" (2008), for the level: variance = a + b L + c L^2, where c is
film's. Medians over tiles leave edges and creases out. Skin as fine as grain counts as grain, here as in the plate.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np

TILE = 16
"""Px: holds the clumps of grain, and fits between lips and folds of a face of 150 px."""
MOST_TILES = 240
FEWEST_TILES = 6
MOST_REACH, ENOUGH, LEAST_ENOUGH = 7, 0.998, 0.95
"""A filter reaches no further, in px, and no further than it takes to hold so much of its power."""
EDGES = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 9.0, 12.0]) / TILE
"""Cycles a pixel between which power is one number: TILE px hold no finer steps."""
CENTRES = np.array([1, 2, 3, 4, 5, 6, 7, 8.2, 9.7]) / TILE
TRUSTED = 2
"""The rings from which on grain is read; in those below, shape and shade of a face outweigh it."""
BINS = 6


@dataclass(frozen=True)
class Look:
    """Grain of a picture. level: [3, 3] float32 per channel the variance at no light, per light, per light squared.
    mix: [3, 3] float32, channel by the three kinds of grain that have nothing to do with each other. power: [3, R] of
    each kind in rings of frequencies, 1 for white grain of full level."""

    level: np.ndarray
    mix: np.ndarray
    power: np.ndarray


def look(picture: np.ndarray) -> Look | None:
    """The grain of picture [3, H, W], scene-linear; None where it is too small, or has none."""
    tiles, means = _tiles(picture, np.ones(picture.shape[1:], bool))
    if len(tiles) < FEWEST_TILES:
        return None
    power = _power(tiles)
    fine = power @ _grain_mean()
    level = np.stack([_level(means[:, c], fine[:, c]) for c in range(3)])
    expected = _variance(level, means)
    if not (expected > 0).any(axis=0).all():
        return None
    even = tiles / np.sqrt(np.maximum(expected, 1e-12))[:, :, None, None]
    plain = (fine < 1.6 * expected).all(axis=1) & (expected > 0).all(axis=1)
    if plain.sum() < FEWEST_TILES:
        return None
    mix = _kinds(even[plain])
    kinds = np.einsum("ck,ncyx->nkyx", _inverse(mix), even)
    rings = np.concatenate([_rings(kinds)[:, :TRUSTED], _rings(_calm(kinds))[:, TRUSTED:]], axis=1)
    return Look(level.astype(np.float32), mix.astype(np.float32), _to_the_bottom(rings))


def kept(
    plate: np.ndarray, made: np.ndarray, where: np.ndarray, grain: Look, corner: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """[R]: share of the plate's power that a picture of the same skin has, ring by ring. where: [H, W] bool.
    made: [3, H, W], or premultiplied [4, h, w] of a part of the plate from `corner` (row, column) on, and solid there.

    Pores are in both, so that their own power hardly counts. Warps take alike from all kinds of grain, and smoothly
    from ring to ring, which makes little skin enough.
    """
    rings = []
    for picture, at in ((plate, (0, 0)), (made, corner)):
        tiles, means = _tiles(picture, where, at)
        if len(tiles) < FEWEST_TILES:
            return np.ones(grain.power.shape[1])
        even = tiles / np.sqrt(np.maximum(_variance(grain.level, means), 1e-12))[:, :, None, None]
        kinds = _rings(np.einsum("ck,ncyx->nkyx", _inverse(grain.mix), even))
        rings.append((kinds / np.maximum(grain.power, 1e-6)).mean(axis=0))
    plenty, left = (_smoothed(ring[TRUSTED:]) for ring in rings)
    share = left / np.maximum(plenty, 1e-12)
    # Of a patch with next to no grain all that the plate has more is missing; what it has are pores, as the plate has.
    flat = np.clip(1 - share, 0, 1)
    share += flat * (1 - np.clip(plenty - left, 0, 1) - share)
    return np.concatenate([np.full(TRUSTED, share[0]), share])


def taps(power: np.ndarray, share: float = 1.0) -> np.ndarray:
    """[3, T, T] float32: filters that give white noise a spectrum that tiles show as [3, R], as small as they may be.
    share: of all the grain that there is to be; a small one is cut with less care."""
    enough = max(1 - (1 - ENOUGH) / max(share, 1e-6), LEAST_ENOUGH)
    filters = np.stack([_filter(rings) for rings in power])
    whole = (filters**2).sum(axis=(1, 2))
    for half in range(1, MOST_REACH + 1):
        cut = filters[:, TILE - half : TILE + half + 1, TILE - half : TILE + half + 1]
        kept_power = (cut**2).sum(axis=(1, 2))
        if (kept_power >= enough * whole).all():
            break
    return np.asarray(cut * np.sqrt(whole / np.maximum(kept_power, 1e-30))[:, None, None], np.float32)


def _filter(rings: np.ndarray) -> np.ndarray:
    """[2 T, 2 T], its centre at (T, T): what a tile's window spreads to the rings beside is undone here."""
    seen = np.maximum(rings, 1e-9)
    asked = seen
    for _ in range(5):
        asked = asked * seen / np.maximum(_as_seen() @ np.exp(_between() @ np.log(asked)), 1e-12)
    wanted = np.exp(_between() @ np.log(asked)).reshape(2 * TILE, 2 * TILE)
    return np.asarray(np.fft.fftshift(np.fft.ifft2(np.sqrt(wanted)).real))


@functools.cache
def _between() -> np.ndarray:
    """[2 T * 2 T, R]: reads logs of rings anywhere, in straight lines over squares of frequencies: a Gaussian's own."""
    square = _away(2 * TILE).ravel() ** 2
    return np.stack([np.interp(square, CENTRES**2, one) for one in np.eye(len(CENTRES))], axis=1)


@functools.cache
def _as_seen() -> np.ndarray:
    """[R, 2 T * 2 T]: rings that tiles show of a spectrum."""
    spread = np.fft.fft2(_overlap()).real / _overlap().size
    rows = []
    for bins in _ring_bins():
        at = np.zeros((TILE, TILE))
        at.flat[bins] = 1 / len(bins)
        at = np.kron(at, [[1, 0], [0, 0]])
        rows.append(np.fft.ifft2(np.fft.fft2(at) * np.fft.fft2(spread)).real.ravel())
    return np.stack(rows)


def _smoothed(ring: np.ndarray) -> np.ndarray:
    held = np.concatenate([ring[:1], ring, ring[-1:]])
    return np.asarray((held[:-2] + 2 * held[1:-1] + held[2:]) / 4)


def _tiles(picture: np.ndarray, where: np.ndarray, corner: tuple[int, int] = (0, 0)) -> tuple[np.ndarray, np.ndarray]:
    """[n, 3, TILE, TILE] of the picture's tiles that lie wholly in `where`, without NaN, and their means [n, 3].
    picture: [3 or premultiplied 4, h, w], its first pixel at `corner` (row, column) of `where` [H, W]."""
    if min(picture.shape[1:]) < TILE:
        return np.zeros((0, 3, TILE, TILE)), np.zeros((0, 3))
    inside = tuple(slice(a, a + side) for a, side in zip(corner, picture.shape[1:], strict=True))
    usable = np.zeros(where.shape, bool)
    np.logical_and(where[inside], np.isfinite(picture[0]), out=usable[inside])
    for plane in picture[1:]:
        usable[inside] &= np.isfinite(plane)
    whole = _whole(usable)
    apart = TILE // 4
    while np.count_nonzero(whole[::apart, ::apart]) > MOST_TILES:
        apart += TILE // 8
    found = np.argwhere(whole[::apart, ::apart]) * apart - np.array(corner)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (TILE, TILE), axis=(1, 2))
    tiles = windows[:, found[:, 0], found[:, 1]].transpose(1, 0, 2, 3)
    tiles = (tiles if len(picture) == 3 else tiles[:, :3] / tiles[:, 3:]).astype(np.float64)
    return tiles, tiles.mean(axis=(2, 3))


def _whole(usable: np.ndarray) -> np.ndarray:
    """[H - TILE + 1, W - TILE + 1]: whether all of the tile that begins there is usable."""
    step = 1
    while step < TILE:
        usable = usable[:-step] & usable[step:]
        usable = usable[:, :-step] & usable[:, step:]
        step *= 2
    return usable


def _power(tiles: np.ndarray) -> np.ndarray:
    """[n, C, TILE * TILE] power by frequency, 1 on the mean for white noise of deviation 1."""
    flat = tiles.reshape(*tiles.shape[:2], -1)
    flat = flat - (flat @ _plane().T) @ _plane()
    spectrum = np.fft.fft2(flat.reshape(tiles.shape) * _window())
    return np.asarray((np.abs(spectrum) ** 2).reshape(flat.shape) / _white())


def _calm(tiles: np.ndarray) -> np.ndarray:
    """The half of the tiles [n, C, TILE, TILE] with the least in rings too low for grain: less of a face is in them."""
    shade = (_power(tiles) @ _ring_means()[:, :TRUSTED]).sum(axis=(1, 2))
    return tiles[np.argsort(shade, kind="stable")[: max(FEWEST_TILES, len(tiles) // 2)]]


def _rings(tiles: np.ndarray) -> np.ndarray:
    """[C, R]: median power in rings of frequencies over tiles [n, C, TILE, TILE]."""
    rings = _power(tiles) @ _ring_means()
    freedom = np.array([len(bins) / 2 for bins in _ring_bins()])  # of pairs of bins, which the window ties to others
    return np.asarray(np.median(rings, axis=0) / (1 - 2 / (9 * freedom)) ** 3)  # a chi-square's median by its mean


def _level(light: np.ndarray, power: np.ndarray) -> np.ndarray:
    """[3]: variance at no light, per light and per light squared, none below 0, through medians of groups of tiles."""
    order = np.argsort(light, kind="stable")
    groups = [group for group in np.array_split(order, BINS) if len(group)]
    at = np.array([max(float(np.median(light[group])), 0.0) for group in groups])
    seen = np.array([float(np.median(power[group])) for group in groups])
    weight = 1 / np.maximum(seen, 1e-12)
    return _least_squares(np.stack([np.ones_like(at), at, at**2], axis=1) * weight[:, None], seen * weight)


def _least_squares(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The best of all solutions without a negative part: of three unknowns every choice can be tried."""
    best, least = np.zeros(matrix.shape[1]), float((values**2).sum())
    for used in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        part = np.linalg.lstsq(matrix[:, used], values, rcond=None)[0]
        left = float(((matrix[:, used] @ part - values) ** 2).sum())
        if (part >= 0).all() and left < least - 1e-9:
            best, least = np.zeros(matrix.shape[1]), left
            best[list(used)] = part
    return best


def _variance(level: np.ndarray, light: np.ndarray) -> np.ndarray:
    """[n, 3] at light [n, 3]."""
    held = np.maximum(light, 0)
    return np.asarray(level[:, 0] + held * (level[:, 1] + held * level[:, 2]))


def _kinds(tiles: np.ndarray) -> np.ndarray:
    """[3, 3], channel by kind: what mixes three noises without relation to each other to these tiles' grain."""
    fine = np.fft.fft2(tiles * _window()).reshape(*tiles.shape[:2], -1)[:, :, _grain_bins()]
    together = np.einsum("nck,ndk->cd", fine, fine.conj()).real
    scale = np.sqrt(np.diag(together))
    weights, kinds = np.linalg.eigh(together / np.outer(scale, scale))
    return np.asarray(kinds * np.sqrt(np.maximum(weights, 1e-6)))


def _inverse(mix: np.ndarray) -> np.ndarray:
    """[3, 3], channel by kind, for einsum ck: the kinds in a mix of channels."""
    return np.asarray(np.linalg.inv(mix).T)


def _to_the_bottom(rings: np.ndarray) -> np.ndarray:
    """[C, R]: the lowest rings go on as those above them begin, like a Gaussian, or less where less is seen: clumps
    have no long waves, faces do."""
    rings = np.maximum(rings, 1e-12)
    square = CENTRES**2
    trusted = slice(TRUSTED, TRUSTED + 3)
    for power in rings:
        slope, offset = np.polyfit(square[trusted], np.log(power[trusted]), 1, w=np.sqrt(power[trusted]))
        power[:TRUSTED] = np.minimum(power[:TRUSTED], np.exp(offset + min(slope, 0.0) * square[:TRUSTED]))
    return rings


@functools.cache
def _window() -> np.ndarray:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(TILE) + 0.5) / TILE)
    return np.outer(hann, hann)


@functools.cache
def _plane() -> np.ndarray:
    """[3, T * T]: what a plane over a tile is made of, each of length 1."""
    y, x = np.mgrid[0:TILE, 0:TILE] - (TILE - 1) / 2
    plane = np.stack([np.ones(TILE**2), x.ravel(), y.ravel()])
    return np.asarray(plane / np.linalg.norm(plane, axis=1, keepdims=True))


@functools.cache
def _white() -> np.ndarray:
    """[T * T]: what white noise of deviation 1 gives at each frequency."""
    unit = (np.eye(TILE**2) - _plane().T @ _plane()).reshape(-1, TILE, TILE) * _window()
    return np.asarray((np.abs(np.fft.fft2(unit)) ** 2).sum(axis=0).ravel() + 1e-12)


@functools.cache
def _overlap() -> np.ndarray:
    """[2 T, 2 T]: how much of the window meets itself, moved by so many pixels."""
    power = np.abs(np.fft.fft2(_window(), (2 * TILE, 2 * TILE))) ** 2
    alike = np.fft.ifft2(power).real
    return np.asarray(alike / alike[0, 0])


@functools.cache
def _ring_bins() -> tuple[np.ndarray, ...]:
    away = _away(TILE).ravel()
    return tuple(np.flatnonzero((away >= a) & (away < b)) for a, b in itertools.pairwise(EDGES))


@functools.cache
def _away(side: int) -> np.ndarray:
    """[side, side]: cycles a pixel of each bin of a transform."""
    step = np.fft.fftfreq(side)
    return np.hypot(step[:, None], step[None])


@functools.cache
def _ring_means() -> np.ndarray:
    """[T * T, R]: takes the mean of each ring."""
    means = np.zeros((TILE**2, len(CENTRES)))
    for ring, bins in enumerate(_ring_bins()):
        means[bins, ring] = 1 / len(bins)
    return means


@functools.cache
def _grain_mean() -> np.ndarray:
    """[T * T]: takes the mean of the rings that grain is read in."""
    mean = np.zeros(TILE**2)
    mean[_grain_bins()] = 1 / len(_grain_bins())
    return mean


@functools.cache
def _grain_bins() -> np.ndarray:
    return np.concatenate(_ring_bins()[TRUSTED:])
