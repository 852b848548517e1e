# SPDX-License-Identifier: Apache-2.0
"""The few calls of the CUDA runtime, over files; FAKE_CUDA_LOG gets a line for each copy."""

from __future__ import annotations

import ctypes
import mmap
import os

_open: dict[int, mmap.mmap] = {}
_WAYS = {1: "up", 2: "down", 3: "across"}


class CUDARuntimeError(RuntimeError):
    """As CuPy's own."""


def setDevice(number: int) -> None:  # noqa: N802 - CUDA's own names
    if number != 0:
        raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")


def deviceSynchronize() -> None:  # noqa: N802
    _log("waited")


def ipcOpenMemHandle(handle: bytes, flags: int) -> int:  # noqa: N802
    if os.environ.get("FAKE_CUDA_REFUSES"):
        raise CUDARuntimeError("cudaErrorInvalidResourceHandle: invalid resource handle")
    with open(handle.rstrip(b"\0").decode(), "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert flags == 1
    assert address not in _open
    _open[address] = memory
    _log("open")
    return address


def ipcCloseMemHandle(address: int) -> None:  # noqa: N802
    del _open[address]
    _log("close")


def memcpy2D(to: int, to_pitch: int, frm: int, from_pitch: int, width: int, height: int, way: int) -> None:  # noqa: N802
    ends = {1: [(to, to_pitch)], 2: [(frm, from_pitch)], 3: [(to, to_pitch), (frm, from_pitch)]}[way]
    assert min(to_pitch, from_pitch) >= width
    for address, pitch in ends:
        assert any(
            base <= address and address + (height - 1) * pitch + width <= base + len(m) for base, m in _open.items()
        )
    for row in range(height):
        ctypes.memmove(to + row * to_pitch, frm + row * from_pitch, width)
    _log(f"{_WAYS[way]} {width * height}")


def _log(text: str) -> None:
    with open(os.environ["FAKE_CUDA_LOG"], "a") as file:
        file.write(text + "\n")
