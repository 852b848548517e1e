# SPDX-License-Identifier: Apache-2.0
"""How far a kernel may lie from its float64 reference(), as a share of the largest finite value it reads.

EXACT holds what is chosen and not computed, and float32 arithmetic that the reference repeats operation for operation.
"""

EXACT = 0.0
FLOAT32 = 2e-6
"""Sixteen roundings of 2^-23: a cubic's 16 taps or a blur's chain of sums."""

EXCEPTIONS = {
    "warp": 2e-5,  # white noise turns a coordinate's rounding of 1e-6 px into that much of its range
    "crop": 5e-6,  # the same, with coordinates rounded after the subtraction of their whole part
    "match": 6e-3,  # cells of a quarter of sigma stand for the full-resolution Gaussian; the field is smooth, not exact
    "matte": 5e-6,  # the ramp's slope of 1.5 / feather times the distance's rounding
    "over": EXACT,
    "distance": 1e-6,  # a square root of whole numbers
    "morph": 2e-4,  # depths of up to 100 px, whose roundings are shares of an edge one px wide
}


def tolerance(kernel: str) -> float:
    """The share allowed for `kernel`."""
    return EXCEPTIONS.get(kernel, FLOAT32)
