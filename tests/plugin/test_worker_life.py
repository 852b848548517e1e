# SPDX-License-Identifier: Apache-2.0
"""The worker is started late, found dead or hung, started again, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ofx_lipsync.plugin.host.abi import FAILED, OK
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.scene import bits, noise, ready

FULL = Layout((0, 0, 24, 16))
KILLS = 20
GARBAGE = range(16)


def shared_memory() -> set[str]:
    """Our memfds in this process."""
    found = set()
    for entry in os.scandir("/proc/self/fd"):
        try:
            found.add(os.readlink(entry.path))
        except OSError:
            continue
    return {name for name in found if "memfd:lipsync" in name}


def test_twenty_kills_in_mid_frame(host: Host, worker) -> None:
    """Each gives one sentence, the next frame is right, and nothing stays."""
    source = noise(FULL)
    plugin, effect = ready(host, source=source)
    for _ in range(KILLS):
        effect.set(input_space="crash")
        assert plugin.render(effect, Picture(FULL)) == FAILED
        assert "ended in the middle of a frame" in effect.message
        assert "killed" in effect.message
        assert "lipsync doctor" in effect.message
        effect.set(input_space="")
        out = Picture(FULL)
        assert plugin.render(effect, out) == OK
        assert (bits(out.pixels) == bits(source.pixels)).all()
        assert effect.message == ""
    assert len(worker.pids) == KILLS + 1
    assert len(worker.alive()) == 1
    for each in host.plugins.values():
        each.unload()
    assert worker.alive() == []
    assert shared_memory() == set()
    assert not [name for name in os.listdir("/dev/shm") if "lipsync" in name]


def test_a_worker_that_died_between_frames_costs_none(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL))
    for _ in range(3):
        assert plugin.render(effect, Picture(FULL)) == OK
        worker.kill()
        time.sleep(0.1)
    assert len(worker.pids) == 3


def test_a_stopped_worker_is_noticed(host: Host, worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "0.7")
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == OK
    worker.kill(signal.SIGSTOP)
    began = time.monotonic()
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert time.monotonic() - began < 5
    assert "hangs" in effect.message
    assert plugin.render(effect, Picture(FULL)) == OK
    assert len(worker.alive()) == 1


@pytest.mark.parametrize("number", [*GARBAGE, *range(100, 130)])
def test_garbage_ends_the_worker_and_not_the_host(host: Host, worker, number: int, monkeypatch) -> None:
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "0.3")
    plugin, effect = ready(host, source=noise(FULL), input_space=f"garbage{number}")
    out = Picture(FULL)
    status = plugin.render(effect, out)
    assert out.guards_hold()
    assert bool(effect.message) == (status == FAILED)
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "10")
    effect.set(input_space="")
    assert plugin.render(effect, out) == OK


@pytest.mark.parametrize(
    ("start", "said"),
    [("dies", "exit code 3"), ("mute", "said nothing in time"), ("refuses", "of another version; run lipsync install")],
)
def test_a_worker_that_does_not_start_says_why(host: Host, fake, start: str, said: str, monkeypatch) -> None:
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "0.1")
    worker = fake(start)
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert said in effect.message
    assert worker.alive() == []


def test_a_python_that_is_not_there_is_named(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_PYTHON", "/no/such/python")
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert "/no/such/python cannot be started: No such file" in effect.message


def test_a_bundle_without_its_note_says_what_to_do(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIPSYNC_PYTHON", raising=False)
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert "python.txt is missing" in effect.message
    assert "lipsync install" in effect.message


def test_the_worker_sees_neither_the_hosts_paths_nor_its_files(host: Host, worker, monkeypatch, tmp_path: Path) -> None:
    dropped = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP")
    for name in dropped:
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("OCIO", "ocio://ocio://default")  # as MLT sets it where nobody did
    monkeypatch.setenv("LIPSYNC_KEPT", "1")
    leak = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(leak, True)
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == OK
    os.close(leak)
    (line,) = worker.lines("environment")
    assert not {*dropped, "OCIO"} & set(line.split())
    assert "LIPSYNC_KEPT" in line.split()
    files = worker.lines("start")[0].split()[2:]
    assert set(files) <= {"0", "1", "2", "3", "4", "5"}, files  # the log and the listing are its own


def test_load_repeats_and_instances_come_and_go(host: Host, worker) -> None:
    """As MLT does: load, make, render and destroy for every frame; one worker serves them all."""
    source = noise(FULL)
    for _ in range(10):
        plugin = host.plugins["FaceDetect"]
        assert plugin.load() == OK
        plugin, effect = ready(host, source=source)
        assert plugin.render(effect, Picture(FULL)) == OK
        assert plugin.destroy(effect) == OK
    assert len(worker.pids) == 1
    assert len(worker.lines("upload")) == 1


def test_the_last_unload_ends_the_worker_and_a_load_brings_it_back(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == OK
    assert plugin.unload() == OK
    assert len(worker.alive()) == 1  # other nodes may still be in use
    for each in host.plugins.values():
        each.unload()
    assert worker.alive() == []
    assert worker.lines("end") == ["end"]
    assert plugin.load() == OK
    assert plugin.render(effect, Picture(FULL)) == OK
    assert len(worker.pids) == 2


def test_the_worker_goes_with_a_host_that_is_killed(worker, tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from ofx_lipsync.plugin.host.scene import *\n"
        "full = Layout((0, 0, 24, 16))\n"
        "plugin, effect = ready(Host(), source=noise(full))\n"
        "assert plugin.render(effect, Picture(full)) == 0\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    worker.wait_for("end")
    time.sleep(0.2)
    assert worker.running() == []


def test_the_counters_are_printed_where_they_are_asked_for(host: Host, worker, monkeypatch, capfd) -> None:
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == OK
    monkeypatch.setenv("LIPSYNC_STATS", "1")
    for each in host.plugins.values():
        each.unload()
    assert (
        capfd.readouterr().err == "lipsync: worker renders=7 known=6 recomputed=0 uploads=1 uploaded_bytes=8589934592\n"
    )


def test_a_host_that_ignores_its_children_is_served(host: Host, worker) -> None:
    """Some hosts set SIGCHLD to ignore: the system then reaps the worker itself."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        plugin, effect = ready(host, source=noise(FULL), input_space="crash")
        assert plugin.render(effect, Picture(FULL)) == FAILED
        effect.set(input_space="")
        assert plugin.render(effect, Picture(FULL)) == OK
    finally:
        signal.signal(signal.SIGCHLD, before)
