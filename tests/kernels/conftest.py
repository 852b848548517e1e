# SPDX-License-Identifier: Apache-2.0
"""The same test bodies on every device, and one way to compare."""

from __future__ import annotations

import runpy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import numpy as np
import pytest

TOLERANCE: Callable[[str], float] = runpy.run_path(str(Path(__file__).with_name("tolerances.py")))["tolerance"]


@dataclass(frozen=True)
class Device:
    """Where a test's arrays live. Random numbers are made on the CPU and then moved."""

    xp: ModuleType

    def put(self, array: np.ndarray) -> Any:
        return self.xp.asarray(array)

    def get(self, array: Any) -> np.ndarray:
        return array if isinstance(array, np.ndarray) else array.get()


@pytest.fixture(params=["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Device:
    return Device(np if request.param == "cpu" else import_module("cupy"))


@pytest.fixture
def noise() -> Callable[..., np.ndarray]:
    """Seeded float32 noise between -0.5 and 4: below 0 and above 1 as a plate is."""
    generator = np.random.default_rng(1001)
    return lambda *shape: (generator.random(shape, np.float32) * 4.5 - 0.5).astype(np.float32)


@pytest.fixture
def agree() -> Callable[[str, Any, np.ndarray, np.ndarray], None]:
    """agree(kernel, got, expected, read): within the kernel's tolerance of the largest finite value that it read."""

    def check(kernel: str, got: np.ndarray, expected: np.ndarray, read: np.ndarray) -> None:
        assert got.dtype == np.float32
        assert got.shape == expected.shape
        largest = float(np.abs(read[np.isfinite(read)]).max(initial=1.0))
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE(kernel) * largest, err_msg=kernel)

    return check


@pytest.fixture
def same_bits() -> Callable[[Any, Any], None]:
    """same_bits(got, expected): every bit, so that NaN and -0.0 count."""

    def check(got: np.ndarray, expected: np.ndarray) -> None:
        # a GPU's multiplication makes every NaN the same one
        nan = np.isnan(expected)
        np.testing.assert_array_equal(np.isnan(got), nan)
        got, expected = (np.where(nan, np.float32(0), array) for array in (got, expected))
        np.testing.assert_array_equal(got.view(np.uint32), expected.view(np.uint32))

    return check
