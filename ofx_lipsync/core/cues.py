# SPDX-License-Identifier: Apache-2.0
"""Which mouth from when: cues on the clock of the sound, free of any frame rate until they are laid on frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import LABELS_HZ


@dataclass(frozen=True)
class Cues:
    """names: the set's mouths, names[0] being at rest. start_s: [N] float64, ascending, on the shot's clock.
    mouth: [N] int8, index into names; a cue holds until the next, the last until end_s.
    strength: [N] float32, 0..1, how surely each was heard. Before the first and after the last the mouth rests."""

    names: tuple[str, ...]
    start_s: np.ndarray
    mouth: np.ndarray
    strength: np.ndarray
    end_s: float

    def __post_init__(self) -> None:
        shapes = {self.start_s.shape, self.mouth.shape, self.strength.shape}
        if len(shapes) != 1 or self.start_s.ndim != 1:
            raise UsageError(f"Cues: starts, mouths and strengths are {sorted(shapes)}, expected three of one length")
        if (np.diff(self.edges_s) < 0).any():
            raise UsageError("Cues: starts go back in time; sort them, and let the line end after the last")

    @classmethod
    def of_labels(
        cls, labels: np.ndarray, names: tuple[str, ...], start_s: float = 0.0,
        sure: np.ndarray | None = None, hz: int = LABELS_HZ,
    ) -> Cues:  # fmt: skip
        """labels: [T] mouths on a grid of `hz`, the first from start_s on. sure: [T] 0..1, how likely each is."""
        changes = np.flatnonzero(np.diff(labels, prepend=-2)) if len(labels) else np.zeros(0, np.int64)
        length = np.diff(np.append(changes, len(labels)))
        strength = (
            np.ones(len(changes)) if sure is None else np.add.reduceat(sure, changes) / length if len(labels) else 0
        )
        starts = start_s + changes / hz
        strength = np.broadcast_to(np.asarray(strength, np.float32), starts.shape)
        return cls(names, starts, labels[changes].astype(np.int8), strength, start_s + len(labels) / hz)

    @property
    def edges_s(self) -> np.ndarray:
        """[N + 1]: where each begins, and where the last ends."""
        return np.append(self.start_s, self.end_s)

    def at(self, times_s: np.ndarray) -> np.ndarray:
        """[F] int8: the mouth at each time."""
        found = np.searchsorted(self.edges_s, times_s, side="right") - 1
        inside = (found >= 0) & (found < len(self.mouth))
        mouths = np.zeros(len(times_s), np.int8)
        mouths[inside] = self.mouth[found[inside]]
        return mouths

    def shares(self, times_s: np.ndarray, span_s: float) -> np.ndarray:
        """[F, V] float64: how much of the span_s after each time each mouth is heard; rows add up to 1."""
        edges = self.edges_s
        spent = np.zeros((len(edges), len(self.names)))
        spent[np.arange(1, len(edges)), self.mouth] = np.diff(edges)
        spent = np.cumsum(spent, axis=0)
        begin, end = (
            np.stack([np.interp(times_s + add_s, edges, column) for column in spent.T], axis=1)
            for add_s in (0.0, span_s)
        )
        shares = (end - begin) / span_s
        shares[:, 0] += 1 - shares.sum(axis=1)
        return shares
