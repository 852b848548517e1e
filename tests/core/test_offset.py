# SPDX-License-Identifier: Apache-2.0
import numpy as np

from ofx_lipsync.core.offset import OffsetCurve


def test_an_offset_is_read_between_its_samples_and_held_outside() -> None:
    curve = OffsetCurve(np.array([1.0, 2.0]), np.float32([0.1, -0.1]), np.ones(2, np.float32))
    assert np.allclose(curve.at(np.array([0.0, 1.0, 1.5, 2.0, 9.0])), [0.1, 0.1, 0.0, -0.1, -0.1])
