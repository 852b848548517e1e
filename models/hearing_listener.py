# SPDX-License-Identifier: Apache-2.0
"""Hears phones and lips as the sound comes in, or a line as a whole, in plain NumPy: live needs no torch.

Live, every frame is computed by itself, so that blocks of any size give the same bits as one pass. A line is heard in
long stretches: hours of sound need their states, 1 kB a frame, and not their gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.phones import LIPS, PHONES
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.models.bands import (
    EARLY,
    FALL_DB,
    HOP,
    QUIETEST_DB,
    SILENCE,
    START_DB,
    WINDOW,
    bands_db,
    heard,
    line_db,
    line_heard,
    loudness_db,
)  # fmt: skip
from ofx_lipsync.models.loader import Weights, load
from ofx_lipsync.models.recurrent import Affine, Lstm

STRETCH, BEYOND = 6000, 500
"""Frames of a line heard at once, and how many after them the backward pass begins: five seconds are more than it
remembers."""
HALF = np.float32(0.5)


@dataclass(frozen=True)
class Heard:
    """phones: [T, 50] posteriors of core.phones.PHONES. lips: [T, 3] how surely the lips are shut, on the teeth, and
    rounded. Frame t is t * 10 ms .. (t + 1) * 10 ms of the sound."""

    phones: np.ndarray
    lips: np.ndarray


class Hearing:
    """The hearing network's weights; any number of streams and lines share one."""

    def __init__(self, weights: Weights) -> None:
        try:
            dims = {name: int(weights.dims[name]) for name in ("bands", "taps", "behind", "stem", "width", "back")}
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{weights.name}: dims lack {error}; use weights of the hearing network") from None
        self.dims = dims
        weights.fit(expected_shapes(dims))
        w = weights.tensors
        self.stem = Affine(w["stem.weight"].transpose(0, 2, 1).reshape(dims["stem"], -1), w["stem.bias"])
        self.ahead = Lstm(w, "ahead")
        self.told = Affine(w["told.weight"], w["told.bias"])
        self.back = Lstm(w, "back")
        self.told_whole = Affine(w["told_whole.weight"], w["told_whole.bias"])

    @classmethod
    def named(cls, name: str = "hearing") -> Hearing:
        return cls(load(name))

    def stream(self) -> Stream:
        """A voice from its beginning."""
        return Stream(self)

    def line(self, samples: np.ndarray) -> Heard:
        """The whole of a line, heard forwards and backwards: better than a stream of it.

        samples: [N] float32, mono, 16 kHz.
        """
        return self.line_of(line_heard(line_db(samples)))

    def line_of(self, x: np.ndarray, steps: Steps = NO_STEPS) -> Heard:
        """x: [T, bands] as models.bands.line_heard gives it."""
        dims = self.dims
        if not len(x):
            return posteriors(np.zeros((0, len(self.told.bias)), np.float32))
        padded = np.pad(x, ((dims["taps"] - 1, dims["behind"]), (0, 0)), constant_values=SILENCE)
        seen = np.lib.stride_tricks.sliding_window_view(padded, dims["taps"], axis=0).transpose(0, 2, 1)
        state, parts = self.ahead.start(), []
        ahead, behind = steps.parts(2)
        for part in ahead.over(_stretches(seen), -(-len(seen) // STRETCH)):
            stemmed = np.maximum(self.stem(part.reshape(len(part), -1)), 0)
            told, state = self.ahead.run(stemmed, state)
            parts.append(told)
        forward = np.concatenate(parts)[dims["behind"] :]  # [T, width]
        starts = range(0, len(forward), STRETCH)
        told_whole = [self._backwards(forward, start) for start in behind.over(starts, len(starts))]
        return posteriors(np.concatenate(told_whole))

    def _backwards(self, forward: np.ndarray, start: int) -> np.ndarray:
        """Logits of one stretch, from what is said in it and soon after."""
        end = min(start + STRETCH, len(forward))
        backward, _ = self.back.run(forward[start : end + BEYOND][::-1], self.back.start())
        backward = backward[::-1][: end - start]
        return self.told_whole(np.concatenate([forward[start:end], backward], axis=1))


class Stream:
    """One voice as it comes in; what is told lies `latency_s` behind what was heard."""

    def __init__(self, network: Hearing) -> None:
        self.network = network
        self.latency_s = (network.dims["behind"] * HOP + EARLY) / 16000
        self._waiting = np.zeros(EARLY, np.float32)
        self._level_db = START_DB
        self._seen = np.full(network.dims["taps"] * network.dims["bands"], SILENCE, np.float32)
        self._state = network.ahead.start()
        self._frames = 0
        self._samples = 0

    def push(self, samples: np.ndarray) -> Heard:
        """samples: [N] float32, mono, 16 kHz, any N. Returns the frames that can be told now."""
        return self._tell(self.states(samples))

    def finish(self) -> Heard:
        """The last frames, after the sound has ended; the stream is used up."""
        return self._tell(self.last_states())

    def states(self, samples: np.ndarray) -> np.ndarray:
        """[n, width]: the forward LSTM's states of the frames that can be told."""
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise UsageError(f"Hearing: samples are {samples.shape} {samples.dtype}, expected [N] float32 at 16 kHz")
        self._samples += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        return self._run()

    def last_states(self) -> np.ndarray:
        """Silence is heard after the end, until every whole 10 ms of the sound are told."""
        wanted = self._samples // HOP
        # the last frame's window must not see the rest of a hop that is not whole: a line ends on its last frame
        rest = self._samples - wanted * HOP
        self._waiting = np.concatenate([self._waiting[: len(self._waiting) - rest], np.zeros(EARLY, np.float32)])
        told = [self._run()]
        for _ in range(self.network.dims["behind"]):
            self._hear(np.full(self.network.dims["bands"], SILENCE, np.float32))
            told.append(self._state[0][None] if self._frames > self.network.dims["behind"] else told[0][:0])
        return np.concatenate(told)

    def _run(self) -> np.ndarray:
        count = max(0, (len(self._waiting) - WINDOW) // HOP + 1)
        states = np.empty((count, self.network.dims["width"]), np.float32)
        first = self._frames
        for i in range(count):
            bands = bands_db(self._waiting[i * HOP : i * HOP + WINDOW])
            self._level_db = max(float(loudness_db(bands)), self._level_db - FALL_DB, QUIETEST_DB)
            self._hear(heard(bands, np.float32(self._level_db)))
            states[i] = self._state[0]
        self._waiting = self._waiting[count * HOP :]
        return states[max(0, self.network.dims["behind"] - first) :]

    def _hear(self, frame: np.ndarray) -> None:
        bands = len(frame)
        self._seen[:-bands] = self._seen[bands:]
        self._seen[-bands:] = frame
        stemmed = self.network.stem(self._seen)
        self._state = self.network.ahead.step(np.maximum(stemmed, 0, out=stemmed), self._state)
        self._frames += 1

    def _tell(self, states: np.ndarray) -> Heard:
        out = np.empty((len(states), len(self.network.told.bias)), np.float32)
        for t, state in enumerate(states):
            out[t] = self.network.told(state)
        return posteriors(out)


def _stretches(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[start : start + STRETCH] for start in range(0, len(rows), STRETCH))


def posteriors(logits: np.ndarray) -> Heard:
    """logits: [T, phones + lips]."""
    lips = logits[:, len(PHONES) :] * HALF
    np.tanh(lips, out=lips)
    lips *= HALF
    lips += HALF
    # a frame at a time, the wrappers of max() and sum() cost more than the work
    phones = logits[:, : len(PHONES)] - np.maximum.reduce(logits[:, : len(PHONES)], axis=1, keepdims=True)
    np.exp(phones, out=phones)
    phones /= np.add.reduce(phones, axis=1, keepdims=True)
    return Heard(phones, lips)


def expected_shapes(dims: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Names and shapes as the trained network has them."""
    stem, width, back, told = dims["stem"], dims["width"], dims["back"], len(PHONES) + len(LIPS)
    shapes: dict[str, tuple[int, ...]] = {"stem.weight": (stem, dims["bands"], dims["taps"]), "stem.bias": (stem,)}
    for name, inputs, states in (("ahead", stem, width), ("back", width, back)):
        shapes |= {f"{name}.weight_ih_l0": (4 * states, inputs), f"{name}.weight_hh_l0": (4 * states, states)}
        shapes |= {f"{name}.bias_ih_l0": (4 * states,), f"{name}.bias_hh_l0": (4 * states,)}
    shapes |= {"told.weight": (told, width), "told.bias": (told,)}
    return shapes | {"told_whole.weight": (told, width + back), "told_whole.bias": (told,)}
