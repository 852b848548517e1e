# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.sound import Sound


def test_a_dead_channel_does_not_halve_the_level():
    tone = np.sin(np.arange(100, dtype=np.float32))
    sound = Sound(np.stack([tone, np.zeros_like(tone)]), 16000)
    assert np.array_equal(sound.mono(), tone)


def test_silence_stays_silence():
    assert np.array_equal(Sound(np.zeros((2, 8), np.float32), 8000).mono(), np.zeros(8, np.float32))


@pytest.mark.parametrize("samples", [np.zeros(8, np.float32), np.zeros((1, 8))])
def test_wrong_shape_or_type_is_refused(samples):
    with pytest.raises(UsageError, match=r"expected \[channels, N\] float32"):
        Sound(samples, 16000)
