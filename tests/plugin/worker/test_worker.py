# SPDX-License-Identifier: Apache-2.0
"""The worker lives and ends with its host, says that it is alive, and turns whatever goes wrong into one sentence."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from host_shot import FRAMES
from shim_client import FailedError, Shim, hashed, picture, window

from ofx_lipsync import __version__
from ofx_lipsync.plugin.channel import Channel, ClosedError, ResultFile
from ofx_lipsync.plugin.pictures import Layout
from ofx_lipsync.plugin.protocol import Kind, Message, encode
from ofx_lipsync.plugin.worker import BEAT_S, Pulse

FRAME = FRAMES[4]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until_closed(line, *answers: Kind) -> None:
    with contextlib.suppress(ClosedError):
        while line.channel.receive().kind in (Kind.BEAT, Kind.NEED, Kind.FETCH, *answers):
            pass
        pytest.fail("the channel is still open")


def waits_for_another_frame(line, analysis, rgba) -> None:
    """Begin a render, and return when the worker waits for an answer."""
    source = rgba["Source", FRAME]
    line.number += 1
    body = {"node": "LipSync", "time": float(FRAME), **window(source.layout), **source.layout.records("out.")}
    body |= {
        "p.analysis": analysis,
        "image0.clip": "Source",
        **source.layout.records("image0."),
        **hashed(source, "image0."),
    }
    line.channel.send(Message(Kind.RENDER, line.number, body))
    while line.channel.receive().kind not in (Kind.NEED, Kind.FETCH):
        pass


def test_says_welcome(shim):
    assert shim.welcome.kind == Kind.WELCOME
    assert shim.welcome.text("worker_version") == __version__
    assert shim.welcome.integer("pid") == shim.process.pid


def test_is_welcome_without_numpy():
    code = "import sys, ofx_lipsync.plugin.worker\nfor name in ('numpy', 'torch'): assert name not in sys.modules, name"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_chain_loads_no_torch(shim, analysis, rgba):
    shim.line().render("LipSync", FRAME, {"analysis": analysis}, {"Source": rgba["Source", FRAME]}, rgba)
    with open(f"/proc/{shim.process.pid}/maps") as maps:
        assert "libtorch" not in maps.read()


def test_ends_with_the_control_channel(shim, analysis, rgba):
    waits_for_another_frame(shim.line(), analysis, rgba)
    shim.control.close()
    shim.process.wait(timeout=5)
    assert shim.process.returncode == 0


def test_ctrl_c_is_the_hosts(shim, rgba):
    shim.process.send_signal(signal.SIGINT)
    source = rgba["Source", FRAME]
    assert shim.line().render("FaceDetect", FRAME, {}, {"Source": source}) is source


def test_says_that_it_is_alive_while_it_works(host, analysis, rgba):
    line = host.line()
    waits_for_another_frame(line, analysis, rgba)
    times = []
    for _ in range(4):
        assert line.channel.receive().kind == Kind.BEAT
        times.append(time.monotonic())
    assert np.median(np.diff(times)) < 0.5


def test_beats_while_a_long_computation_holds_its_thread():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel, host = Channel(ours), Channel(theirs)
    pulse, wide = Pulse(), np.random.default_rng(0).random((700, 700))
    with pulse.during(channel, 9):
        until = time.monotonic() + 3 * BEAT_S
        while time.monotonic() < until:
            np.linalg.svd(wide)
    assert host.receive() == Message(Kind.BEAT, 9)
    assert host.receive().kind == Kind.BEAT
    time.sleep(2 * BEAT_S)
    while host.poll() is not None:  # none follows the answer
        pass
    time.sleep(2 * BEAT_S)
    assert host.poll() is None
    for end in (channel, host):
        end.close()


def test_abort_is_heeded_and_the_next_frame_is_made(host, analysis, rgba):
    line = host.line()
    waits_for_another_frame(line, analysis, rgba)
    line.channel.send(Message(Kind.ABORT, line.number))
    answer = next(m for m in iter(line.channel.receive, None) if m.kind != Kind.BEAT)
    assert (answer.kind, answer.text("text"), answer.id) == (Kind.FAILED, "aborted", line.number)
    line.channel.send(Message(Kind.ABORT, line.number))  # comes too late, and means nothing
    line.render("LipSync", FRAME, {"analysis": analysis}, {"Source": rgba["Source", FRAME]}, rgba)


def test_a_channel_that_goes_in_mid_frame_ends_alone(host, analysis, rgba):
    line = host.line()
    waits_for_another_frame(line, analysis, rgba)
    line.channel.close()
    host.line().render("LipSync", FRAME, {"analysis": analysis}, {"Source": rgba["Source", FRAME]}, rgba)
    assert alive(host.process.pid)


def test_a_worker_that_is_killed_closes_its_channels(shim, analysis, rgba):
    line = shim.line()
    waits_for_another_frame(line, analysis, rgba)
    shim.process.kill()
    until_closed(line)


def bad(shim, path, rgba, node="Blend", time=float(FRAME), clips=("Source",), **params) -> str:
    source = rgba["Source", FRAME]
    with pytest.raises(FailedError) as error:
        shim.line().render(node, time, {"analysis": path, **params}, dict.fromkeys(clips, source), rgba)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_each_thing_wrong_is_one_sentence(host, analysis, rgba, tmp_path):
    ask = (host, analysis, rgba)
    (tmp_path / "noise.lipsync").write_bytes(b"noise")
    assert "Blend.feather: got 99.0, expected 0 to 40 % of face height" in bad(
        *ask, clips=("Source", "Mouth"), feather=99.0
    )
    assert "Blend.feather: got nan" in bad(*ask, clips=("Source", "Mouth"), feather=float("nan"))
    assert "MouthGenerate.engine: got 'magic'" in bad(*ask, "MouthGenerate", engine="magic")
    assert "Blend: nothing comes in at Mouth; connect MouthGenerate" in bad(*ask)
    assert "expected 2001 among them" in bad(*ask, "MouthGenerate", 2001.0)
    assert "no file is named" in bad(*ask, "MouthGenerate", analysis="")
    assert "No such file" in bad(*ask, "MouthGenerate", analysis=str(tmp_path / "none.lipsync"))
    assert "is not a whole analysis file" in bad(*ask, "MouthGenerate", analysis=str(tmp_path / "noise.lipsync"))
    assert "no space 'Kodak'" in bad(*ask, "MouthGenerate", input_space="Kodak")
    assert "was made with other params of FaceDetect" in bad(*ask, "LipSync", FaceDetect_presence=0.9)
    assert "node: got 'warp'" in bad(*ask, "org.ofxlipsync.warp")
    assert alive(host.process.pid)


def test_an_analysis_of_another_resolution_is_refused(host, analysis, rgba):
    double = {key: picture(np.repeat(np.repeat(each.rows, 2, 0), 2, 1)) for key, each in rgba.items()}
    says = r"is of a plate of 320x180, expected 640x360 as Source has it"
    with pytest.raises(FailedError, match=says):
        host.line().render("LipSync", FRAME, {"analysis": analysis}, {"Source": double["Source", FRAME]}, double)


def test_a_picture_that_is_alpha_alone_is_no_plate(host, analysis):
    source = picture(np.ones((180, 320, 1), np.float32))
    with pytest.raises(FailedError, match="Source: is Alpha alone, expected RGB or RGBA; connect the plate"):
        host.line().render(
            "LipSync", FRAME, {"analysis": analysis}, {"Source": source}, {("Source", f): source for f in FRAMES}
        )


HOSTILE = [
    (Kind.RENDER, {"node": "Blend"}),
    (Kind.RENDER, {"node": 3, "time": 1.0}),
    (Kind.RENDER, {"node": "Blend", "time": float("nan")}),
    (Kind.RENDER, {"node": "Blend", "time": 1.0, "image0.clip": "Source", "image0.depth": 4}),
    (Kind.RENDER, {"node": "FaceDetect", "time": 1.0, **picture(np.ones((1, 1, 4), np.uint8)).layout.records("image0."),
                   "image0.clip": "Source", "out.x1": 0, "out.y1": 0, "out.x2": 2**40, "out.y2": 1, "out.depth": 4,
                   "out.comps": 4}),
    (Kind.OVERLAY, {}),
    (Kind.PICTURE, {}),
    (Kind.HELLO, {"host": "again"}),
    (Kind.WELCOME, {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), HOSTILE)
def test_what_breaks_the_protocol_ends_its_channel_alone(shim, kind, body):
    line = shim.line()
    with pytest.raises(ClosedError):
        line.ask(kind, body)
    assert shim.line().stats()["renders"] == 0


def lies(shim, analysis, rgba, answer) -> None:
    """A picture that is not what it says ends the channel."""
    line = shim.line()
    waits_for_another_frame(line, analysis, rgba)
    answer(line)
    until_closed(line)


def test_pictures_that_lie_end_their_channel(shim, analysis, rgba):
    layout = rgba["Source", FRAME].layout

    def sent(body, *sizes):
        def answer(line):
            fds = tuple(ResultFile().fill(memoryview(bytes(size))) for size in sizes)
            line.channel.send(Message(Kind.PICTURE, line.number, body, fds))
            for fd in fds:
                os.close(fd)

        return answer

    full = layout.records()
    for body, sizes in ((full, ()), (full, (10,)), (full, (layout.size, layout.size)), ({}, (10,)),
                        ({**full, "x2": 2**30}, (10,)), ({**full, "depth": 7}, (10,)),
                        ({**full, "x2": full["x1"]}, (layout.size,))):  # fmt: skip
        lies(shim, analysis, rgba, sent(body, *sizes))
    lies(shim, analysis, rgba, lambda line: line.channel.send(Message(Kind.DONE, line.number)))
    lies(shim, analysis, rgba, lambda line: line.channel.send(Message(Kind.PICTURE, line.number + 1, full)))
    assert shim.line().stats()["uploads"] == 0


def test_noise_on_the_control_channel_ends_the_worker(shim):
    shim.control._sock.send(b"noise")
    shim.process.wait(timeout=10)
    assert shim.close() == 2
    assert "lipsync worker: packet: is 5 bytes" in shim.said


def test_memory_that_runs_out_fails_that_frame_alone(shim, rgba):
    line, source = shim.line(), rgba["Source", FRAME]
    line.render("FaceDetect", FRAME, {}, {"Source": source}, out=Layout(0, 0, 64, 64))
    pages = int(Path(f"/proc/{shim.process.pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (300 << 20)
    resource.prlimit(shim.process.pid, resource.RLIMIT_AS, (limit, limit))
    with pytest.raises(FailedError, match="FaceDetect: the worker is out of memory; render at a lower scale, or set"):
        line.render("FaceDetect", FRAME, {}, {"Source": source}, out=Layout(0, 0, 10_000, 10_000))
    line.render("FaceDetect", FRAME, {}, {"Source": source}, out=Layout(0, 0, 64, 64))


def test_renders_from_many_threads_leave_no_file_open(shim, rgba):
    source, line = rgba["Source", FRAME], shim.line()
    out = Layout(0, 0, 64, 64)
    line.render("FaceDetect", FRAME, {}, {"Source": source}, out=out)
    before = len(os.listdir(f"/proc/{shim.process.pid}/fd"))
    for _ in range(20):
        line.render("FaceDetect", FRAME, {}, {"Source": source}, out=out)
        passing = shim.line()
        passing.render("FaceDetect", FRAME, {}, {"Source": source})
        passing.channel.close()
    until = time.monotonic() + 5
    while len(os.listdir(f"/proc/{shim.process.pid}/fd")) > before + 1:
        assert time.monotonic() < until, "files are left open"
        time.sleep(0.05)


def test_a_module_of_the_worker_started_by_hand_says_what_it_is():
    done = subprocess.run(
        [sys.executable, "-m", "ofx_lipsync.plugin.worker"], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 2
    assert "start the worker from the plug-in" in done.stderr


def test_another_shim_is_told_so(shim):
    packet = bytearray(b"NYSL"[::-1] + bytes(20))
    packet[:4] = (0x4E59534C).to_bytes(4, "little")
    packet[4:6] = (9).to_bytes(2, "little")
    shim.control._sock.send(bytes(packet))
    shim.process.wait(timeout=10)
    shim.close()
    assert "is of version 9, expected 1; install the plug-in and lipsync anew" in shim.said


def test_every_thread_of_a_shim_finds_its_own_channel():
    with Shim("MLT") as shim:
        lines = [shim.line() for _ in range(20)]
        assert all(line.stats()["renders"] == 0 for line in lines)


def test_noise_on_many_channels_ends_each_of_them_and_nothing_else(host, analysis, rgba):
    """Right headers with wrong bodies, whole messages with a byte changed, and plain noise."""
    rng = np.random.default_rng(5)
    source = rgba["Source", FRAME]
    whole = encode(Message(Kind.RENDER, 1, {"node": "LipSync", "time": 1.0, **source.layout.records("image0.")}))
    for turn in range(150):
        line = host.line()
        packet = bytearray(whole if turn % 3 else rng.bytes(80))
        packet[int(rng.integers(len(packet)))] = int(rng.integers(256))
        line.channel._sock.send(bytes(packet))
        line.channel._sock.shutdown(socket.SHUT_WR)
        until_closed(line, Kind.FAILED, Kind.DONE)
        line.channel.close()
    host.line().render("LipSync", FRAME, {"analysis": analysis}, {"Source": source}, rgba)
