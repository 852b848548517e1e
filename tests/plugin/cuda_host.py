# SPDX-License-Identifier: Apache-2.0
"""A host whose pictures lie on a card that is none (fake_cuda.c); for a process of its own, since the driver stays."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np

from ofx_lipsync.plugin.host.effect import Effect
from ofx_lipsync.plugin.host.host import Host, Plugin
from ofx_lipsync.plugin.host.picture import _MARGIN_BYTES, Layout, Picture
from ofx_lipsync.plugin.host.properties import PropertySet

PLAIN, POOLED = 0, 1
"""Memory that has handles for other processes, and memory that has none."""
ON_CARD = {"OfxImageEffectPropCudaRenderSupported": "true", "OfxImageEffectPropCudaStreamSupported": "true"}


class Card:
    """The fake driver, loaded under the real one's name."""

    def __init__(self, library: str) -> None:
        self.driver = ctypes.CDLL(library)
        self.driver.fake_alloc.restype = self.driver.fake_context.restype = ctypes.c_uint64
        self.driver.fake_alloc.argtypes = [ctypes.c_size_t, ctypes.c_int]
        self.driver.fake_move.argtypes = [ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self.stream = ctypes.c_uint64.in_dll(self.driver, "FAKE_STREAM").value

    def fail(self, call: str = "") -> None:
        (ctypes.c_char * 64).in_dll(self.driver, "FAKE_FAIL").value = call.encode()

    def bytes(self) -> list[int]:
        """Moved by the shim: down, up, across."""
        return list((ctypes.c_longlong * 3).in_dll(self.driver, "FAKE_BYTES"))

    def at_rest(self) -> bool:
        """No copy is waiting, and this thread has the context that it had: none."""
        return self.driver.fake_tasks() == 0 and not self.driver.fake_context()


class CardPicture(Picture):
    """Guard bytes and pixels lie on the card; `fetch` brings them down to be looked at."""

    def __init__(self, card: Card, layout: Layout, pixels: np.ndarray | None = None, kind: int = PLAIN) -> None:
        assert not layout.flipped, "CUDA pictures have rows from the bottom up"
        super().__init__(layout, pixels)
        self.card = card
        self.address = card.driver.fake_alloc(self.memory.nbytes, kind)
        card.driver.fake_move(self.address, self.memory.ctypes.data, self.memory.nbytes, 1)

    def fetch(self) -> CardPicture:
        self.card.driver.fake_move(self.address, self.memory.ctypes.data, self.memory.nbytes, 0)
        return self

    def properties(self) -> PropertySet:
        found = super().properties()
        found["OfxImagePropData"] = self.address + _MARGIN_BYTES
        return found


def cuda_host(**more: Any) -> tuple[Card, Host]:
    """The driver of the first argument, and a host that says that it has a card."""
    return Card(sys.argv[1]), Host(says=ON_CARD, **more)


def render(card: Card, plugin: Plugin, effect: Effect, out: CardPicture, time: float = 1.0, **more: Any) -> int:
    arguments = {"OfxImageEffectPropCudaEnabled": 1, "OfxImageEffectPropCudaStream": card.stream, **more}
    status = plugin.render(effect, out, time, **arguments)
    assert card.at_rest()
    out.fetch()
    return status
