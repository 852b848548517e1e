# SPDX-License-Identifier: Apache-2.0
"""Arrays put aside: in memory while they are few, in a nameless file of the temp folder when they are many."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass

import numpy as np

_IN_MEMORY_BYTES = 64 << 20


@dataclass(frozen=True)
class Ticket:
    """Where arrays lie: (offset, shape, dtype) of each."""

    arrays: tuple[tuple[int, tuple[int, ...], str], ...]


class Spill:
    """Arrays by ticket. The file has no name, so nothing is left behind however the program ends."""

    def __init__(self) -> None:
        self._file: tempfile.SpooledTemporaryFile[bytes] | None = None
        self._end = 0
        self._last: tuple[Ticket, list[np.ndarray]] | None = None

    def put(self, arrays: list[np.ndarray]) -> Ticket:
        places = []
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        self._file.seek(self._end)
        for array in arrays:
            places.append((self._end, array.shape, array.dtype.str))
            self._file.write(np.ascontiguousarray(array).data)
            self._end += array.nbytes
        return Ticket(tuple(places))

    def get(self, ticket: Ticket) -> list[np.ndarray]:
        """The arrays, read-only copies. Those asked for last are kept: a crop asks for its strips one by one."""
        if self._last is None or self._last[0] is not ticket:
            self._last = ticket, [self._read(*place) for place in ticket.arrays]
        return self._last[1]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._last = None

    def _read(self, offset: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        assert self._file is not None
        self._file.seek(offset)
        kind = np.dtype(dtype)
        return np.frombuffer(self._file.read(int(np.prod(shape)) * kind.itemsize), kind).reshape(shape)
