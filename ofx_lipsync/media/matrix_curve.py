# SPDX-License-Identifier: Apache-2.0
"""OCIO processors made only of matrices and sRGB-like curves, run on whole arrays.

Most plates need nothing else, and OCIO's exact CPU path calls the C library's pow a pixel at a time: these cost a
third. The numbers are OCIO's own, read from the processor; anything else stays with OCIO.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import PyOpenColorIO as ocio

_BLOCK = 1 << 14
"""Pixels at a time: three channels and their temporaries stay in the second-level cache."""


@dataclass(frozen=True)
class _Matrix:
    rows: np.ndarray

    def apply(self, block: np.ndarray) -> np.ndarray:
        result = np.empty_like(block)
        for out, (r, g, b) in zip(result, self.rows, strict=True):
            np.multiply(block[0], r, out=out)
            out += block[1] * g
            out += block[2] * b
        return result


@dataclass(frozen=True)
class _Curve:
    """Encoded to linear: ((x + offset) / (1 + offset)) ** gamma above a break, a straight line below it."""

    gamma: float
    offset: float
    inverse: bool

    def apply(self, block: np.ndarray) -> np.ndarray:
        one, gamma, offset = np.float32(1), self.gamma, self.offset
        joint = offset / (gamma - 1)
        slope = (gamma - 1) / offset * (offset * gamma / ((gamma - 1) * (1 + offset))) ** gamma
        if self.inverse:
            low = block <= np.float32(joint * slope)
            power = np.maximum(block, np.float32(joint * slope))
            np.power(power, np.float32(1 / gamma), out=power)
            power *= np.float32(1 + offset)
            power -= np.float32(offset)
            np.copyto(power, block * np.float32(one / slope), where=low)
            return power
        low = block <= np.float32(joint)
        power = np.maximum(block, np.float32(joint))
        power += np.float32(offset)
        power *= np.float32(1 / (1 + offset))
        np.power(power, np.float32(gamma), out=power)
        np.copyto(power, block * np.float32(slope), where=low)
        return power


class MatrixCurve:
    """Steps in order, on [3, H, W] float32."""

    def __init__(self, steps: list[_Matrix | _Curve]) -> None:
        self._steps = steps

    @classmethod
    def of(cls, processor: Any) -> MatrixCurve | None:
        """The processor's steps, or None where one is of another kind."""
        exact = processor.getOptimizedProcessor(ocio.OPTIMIZATION_LOSSLESS)
        steps = [_step(transform) for transform in exact.createGroupTransform()]
        known = [step for step in steps if step is not None]
        return cls(known) if len(known) == len(steps) else None

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        pixels = np.ascontiguousarray(rgb, dtype=np.float32).reshape(3, -1)
        result = np.empty_like(pixels)
        with np.errstate(all="ignore"):
            for first in range(0, pixels.shape[1], _BLOCK):
                block = pixels[:, first : first + _BLOCK]
                for step in self._steps:
                    block = step.apply(block)
                result[:, first : first + _BLOCK] = block
        return result.reshape(rgb.shape)


def _step(transform: Any) -> _Matrix | _Curve | None:
    forward = transform.getDirection() == ocio.TRANSFORM_DIR_FORWARD
    if isinstance(transform, ocio.MatrixTransform) and forward and not any(transform.getOffset()):
        return _Matrix(np.array(transform.getMatrix(), np.float32).reshape(4, 4)[:3, :3])
    if isinstance(transform, ocio.ExponentWithLinearTransform):
        gamma, offset = transform.getGamma(), transform.getOffset()
        alike = len(set(gamma[:3])) == len(set(offset[:3])) == 1 and gamma[0] > 1 and offset[0] > 0
        if alike and transform.getNegativeStyle() == ocio.NEGATIVE_LINEAR:
            return _Curve(gamma[0], offset[0], not forward)
    return None
