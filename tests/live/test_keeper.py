# SPDX-License-Identifier: Apache-2.0
"""A device that goes and comes back, with a file in its place; and one that was never there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ofx_lipsync.core.errors import DeviceError, MediaError
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.file_devices import Faults, FileMicrophone
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.sound_in import SoundIn

from .conftest import waited


def test_a_device_that_was_pulled_comes_back_by_itself(sample_line: Path) -> None:
    said: list[str] = []
    sound = SoundIn()
    device = FileMicrophone(str(sample_line), sound, loop=True, faults=Faults(gone=((0.3, 0.7),)))
    keeper = Keeper("the microphone", device.open, said.append)
    keeper.start()
    try:
        assert waited(lambda: not keeper.live)
        assert keeper.why == "the microphone has gone"
        assert waited(lambda: keeper.live)
        assert keeper.openings == 2
        blocks = sound.blocks
        assert waited(lambda: sound.blocks > blocks + 5)
        # what was said meanwhile is not said later
        late_s = now() - device.sample_s(device.played)
        assert late_s < 0.5
    finally:
        keeper.close()
    assert said == ["the microphone has gone", "the microphone is back"]
    assert keeper.why == ""


def test_a_wrong_name_is_said_at_once() -> None:
    def open_it() -> FileMicrophone:
        raise DeviceError("microphone 99: no such device")

    with pytest.raises(DeviceError, match="no such device"):
        Keeper("microphone 99", open_it).start()
    with pytest.raises(MediaError, match="there is no such file"):
        FileMicrophone("nowhere.wav", SoundIn())


def test_what_need_not_be_there_is_waited_for() -> None:
    there: list[bool] = []
    said: list[str] = []

    class Device:
        def alive(self) -> bool:
            return True

        def close(self) -> None:
            there.clear()

    def open_it() -> Device:
        if not there:
            raise DeviceError("pipe: nobody reads it yet")
        return Device()

    keeper = Keeper("pipe", open_it, said.append)
    keeper.start(waits=True)
    assert keeper.why == "pipe: nobody reads it yet"
    there.append(True)
    assert waited(lambda: keeper.live)
    keeper.close()
    assert said == ["pipe is there"]
    assert not there


def test_a_driver_that_throws_anything_is_tried_again() -> None:
    tried: list[int] = []

    class Broken:
        def alive(self) -> bool:
            return False

        def close(self) -> None:
            raise OSError("no such device")

    def open_it() -> Broken:
        tried.append(1)
        if len(tried) == 2:
            raise RuntimeError("driver confused")
        return Broken()

    keeper = Keeper("card", open_it)
    keeper.start()
    assert waited(lambda: len(tried) >= 3)
    keeper.close()
