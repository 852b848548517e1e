# SPDX-License-Identifier: Apache-2.0
"""One end of a socketpair that carries messages, and the memory files that travel beside them.

Pictures are read with pread into memory of our own: a file that the other side cuts short is an error then, where a
mapped one would be a SIGBUS.
"""

from __future__ import annotations

import array
import fcntl
import os
import socket
import threading
from contextlib import suppress
from typing import Iterable

from ofx_lipsync.plugin.protocol import LARGEST_BYTES, MOST_FDS, Message, ProtocolError, decode, encode

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
_PIECE_BYTES = 1 << 30
_FDS_BYTES = socket.CMSG_SPACE(MOST_FDS * array.array("i").itemsize)
_CLOEXEC = 0x40000000
"""MSG_CMSG_CLOEXEC of Linux: a picture must not leak into a program that a library starts."""


class ClosedError(ConnectionError):
    """The other side is gone."""


class Channel:
    """Messages both ways. Several threads may send; one receives."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sending = threading.Lock()

    @classmethod
    def of_fd(cls, fd: int) -> Channel:
        """Takes over an inherited or passed descriptor.  Raises: ProtocolError where it is no packet socket."""
        try:
            sock = socket.socket(fileno=fd)
            if sock.family != socket.AF_UNIX or sock.type != socket.SOCK_SEQPACKET:
                sock.close()
                raise ProtocolError(
                    f"channel: fd {fd} is no AF_UNIX SOCK_SEQPACKET socket; start the worker from the plug-in"
                )
        except OSError as error:
            raise ProtocolError(
                f"channel: fd {fd} is no socket ({error.strerror}); start the worker from the plug-in"
            ) from None
        sock.setblocking(True)
        sock.set_inheritable(False)
        return cls(sock)

    def send(self, message: Message) -> None:
        """Raises: ClosedError when the other side is gone; ProtocolError when the message fits no packet."""
        packet = encode(message)
        with self._sending:
            self._send(packet, message.fds, 0)

    def try_send(self, message: Message) -> None:
        """Without ever waiting: a beat that finds no room is as good as sent."""
        if self._sending.acquire(blocking=False):
            try:
                with suppress(BlockingIOError):
                    self._send(encode(message), message.fds, socket.MSG_DONTWAIT)
            finally:
                self._sending.release()

    def receive(self) -> Message:
        """The next message, whenever it comes. Its fds are the caller's to close.

        Raises: ClosedError when the other side is gone; ProtocolError for garbage.
        """
        return self._receive(0)

    def poll(self) -> Message | None:
        """The next message if it is there."""
        try:
            return self._receive(socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def close(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _send(self, packet: bytes, fds: tuple[int, ...], flags: int) -> None:
        try:
            beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            self._sock.sendmsg([packet], beside, flags | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            raise
        except OSError as error:
            raise ClosedError(str(error)) from None

    def _receive(self, flags: int) -> Message:
        try:
            packet, beside, seen, _ = self._sock.recvmsg(LARGEST_BYTES + 1, _FDS_BYTES, flags | _CLOEXEC)
        except BlockingIOError:
            raise
        except OSError as error:
            raise ClosedError(str(error)) from None
        fds = array.array("i")
        for level, kind, content in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content[: len(content) // fds.itemsize * fds.itemsize])
        try:
            if not packet:
                raise ClosedError("the other side has closed")
            if seen & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise ProtocolError(f"packet: is larger than {LARGEST_BYTES} bytes or {MOST_FDS} files")
            return decode(packet, tuple(fds))
        except (ClosedError, ProtocolError):
            close_all(fds)
            raise


def close_all(fds: Iterable[int]) -> None:
    for fd in fds:
        with suppress(OSError):
            os.close(fd)


def check_size(fd: int, size: int) -> None:
    """Asked before anything is allocated: a claim of terabytes must not cost memory.

    Raises: ProtocolError where the file is shorter than `size` bytes, or cannot be read.
    """
    try:
        there = os.fstat(fd).st_size
    except OSError as error:
        raise ProtocolError(f"memory file: cannot be read ({error.strerror})") from None
    if there < size:
        raise ProtocolError(f"memory file: is {there} bytes, expected {size}")


def read_into(fd: int, view: memoryview) -> None:
    """Fills `view`, bytes, from the start of a memory file.  Raises: ProtocolError where it is shorter."""
    at = 0
    while at < len(view):
        got = os.preadv(fd, [view[at : at + _PIECE_BYTES]], at)
        if got == 0:
            raise ProtocolError(f"memory file: ends at byte {at}, expected {len(view)}")
        at += got


class ResultFile:
    """A memory file that a channel's results are written to, one after the other: pages that are there already cost
    half of what new ones do. What is in it holds until the other side's next message."""

    def __init__(self) -> None:
        self._fd: int | None = None

    def fill(self, content: memoryview) -> int:
        """The descriptor, which stays this object's, with these bytes at its start.  Raises: MemoryError."""
        if self._fd is None:
            self._fd = os.memfd_create("lipsync", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, _SEALS)
        try:
            at = 0
            while at < len(content):
                at += os.pwrite(self._fd, content[at : at + _PIECE_BYTES], at)
        except OSError as error:
            self.close()
            raise MemoryError(str(error)) from None
        return self._fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
