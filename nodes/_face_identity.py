# SPDX-License-Identifier: Apache-2.0
"""Which runs are the same person: by the bones of the face, by how it looks, and by where it was a moment ago.

On ten people of GRID (28 clips, several sessions each) the difference below is at most 0.93 between two clips of one
person and at least 0.88 between two people; half of one person's are under 0.32, half of two people's over 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ofx_lipsync.core.landmarks import LEFT_BROW, LEFT_EYE, NOSE, RIGHT_BROW, RIGHT_EYE, STABLE
from ofx_lipsync.core.pose import to_front
from ofx_lipsync.nodes._face_follow import Run, Seen

_BONES = sorted({*STABLE, *NOSE, *LEFT_BROW, *RIGHT_BROW, *LEFT_EYE, *RIGHT_EYE})
_ABOVE_MOUTH = slice(0, 13)
"""Rows of the small picture from the hair to under the nose: speech does not change them."""
_SHAPE_UNIT, _LOOK_UNIT = 0.006, 0.18
"""Root mean square of the points in face heights, and one less the correlation: a person's own largest differences."""
_SURE = 0.8
"""Most difference that is one person anywhere in the shot, cuts or not."""
_NEAR = 1.2
"""The same, where a face is back within a second at the place where it was lost."""
_NEXT = 2.2
"""The same, from one frame to the next where the face is just where it was heading: half out of the frame, it looks
like nobody."""
_NEVER = 0.0
_LONGEST_GAP = 25
_HEADING = 8
"""Frames. A face that is hidden behind another goes on the way it went."""
_MOST_MISSED, _MOST_OFF = 0.6, 0.12
"""In face heights."""


def people(runs: Sequence[Run], takes: np.ndarray) -> list[list[int]]:
    """Groups of indices into `runs`, one a person, in order of appearance, left before right.

    takes: [F], the number of the take that each row of the shot belongs to. The surest pair is joined first, until no
    pair is sure; nobody is in two places at once.
    """
    groups = [[index] for index in range(len(runs))]
    if len(runs) < 2:
        return groups
    weight = np.array([float(len(run.seen)) for run in runs])
    shapes, looks = np.array([_shape(run) for run in runs]), np.array([_look(run) for run in runs])
    limits = _limits(runs, takes)
    doubt = _doubt(np.stack([difference(*own, shapes, looks) for own in zip(shapes, looks, strict=True)]), limits)
    while doubt.min() < 1:
        a, b = sorted(int(i) for i in np.unravel_index(np.argmin(doubt), doubt.shape))
        for values in (shapes, looks):
            values[a] = (values[a] * weight[a] + values[b] * weight[b]) / (weight[a] + weight[b])
        weight[a] += weight[b]
        groups[a], groups[b] = groups[a] + groups[b], []
        limits[a] = np.where(np.minimum(limits[a], limits[b]) > 0, np.maximum(limits[a], limits[b]), _NEVER)
        limits[b] = _NEVER
        limits[:, [a, b]] = limits[[a, b]].T
        doubt[a] = _doubt(difference(shapes[a], looks[a], shapes, looks), limits[a])
        doubt[b] = np.inf
        doubt[:, [a, b]] = doubt[[a, b]].T
    found = [sorted(group, key=lambda index: runs[index].first) for group in groups if group]
    return sorted(found, key=lambda group: _appearance(runs[group[0]]))


def difference(shape: np.ndarray, look: np.ndarray, shapes: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """[N]: how unlike one face (shape [S], look [L]) is to N others; about 1 is where people begin to differ."""
    apart = np.sqrt(((shapes - shape) ** 2).sum(axis=1) / len(_BONES))
    unlike = 1 - (looks @ look) / np.maximum(np.linalg.norm(looks, axis=1) * np.linalg.norm(look), 1e-9)
    return (apart / _SHAPE_UNIT + unlike / _LOOK_UNIT) / 2


def _doubt(apart: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Difference over its limit; infinite for those who cannot be one."""
    return np.where(limits > 0, apart / np.where(limits > 0, limits, 1.0), np.inf)


def _limits(runs: Sequence[Run], takes: np.ndarray) -> np.ndarray:
    """[R, R]: most difference at which two runs are one person; none where they are seen at once."""
    limits = np.full((len(runs), len(runs)), _SURE)
    for a, one in enumerate(runs):
        for b, other in enumerate(runs):
            before, after = (one, other) if one.first <= other.first else (other, one)
            if before.end > after.first:
                limits[a, b] = _NEVER
            elif takes[before.end - 1] == takes[after.first]:
                limits[a, b] = _limit_in_take(before, after)
    return limits


def _limit_in_take(before: Run, after: Run) -> float:
    """By whether one comes back where the other was lost, or was heading, or must have come from."""
    gap = after.first - before.end + 1
    if gap > _LONGEST_GAP:
        return _SURE
    left, back = _middles(before.seen[-_HEADING:]), _middles(after.seen[:_HEADING])
    last = before.seen[-1].landmarks
    height = float(np.linalg.norm(last[10, :2] - last[152, :2]))
    ways = (np.zeros(2), _heading(left) * gap, _heading(back) * gap)
    missed = min(float(np.linalg.norm(left[-1] + way - back[0])) for way in ways) / max(height, 1e-6)
    if gap == 1 and missed < _MOST_OFF:
        return _NEXT
    return _NEAR if missed < _MOST_MISSED else _SURE


def _appearance(run: Run) -> tuple[int, float]:
    return run.first, float(run.seen[0].landmarks[:, 0].mean())


def _middles(faces: Sequence[Seen]) -> np.ndarray:
    """[N, 2] px."""
    return np.array([seen.landmarks[:, :2].mean(axis=0) for seen in faces])


def _heading(middles: np.ndarray) -> np.ndarray:
    """[2]: px a frame."""
    return (middles[-1] - middles[0]) / max(1, len(middles) - 1)


def _clearest(run: Run) -> list[Seen]:
    """The better half of a run: a face half hidden or half out of the frame is not itself."""
    return sorted(run.seen, key=lambda seen: -seen.presence)[: (len(run.seen) + 1) // 2]


def _shape(run: Run) -> np.ndarray:
    """[2 * bones]: front-turned points round their mean, in face heights, the run's median."""
    front = to_front(np.array([seen.landmarks for seen in _clearest(run)]))[:, _BONES, :2]
    front = np.median(front, axis=0)
    return (front - front.mean(axis=0)).ravel().astype(np.float64)


def _look(run: Run) -> np.ndarray:
    """[16 * 13]: the small grey picture above the mouth, without its brightness and contrast."""
    grey = np.median([seen.look[:, _ABOVE_MOUTH].mean(axis=0) for seen in _clearest(run)], axis=0).astype(np.float64)
    grey = grey - grey.mean()
    return grey.ravel() / max(float(grey.std()), 1e-6)
