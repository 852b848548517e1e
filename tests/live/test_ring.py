# SPDX-License-Identifier: Apache-2.0
"""The ring: what goes in comes out, once and in order, or is counted as lost."""

from __future__ import annotations

import threading
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.live.ring import Bell, Ring


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=40))
def test_what_is_read_is_what_was_written_less_what_was_lost(capacity: int, steps: list[tuple[int, bool]]) -> None:
    ring, written, seen = Ring(capacity), 0, []
    for count, reads in steps:
        ring.write(np.arange(written, written + count, dtype=np.float32))
        written += count
        assert 0 <= ring.waiting <= capacity
        if reads:
            seen.append(ring.read())
    seen.append(ring.read())
    told = np.concatenate(seen)
    assert (np.diff(told) > 0).all()
    assert len(told) + ring.lost == written
    assert ring.written == written
    newest = min(capacity, written) if len(seen) == 1 else 0
    np.testing.assert_array_equal(told[len(told) - newest :], np.arange(written - newest, written))


def test_a_reader_that_keeps_up_loses_nothing_while_another_thread_writes() -> None:
    ring, total, step = Ring(4096), 60_000, 97
    end = threading.Event()

    def write() -> None:
        for first in range(0, total, step):
            while ring.waiting > 2048:
                time.sleep(0)
            ring.write(np.arange(first, min(first + step, total), dtype=np.float32))
        end.set()

    writer = threading.Thread(target=write)
    writer.start()
    parts = []
    while not end.is_set():
        parts.append(ring.read())
    writer.join()
    parts.append(ring.read())
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(total, dtype=np.float32))
    assert ring.lost == 0


def test_a_reader_that_sleeps_gets_the_newest_whole_and_never_torn() -> None:
    """The writer overtakes all the time; what is read are still unbroken stretches."""
    ring, end = Ring(512), threading.Event()

    def write() -> None:
        at = 0
        while not end.is_set():
            ring.write(np.arange(at, at + 48, dtype=np.float32))
            at = (at + 48) % (1 << 23)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reads, late_s = 0, time.monotonic() + 20
        while reads < 1000 or (ring.most == 0 and time.monotonic() < late_s):  # on a busy machine the writer waits
            part = ring.read()
            assert (np.diff(part) == 1).all()
            reads += 1
    finally:
        end.set()
        writer.join()
    assert ring.most > 0


def test_a_bell_wakes_once_for_any_number_of_rings() -> None:
    bell = Bell()
    assert not bell.wait(0.01)
    for _ in range(3):
        bell.ring()
    assert bell.wait(0.01)
    assert not bell.wait(0.01)
