# SPDX-License-Identifier: Apache-2.0
"""The layers of the hearing network in NumPy, one vector at a time or a whole line at once.

A matrix product's bits change with its number of rows, a vector's do not: what must not depend on block sizes goes
vector by vector, through buffers that are made once.
"""

from __future__ import annotations

import numpy as np

State = tuple[np.ndarray, np.ndarray]
"""Hidden and cell, each [width]."""


class Affine:
    """[..., in] -> [..., out]."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        self.weight = np.ascontiguousarray(weight.T, np.float32)
        self.bias = bias.astype(np.float32)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        out: np.ndarray = np.dot(x, self.weight)
        out += self.bias
        return out


class Lstm:
    """One layer; gates in torch's order: input, forget, cell, output."""

    def __init__(self, tensors: dict[str, np.ndarray], name: str) -> None:
        taken, kept = (tensors[f"{name}.weight_{part}_l0"].astype(np.float32) for part in ("ih", "hh"))
        self.width = n = kept.shape[1]
        # a logistic is a tanh of half its input: one tanh serves all four gates, and what is left is scale and shift
        self.half, self.rest = np.full(4 * n, 0.5, np.float32), np.full(4 * n, 0.5, np.float32)
        self.half[2 * n : 3 * n], self.rest[2 * n : 3 * n] = 1, 0
        bias = (tensors[f"{name}.bias_ih_l0"] + tensors[f"{name}.bias_hh_l0"]) * self.half
        self.take = Affine(taken * self.half[:, None], bias)
        self.keep = Affine(kept * self.half[:, None], np.zeros(4 * n))
        self.gates = Affine(np.concatenate([taken, kept], axis=1) * self.half[:, None], bias)

    def start(self) -> State:
        return np.zeros(self.width, np.float32), np.zeros(self.width, np.float32)

    def step(self, x: np.ndarray, state: State) -> State:
        """x: [in]."""
        joined = np.empty(len(x) + self.width, np.float32)
        joined[: len(x)], joined[len(x) :] = x, state[0]
        return self._shown(self.gates(joined), state[1])

    def run(self, x: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """x: [T, in] -> [T, width] hidden states, and the last state: as `step` for each row, but for the last bits."""
        taken, out = self.take(x), np.empty((len(x), self.width), np.float32)
        for t, gates in enumerate(taken):
            gates += np.dot(state[0], self.keep.weight)
            state = self._shown(gates, state[1])
            out[t] = state[0]
        return out, state

    def _shown(self, gates: np.ndarray, cell: np.ndarray) -> State:
        n = self.width
        np.tanh(gates, out=gates)
        gates *= self.half
        gates += self.rest
        gates[:n] *= gates[2 * n : 3 * n]
        gates[n : 2 * n] *= cell
        cell = gates[:n] + gates[n : 2 * n]
        hidden = np.tanh(cell)
        hidden *= gates[3 * n :]
        return hidden, cell
