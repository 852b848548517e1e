# SPDX-License-Identifier: Apache-2.0
"""Ways out: a named pipe, a browser's page, a virtual camera that is not there; none of them holds up another."""

from __future__ import annotations

import http.client
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import DeviceError, OutputError
from ofx_lipsync.live.browser import Browser
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.outlet import Frame, Pump, Slot, pumped
from ofx_lipsync.live.pipe_out import PipeOut, make_pipe

from .conftest import waited

SHAPE = (24, 32, 4)


def frame(number: int) -> Frame:
    return Frame(np.full(SHAPE, number, np.uint8), number, 0.0)


class Kept:
    """An outlet that remembers, and holds up who sends while `open` is not set."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.open = threading.Event()
        self.open.set()

    def send(self, frame: Frame) -> None:
        self.open.wait(10)
        self.frames.append(frame.number)

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        self.open.set()


def test_a_slow_outlet_gets_the_newest_and_counts_what_it_missed() -> None:
    slot, outlet = Slot(), Kept()
    pump = Pump(slot, outlet)
    outlet.open.clear()
    for number in range(50):
        slot.offer(frame(number))  # never waits
    outlet.open.set()
    assert waited(lambda: outlet.frames[-1:] == [49])
    pump.close()
    assert outlet.frames == sorted(set(outlet.frames))
    assert pump.missed == 50 - len(outlet.frames) - outlet.frames[0]


def test_a_camera_gets_the_last_frame_again_while_the_stage_stands_still() -> None:
    slot, outlet = Slot(), Kept()
    pump = Pump(slot, outlet, repeat_s=0.01)
    slot.offer(frame(3))
    assert waited(lambda: outlet.frames.count(3) > 5)
    pump.close()


def test_a_pipe_carries_whole_frames_and_outlives_its_reader(tmp_path: Path) -> None:
    path = str(tmp_path / "character.rgba")
    make_pipe(path)
    slot = Slot()
    keeper = Keeper("pipe", pumped(slot, lambda: PipeOut(path), repeat_s=0.01))
    keeper.start(waits=True)
    assert "nobody reads it yet" in keeper.why
    try:
        slot.offer(frame(7))
        for _ in range(2):  # a reader that goes, and another one
            with open(path, "rb") as reader:
                told = reader.read(3 * np.prod(SHAPE))
            assert told == frame(7).rgba.tobytes() * 3
    finally:
        keeper.close()
    make_pipe(path)
    plain = tmp_path / "plain"
    plain.write_text("text")
    with pytest.raises(OutputError, match="is a file, expected a named pipe or nothing"):
        make_pipe(str(plain))
    with pytest.raises(OutputError, match="cannot be made a pipe"):
        make_pipe(str(tmp_path / "nowhere" / "pipe"))


def test_the_page_shows_frames_with_their_alpha() -> None:
    slot = Slot()
    browser = Browser(slot, 0)
    port = int(browser.address.rpartition(":")[2].strip("/"))
    try:
        page = http.client.HTTPConnection("127.0.0.1", port)
        page.request("GET", "/")
        answer = page.getresponse()
        assert answer.status == 200
        assert b"background:transparent" in answer.read()
        rgba = np.random.default_rng(2).integers(0, 256, SHAPE).astype(np.uint8)
        slot.offer(Frame(rgba, 0, 0.0))
        stream = http.client.HTTPConnection("127.0.0.1", port)
        stream.request("GET", "/frames")
        answer = stream.getresponse()
        for number in (1, 2):
            wide, high = struct.unpack("<II", answer.read(8))
            assert (high, wide, 4) == SHAPE
            shown = np.frombuffer(answer.read(wide * high * 4), np.uint8).reshape(SHAPE)
            np.testing.assert_array_equal(shown, rgba)
            slot.offer(Frame(rgba, number, 0.0))
        stream.close()
    finally:
        browser.close()


def test_only_this_machine_may_look() -> None:
    browser = Browser(Slot(), 0)
    port = int(browser.address.rpartition(":")[2].strip("/"))
    try:
        for host, path, status in (
            ("evil.example:80", "/", 403),
            ("localhost:1", "/", 200),
            ("127.0.0.1:1", "/x", 404),
        ):
            page = http.client.HTTPConnection("127.0.0.1", port)
            page.request("GET", path, headers={"Host": host})
            assert page.getresponse().status == status
            page.close()
        with pytest.raises(DeviceError, match=f"port {port} of 127.0.0.1 cannot be opened"):
            Browser(Slot(), port)
    finally:
        browser.close()


@pytest.mark.skipif(any(Path("/sys/devices/virtual/video4linux").glob("*")), reason="there is a virtual camera")
def test_a_camera_that_is_not_there_says_which_module_to_load() -> None:
    pytest.importorskip("pyvirtualcam")
    from ofx_lipsync.live.virtual_camera import VirtualCamera

    with pytest.raises(DeviceError, match="modprobe v4l2loopback"):
        VirtualCamera(64, 64, 30, (0.0, 1.0, 0.0))


def test_what_is_not_installed_is_said_with_its_command(tmp_path: Path) -> None:
    for name in ("sounddevice", "pyvirtualcam", "cv2"):
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('No module named {name}')")
    code = (
        "from ofx_lipsync.core.errors import DeviceError\n"
        "from ofx_lipsync.live import devices, microphone, virtual_camera\n"
        "for look in (microphone.library, virtual_camera.library, devices.opencv):\n"
        "    try: look()\n"
        "    except DeviceError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.count('pip install "ofx-lipsync[live]"') == 3
