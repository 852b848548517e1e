# SPDX-License-Identifier: Apache-2.0
"""Lessons for the mouth finisher: what the plate engine makes of another mouth of the same person, and the truth.

A lesson is a filmed frame, whose lips are wanted; a guess, made by the plate engine's own code of a mouth from another
sentence; and the most open mouth that would be known. Every third lesson or so knows one shut mouth alone, as of a
portrait or of an actor who says nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes.mouth import neural
from ofx_lipsync.nodes.mouth.field import REACH, gap_px, solve_fields
from ofx_lipsync.nodes.mouth.lips import mouth_pixels
from ofx_lipsync.nodes.mouth.points import INDEX, OUTLINE
from ofx_lipsync.train.faces import SIZE_PX, Talker
from ofx_lipsync.train.split import is_held_out, person

HEIGHT_PX = SIZE_PX / 1.3
"""A face's height in the square in which faces are kept."""
SQUARE = Region.of_size(SIZE_PX, SIZE_PX)
SEEN = 0.5
STILLS = 0.4
WANTED = (0.35, 0.3, 0.35)
"""Shares of lessons that want any mouth, one of the 40 % most open, of the 15 % most open."""
APART_FRAMES = 12
"""Mouths of one sentence that are nearer than this are one mouth."""
RICH = 0.85
"""Share of a face's mouths that the most open one known is more open than, at least, where many are known."""


@dataclass(frozen=True)
class Person:
    """talkers: the person's clips. clip, row: [K] where each frame with a face is, gap: [K] how open its mouth is, in
    face heights."""

    talkers: tuple[Talker, ...]
    clip: np.ndarray
    row: np.ndarray
    gap: np.ndarray

    @classmethod
    def of(cls, talkers: Sequence[Talker]) -> Person:
        parts = [(c, r) for c, t in enumerate(talkers) for r in np.flatnonzero(t.presence > SEEN)]
        gaps = [gap_px(talkers[c].points[r, INDEX].astype(np.float64)) / HEIGHT_PX for c, r in parts]
        clip, row = np.array(parts, np.int64).T
        return cls(tuple(talkers), clip, row, np.array(gaps))

    def points(self, k: int) -> np.ndarray:
        """[P, 2] float64 control points, px of the square."""
        return self.talkers[self.clip[k]].points[self.row[k], INDEX].astype(np.float64)

    def picture(self, k: int) -> np.ndarray:
        """[3, 160, 160] float32, linear light."""
        coded = self.talkers[self.clip[k]].pictures[self.row[k]]
        return np.ascontiguousarray(DECODE[coded].transpose(2, 0, 1))

    def elsewhere(self, k: int) -> np.ndarray:
        """Frames that are no neighbours of frame k, from other sentences where there are any."""
        other = self.clip != self.clip[k]
        return np.flatnonzero(other if other.any() else np.abs(self.row - self.row[k]) >= APART_FRAMES)


def _srgb_table() -> np.ndarray:
    code = np.arange(256) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


DECODE = _srgb_table()


@dataclass(frozen=True)
class Draw:
    """Which frames a lesson is made of, and how its window lies. poverty: 1 where one mouth is all that is known."""

    target: int
    source: int
    widest: int
    poverty: float
    turn: float = 0.0
    zoom: float = 1.0
    move_px: tuple[float, float] = (0.0, 0.0)


def draw(person: Person, rng: np.random.Generator) -> Draw:
    """A lesson at random: wanted mouths are open ones most of the time, for these are hard."""
    order = np.argsort(person.gap, kind="stable")
    above = float(rng.choice([0.0, 0.6, 0.85], p=WANTED))
    target = int(rng.choice(order[int(above * len(order)) :]))
    near = person.elsewhere(target)
    by_gap = near[np.argsort(person.gap[near], kind="stable")]
    count = len(by_gap)
    if rng.random() < STILLS:
        source = widest = int(by_gap[int(rng.integers(max(1, count // 5)))])
        poverty = 1.0
    else:
        source = int(rng.choice(near))
        first = int(RICH * count) if rng.random() < 0.8 else 0
        widest = int(by_gap[int(rng.integers(first, count))])
        widest = widest if person.gap[widest] > person.gap[source] else source
        poverty = 0.0 if rng.random() < 0.7 else 1.0
    move = rng.normal(0, 1.5, 2)
    return Draw(
        target, source, widest, poverty, float(rng.normal(0, 0.05)), float(np.exp(rng.normal(0, 0.08))),
        (float(move[0]), float(move[1])),
    )  # fmt: skip


def lesson(person: Person, drawn: Draw) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x [9, 64, 64] as the network sees it, truth [3, 64, 64], and weight [64, 64] of each pixel's mistakes."""
    target, source = person.points(drawn.target), person.points(drawn.source)
    window = Region.around(target[OUTLINE], REACH * HEIGHT_PX).intersect(SQUARE)
    matrix = _moved(neural.window_matrix(target, HEIGHT_PX), drawn)
    truth = neural.view(person.picture(drawn.target), SQUARE, target, matrix)
    pixels = guess(person.picture(drawn.source), source, target, window, truth.tone, drawn.poverty)
    seen = neural.view(pixels, window, target, matrix)
    other = person.points(drawn.widest)
    widest = neural.view(person.picture(drawn.widest), SQUARE, other, neural.carried(matrix, target, other))
    weight = neural.zone(seen.points) * (1 + 2 * neural.between(seen.points))
    return neural.inputs(seen, widest), truth.picture, weight


def guess(
    picture: np.ndarray, source: np.ndarray, target: np.ndarray, window: Region, skin: np.ndarray, poverty: float
) -> np.ndarray:
    """[3, h, w] of `window`: what the plate engine makes of one mouth at the shape of another."""
    fields = solve_fields(target, target, [source], HEIGHT_PX)
    inside = fields.region.intersect(window)
    part = Image(picture, SQUARE, SQUARE)
    made = mouth_pixels(part, source, target, fields.mouths[0], fields, inside, skin, HEIGHT_PX, poverty)
    out = np.zeros((3, *window.shape), np.float32)
    out[:, *inside.slices_in(window)] = made
    return out


def _moved(matrix: np.ndarray, drawn: Draw) -> np.ndarray:
    """The window turned, zoomed and shifted about its middle."""
    middle = np.array([neural.SIDE_PX / 2] * 2)
    cos, sin = np.cos(drawn.turn) / drawn.zoom, np.sin(drawn.turn) / drawn.zoom
    turn = np.array([[cos, -sin], [sin, cos]])
    own = np.concatenate([turn, (middle + np.array(drawn.move_px) - turn @ middle)[:, None]], axis=1)
    return np.concatenate([matrix[:, :2] @ own[:, :2], (matrix[:, :2] @ own[:, 2] + matrix[:, 2])[:, None]], axis=1)


def write(folder: Path, people: Sequence[Person], shares: Sequence[float], count: int, seed: int) -> Path:
    """Writes `count` lessons as one array [count, 13, 64, 64] float16: x, truth, weight. Says how far it is."""
    folder.mkdir(parents=True, exist_ok=True)
    whole, unfinished = folder / "lessons.npy", folder / f".lessons.{os.getpid()}.npy"
    rng = np.random.default_rng(seed)
    rows = np.lib.format.open_memmap(
        unfinished, mode="w+", dtype=np.float16, shape=(count, 13, neural.SIDE_PX, neural.SIDE_PX)
    )
    odds = np.array(shares) / sum(shares)
    for n in range(count):
        person = people[int(rng.choice(len(people), p=odds))]
        x, truth, weight = lesson(person, draw(person, rng))
        rows[n, :9], rows[n, 9:12], rows[n, 12] = x, truth, weight
        if (n + 1) % 1000 == 0 or n + 1 == count:
            print(f"lessons: {n + 1}/{count}", flush=True)
    rows.flush()
    os.replace(unfinished, whole)
    return whole


def people(faces: Path, held_out: bool, most_clips: int = 240) -> dict[str, Person]:
    """Everybody in a folder of faces who is for training, or for scoring; of who talks much, evenly spread clips."""
    clips: dict[str, list[str]] = {}
    for path in sorted(faces.glob("[!.]*.npy")):
        folder, _, stem = path.stem.partition("_")
        if is_held_out(folder, stem) == held_out:
            clips.setdefault(person(folder, stem), []).append(path.stem)
    return {
        who: Person.of([Talker.open(faces, name) for name in names[:: -(-len(names) // most_clips)]])
        for who, names in clips.items()
    }


def shares(everybody: dict[str, Person]) -> list[float]:
    """How often each is learned from: by how much is known of them, but far from in proportion."""
    return [float(len(one.talkers)) ** 0.3 for one in everybody.values()]
