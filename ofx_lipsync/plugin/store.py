# SPDX-License-Identifier: Apache-2.0
"""Pictures that the worker holds, by the content hash that the shim gives them, and what was known beside them.

An accelerator between our own nodes: a plate that FaceDetect got need not be sent to MouthGenerate and Blend. What is
longest unused goes first; correctness never depends on anything being here.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from ofx_lipsync.plugin.pictures import Picture

LIMIT = "LIPSYNC_STORE_MB"
_SHARE, _MOST_BYTES = 8, 4 << 30
_MOST_RECIPES = 100_000

Hash = tuple[int, int]
NO_HASH: Hash = (0, 0)


def limit_bytes() -> int:
    """`LIPSYNC_STORE_MB` where it is a number, else an eighth of the memory, 4 GiB at most."""
    given = os.environ.get(LIMIT, "")
    if given.isdecimal():
        return int(given) << 20
    return min(_MOST_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _SHARE)


@dataclass
class Counters:
    """uploads: pictures that the shim sent. known: pictures that it named and the worker held. recomputed: patches that
    Blend had to make again, since it did not know the picture above it."""

    uploads: int = 0
    uploaded_bytes: int = 0
    renders: int = 0
    recomputed: int = 0
    known: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, **more: int) -> None:
        with self._lock:
            for name, count in more.items():
                setattr(self, name, getattr(self, name) + count)

    def records(self) -> dict[str, int]:
        with self._lock:
            return {name: value for name, value in vars(self).items() if not name.startswith("_")}


@dataclass(frozen=True, eq=False)
class _Entry:
    picture: Picture
    packet: Any
    size: int


class Store:
    """Safe to call from several threads."""

    def __init__(self, most_bytes: int | None = None) -> None:
        self._most_bytes = limit_bytes() if most_bytes is None else most_bytes
        self._entries: OrderedDict[Hash, _Entry] = OrderedDict()
        self._recipes: OrderedDict[Hash, Any] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def picture(self, key: Hash) -> Picture | None:
        entry = self._entry(key)
        return None if entry is None else entry.picture

    def packet(self, key: Hash) -> Any:
        """What MouthGenerate kept beside its picture, or None."""
        entry = self._entry(key)
        return None if entry is None else entry.packet

    def recipe(self, key: Hash) -> Any:
        """How a picture was made, which is kept much longer than the picture."""
        with self._lock:
            return self._recipes.get(key)

    def put(self, key: Hash, picture: Picture, packet: Any = None, packet_bytes: int = 0, recipe: Any = None) -> None:
        """A picture that comes again without a packet keeps the one it has."""
        if key == NO_HASH:
            return
        with self._lock:
            before = self._entries.pop(key, None)
            if before is not None:
                self._bytes -= before.size
                if packet is None:
                    packet, packet_bytes = before.packet, before.size - before.picture.rows.nbytes
            entry = _Entry(picture, packet, picture.rows.nbytes + packet_bytes)
            self._entries[key] = entry
            self._bytes += entry.size
            self._keep_recipe(key, recipe)
            while self._bytes > self._most_bytes and len(self._entries) > 1:
                self._bytes -= self._entries.popitem(last=False)[1].size

    def clear(self) -> None:
        """Give the memory back; recipes are small and stay."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    @property
    def held_bytes(self) -> int:
        return self._bytes

    def _entry(self, key: Hash) -> _Entry | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def _keep_recipe(self, key: Hash, recipe: Any) -> None:
        if recipe is not None:
            self._recipes[key] = recipe
            while len(self._recipes) > _MOST_RECIPES:
                self._recipes.popitem(last=False)
