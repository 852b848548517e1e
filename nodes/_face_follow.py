# SPDX-License-Identifier: Apache-2.0
"""Faces followed from frame to frame: unbroken runs of landmarks, each surely one person.

A run ends at a cut, where the network no longer sees a face, and wherever there is doubt: where two faces touch, or a
face suddenly looks different. Who it was is settled afterwards, over the whole shot (_face_identity).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.face_detector import overlaps
from ofx_lipsync.models.face_mesh import Roi, roi_from_detection
from ofx_lipsync.nodes._face_covered import skin
from ofx_lipsync.nodes._face_cuts import jumps, thumbnail
from ofx_lipsync.nodes._face_patch import cut_square, patch, read_square, roi_ahead, roi_from_pose, small_look
from ofx_lipsync.nodes._face_search import search

_TOUCHING, _SAME = 0.1, 0.5
"""Overlap (intersection over union) from which two faces may be mistaken for each other, or are one and the same."""
_WITHIN = 0.7
"""Part of a small face's box in a large one's from which it is a feature of the large one that was taken for a face."""
_SOON = 4
"""Frames between searches while nobody is seen. Who is found is followed back, so none are missed."""
_STRANGE = 0.12
"""A face that looks this different from a frame ago (mean absolute difference) may be another one."""


@dataclass(frozen=True)
class Seen:
    """One face in one frame. landmarks: [478, 3] float32 plate px; look: [3, 16, 16] float32, the upright face;
    square: round the face. skin: what _face_covered compares."""

    landmarks: np.ndarray
    presence: float
    look: np.ndarray
    square: Roi
    skin: np.ndarray


@dataclass
class Run:
    """Consecutive frames of one face. first: row of `seen[0]` in the shot's frames; roi: where to look next."""

    first: int
    roi: Roi
    seen: list[Seen] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.first + len(self.seen)

    def at(self, row: int) -> Seen | None:
        return self.seen[row - self.first] if self.first <= row < self.end else None


@dataclass(frozen=True)
class Search:
    """every: frames between two looks at the whole frame; smallest_px: face height; presence: least that is a face."""

    every: int
    smallest_px: float
    presence: float


class Follower:
    """One walk through the frames in order; afterwards `runs` and `thumbnails` hold what was seen."""

    def __init__(self, plate: Clip, frames: Sequence[int], networks: FaceNetworks, settings: Search) -> None:
        self.runs: list[Run] = []
        self.thumbnails: list[np.ndarray] = []
        self._plate, self._frames, self._networks, self._settings = plate, frames, networks, settings
        self._live: list[Run] = []
        self._searched = -1

    def walk(self, progress: Callable[[int, int], None] | None) -> None:
        last = len(self._frames) - 1
        for row, frame in enumerate(self._frames):
            self.thumbnails.append(thumbnail(self._plate, frame))
            cut = jumps(self.thumbnails)
            if cut:
                self._live, self._searched = [], row - 1
            expected = len(self._live)
            self._follow(row)
            every = self._settings.every if self._live else min(_SOON, self._settings.every)
            lost = len(self._live) < expected
            if cut or lost or row in (0, last) or row - self._searched >= every:
                self._search(row)
            if progress is not None:
                progress(row + 1, len(self._frames))

    def _follow(self, row: int) -> None:
        """Every live run one frame on."""
        pairs = [(run, self._see(patch(self._plate, self._frames[row], run.roi), run.roi)) for run in self._live]
        pairs = _distinct([pair for pair in pairs if self._is_face(pair[1])])
        self._live = []
        for run, seen in pairs:
            before = run.seen[-1].square
            others = [other.landmarks for _, other in pairs if other is not seen]
            if covers(box(seen.landmarks), others, _TOUCHING) or strangeness(run.seen[-1], seen) > _STRANGE:
                run = Run(row, run.roi)
                self.runs.append(run)
            run.seen.append(seen)
            run.roi = roi_ahead(seen.square, before, run.roi)
            self._live.append(run)

    def _search(self, row: int) -> None:
        since, self._searched = self._searched, row
        found = search(self._plate, self._frames[row], self._networks.detector, self._settings.smallest_px)
        live = [seen.landmarks for run in self._live if (seen := run.at(row)) is not None]
        large_first = np.argsort(-np.ptp(found.boxes[:, 0::2], axis=1), kind="stable")
        for place, keypoints in zip(found.boxes[large_first], found.keypoints[large_first], strict=True):
            if covers(place, live, _SAME):
                continue
            roi, seen = self._settle(row, roi_from_detection(place, keypoints))
            if self._is_face(seen) and not self._known(row, seen):
                past = self._before(row, since, seen, roi)
                run = Run(
                    row - len(past), roi_ahead(seen.square, past[-1].square if past else None, roi), [*past, seen]
                )
                self.runs.append(run)
                self._live.append(run)

    def _settle(self, row: int, roi: Roi) -> tuple[Roi, Seen]:
        """A detector's box is rough: look, and look again from where the face is."""
        rough = self._see(patch(self._plate, self._frames[row], roi), roi)
        roi = rough.square if self._is_face(rough) else roi
        return roi, self._see(patch(self._plate, self._frames[row], roi), roi)

    def _before(self, row: int, since: int, seen: Seen, roi: Roi) -> list[Seen]:
        """The same face in the frames since the last search, where it was not looked for. Read forwards, as movies
        like it, followed backwards."""
        frames = range(since + 1, row)
        squares = [read_square(self._plate, self._frames[earlier], roi, reach=1.6) for earlier in frames]
        past: list[Seen] = []
        later: Seen | None = None
        for earlier, square in zip(reversed(frames), reversed(squares), strict=True):
            roi = roi_ahead(seen.square, later.square if later else None, roi)
            older = self._see(cut_square(*square, roi), roi)
            if not self._is_face(older) or self._known(earlier, older) or strangeness(seen, older) > _STRANGE:
                break
            past.insert(0, older)
            later, seen = seen, older
        return past

    def _see(self, square: np.ndarray, roi: Roi) -> Seen:
        mesh = self._networks.mesh
        landmarks, presence = mesh.place(*mesh.predict(square), roi)
        own = roi_from_pose(landmarks)
        return Seen(landmarks, presence, small_look(square, roi, own), own, skin(square, roi, landmarks))

    def _is_face(self, seen: Seen) -> bool:
        return seen.presence >= self._settings.presence and bool(np.isfinite(seen.landmarks).all())

    def _known(self, row: int, seen: Seen) -> bool:
        """Whether this face has been found already, or is an eye or a mouth of one that has."""
        others = [other.landmarks for run in self.runs if (other := run.at(row)) is not None]
        return covers(box(seen.landmarks), others, _SAME) or lies_in(box(seen.landmarks), others)


def covers(place: np.ndarray, others: Sequence[np.ndarray], least: float) -> bool:
    """Whether a box [4] overlaps by more than `least` with one of the faces [478, 3]."""
    boxes = np.array([box(other) for other in others]).reshape(-1, 4)
    return bool((overlaps(place, boxes) > least).any())


def lies_in(place: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Whether most of a box [4] is inside one of the faces [478, 3]."""
    boxes = np.array([box(other) for other in others]).reshape(-1, 4)
    shared = np.maximum(np.minimum(place[2:], boxes[:, 2:]) - np.maximum(place[:2], boxes[:, :2]), 0).prod(axis=1)
    return bool((shared > _WITHIN * np.prod(place[2:] - place[:2])).any())


def box(landmarks: np.ndarray) -> np.ndarray:
    """[4] x0 y0 x1 y1 round all points."""
    return np.concatenate([landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)])


def strangeness(before: Seen, after: Seen) -> float:
    """How differently the upright face looks, 0..1; brightness is taken out."""
    a, b = before.look - before.look.mean(), after.look - after.look.mean()
    return float(np.abs(a - b).mean())


def _distinct(pairs: list[tuple[Run, Seen]]) -> list[tuple[Run, Seen]]:
    """Where two runs have landed on one face, the one that changed least keeps it; the other person is hidden."""
    kept: list[tuple[Run, Seen]] = []
    for run, seen in sorted(pairs, key=lambda pair: strangeness(pair[0].seen[-1], pair[1])):
        if not covers(box(seen.landmarks), [other.landmarks for _, other in kept], _SAME):
            kept.append((run, seen))
    return kept
