# SPDX-License-Identifier: Apache-2.0
"""The voice's thread on a file in real time: changes with their times; silence where a device has gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ofx_lipsync.core.phones import ADOBE, adobe
from ofx_lipsync.live.file_devices import Faults, FileMicrophone
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.sound_in import SoundIn
from ofx_lipsync.live.voice import REMEMBERED, Voice, rest_of, shut_of
from ofx_lipsync.models.hearing_listener import Hearing

from .conftest import waited


def test_a_file_is_heard_as_it_is_played(sample_line: Path, hearing: Hearing) -> None:
    sound = SoundIn()
    voice = Voice(sound, hearing)
    device = FileMicrophone(str(sample_line), sound, rate_hz=48000)
    keeper = Keeper("file", device.open)
    voice.start()
    keeper.start()
    try:
        assert waited(lambda: device.ended)
        assert waited(lambda: len(voice.changes) > 25)
    finally:
        keeper.close()
        voice.close()
    changes = list(voice.changes)
    assert ADOBE[changes[0].mouth] == "M"  # Bring
    assert (np.diff([change.frame for change in changes]) > 0).all()
    for change in changes:
        true_s = device.begun_s + change.frame / 100
        assert abs(change.said_s - true_s) < 0.5  # a busy machine hands on late; the clock itself is tested elsewhere
        assert change.told_s > true_s + 0.06
    assert voice.forgotten == 0
    assert sound.lost_s == 0
    assert voice.cpu_s > 0


def test_the_mouth_closes_when_the_cable_is_pulled(sample_line: Path, hearing: Hearing) -> None:
    sound = SoundIn()
    voice = Voice(sound, hearing)
    device = FileMicrophone(str(sample_line), sound, loop=True, faults=Faults(gone=((0.8, 1e9),)))
    keeper = Keeper("file", device.open)
    voice.start()
    keeper.start()
    try:
        assert waited(lambda: voice.silent_s > 0.6)
    finally:
        keeper.close()
        voice.close()
    assert len(voice.changes) > 2
    assert voice.changes[-1].mouth == rest_of(adobe())


def test_a_stage_that_never_draws_costs_no_more_than_it_may(hearing: Hearing) -> None:
    voice = Voice(SoundIn(), hearing)
    assert voice.changes.maxlen == REMEMBERED


def test_the_voice_goes_on_while_the_stage_is_stalled(sample_line: Path, hearing: Hearing) -> None:
    sound = SoundIn()
    voice = Voice(sound, hearing)
    device = FileMicrophone(str(sample_line), sound, loop=True)
    keeper = Keeper("file", device.open)
    voice.start()
    keeper.start()
    try:
        assert waited(lambda: len(voice.changes) > 3)
        assert waited(lambda: len(voice.changes) > 15)  # nobody takes anything
    finally:
        keeper.close()
        voice.close()
    assert sound.lost_s == 0


def test_the_mouths_that_never_wait() -> None:
    assert {ADOBE[mouth] for mouth in shut_of(adobe())} == {"M", "F"}
    assert ADOBE[rest_of(adobe())] == "Neutral"
