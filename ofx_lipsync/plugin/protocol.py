# SPDX-License-Identifier: Apache-2.0
"""Messages between the shim in a host and the worker, version 1: docs/design/plugin.md is the definition.

A message is one packet of a SOCK_SEQPACKET socket, little-endian:

    header  u32 magic, u16 version, u16 kind, u64 id (of the request), u32 body_bytes, u16 fds, u16 zero
    body    records: u8 type, u8 name_bytes, name (ASCII), then `i` i64, `d` f64, or `s` u32 bytes and UTF-8

What comes in is not trusted: `decode` answers a whole message or raises ProtocolError. Imports nothing but the
standard library, so that the worker can answer HELLO at once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Mapping, TypeVar

from ofx_lipsync.core.errors import LipSyncError

MAGIC = 0x4E59534C
VERSION = 1
LARGEST_BYTES = 60_000
MOST_FDS = 4
_HEADER = struct.Struct("<IHHQIHH")
_INTEGER, _NUMBER, _LENGTH = struct.Struct("<q"), struct.Struct("<d"), struct.Struct("<I")
_LEAST, _MOST = -(2**63), 2**63 - 1

Value = int | float | str
KindOfValue = TypeVar("KindOfValue", int, float, str)


class ProtocolError(LipSyncError):
    """The other side does not speak the protocol; its channel is closed."""

    reason = "protocol"


class Kind(IntEnum):
    """Who sends what is in docs/design/plugin.md."""

    HELLO = 1
    WELCOME = 2
    CHANNEL = 3
    RENDER = 10
    REGION = 11
    FRAMES = 12
    ANALYSE = 13
    OVERLAY = 14
    STATS = 15
    RESULT = 16
    NEED = 20
    FETCH = 21
    PROGRESS = 22
    KEYS = 23
    PICTURE = 24
    NONE = 25
    BEAT = 26
    KNOWN = 27
    DONE = 30
    FAILED = 31
    ABORT = 40


@dataclass(frozen=True)
class Message:
    """id: of the request that this belongs to. body: names and values. fds: open files, the receiver's to close."""

    kind: Kind
    id: int = 0
    body: Mapping[str, Value] = field(default_factory=dict)
    fds: tuple[int, ...] = ()

    def integer(self, name: str, default: int | None = None) -> int:
        """Raises: ProtocolError where there is none and no default, or it is of another type."""
        return self._value(name, int, default)

    def number(self, name: str, default: float | None = None) -> float:
        """A float; a whole number serves as one too."""
        value = self.body.get(name, default)
        return float(value) if isinstance(value, int) else self._value(name, float, default)

    def text(self, name: str, default: str | None = None) -> str:
        return self._value(name, str, default)

    def _value(self, name: str, kind: type[KindOfValue], default: KindOfValue | None) -> KindOfValue:
        value = self.body.get(name, default)
        if not isinstance(value, kind):
            got = "nothing" if value is None else type(value).__name__
            raise ProtocolError(f"{self.kind.name} {name}: got {got}, expected {kind.__name__}")
        return value


def encode(message: Message) -> bytes:
    """The packet of a message; its fds travel beside it.

    Raises: ProtocolError for what has no place in a packet, such as more than LARGEST_BYTES.
    """
    body = b"".join(_record(name, value) for name, value in message.body.items())
    if len(body) + _HEADER.size > LARGEST_BYTES or len(message.fds) > MOST_FDS:
        raise ProtocolError(
            f"{message.kind.name}: is {len(body)} bytes and {len(message.fds)} files, expected at most "
            f"{LARGEST_BYTES - _HEADER.size} and {MOST_FDS}"
        )
    return _HEADER.pack(MAGIC, VERSION, message.kind, message.id, len(body), len(message.fds), 0) + body


def decode(packet: bytes, fds: tuple[int, ...] = ()) -> Message:
    """The message of a packet and of the files that came beside it.

    Raises: ProtocolError for anything that is not a whole message; the fds are still the caller's to close.
    """
    if not _HEADER.size <= len(packet) <= LARGEST_BYTES:
        raise ProtocolError(f"packet: is {len(packet)} bytes, expected {_HEADER.size} to {LARGEST_BYTES}")
    magic, version, kind, number, body_bytes, count, zero = _HEADER.unpack_from(packet)
    if magic != MAGIC or zero:
        raise ProtocolError(f"packet: begins with {packet[:4].hex()}, expected {MAGIC:08x} and no spare bits")
    if version != VERSION:
        raise ProtocolError(
            f"packet: is of version {version}, expected {VERSION}; install the plug-in and lipsync anew"
        )
    if kind not in Kind._value2member_map_:
        raise ProtocolError(f"packet: kind {kind} is unknown")
    if body_bytes != len(packet) - _HEADER.size or count != len(fds):
        raise ProtocolError(
            f"{Kind(kind).name}: says {body_bytes} bytes and {count} files, "
            f"but has {len(packet) - _HEADER.size} and {len(fds)}"
        )
    return Message(Kind(kind), number, _body(memoryview(packet)[_HEADER.size :]), fds)


def _record(name: str, value: Value) -> bytes:
    spelled = name.encode("ascii", "strict") if name.isascii() else b""
    if not 0 < len(spelled) < 256:
        raise ProtocolError(f"record {name!r}: its name is not 1 to 255 ASCII letters")
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape")
        kind, content = b"s", _LENGTH.pack(len(text)) + text
    elif isinstance(value, float):
        kind, content = b"d", _NUMBER.pack(value)
    elif _LEAST <= value <= _MOST:
        kind, content = b"i", _INTEGER.pack(value)
    else:
        raise ProtocolError(f"record {name!r}: {value} does not fit 64 bits")
    return kind + bytes((len(spelled),)) + spelled + content


def _body(content: memoryview) -> dict[str, Value]:
    values: dict[str, Value] = {}
    at = 0
    while at < len(content):
        name, kind, at = _name(content, at)
        if name in values:
            raise ProtocolError(f"record {name!r}: is there twice")
        values[name], at = _content(content, kind, name, at)
    return values


def _name(content: memoryview, at: int) -> tuple[str, bytes, int]:
    spelled = bytes(content[at + 2 : at + 2 + content[at + 1]]) if at + 2 <= len(content) else b""
    if not spelled or len(spelled) != content[at + 1] or not spelled.isascii():
        raise ProtocolError("record: its name is cut short, empty or not ASCII")
    return spelled.decode("ascii"), bytes(content[at : at + 1]), at + 2 + len(spelled)


def _content(content: memoryview, kind: bytes, name: str, at: int) -> tuple[Value, int]:
    try:
        if kind == b"i":
            return int(_INTEGER.unpack_from(content, at)[0]), at + _INTEGER.size
        if kind == b"d":
            return float(_NUMBER.unpack_from(content, at)[0]), at + _NUMBER.size
        if kind == b"s":
            begin = at + _LENGTH.size
            end = begin + int(_LENGTH.unpack_from(content, at)[0])
            if end > len(content):
                raise ProtocolError(f"record {name!r}: is cut short")
            # Paths on disk need not be UTF-8; surrogates bring such bytes through and back.
            return bytes(content[begin:end]).decode("utf-8", "surrogateescape"), end
    except struct.error:
        raise ProtocolError(f"record {name!r}: is cut short") from None
    raise ProtocolError(f"record {name!r}: type {kind!r} is unknown, expected i, d or s")
