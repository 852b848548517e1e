# SPDX-License-Identifier: Apache-2.0
"""Numbers chosen by their bits are those np.where chooses."""

import numpy as np
import pytest

from ofx_lipsync.core.choice import chosen, keep_only

ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.5, -3.0, 6e-8])


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("ready", [np.ascontiguousarray, lambda a: np.repeat(a, 3, axis=-1)[..., ::3]])
def test_bits_are_chosen(kind, ready):
    these, those = (ready(np.roll(ODD, shift).astype(kind) * np.ones((3, 5, 1), kind)) for shift in (0, 3))
    where = np.arange(40).reshape(5, 8) % 3 == 0
    got = chosen(where, these, those)
    assert got.dtype == kind
    assert np.array_equal(got, np.where(where, these, those), equal_nan=True)
    assert np.array_equal(np.signbit(got), np.signbit(np.where(where, these, those)))


def test_what_is_not_kept_is_nothing():
    planes = (ODD * np.ones((4, 5, 1))).astype(np.float32)
    where = np.arange(40).reshape(5, 8) % 2 == 0
    whole, part = planes.copy(), np.zeros((4, 5, 20), np.float32)
    part[..., 3:11] = planes
    keep_only(where, whole)
    keep_only(where, part[..., 3:11])
    assert np.array_equal(whole, np.where(where, planes, 0), equal_nan=True)
    assert np.array_equal(part[..., 3:11], whole, equal_nan=True)
    assert not np.signbit(whole[:, ~where]).any()
