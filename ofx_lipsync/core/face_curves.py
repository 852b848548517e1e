# SPDX-License-Identifier: Apache-2.0
"""Curves of a face over time, and drawn mouths with their times: what animators, game engines and rigs take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.timing import Rate


@dataclass(frozen=True)
class FaceCurves:
    """names: [N] of the curves. values: [T, N] float32; row k holds at k / rate seconds of the sound."""

    rate: Rate
    names: tuple[str, ...]
    values: np.ndarray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise UsageError(f"FaceCurves: values are {self.values.shape}, expected [T, {len(self.names)}]")
        if len(set(self.names)) != len(self.names):
            raise UsageError("FaceCurves: two curves have one name; give each its own")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, name: str) -> np.ndarray:
        """[T] of one curve.  Raises: UsageError naming those there are."""
        if name not in self.names:
            raise UsageError(f"FaceCurves: there is no {name!r}; there are {', '.join(self.names)}")
        return self.values[:, self.names.index(name)]

    @property
    def times_s(self) -> np.ndarray:
        """[T] float64."""
        return np.arange(len(self.values)) * float(1 / self.rate)


@dataclass(frozen=True)
class Cue:
    """A drawn mouth from start_s to end_s of the sound."""

    start_s: float
    end_s: float
    shape: str


def cues_of(labels: np.ndarray, names: tuple[str, ...], labels_hz: float, end_s: float) -> tuple[Cue, ...]:
    """labels: [T] int into names, label t from t / labels_hz on. The last cue lasts to end_s, the end of the sound."""
    if not len(labels):
        return (Cue(0.0, end_s, names[0]),) if end_s > 0 else ()
    changes = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1])
    starts_s = [int(at) / labels_hz for at in changes]
    ends_s = [*starts_s[1:], max(end_s, starts_s[-1] + 1 / labels_hz)]
    return tuple(Cue(a, b, names[labels[at]]) for a, b, at in zip(starts_s, ends_s, changes, strict=True))


def labels_of(cues: tuple[Cue, ...], names: tuple[str, ...], times_s: np.ndarray) -> np.ndarray:
    """[T] int into names: the mouth shown at each time; before the first cue and after the last, names[0], rest.

    Raises: UsageError for a mouth that is not one of names.
    """
    unknown = sorted({cue.shape for cue in cues} - set(names))
    if unknown:
        raise UsageError(f"cues: there is no mouth {unknown[0]!r} here; there are {', '.join(names)}")
    labels = np.zeros(len(times_s), int)
    for cue in cues:
        labels[(times_s >= cue.start_s) & (times_s < cue.end_s)] = names.index(cue.shape)
    return labels
