# SPDX-License-Identifier: Apache-2.0
"""The shim's side of the protocol in Python: a host for the worker, with pictures, a clock and a hash of its own."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np

from ofx_lipsync.plugin.channel import Channel, ResultFile, close_all, read_into
from ofx_lipsync.plugin.pictures import DEPTHS, Layout, Picture
from ofx_lipsync.plugin.protocol import Kind, Message


class FailedError(Exception):
    """The worker's FAILED."""


def hash_of(picture: Picture) -> tuple[int, int]:
    """Bounds, depth, components and rows, as two signed 64-bit numbers."""
    layout = picture.layout
    names = (layout.x1, layout.y1, layout.x2, layout.y2, layout.depth, layout.comps)
    digest = hashlib.blake2b(repr(names).encode() + picture.rows.tobytes(), digest_size=16).digest()
    return struct.unpack("<qq", digest)


def hashed(picture: Picture, prefix: str = "") -> dict:
    high, low = hash_of(picture)
    return {prefix + "hash.hi": high, prefix + "hash.lo": low}


def picture(rows: np.ndarray, x1: int = 0, y1: int = 0, premult: int = 0) -> Picture:
    """rows: [H, W, C], bottom to top."""
    height, width, comps = rows.shape
    depth = next(number for number, kind in DEPTHS.items() if rows.dtype == kind)
    return Picture(Layout(x1, y1, x1 + width, y1 + height, depth, comps, premult), np.ascontiguousarray(rows))


@dataclass
class Line:
    """A host thread's channel. known_first: answer FETCH with KNOWN, as the shim does."""

    channel: Channel
    known_first: bool = True
    number: int = 0
    seen: list = field(default_factory=list)

    def ask(self, kind: Kind, body: dict, pictures: dict | None = None, named: list | None = None) -> Message:
        """The worker's DONE; NEED and FETCH are answered from named and from pictures, {(clip, frame): Picture}."""
        self.number += 1
        self.channel.send(Message(kind, self.number, body))
        last = None
        while True:
            message = self.channel.receive()
            assert message.id == self.number
            self.seen.append(message)
            if message.kind == Kind.NEED:
                index = message.integer("image")
                self.give(last if index == -1 else named[index])
            elif message.kind == Kind.FETCH:
                last = (pictures or {}).get((message.text("clip"), round(message.number("time"))))
                self._fetched(last)
            elif message.kind == Kind.FAILED:
                raise FailedError(message.text("text"))
            elif message.kind == Kind.DONE:
                return message

    def give(self, given: Picture) -> None:
        fd = ResultFile().fill(given.rows.reshape(-1).view(np.uint8).data)
        body = {**given.layout.records(), **hashed(given)}
        self.channel.send(Message(Kind.PICTURE, self.number, body, (fd,)))
        os.close(fd)

    def render(
        self, node: str, time: float, params: dict, images: dict, pictures: dict | None = None,
        out: Layout | None = None, **more: object,
    ) -> Picture:  # fmt: skip
        """images: {clip: Picture} at `time`. The result, whose hash the worker is told."""
        named = list(images.values())
        out = out or named[0].layout
        body = {"node": node, "time": float(time), **window(out), **out.records("out."), **spelled(params), **more}
        for index, (clip, each) in enumerate(images.items()):
            prefix = f"image{index}."
            body |= {prefix + "clip": clip, **each.layout.records(prefix), **hashed(each, prefix)}
        done = self.ask(Kind.RENDER, body, pictures, named)
        if done.text("out") == "image":
            return named[done.integer("image")]
        rows = read_rows(done, out)
        result = Picture(out, rows)
        self.channel.send(Message(Kind.RESULT, self.number, hashed(result)))
        return result

    def stats(self) -> dict:
        return dict(self.ask(Kind.STATS, {}).body)

    def _fetched(self, found: Picture | None) -> None:
        if found is None:
            self.channel.send(Message(Kind.NONE, self.number, {"why": "the host gives no other frames"}))
        elif self.known_first:
            self.channel.send(Message(Kind.KNOWN, self.number, {**found.layout.records(), **hashed(found)}))
        else:
            self.give(found)


class Shim:
    """A worker of its own, and the control channel to it."""

    def __init__(self, host: str = "fr.inria.Natron", **environment: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ofx_lipsync.plugin.worker"], stderr=subprocess.PIPE, text=True, close_fds=False,
            env={**os.environ, **environment}, preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
        )  # fmt: skip
        theirs.close()
        self.control, self.lines, self.said = Channel(ours), [], None
        self.control.send(Message(Kind.HELLO, 1, {"host": host, "host_version": "2.6", "shim_version": "0.1.0"}))
        self.welcome = self.control.receive()

    def line(self, **options: bool) -> Line:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.send(Message(Kind.CHANNEL, 0, {}, (theirs.fileno(),)))
        theirs.close()
        self.lines.append(Line(Channel(ours), **options))
        return self.lines[-1]

    def close(self) -> int:
        """The worker's exit status once its control channel is gone."""
        for channel in (self.control, *(line.channel for line in self.lines)):
            channel.close()
        if self.said is None:
            self.said = self.process.communicate(timeout=20)[1]
        return self.process.returncode

    def __enter__(self) -> Shim:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def read_rows(done: Message, layout: Layout) -> np.ndarray:
    content = np.empty(layout.size, np.uint8)
    read_into(done.fds[0], content.data)
    close_all(done.fds)
    return content.view(DEPTHS[layout.depth]).reshape(layout.height, layout.width, layout.comps)


def window(layout: Layout) -> dict:
    return {f"window.{edge}": getattr(layout, edge) for edge in ("x1", "y1", "x2", "y2")}


def spelled(params: dict) -> dict:
    return {f"p.{name}": int(value) if isinstance(value, bool) else value for name, value in params.items()}
