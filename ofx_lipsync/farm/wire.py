# SPDX-License-Identifier: Apache-2.0
"""What client and resident engine say to each other: JSON lines on a Unix socket, the task's own files beside them.

client  {"do": "run", "build": ..., "words": [...], "cwd": ..., "env": {...}, ...} with descriptors 0, 1, 2 (SCM_RIGHTS)
        {"do": "status"} or {"do": "stop"};  later, while it waits: {"signal": 15}
engine  {"waiting": 2}, {"started": pid}, {"exit": 0};  or {"refused": "..."};  or its status

Only the user who started the engine is heard, and nothing that comes is code. Standard library alone: a client starts
in the time of an interpreter.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import struct
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ofx_lipsync import __version__
from ofx_lipsync.core.errors import UsageError

LARGEST_LINE = 1 << 22
LONGEST_PATH = 107
"""Bytes that Linux has for a socket's name."""
PARTS = ("ofx_lipsync", "ofx_lipsync.nodes", "ofx_lipsync.kernels", "ofx_lipsync.models")


class Line:
    """One end of the conversation: whole JSON objects out and in, with the descriptors that came along."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.descriptors: list[int] = []
        self._rest = b""

    def fileno(self) -> int:
        return self.connection.fileno()

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        """Raises: OSError where the other end is gone."""
        content = json.dumps(message).encode() + b"\n"
        sent = socket.send_fds(self.connection, [content], descriptors) if descriptors else 0
        if sent < len(content):
            self.connection.sendall(content[sent:])

    def receive(self) -> list[dict[str, Any]] | None:
        """What has come, maybe nothing whole yet; None where the other end is gone or talks garbage."""
        try:
            content, came, _, _ = socket.recv_fds(self.connection, 1 << 16, 8)
        except OSError:
            return None
        self.descriptors += came
        *lines, self._rest = (self._rest + content).split(b"\n")
        if not content or len(self._rest) > LARGEST_LINE:
            return None
        try:
            messages = [json.loads(line) for line in lines]
        except ValueError:
            return None
        return messages if all(isinstance(message, dict) for message in messages) else None

    def let_go(self) -> None:
        """Of the descriptors that came: they are another process's business now."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []

    def close(self) -> None:
        self.let_go()
        self.connection.close()


def build() -> str:
    """Says whether two processes would make the same bytes: version, files of the package, weights' search path."""
    digest = hashlib.blake2b(f"{__version__} {sys.version} {sys.prefix}".encode(), digest_size=16)
    digest.update(os.environ.get("OFX_LIPSYNC_MODEL_PATH", "").encode())
    for part in PARTS:
        spec = find_spec(part)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for path in sorted(p for p in Path(folder).rglob("*") if p.suffix != ".pyc" and p.is_file()):
                found = path.stat()
                digest.update(f"{path} {found.st_size} {found.st_mtime_ns}".encode())
    return f"{__version__}-{digest.hexdigest()}"


def default_socket() -> Path:
    """Of this user on this host."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    own = Path(folder) if folder else Path(tempfile.gettempdir()) / f"lipsync-{os.getuid()}"
    return own / "lipsync.sock"


def check_path(path: Path) -> None:
    """Raises: UsageError where a socket cannot lie there."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise UsageError(f"{path}: is longer than the {LONGEST_PATH} bytes of a socket's name; give a shorter --socket")


def own_folder(folder: Path) -> None:
    """Makes the socket's folder for this user alone, or makes sure that it is nobody else's.

    Raises: UsageError where somebody else could put a socket there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError(f"{folder}: others may write there; give --socket in a folder of your own (chmod 700)")


def connect(path: Path) -> Line:
    """Raises: OSError where nobody listens."""
    check_path(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return Line(connection)


def user_of(connection: socket.socket) -> int:
    """The user at the other end, as the kernel knows it."""
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(user)
