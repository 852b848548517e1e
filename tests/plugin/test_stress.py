# SPDX-License-Identifier: Apache-2.0
"""Several host threads, a worker that is killed under them, a host that forks, a start that is called off."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time

import pytest

from ofx_lipsync.plugin.host.abi import FAILED, OK
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import GUARD, Layout, Picture
from ofx_lipsync.plugin.host.scene import bits, noise, ready

FULL = Layout((0, 0, 40, 30))
THREADS, KILLS = 4, 10


def files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_worker_killed_under_four_threads(host: Host, worker) -> None:
    """Each frame is right, or fails with a sentence and leaves its picture alone; nothing is left open."""
    source = noise(FULL)
    right = bits(source.pixels)
    stop = threading.Event()
    wrong: list[str] = []
    outcomes = {OK: 0, FAILED: 0}

    def run() -> None:
        plugin, effect = ready(host, source=source)
        while not stop.is_set():
            out = Picture(FULL)
            status = plugin.render(effect, out)
            outcomes[status] += 1
            if status == OK and not (bits(out.pixels) == right).all():
                wrong.append("pixels")
            if status == FAILED and not ("worker" in effect.message and (bits(out.pixels) == GUARD).all()):
                wrong.append(effect.message or "no message")
        plugin.destroy(effect)

    plugin, effect = ready(host, source=source)
    assert plugin.render(effect, Picture(FULL)) == OK
    before = files()
    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    dice, killed = random.Random(4), set()
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.02, 0.2))
        worker.wait_for("hello", len(worker.pids))
        with contextlib.suppress(ProcessLookupError):  # killed before, and not missed yet
            worker.kill()
            killed.add(worker.pids[-1])
    stop.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert wrong == []
    assert outcomes[OK] > KILLS
    worker.wait_for_death_of(killed)  # one still dying would take the frame with it
    assert plugin.render(effect, Picture(FULL)) == OK
    assert len(worker.alive()) == 1
    assert files() <= before + 2 * THREADS  # a channel a thread, and pooled memory


def test_files_stay_the_same_over_many_failures(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL))
    counts = []
    for round_ in range(30):
        effect.set(input_space=("fail", "short", "unsealed", "crash", "garbage6", "garbage7")[round_ % 6])
        assert plugin.render(effect, Picture(FULL)) == FAILED
        effect.set(input_space="pattern")
        assert plugin.render(effect, Picture(FULL)) == OK
        counts.append(files())
    assert counts[-1] <= counts[0] + 10, counts  # a leak a round would be 30; some memory is kept for the next


def test_a_beating_worker_is_not_hung(host: Host, worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "0.5")
    plugin, effect = ready(host, source=noise(FULL), input_space="slow")
    threading.Timer(1.6, effect.aborted.set).start()
    began = time.monotonic()
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert time.monotonic() - began > 1.5
    assert (effect.message, len(worker.pids)) == ("", 1)


def test_a_start_can_be_called_off(host: Host, fake) -> None:
    """And goes on for the next frame, with the same process."""
    worker = fake("mute")
    plugin, effect = ready(host, source=noise(FULL))
    threading.Timer(0.3, effect.aborted.set).start()
    began = time.monotonic()
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert time.monotonic() - began < 5
    assert effect.message == ""
    assert len(worker.pids) == 1


def test_a_host_that_forks_keeps_its_worker_and_the_child_gets_its_own(worker) -> None:
    code = (
        "import os\n"
        "from ofx_lipsync.plugin.host.scene import *\n"
        "full = Layout((0, 0, 24, 16))\n"
        "plugin, effect = ready(Host(), source=noise(full))\n"
        "assert plugin.render(effect, Picture(full)) == 0\n"
        "child = os.fork()\n"
        "source = noise(full, 1 if child else 2)\n"
        "effect.clips['Source'].connect(lambda time: source, full)\n"
        "out = Picture(full)\n"
        "assert plugin.render(effect, out) == 0, effect.message\n"
        "assert (bits(out.pixels) == bits(source.pixels)).all()\n"
        "for each in plugin.host.plugins.values(): each.unload()\n"
        "if child: assert os.waitpid(child, 0)[1] == 0\n"
        "else: os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(worker.pids) == 2
    worker.wait_for("end", 2)
