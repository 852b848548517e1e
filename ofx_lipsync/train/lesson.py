# SPDX-License-Identifier: Apache-2.0
"""A take as the coarticulation network learns it, fifty steps a second, and random crops of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.models.spoken import PER_STEP
from ofx_lipsync.train.corpus import Take

CROP_STEPS = 150
"""Three seconds, a GRID sentence."""
STRANGER = 0.3
"""Share of crops that are told to be of nobody in particular, so that a stranger has a style."""


@dataclass(frozen=True)
class Lesson:
    """x: [T, inputs] of models/spoken.py. values, weight: [T, 6]. closure, voice: [T], -1 unknown. who: whose style."""

    x: np.ndarray
    values: np.ndarray
    weight: np.ndarray
    closure: np.ndarray
    voice: np.ndarray
    who: int


def in_steps(take: Take, x: np.ndarray, who: int) -> Lesson:
    """Labels of a take on the steps' clock: the mean of two, and of flags the earlier one."""
    count = min(len(x), len(take.values) // PER_STEP)
    pairs = slice(0, count * PER_STEP)
    values, weight = (rows[pairs].reshape(count, PER_STEP, -1).mean(axis=1) for rows in (take.values, take.weight))
    return Lesson(x[:count], values, weight, take.closure[pairs][::PER_STEP], take.voice[pairs][::PER_STEP], who)


def crops(lessons: Sequence[Lesson], rng: np.random.Generator, people: int, group: str = "") -> dict[str, np.ndarray]:
    """One crop of one lesson of a group, at another pace half of the time; outside of the lesson nothing is known."""
    lesson = lessons[int(rng.integers(len(lessons)))]
    pace = rng.uniform(0.85, 1.2) if rng.random() < 0.5 else 1.0
    length = len(lesson.x)
    start = rng.uniform(min(0.0, length - CROP_STEPS * pace), max(0.0, length - CROP_STEPS * pace))
    at = start + pace * np.arange(CROP_STEPS)
    near = np.clip(np.rint(at).astype(int), 0, length - 1)
    inside = (at >= 0) & (at <= length - 1)
    stranger = lesson.who < 0 or rng.random() < STRANGER
    known = inside[:, None]
    if stranger and group == "artist":  # who drew words, and no breath before them
        known = known * (lesson.voice[near] != 0)[:, None]
    return {
        "x": between(lesson.x, at).T.copy(), "values": between(lesson.values, at).T.copy(),
        "weight": (lesson.weight[near] * known).T.astype(np.float32),
        "closure": np.where(inside, lesson.closure[near], -1).astype(np.float32),
        "voice": np.where(inside, lesson.voice[near], -1).astype(np.float32),
        "who": np.int64(people if stranger else lesson.who),
    }  # fmt: skip


def between(rows: np.ndarray, position: np.ndarray) -> np.ndarray:
    """rows: [N, C] read between its rows, the first and last held outside."""
    at = np.clip(position, 0, len(rows) - 1)
    left = np.minimum(at.astype(int), max(len(rows) - 2, 0))
    share = (at - left)[:, None].astype(np.float32)
    return np.asarray(rows[left] * (1 - share) + rows[np.minimum(left + 1, len(rows) - 1)] * share, np.float32)
