# SPDX-License-Identifier: Apache-2.0
"""Hears a line and tells the mouth, in plain NumPy: no torch to wait for, the same bits on every run."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.loader import Weights, load
from ofx_lipsync.models.mel import FRAMES_HZ, RATE_HZ, SILENCE, mel_spectrogram

STEPS_HZ = FRAMES_HZ / 2


class ArticulationListener:
    """The articulation network behind the Listener interface of core.mouth."""

    def __init__(self, weights: Weights) -> None:
        dims = weights.dims
        try:
            self.members, width, self.dilations = int(dims["members"]), int(dims["width"]), list(dims["dilations"])
            shapes = expected_shapes(
                self.members, int(dims["bands"]), width, len(self.dilations), int(dims["channels"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{weights.name}: dims lack {error}; use weights of the articulation network") from None
        weights.fit(shapes)
        self.tensors = weights.tensors

    @classmethod
    def named(cls, name: str = "articulation") -> ArticulationListener:
        return cls(load(name))

    def hear(self, sound: Sound) -> MouthCurve:
        """sound: mono, 16 kHz, at speech level (see loudness.py). The curve has 40 samples a second."""
        if sound.rate_hz != RATE_HZ:
            raise UsageError(f"ArticulationListener: sound is at {sound.rate_hz} Hz, expected {RATE_HZ}; resample it")
        return self.curve(self.outputs(mel_spectrogram(sound.mono())), sound.start_s)

    def curve(self, heard: np.ndarray, start_s: float) -> MouthCurve:
        """heard: what `outputs` gives; start_s: the time of its first step."""
        channels = len(ARTICULATION)
        times_s = start_s + np.arange(len(heard)) / STEPS_HZ
        values = np.ascontiguousarray(heard[:, :channels])
        return MouthCurve(times_s, values, _logistic(heard[:, channels]), _logistic(heard[:, channels + 1]))

    def outputs(self, mel: np.ndarray) -> np.ndarray:
        """mel: [80, T], -4..4. Returns [ceil(T / 2), channels + 2], the members' mean, closure and voice as logits."""
        x = np.ascontiguousarray((mel.T - SILENCE) / -SILENCE, np.float32)
        heard = np.stack([self._member(f"{m}.", x) for m in range(self.members)])
        return np.asarray(heard.mean(axis=0, dtype=np.float32))

    def _member(self, prefix: str, mel: np.ndarray) -> np.ndarray:
        w = {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}
        x = np.maximum(_convolved(mel, w["stem.weight"], w["stem.bias"], stride=2), 0)  # [T / 2, width]
        for i, dilation in enumerate(self.dilations):
            inner = _normed(x, w[f"blocks.{i}.norm.gain"], w[f"blocks.{i}.norm.bias"])
            inner = _convolved(inner, w[f"blocks.{i}.spread.weight"], w[f"blocks.{i}.spread.bias"], dilation=dilation)
            x = x + _convolved(np.maximum(inner, 0), w[f"blocks.{i}.mix.weight"], w[f"blocks.{i}.mix.bias"])
        return _convolved(_normed(x, w["norm.gain"], w["norm.bias"]), w["head.weight"], w["head.bias"])


def expected_shapes(members: int, bands: int, width: int, blocks: int, channels: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes as the trained network has them."""
    one: dict[str, tuple[int, ...]] = {"stem.weight": (width, bands, 5), "stem.bias": (width,)}
    for i in range(blocks):
        one |= {f"blocks.{i}.norm.gain": (width,), f"blocks.{i}.norm.bias": (width,)}
        one |= {f"blocks.{i}.spread.weight": (width, width, 3), f"blocks.{i}.spread.bias": (width,)}
        one |= {f"blocks.{i}.mix.weight": (width, width, 1), f"blocks.{i}.mix.bias": (width,)}
    one |= {"norm.gain": (width,), "norm.bias": (width,)}
    one |= {"head.weight": (channels + 2, width, 1), "head.bias": (channels + 2,)}
    return {f"{m}.{key}": shape for m in range(members) for key, shape in one.items()}


def _convolved(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int = 1, dilation: int = 1) -> np.ndarray:
    """x: [T, in], silence outside; weight: [out, in, taps], centred. Returns [ceil(T / stride), out]."""
    taps = weight.shape[2]
    reach = dilation * (taps // 2)
    padded = np.pad(x, ((reach, reach), (0, 0)))
    out = np.tile(bias, (-(-len(x) // stride), 1))
    for tap in range(taps):
        out += padded[tap * dilation : tap * dilation + len(x) : stride] @ weight[:, :, tap].T
    return out


def _normed(x: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + np.float32(1e-5)) * gain + bias


def _logistic(x: np.ndarray) -> np.ndarray:
    return (0.5 + 0.5 * np.tanh(0.5 * x)).astype(np.float32)
