# SPDX-License-Identifier: Apache-2.0
"""What comes over the socket is a whole message, or one clear error; never a crash, a hang or a leaked file."""

from __future__ import annotations

import contextlib
import os
import socket
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ofx_lipsync.plugin.channel import Channel, ClosedError, ResultFile, check_size, read_into
from ofx_lipsync.plugin.protocol import LARGEST_BYTES, Kind, Message, ProtocolError, decode, encode

names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
values = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=40)
bodies = st.dictionaries(names, values, max_size=8)
HELLO = Message(Kind.HELLO, 7, {"host": "fr.inria.Natron", "scale": 0.5, "time": -3})


@pytest.fixture
def ends():
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channels = Channel(pair[0]), Channel(pair[1])
    yield channels
    for channel in channels:
        channel.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first draw loads what it draws from
@given(st.sampled_from(Kind), st.integers(0, 2**64 - 1), bodies)
def test_reads_back_what_was_written(kind, number, body):
    assert decode(encode(Message(kind, number, body))) == Message(kind, number, body)


def test_the_header_is_the_one_in_the_design_note():
    packet = encode(HELLO)
    assert packet[:24] == struct.pack("<IHHQIHH", 0x4E59534C, 1, 1, 7, len(packet) - 24, 0, 0)
    assert packet[24:] == (
        b"s\x04host\x0f\0\0\0fr.inria.Natron" + b"d\x05scale" + struct.pack("<d", 0.5)
        + b"i\x04time" + struct.pack("<q", -3)
    )  # fmt: skip


def test_a_path_that_is_not_utf8_survives():
    path = os.fsdecode(b"/shots/\xff\xe9.exr")
    assert decode(encode(Message(Kind.RENDER, 1, {"p.line": path}))).text("p.line") == path


def test_what_does_not_fit_a_packet_is_refused():
    with pytest.raises(ProtocolError, match="expected at most"):
        encode(Message(Kind.FAILED, 1, {"text": "x" * LARGEST_BYTES}))
    with pytest.raises(ProtocolError, match="64 bits"):
        encode(Message(Kind.DONE, 1, {"n": 2**63}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: p[:20], "expected 24"),
        (lambda p: b"XXXX" + p[4:], "begins with"),
        (lambda p: p[:4] + b"\x02\0" + p[6:], "version 2, expected 1"),
        (lambda p: p[:6] + b"\x63\0" + p[8:], "kind 99 is unknown"),
        (lambda p: p + b"i", "says"),
        (lambda p: p[:20] + b"\x01\0" + p[22:], "1 files"),
        (lambda p: p[:16] + struct.pack("<I", 1) + p[20:24] + b"i", "cut short"),
        (lambda p: p[:16] + struct.pack("<I", 11) + p[20:24] + b"q\x01a" + bytes(8), "expected i, d or s"),
        (lambda p: p[:16] + struct.pack("<I", 11) + p[20:24] + b"s\x01a\xff\xff\xff\xff" + bytes(4), "cut short"),
        (lambda p: p[:16] + struct.pack("<I", 22) + p[20:24] + (b"i\x01a" + bytes(8)) * 2, "twice"),
    ],
    ids=["short", "magic", "version", "kind", "longer", "files", "name", "type", "text", "twice"],
)
def test_each_thing_wrong_is_named(change, says):
    with pytest.raises(ProtocolError, match=says):
        decode(change(encode(HELLO)))


@settings(max_examples=600, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    with pytest.raises(ProtocolError):
        decode(noise)


@settings(max_examples=600, deadline=None)
@given(body=st.binary(max_size=120), kind=st.sampled_from(Kind))
def test_noise_behind_a_right_header_is_refused_or_read_whole(body, kind):
    packet = encode(Message(kind))[:16] + struct.pack("<IHH", len(body), 0, 0) + body
    with contextlib.suppress(ProtocolError):
        message = decode(packet)
        assert decode(encode(message)).body == message.body or any(v != v for v in message.body.values())


@settings(max_examples=400, deadline=None)
@given(body=bodies, position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_read_whole(body, position, value):
    packet = bytearray(encode(Message(Kind.RENDER, 1, body)))
    packet[int(position * len(packet))] = value
    with contextlib.suppress(ProtocolError):
        assert isinstance(decode(bytes(packet)), Message)


@pytest.mark.parametrize(("name", "value"), [("node", 3), ("node", None), ("time", "soon"), ("image", 1.5)])
def test_a_value_of_another_type_is_named(name, value):
    message = Message(Kind.RENDER, 1, {} if value is None else {name: value})
    read = {"node": message.text, "time": message.number, "image": message.integer}[name]
    with pytest.raises(ProtocolError, match=f"RENDER {name}: got"):
        read(name)


def test_files_travel_beside_a_message(ends):
    fd = ResultFile().fill(memoryview(b"0123456789"))
    ends[0].send(Message(Kind.PICTURE, 5, {"x1": 0}, (fd,)))
    got = ends[1].receive()
    check_size(got.fds[0], 10)
    content = bytearray(10)
    read_into(got.fds[0], memoryview(content))
    assert (got.id, bytes(content)) == (5, b"0123456789")
    with pytest.raises(ProtocolError, match="is 10 bytes, expected 11"):
        check_size(got.fds[0], 11)
    with pytest.raises(ProtocolError, match="ends at byte 10"):
        read_into(got.fds[0], memoryview(bytearray(11)))
    with pytest.raises(OSError):  # sealed: neither side can cut it short under the other
        os.ftruncate(fd, 5)
    for each in (fd, got.fds[0]):
        os.close(each)


def test_garbage_over_the_socket_leaks_no_file(ends):
    before = open_files()
    fd = ResultFile().fill(memoryview(b"x"))
    for packet, count in ((b"noise", 1), (encode(HELLO), 3), (encode(HELLO), 30), (bytes(LARGEST_BYTES + 50), 1)):
        socket.send_fds(ends[0]._sock, [packet], [fd] * count)
        with pytest.raises(ProtocolError):
            ends[1].receive()
    os.close(fd)
    assert open_files() == before


def test_an_end_that_is_gone_is_noticed(ends):
    assert ends[1].poll() is None
    ends[0].close()
    with pytest.raises(ClosedError):
        ends[1].receive()
    with pytest.raises(ClosedError):
        ends[1].send(HELLO)


def test_a_beat_never_waits(ends):
    for _ in range(20_000):
        ends[0].try_send(Message(Kind.BEAT, 1))
    assert ends[1].receive().kind == Kind.BEAT


def test_a_descriptor_that_is_no_channel_is_refused():
    read, write = os.pipe()
    with pytest.raises(ProtocolError, match="no socket"):
        Channel.of_fd(read)
    for fd in (read, write):
        os.close(fd)
