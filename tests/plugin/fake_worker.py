# SPDX-License-Identifier: Apache-2.0
"""A worker that speaks the protocol and does what a test asks of it: `p.input_space` names what, request by request.

Run by a wrapper that stands for Python: `fake_worker.py LOG START`. LOG gets a line for each event.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.dirname(__file__))
import packets as p

LOG, START = sys.argv[1], sys.argv[2]
known: dict[tuple, bytes] = {}
made = threading.local()


def log(text: str) -> None:
    with open(LOG, "a") as file:
        file.write(text + "\n")


def pattern(size: int, key: str) -> bytes:
    """Bytes that a test can make too."""
    block = random.Random(zlib.crc32(key.encode())).randbytes(4099)
    return (block * (size // len(block) + 1))[:size]


class Request:
    """One request on one channel, until it is answered."""

    def __init__(self, channel: socket.socket, ident: int, values: dict) -> None:
        self.channel, self.ident, self.values = channel, ident, values
        self.mode = values.get("p.input_space", "")

    def send(self, kind: int, fd: int | None = None, **values: object) -> None:
        p.send(self.channel, kind, self.ident, {n.replace("__", "."): v for n, v in values.items()}, fd)
        if fd is not None:
            os.close(fd)

    def next(self) -> tuple:
        packet = p.receive(self.channel)
        if packet is None:
            raise EOFError
        return packet

    def take_picture(self, layout: dict, prefix: str, **need: int) -> bytes:
        """The pixels of a picture that is told by its hash; asked for where they are not known."""
        key = (layout[f"{prefix}hash.hi"], layout[f"{prefix}hash.lo"])
        if key not in known or key == (0, 0):  # on a card, of which this worker knows nothing
            self.send(p.NEED, **need)
            kind, _, given, fds = self.next()
            assert kind == p.PICTURE, kind
            known[key] = p.read(fds[0], p.packed_size(given))
            log(f"upload {len(known[key])}")
        return known[key]


def render(r: Request) -> None:
    values, mode = r.values, r.mode
    log(f"render {values['node']} {mode} {values['time']:g}")
    if mode == "silent":
        time.sleep(1000)
    if mode == "slow":
        return beat_until_abort(r)
    if mode == "fail":
        return r.send(p.FAILED, text="MouthGenerate: 100% of it is wrong (got %s, expected é); do this.")
    if mode.startswith("garbage"):
        return garbage(r, int(mode[7:]))
    size = p.packed_size(values, "out.")
    if mode in ("pattern", "unsealed", "short"):
        data = pattern(size if mode != "short" else size - 1, f"{values['time']:g}")
        made.picture = data
        return r.send(p.DONE, p.memory(data, mode != "unsealed"), out="fd")
    if "image0.depth" not in values:
        return r.send(p.FAILED, text="FaceDetect: nothing is connected to Source; connect the plate.")
    for index in range(3):
        if f"image{index}.depth" in values:
            r.take_picture(values, f"image{index}.", image=index)
    if mode == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    r.send(p.DONE, out="image", image=0)


def beat_until_abort(r: Request) -> None:
    r.channel.settimeout(0.1)
    while True:
        r.send(p.BEAT)
        try:
            kind = r.next()[0]
        except TimeoutError:
            continue
        assert kind == p.ABORT
        r.channel.settimeout(None)
        log("aborted")
        return r.send(p.FAILED, text="aborted")


def garbage(r: Request, number: int) -> None:
    """Broken packets, by number; from 100 on, at random."""
    good = p.pack(p.DONE, r.ident, {"out": "image", "image": 0})
    dice = random.Random(number)
    broken = {
        0: b"",
        1: b"\0",
        2: good[:23],
        3: good[:-1],
        4: good + b"i",
        5: good[:16] + struct.pack("<I", 2**32 - 1) + good[20:],
        6: p.pack(p.DONE, r.ident, {"out": "fd"}),
        7: p.pack(p.DONE, r.ident, {"out": "fd"}, fds=1),
        8: p.pack(p.DONE, r.ident, {"out": "image", "image": -1}),
        9: p.pack(p.DONE, r.ident, {"out": "image", "image": 2**62}),
        10: p.pack(p.NEED, r.ident, {"image": 99}),
        11: p.pack(p.KEYS, r.ident, {"param": "mix", "count": 2**60}),
        12: p.pack(999, r.ident, {}),
        13: p.pack(p.DONE, r.ident, {})[:24].replace(b"\x01\x00", b"\x02\x00", 1),
        14: good[:24] + b"s\x03out" + struct.pack("<I", 2**31) + b"fd",
        15: os.urandom(70000)[:65000],
    }.get(number)
    if broken is None:
        body = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        broken = bytes(body)
    r.channel.send(broken)


def analyse(r: Request) -> None:
    if r.mode == "slow":
        return beat_until_abort(r)
    first, last = int(r.values["first"]), int(r.values["last"])
    for frame in range(first, last + 1):
        r.send(p.FETCH, clip="Source", time=float(frame))
        kind, _, given, _ = r.next()
        if kind == p.ABORT:
            log("aborted")
            return r.send(p.FAILED, text="aborted")
        if kind == p.NONE:
            return r.send(p.FAILED, text=f"FaceDetect: no frame {frame}: {given['why']}")
        r.take_picture(given, "", image=-1)
        r.send(p.PROGRESS, done=(frame - first + 1) / (last - first + 1), stage="faces")
    times = [v for frame in range(first, last + 1) for v in (float(frame), 10.0 * frame)]
    count = len(times) // 2
    r.send(p.KEYS, p.memory(struct.pack(f"<{len(times)}d", *times)), param="found_y", count=count)
    r.send(p.KEYS, p.memory(struct.pack(f"<{len(times)}d", *times)), param="found_x", count=count)
    r.send(p.KEYS, p.memory(struct.pack(f"<{len(times)}d", *times)), param="nowhere", count=count)
    r.send(p.KEYS, param="found_height", count=0)
    r.send(p.DONE)


def overlay(r: Request) -> None:
    points = (10.0, 10.0, 20.0, 10.0, 20.0, 20.0, float("nan"), 1.0)
    r.send(
        p.DONE, p.memory(struct.pack("<8f", *points)), lines=3,
        line0__first=0, line0__count=3, line0__closed=1, line0__colour=0x00FF00,
        line1__first=2, line1__count=2, line1__closed=2, line1__colour=0xFF0000,
        line2__first=3, line2__count=2**40,
        faces=4,
        face0__x1=5.0, face0__y1=5.0, face0__x2=35.0, face0__y2=45.0, face0__index=0, face0__chosen=1,
        face0__across=10.0, face0__down=75.0,
        face1__x1=120.0, face1__y1=50.0, face1__x2=180.0, face1__y2=95.0, face1__index=1, face1__chosen=0,
        face1__across=75.0, face1__down=27.5,
        face2__x1=20.0, face2__y1=20.0, face2__x2=30.0, face2__y2=30.0, face2__index=2, face2__chosen=0,
        face3__x1=float("nan"), face3__y1=0.0, face3__x2=200.0, face3__y2=100.0, face3__index=3, face3__chosen=0,
    )  # fmt: skip


def region(r: Request) -> None:
    if r.mode == "fail":
        return r.send(p.FAILED, text="no")
    r.send(p.DONE, rod__x1=10.5, rod__y1=20.0, rod__x2=30.0, rod__y2=40.25)


def frames(r: Request) -> None:
    r.send(p.DONE, image0__first=3.0, image0__last=5.0, image1__first=9.0, image1__last=9.0)


def stats(r: Request) -> None:
    r.send(p.DONE, renders=7, known=6, uploads=1, uploaded_bytes=2**33)


KINDS = {
    p.RENDER: render, p.ANALYSE: analyse, p.OVERLAY: overlay, p.REGION: region, p.FRAMES: frames,
    p.STATS: stats,
}  # fmt: skip


def serve(channel: socket.socket) -> None:
    try:
        while packet := p.receive(channel):
            kind, ident, values, _ = packet
            if kind == p.RESULT:
                known[values["hash.hi"], values["hash.lo"]] = made.picture
                log("result")
            elif kind in KINDS:
                log(f"request {json.dumps({'kind': kind, **values})}")
                KINDS[kind](Request(channel, ident, values))
    except (OSError, EOFError):
        pass


def main() -> None:
    log(f"start {os.getpid()} {' '.join(sorted(os.listdir('/proc/self/fd')))}")
    log("environment " + " ".join(sorted(os.environ)))
    if START == "dies":
        sys.exit(3)
    if START == "mute":
        time.sleep(1000)
    control = socket.socket(fileno=3)
    while packet := p.receive(control):
        kind, ident, values, fds = packet
        if kind == p.HELLO:
            log(f"hello {values['host']}")
            if START == "refuses":
                p.send(control, p.FAILED, ident, {"text": "The plug-in is of another version; run lipsync install."})
            p.send(control, p.WELCOME, ident, {"worker_version": "fake", "pid": os.getpid()})
        if kind == p.CHANNEL:
            threading.Thread(target=serve, args=(socket.socket(fileno=fds[0]),), daemon=True).start()
    log("end")
    os._exit(0)


main()
