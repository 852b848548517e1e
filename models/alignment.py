# SPDX-License-Identifier: Apache-2.0
"""When each sound of a known text is said: the likeliest way of its phones through what was heard.

Source: Viterbi (1967); between words there may be silence, and no sound is shorter than LEAST_FRAMES.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import PHONES, SILENCE
from ofx_lipsync.core.steps import NO_STEPS, Steps

LEAST_FRAMES = 3
FLOOR = 3e-4
"""A sound that was not heard at all is said all the same: the text knows better."""


@dataclass(frozen=True)
class Aligned:
    """labels: [T] int8, index into PHONES per 10 ms. sure: [T] how likely each was by the sound alone."""

    labels: np.ndarray
    sure: np.ndarray


def align(heard: np.ndarray, words: Sequence[Sequence[str]], steps: Steps = NO_STEPS) -> Aligned:
    """heard: [T, P] posteriors of a whole line (Hearing.line). words: phones of each.

    Raises: UsageError where the line is too short for the text.
    """
    phones, may_skip = _states(words)
    states = np.repeat(phones, LEAST_FRAMES)
    least = int(LEAST_FRAMES * (~may_skip).sum())
    if len(heard) < least:
        raise UsageError(
            f"transcript: {least} frames of 10 ms are needed to say it, the line has {len(heard)}; "
            "give the text of this line alone"
        )
    told = np.log(np.maximum(heard, FLOOR))
    path = _walk(told[:, states].astype(np.float32), np.repeat(may_skip, LEAST_FRAMES), steps)
    labels = states[path]
    return Aligned(labels.astype(np.int8), heard[np.arange(len(heard)), labels])


def _states(words: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Phones in order with silences round and between the words: [N] and [N] bool, whether each may be left out."""
    phones, may_skip = [SILENCE], [True]
    for word in words:
        phones += [PHONES.index(phone) for phone in word] + [SILENCE]
        may_skip += [False] * len(word) + [True]
    return np.array(phones), np.array(may_skip)


def _walk(told: np.ndarray, optional: np.ndarray, steps: Steps = NO_STEPS) -> np.ndarray:
    """[T] the best state per frame. told: [T, S] log likelihoods; each state stays, or goes on to the next; only the
    last of a phone's LEAST_FRAMES states may stay, and an optional phone may be leapt."""
    count, least = told.shape[1], LEAST_FRAMES
    last = np.arange(count) % least == least - 1
    leap = np.zeros(count, bool)  # into a phone's first state from before an optional phone
    leap[2 * least :: least] = optional[least:-least:least]
    best = np.full(count, -np.inf, np.float32)
    best[0] = told[0, 0]
    if optional[0]:
        best[least] = told[0, least]
    came = np.zeros(told.shape, np.uint8)
    nowhere = np.full(2 * least, -np.inf, np.float32)
    for t in range(1, len(told)):
        if t % 256 == 0:
            steps(t / len(told))
        stay = np.where(last, best, -np.inf)
        step = np.concatenate([nowhere[:1], best[:-1]])
        leapt = np.where(leap, np.concatenate([nowhere[: least + 1], best[: -least - 1]]), -np.inf)
        options = np.stack([stay, step, leapt])
        came[t] = options.argmax(axis=0)
        best = options.max(axis=0) + told[t]
    end = count - 1 if not optional[-1] or best[count - 1] >= best[count - 1 - least] else count - 1 - least
    path = np.empty(len(told), np.int64)
    for t in range(len(told) - 1, -1, -1):
        path[t] = end
        end -= (0, 1, least + 1)[came[t, end]]
    return path
