# SPDX-License-Identifier: Apache-2.0
"""How right the mouths are: frames, and what a viewer sees most - lips shut, on the teeth, rounded."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ofx_lipsync.core.phones import ADOBE, LABELS_HZ, UNKNOWN

SEEN = ("M", "F", "W-Oo")
NEUTRAL = ADOBE.index("Neutral")
FRAME_S = 1 / 24


@dataclass
class Score:
    """Counts over any number of sentences.

    A segment is found where the same mouth is shown in any of its frames; a shown segment is true where it touches a
    labelled one. onsets: |shown - labelled| begin of the closures found, in s.
    """

    frames: int = 0
    right: int = 0
    spoken: int = 0
    spoken_right: int = 0
    labelled_changes: int = 0
    shown_changes: int = 0
    labelled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEEN, 0))
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEEN, 0))
    shown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEEN, 0))
    true: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEEN, 0))
    onsets: list[float] = field(default_factory=list)

    def add(self, labels: np.ndarray, shown: np.ndarray) -> None:
        """labels, shown: [T] indices into ADOBE; where the label is UNKNOWN nothing counts."""
        count = min(len(labels), len(shown))
        labels, shown = labels[:count], shown[:count]
        known = labels != UNKNOWN
        spoken = known & (labels != NEUTRAL)
        self.frames += int(known.sum())
        self.right += int((labels == shown)[known].sum())
        self.spoken += int(spoken.sum())
        self.spoken_right += int((labels == shown)[spoken].sum())
        self.labelled_changes += int((np.diff(labels[known]) != 0).sum())
        self.shown_changes += int((np.diff(shown[known]) != 0).sum())
        for name in SEEN:
            self._segments(name, labels == ADOBE.index(name), (shown == ADOBE.index(name)) & known)

    def _segments(self, name: str, labelled: np.ndarray, shown: np.ndarray) -> None:
        for first, last in runs(labelled):
            self.labelled[name] += 1
            self.found[name] += bool(shown[first:last].any())
        if name == "M":
            begins = np.array([first for first, _ in runs(shown)])
            for first, last in runs(labelled):
                if shown[first:last].any():
                    # the run that is shown may have begun before the labelled one
                    at = first + int(np.argmax(shown[first:last]))
                    self.onsets.append(abs(int(begins[begins <= at].max()) - first) / LABELS_HZ)
        for first, last in runs(shown):
            self.shown[name] += 1
            self.true[name] += bool(labelled[first:last].any())

    def figures(self) -> dict[str, float]:
        """Shares 0..1, and how many times the labels' changes are shown."""
        told = {"frames": _share(self.right, self.frames), "speech": _share(self.spoken_right, self.spoken)}
        for name in SEEN:
            told[f"{name} found"] = _share(self.found[name], self.labelled[name])
            told[f"{name} true"] = _share(self.true[name], self.shown[name])
        told["changes"] = _share(self.shown_changes, self.labelled_changes)
        told["M in time"] = float(np.mean(np.array(self.onsets) <= FRAME_S)) if self.onsets else float("nan")
        return told


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Half-open stretches where flags [T] holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def table(rows: dict[str, dict[str, float]]) -> str:
    """One row a system or condition, one column a figure."""
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    lines = [" ".join([f"{'':42s}", *(f"{name:>10.10s}" for name in columns)])]
    for row, figures in rows.items():
        lines.append(" ".join([f"{row:42s}", *(f"{figures.get(name, np.nan):10.3f}" for name in columns)]))
    return "\n".join(lines)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
