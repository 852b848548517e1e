# SPDX-License-Identifier: Apache-2.0
"""A known text's sounds are found where they are said, silences between words or not."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import PHONES, index
from ofx_lipsync.models.alignment import align


def heard(said: list[tuple[str, int]], sure: float = 0.8) -> np.ndarray:
    """[T, 50]: each phone for so many frames."""
    labels = np.concatenate([np.full(frames, index(phone)) for phone, frames in said])
    rows = np.full((len(labels), len(PHONES)), (1 - sure) / (len(PHONES) - 1))
    rows[np.arange(len(labels)), labels] = sure
    return rows


def lengths(labels: np.ndarray) -> list[tuple[str, int]]:
    edges = np.flatnonzero(np.diff(labels) != 0) + 1
    return [(PHONES[part[0]], len(part)) for part in np.split(labels, edges)]


def test_every_sound_is_found_where_it_is_said() -> None:
    said = [("sil", 12), ("b", 7), ("a", 14), ("sil", 20), ("m", 9), ("u", 11), ("sil", 5)]
    found = align(heard(said), [("b", "a"), ("m", "u")])
    assert lengths(found.labels) == said
    assert found.sure == pytest.approx(0.8)


def test_silence_is_nowhere_needed() -> None:
    said = [("b", 7), ("a", 14), ("m", 9), ("u", 11)]
    assert lengths(align(heard(said), [("b", "a"), ("m", "u")]).labels) == said


def test_the_text_knows_better_than_the_ear() -> None:
    """A p heard as t all through is a p; a sound that was swallowed is said in the least time there is."""
    told = heard([("a", 20), ("t", 8), ("a", 20)])
    told[20:28, index("p")] = 0.05
    assert lengths(align(told, [("a", "p", "a")]).labels) == [("a", 20), ("p", 8), ("a", 20)]
    swallowed = align(heard([("a", 20), ("s", 20)]), [("a", "f", "s")])
    assert dict(lengths(swallowed.labels))["f"] == 3
    assert swallowed.sure[swallowed.labels == index("f")].max() < 0.01


def test_a_text_too_long_for_the_line_is_refused() -> None:
    with pytest.raises(UsageError, match="12 frames of 10 ms are needed to say it, the line has 5"):
        align(heard([("a", 5)]), [("b", "a", "m", "u")])
