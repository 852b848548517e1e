# SPDX-License-Identifier: Apache-2.0
"""Lips that nobody filmed begin and end as those beside them, and in a long gap are led by the sound."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.nodes.mouth.planning import going_on
from ofx_lipsync.nodes.mouth.points import COUNT, LOWER_INNER, UPPER_INNER


def lips(count: int, gap: float) -> np.ndarray:
    points = np.zeros((count, COUNT, 3))
    points[:, LOWER_INNER, 1] = gap
    return points


def test_what_the_sound_does_not_know_fades_into_a_gap() -> None:
    frames, made_up = np.arange(40), np.zeros(40, bool)
    made_up[5:35] = True
    led = going_on(lips(40, 0.05), lips(40, 0.09), frames, made_up)
    gap = led[:, LOWER_INNER[5], 1] - led[:, UPPER_INNER[5], 1]
    assert np.allclose(gap[~made_up], 0.05)
    assert gap[5] > 0.085
    assert gap[34] > 0.085
    assert gap[19] < 0.08
    assert (np.diff(gap[5:19]) < 0).all()


def test_lips_are_never_led_through_each_other() -> None:
    made_up = np.array([False, True, True, False])
    led = going_on(lips(4, 0.0), lips(4, 0.0) - lips(4, 0.02), np.arange(4), made_up)
    assert (led[made_up][:, LOWER_INNER, 1] - led[made_up][:, UPPER_INNER, 1] >= -1e-9).all()
