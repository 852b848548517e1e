# SPDX-License-Identifier: Apache-2.0
"""The dialogue as a track of a movie being written, beside the picture and never shortened."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.movie_codec import sound_for, sound_rate
from ofx_lipsync.media.sound import resample

_BLOCK = 4096
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class SoundTrack:
    """Sample 0 of the track is 0 s of the shot: silence before a late line; what lies before 0 s is left out,
    since a movie has no time before its first frame."""

    def __init__(self, path: str, container: Any, sound: Sound) -> None:
        channels = sound.samples.shape[0]
        coding = sound_for(path, channels)
        if channels > 8 or channels not in _LAYOUTS:
            raise OutputError(f"{path}: sound has {channels} channels, expected 1 to 8; mix it down")
        sound = resample(sound, sound_rate(coding, sound.rate_hz))
        self._container = container
        self._rate = sound.rate_hz
        self._samples = _encodable(_from_zero(sound), coding.sample_format)
        self._format = coding.sample_format
        self._layout = _LAYOUTS[channels]
        self._done = 0
        self._stream = container.add_stream(coding.encoder, rate=self._rate, options=dict(coding.options))
        self._stream.codec_context.layout = self._layout
        self._stream.codec_context.format = coding.sample_format
        self._stream.time_base = Fraction(1, self._rate)

    def until(self, time_s: float | None) -> None:
        """Encode up to a time, or to the end; the two tracks grow side by side."""
        total = self._samples.shape[1]
        goal = total if time_s is None else min(total, int(time_s * self._rate) + _BLOCK)
        while self._done < goal and (time_s is None or goal - self._done >= _BLOCK):
            self._encode(self._samples[:, self._done : self._done + _BLOCK])
        if time_s is None:
            self._container.mux(self._stream.encode(None))

    def _encode(self, block: np.ndarray) -> None:
        shaped = block if self._format.endswith("p") else block.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(shaped), format=self._format, layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._done
        self._done += block.shape[1]
        self._container.mux(self._stream.encode(frame))


def _from_zero(sound: Sound) -> np.ndarray:
    start = round(sound.start_s * sound.rate_hz)
    if start < 0:
        return sound.samples[:, -start:]
    return np.pad(sound.samples, ((0, 0), (start, 0)))


def _encodable(samples: np.ndarray, sample_format: str) -> np.ndarray:
    """Float for AAC; else 24-bit codes, rounded half to even, in the upper bits of 32."""
    if sample_format == "fltp":
        return samples
    top = 1 << 23
    codes = np.clip(np.rint(samples * np.float64(top)), -top, top - 1).astype(np.int32)
    return codes << 8
