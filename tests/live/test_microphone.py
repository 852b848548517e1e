# SPDX-License-Identifier: Apache-2.0
"""PortAudio's own callback, on a sound server of our own whose only card is none; the server dies and comes back."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ASOUND = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
SERVER = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
SERVER += ["-L", "module-native-protocol-unix", "-L", "module-null-sink sink_name=none rate=48000"]
DRIVEN = """
import subprocess, sys, time
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.microphone import Microphone
from ofx_lipsync.live.sound_in import SoundIn

def until(what):
    end_s = now() + 40
    while not what():
        assert now() < end_s, keeper.why
        time.sleep(0.05)

server = subprocess.Popen(sys.argv[1:])
time.sleep(2)
sound = SoundIn()
microphone = Microphone("", sound)
keeper = Keeper(microphone.name, microphone.open, lambda text: print(text, flush=True))
keeper.start()
until(lambda: sound.blocks > 50)
block = sound.read(1.0)
assert len(block.samples), block
assert abs(now() - block.end_s) < 2, now() - block.end_s
server.kill()
server.wait()
until(lambda: not keeper.live)
server = subprocess.Popen(sys.argv[1:])
until(lambda: keeper.live)
blocks = sound.blocks
until(lambda: sound.blocks > blocks + 20)
keeper.close()
server.kill()
"""


def plugin() -> bool:
    return any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))


@pytest.mark.skipif(shutil.which("pulseaudio") is None or not plugin(), reason="no PulseAudio with its ALSA plug-in")
@pytest.mark.skipif(ctypes.util.find_library("portaudio") is None, reason="no PortAudio")
def test_a_microphone_is_heard_goes_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / ".asoundrc").write_text(ASOUND)
    here = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", DRIVEN, *SERVER], env=here, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["the microphone has gone", "the microphone is back"]
