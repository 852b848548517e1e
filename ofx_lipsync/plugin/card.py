# SPDX-License-Identifier: Apache-2.0
"""A host's pictures where they lie on its CUDA card: parts of them down to memory, changed parts up again.

The mouth is composited in memory, so a frame moves what the mouth touches and no more; everything else is copied on
the card. What cannot be reached there raises UnreachableError, and the shim then sends the picture as any other.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Iterator

import numpy as np

from ofx_lipsync.plugin.pictures import DEPTHS, Layout, Picture
from ofx_lipsync.plugin.protocol import Message, ProtocolError

_HANDLE_BYTES = 64
_PEER_ACCESS, _ACROSS, _DOWN, _UP = 1, 3, 2, 1
"""cudaIpcMemLazyEnablePeerAccess, and the kinds of cudaMemcpyKind."""


class UnreachableError(Exception):
    """This process cannot have that memory: no CuPy, no card, or a driver that says no."""


@dataclass(frozen=True)
class Share:
    """Where another process has a picture. offset: bytes from the allocation to its first pixel; row_bytes: from one
    row to the next, upwards; card: its ordinal."""

    handle: bytes
    offset: int
    row_bytes: int
    card: int

    @classmethod
    def read(cls, message: Message, prefix: str) -> Share | None:
        """From the records of a message, None where it says none.  Raises: ProtocolError."""
        if prefix + "ipc" not in message.body:
            return None
        try:
            handle = bytes.fromhex(message.text(prefix + "ipc"))
        except ValueError:
            handle = b""
        offset, rows, card = (message.integer(f"{prefix}ipc_{name}") for name in ("offset", "rows", "card"))
        if len(handle) != _HANDLE_BYTES or offset < 0 or rows < 0 or not 0 <= card < 1024:
            raise ProtocolError(f"{prefix}ipc: offset {offset}, rows {rows} and card {card} are no place on a card")
        return cls(handle, offset, rows, card)


class Mapped:
    """A share opened in this process. Pixels are [H, W, C] in the host's type, rows counted from the lowest."""

    def __init__(self, share: Share, layout: Layout) -> None:
        """Raises: UnreachableError."""
        self.layout, self._share = layout, share
        self._cuda = _runtime()
        with _unreachable():
            self._cuda.setDevice(share.card)
            self._base = self._cuda.ipcOpenMemHandle(share.handle, _PEER_ACCESS)

    def __enter__(self) -> Mapped:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The host may free its picture as soon as the frame is answered."""
        with contextlib.suppress(UnreachableError), _unreachable():
            self._cuda.ipcCloseMemHandle(self._base)

    def read(self, row: int, column: int, height: int, width: int) -> np.ndarray:
        """A part of the picture.  Raises: UnreachableError."""
        part = np.empty((height, width, self.layout.comps), DEPTHS[self.layout.depth])
        self._move(part, row, column, _DOWN)
        return part

    def write(self, part: np.ndarray, row: int, column: int) -> None:
        """part: contiguous.  Raises: UnreachableError."""
        self._move(part, row, column, _UP)

    def copy_from(self, other: Mapped) -> None:
        """All of this picture's pixels from another one's that covers it, without leaving the card.

        Raises: UnreachableError.
        """
        here, there = self.layout, other.layout
        row, column = here.y1 - there.y1, here.x1 - there.x1
        width = here.width * self._pixel_bytes
        with _unreachable():
            self._cuda.memcpy2D(
                self._at(0, 0), self._pitch(width), other._at(row, column), other._pitch(width), width, here.height,
                _ACROSS,
            )  # fmt: skip
            self._cuda.deviceSynchronize()

    def _move(self, part: np.ndarray, row: int, column: int, way: int) -> None:
        if not part.size:
            return
        height, packed = part.shape[0], part.shape[1] * self._pixel_bytes
        card, memory = (self._at(row, column), self._pitch(packed)), (part.ctypes.data, packed)
        to, frm = (memory, card) if way == _DOWN else (card, memory)
        with _unreachable():
            self._cuda.memcpy2D(*to, *frm, packed, height, way)
            self._cuda.deviceSynchronize()

    @property
    def _pixel_bytes(self) -> int:
        return int(self.layout.comps * np.dtype(DEPTHS[self.layout.depth]).itemsize)

    def _at(self, row: int, column: int) -> int:
        return int(self._base) + self._share.offset + row * self._share.row_bytes + column * self._pixel_bytes

    def _pitch(self, least: int) -> int:
        return max(self._share.row_bytes, least)


class CardPicture(Picture):
    """A picture on the card. Parts come down when they are asked for; `rows` is all of it."""

    def __init__(self, mapped: Mapped) -> None:
        super().__init__(mapped.layout, None)
        self.mapped = mapped

    @property
    def rows(self) -> np.ndarray:
        if self._rows is None:
            self._rows = self.mapped.read(0, 0, self.layout.height, self.layout.width)
        return self._rows

    def part(self, rows: slice, columns: slice) -> np.ndarray:
        if self._rows is not None:
            return super().part(rows, columns)
        top, bottom, _ = rows.indices(self.layout.height)
        left, right, _ = columns.indices(self.layout.width)
        lowest, height = self.layout.height - bottom, max(bottom - top, 0)
        return self.mapped.read(lowest, left, height, max(right - left, 0))[::-1]


@contextlib.contextmanager
def _unreachable() -> Iterator[None]:
    """What the driver refuses is no fault of ours: the picture is had in another way."""
    try:
        yield
    except RuntimeError as error:  # CuPy's CUDARuntimeError is one
        raise UnreachableError(str(error)) from None


def _runtime() -> Any:
    try:
        from cupy.cuda import runtime
    except Exception as error:  # a CuPy of another CUDA fails in ways of its own
        raise UnreachableError(f"CuPy cannot be loaded ({error})") from None
    return runtime
