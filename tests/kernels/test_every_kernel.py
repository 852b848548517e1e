# SPDX-License-Identifier: Apache-2.0
"""Sweep: a kernel is a text, a module with its definition, a public name and a test."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from ofx_lipsync import kernels

FOLDER = Path(kernels.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.cu"))


def test_there_are_kernels_to_sweep():
    assert {"blur", "crop", "match", "matte", "over", "warp"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_has_its_four_neighbours(name):
    import_module(f"ofx_lipsync.kernels.{name}")
    module = sys.modules[f"ofx_lipsync.kernels.{name}"]
    assert getattr(kernels, name) is getattr(module, name)
    assert name in kernels.__all__
    assert callable(module.reference)
    assert Path(__file__).with_name(f"test_{name}.py").exists()


@pytest.mark.parametrize("name", kernels.__all__)
def test_a_kernel_says_what_it_returns_and_refuses(name):
    text = getattr(kernels, name).__doc__
    assert text.startswith("Returns ")
    assert "float32" in text
    assert "Raises:" in text
