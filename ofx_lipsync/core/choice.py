# SPDX-License-Identifier: Apache-2.0
"""Choosing numbers pixel by pixel through their bits: what `np.where` does, several times as fast."""

from __future__ import annotations

import numpy as np

_BITS = {2: np.uint16, 4: np.uint32}


def chosen(where: np.ndarray, these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """`these` where [H, W] bool is true, else `those`: bit for bit, NaN and -0.0 too. Both [..., H, W] of one type of 2
    or 4 bytes."""
    kind = _BITS[these.itemsize]
    bits = these.view(kind) ^ those.view(kind)
    bits &= _mask(where, kind)
    bits ^= those.view(kind)
    return bits.view(these.dtype)


def keep_only(where: np.ndarray, planes: np.ndarray) -> None:
    """Sets planes [..., H, W] to 0 in place where [H, W] bool is false, NaN and -0.0 too."""
    kind = _BITS[planes.itemsize]
    bits = planes.view(kind)
    bits &= _mask(where, kind)


def _mask(where: np.ndarray, kind: type) -> np.ndarray:
    """All bits where true, none where false."""
    bits: np.ndarray = (-where.view(np.int8)).astype(f"i{np.dtype(kind).itemsize}").view(kind)
    return bits
