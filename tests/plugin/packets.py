# SPDX-License-Identifier: Apache-2.0
"""The protocol once more, in a few lines of standard library: what the shim says is read by other code than its own."""

from __future__ import annotations

import array
import fcntl
import mmap
import os
import socket
import struct

MAGIC, VERSION, LONGEST = 0x4E59534C, 1, 60000
HELLO, WELCOME, CHANNEL = 1, 2, 3
RENDER, REGION, FRAMES, ANALYSE, OVERLAY, STATS, RESULT = 10, 11, 12, 13, 14, 15, 16
NEED, FETCH, PROGRESS, KEYS, PICTURE, NONE, BEAT, KNOWN = 20, 21, 22, 23, 24, 25, 26, 27
DONE, FAILED, ABORT = 30, 31, 40
F_ADD_SEALS, F_SEAL_SHRINK = 1033, 2
SIZES = {1: 1, 2: 2, 3: 2, 4: 4}


def pack(kind: int, ident: int, values: dict, fds: int = 0) -> bytes:
    body = b"".join(record(name, value) for name, value in values.items())
    return struct.pack("<IHHQIHH", MAGIC, VERSION, kind, ident, len(body), fds, 0) + body


def record(name: str, value: int | float | str) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return b"s" + bytes([len(name)]) + name.encode() + struct.pack("<I", len(text)) + text
    kind, form = (b"d", "<d") if isinstance(value, float) else (b"i", "<q")
    return kind + bytes([len(name)]) + name.encode() + struct.pack(form, value)


def unpack(packet: bytes) -> tuple[int, int, dict]:
    magic, version, kind, ident, size, _, zero = struct.unpack_from("<IHHQIHH", packet)
    assert (magic, version, size, zero) == (MAGIC, VERSION, len(packet) - 24, 0)
    values, at = {}, 24
    while at < len(packet):
        tag, length = packet[at : at + 1], packet[at + 1]
        name = packet[at + 2 : at + 2 + length].decode()
        at += 2 + length
        if tag == b"s":
            (count,) = struct.unpack_from("<I", packet, at)
            values[name] = packet[at + 4 : at + 4 + count].decode()
            at += 4 + count
        else:
            (values[name],) = struct.unpack_from("<q" if tag == b"i" else "<d", packet, at)
            at += 8
    assert at == len(packet)
    return kind, ident, values


def send(channel: socket.socket, kind: int, ident: int, values: dict, fd: int | None = None) -> None:
    fds = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
    channel.sendmsg([pack(kind, ident, values, len(fds))], fds)


def receive(channel: socket.socket) -> tuple[int, int, dict, list[int]] | None:
    """Kind, id, values, fds; None where the other side is gone."""
    packet, ancillary, _, _ = channel.recvmsg(LONGEST + 1, socket.CMSG_SPACE(16))
    if not packet:
        return None
    fds = array.array("i")
    for _, _, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % 4])
    return *unpack(packet), list(fds)


def read(fd: int, size: int) -> bytes:
    """What a memfd holds; closes it."""
    assert fcntl.fcntl(fd, 1034) & F_SEAL_SHRINK, "the shim's memory may be cut short"
    with mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ) as memory:
        found = memory[:size]
    os.close(fd)
    return found


def memory(data: bytes, sealed: bool = True) -> int:
    fd = os.memfd_create("answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data) if len(data) < 1 << 20 else os.pwrite(fd, data, 0)
    if sealed:
        fcntl.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)
    return fd


def packed_size(layout: dict, prefix: str = "") -> int:
    x1, y1, x2, y2 = (layout[f"{prefix}{edge}"] for edge in ("x1", "y1", "x2", "y2"))
    return (x2 - x1) * (y2 - y1) * layout[f"{prefix}comps"] * SIZES[layout[f"{prefix}depth"]]
