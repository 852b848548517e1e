# SPDX-License-Identifier: Apache-2.0
"""What the worker holds: the longest unused goes first, and what goes is forgotten but for how it was made."""

from __future__ import annotations

import threading

import numpy as np
from shim_client import picture

from ofx_lipsync.plugin.store import Counters, Store, limit_bytes


def one(value: float = 0.0):
    return picture(np.full((16, 16, 4), value, np.float32))


SIZE = one().rows.nbytes


def test_the_longest_unused_goes_first():
    store = Store(2 * SIZE)
    for key in ((1, 0), (2, 0)):
        store.put(key, one())
    assert store.picture((1, 0)) is not None
    store.put((3, 0), one())
    assert [store.picture((n, 0)) is not None for n in (1, 2, 3)] == [True, False, True]
    assert store.held_bytes == 2 * SIZE


def test_one_picture_is_held_whatever_the_limit():
    store = Store(0)
    store.put((1, 0), one())
    store.put((2, 0), one())
    assert store.picture((1, 0)) is None
    assert store.picture((2, 0)) is not None


def test_a_packet_counts_and_stays_when_its_picture_comes_again():
    store = Store(10 * SIZE)
    store.put((1, 0), one(), "packet", packet_bytes=100)
    store.put((1, 0), one())
    assert store.packet((1, 0)) == "packet"
    assert store.held_bytes == SIZE + 100


def test_a_recipe_outlives_its_picture():
    store = Store(SIZE)
    store.put((1, 0), one(), "packet", recipe="strength 0.5")
    store.put((2, 0), one())
    assert store.packet((1, 0)) is None
    assert store.recipe((1, 0)) == "strength 0.5"
    store.clear()
    assert store.held_bytes == 0
    assert store.recipe((1, 0)) == "strength 0.5"


def test_a_picture_without_a_hash_is_not_held():
    store = Store(SIZE)
    store.put((0, 0), one())
    assert store.picture((0, 0)) is None


def test_the_limit_can_be_set(monkeypatch):
    monkeypatch.setenv("LIPSYNC_STORE_MB", "7")
    assert limit_bytes() == 7 << 20
    monkeypatch.setenv("LIPSYNC_STORE_MB", "plenty")
    assert limit_bytes() > 7 << 20


def test_threads_count_together_and_hold_no_more_than_they_may():
    store, counters = Store(5 * SIZE), Counters()

    def work(seed: int) -> None:
        for n in range(200):
            store.put((seed, n % 17 + 1), one())
            store.picture((n % 4, n % 17 + 1))
            counters.add(known=1)

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.records()["known"] == 800
    assert store.held_bytes == 5 * SIZE
