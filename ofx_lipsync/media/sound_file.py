# SPDX-License-Identifier: Apache-2.0
"""Sound out as a WAV file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.writer import check_writable, put_in_place, scratch_path


def write_wav(path: str, sound: Sound) -> None:
    """24-bit WAV, from the sound's first sample. What is louder than full scale is held to it.

    Raises: OutputError where it cannot be written.
    """
    check_writable(path)
    target = Path(path)
    scratch = scratch_path(target)
    top = 1 << 23
    codes = np.clip(np.rint(sound.samples.T.astype(np.float64) * top), -top, top - 1).astype(np.int32) << 8
    try:
        soundfile.write(scratch, codes, sound.rate_hz, "PCM_24", format="WAV")
        put_in_place(scratch, target)
    except (soundfile.LibsndfileError, OSError) as error:
        raise OutputError(f"{path}: cannot be written ({error}); check space and rights") from None
    finally:
        scratch.unlink(missing_ok=True)
