# SPDX-License-Identifier: Apache-2.0
"""What every kernel asks of the arrays it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels.launch import CUDA

Array = Any
"""A NumPy or CuPy array; the kernel runs where it lies."""

_CPU = 1
"""kDLCPU of the DLPack standard."""


def float_array(kernel: str, name: str, array: Array, axes: str) -> Array:
    """`array` itself, or a DLPack view of a torch tensor, after checking type and axes ("C H W", "2 H W").

    Raises: UsageError naming the array when it is not float32, has other axes or is empty.
    """
    if not isinstance(array, np.ndarray) and hasattr(array, "__dlpack_device__"):
        array = _view(kernel, name, array)
    expected = f"[{', '.join(axes.split())}] float32"
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        raise UsageError(f"{kernel}: {name} is a {type(array).__name__}, expected an array {expected}")
    fits = len(array.shape) == len(axes.split()) and all(
        length == int(axis) if axis.isdecimal() else length > 0
        for length, axis in zip(array.shape, axes.split(), strict=True)
    )
    if array.dtype != np.float32 or not fits:
        raise UsageError(f"{kernel}: {name} is {_described(array)}, expected {expected}; convert it before the call")
    return array


def same_shape(kernel: str, name: str, array: Array, expected: tuple[int, ...]) -> None:
    """Raises UsageError unless `array` has exactly the shape `expected`."""
    if tuple(array.shape) != tuple(expected):
        raise UsageError(f"{kernel}: {name} is {_described(array)}, expected {list(expected)}")


def choice(kernel: str, name: str, value: str, choices: tuple[str, ...]) -> int:
    """The place of `value` among `choices`. Raises: UsageError when it is none of them."""
    if value not in choices:
        raise UsageError(f"{kernel}: {name} is {value!r}, expected one of {', '.join(choices)}")
    return choices.index(value)


def number(kernel: str, name: str, value: float, low: float, high: float) -> float:
    """`value` as a float. Raises: UsageError when it is not within low..high (or is NaN)."""
    if not low <= value <= high:
        raise UsageError(f"{kernel}: {name} is {value}, expected {low:g} to {high:g}")
    return float(value)


def namespace(array: Array) -> Any:
    """The module (numpy or cupy) that made `array`."""
    if isinstance(array, np.ndarray):
        return np
    import cupy

    return cupy


def strides(kernel: str, image: Array) -> tuple[int, ...]:
    """Strides of `image` [C, H, W] counted in floats: kernels that gather read any view without a copy.

    Raises: UsageError when a plane spans 2^31 floats or more, which the kernels' offsets within it cannot count.
    """
    steps = tuple(stride // image.itemsize for stride in image.strides)
    if sum(abs(step) * length for step, length in zip(steps[1:], image.shape[1:], strict=True)) >= 2**31:
        raise UsageError(f"{kernel}: image {_described(image)} spans 2^31 floats or more; pass a window of it")
    return steps


def _described(array: Array) -> str:
    return f"{list(array.shape)} {array.dtype}"


def _view(kernel: str, name: str, tensor: Array) -> Array:
    kind = int(tensor.__dlpack_device__()[0])
    if kind == _CPU:
        return np.from_dlpack(tensor)
    if kind != CUDA:
        raise UsageError(f"{kernel}: {name} lies on device kind {kind}, expected the CPU or a CUDA device")
    import cupy

    return tensor if isinstance(tensor, cupy.ndarray) else cupy.from_dlpack(tensor)
