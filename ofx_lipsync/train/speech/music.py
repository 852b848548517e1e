# SPDX-License-Identifier: Apache-2.0
"""Music that no lips should move to: Debian's music on hold where it is installed, chords of our own where not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.bands import RATE_HZ, bands_db, frames_of

ON_HOLD = Path("/usr/share/asterisk/moh")
"""Debian: asterisk-moh-opsound-g722, CC BY-SA 3.0."""
KEPT = "music.npy"
MOST_S = 240
"""Of each piece."""


def keep_music(folder: Path, pieces: Path = ON_HOLD) -> Path | None:
    """Writes the bands of all pieces, one after the other, beside the manifest; None where there are none."""
    kept = folder / KEPT
    if not kept.is_file():
        parts = [_bands(path) for path in sorted(pieces.glob("*.g722"))]
        if not parts:
            return None
        unfinished = kept.with_suffix(".part.npy")
        np.save(unfinished, np.concatenate(parts).astype(np.float16))
        unfinished.replace(kept)
    return kept


def known_music(folder: Path) -> np.ndarray | None:
    """[T, 48] dB, or None."""
    kept = folder / KEPT
    return np.load(kept).astype(np.float32) if kept.is_file() else None


def _bands(path: Path) -> np.ndarray:
    heard = read_sound(str(path))
    samples = resample(Sound(heard.mono()[None], heard.rate_hz), RATE_HZ).samples[0]
    return bands_db(frames_of(np.ascontiguousarray(samples[: MOST_S * RATE_HZ])))
