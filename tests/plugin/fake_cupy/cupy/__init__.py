# SPDX-License-Identifier: Apache-2.0
"""Stands for CuPy in a worker of a test: its card is the one of fake_cuda.c."""

from . import cuda as cuda
