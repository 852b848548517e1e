# SPDX-License-Identifier: Apache-2.0
"""A host with the plug-in loaded and a worker that does what the test says."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ofx_lipsync.plugin.host.host import Host

FAKE = Path(__file__).with_name("fake_worker.py")
HERE = Path(__file__).parent


def stat_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # reaped since
        return ") Z "


class Worker:
    """What the fake worker has logged."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def lines(self, word: str) -> list[str]:
        text = self.log.read_text() if self.log.exists() else ""
        return [line for line in text.splitlines() if line.startswith(word)]

    @property
    def requests(self) -> list[dict]:
        """Every request that came, with its kind."""
        return [json.loads(line.removeprefix("request ")) for line in self.lines("request ")]

    @property
    def pids(self) -> list[int]:
        return [int(line.split()[1]) for line in self.lines("start")]

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pids[-1], number)
        while number == signal.SIGSTOP and self.moves():
            time.sleep(0.001)

    def moves(self) -> bool:
        """A stop reaches one thread after the other."""
        return any(") T " not in stat.read_text() for stat in Path(f"/proc/{self.pids[-1]}/task").glob("*/stat"))

    def wait_for(self, word: str, count: int = 1) -> None:
        end = time.monotonic() + 20
        while len(self.lines(word)) < count:
            assert time.monotonic() < end, f"no {count} x {word!r} in {self.lines('')}"
            time.sleep(0.005)

    def running(self) -> list[int]:
        """Those that still do something; an orphan that has ended is its new parent's to reap."""
        return [pid for pid in self.alive() if ") Z " not in stat_of(pid)]

    def wait_for_death_of(self, pids: set[int]) -> None:
        """SIGKILL is not death yet: the channels close a moment later."""
        end = time.monotonic() + 20
        while pids & set(self.running()):
            assert time.monotonic() < end, f"{pids} live on"
            time.sleep(0.001)

    def alive(self) -> list[int]:
        """Those that the system still knows, ended but not waited for among them."""
        return [pid for pid in self.pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Worker]:
    """Makes a fake worker the plug-in's own: fake(start="dies")."""

    def make(start: str = "well") -> Worker:
        log = tmp_path / f"{start}.log"
        script = tmp_path / f"python-{start}"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{FAKE}" "{log}" {start}\n')
        script.chmod(0o755)
        monkeypatch.setenv("LIPSYNC_PYTHON", str(script))
        return Worker(log)

    return make


@pytest.fixture
def worker(fake: Callable[..., Worker]) -> Worker:
    return fake()


@pytest.fixture
def host() -> Iterator[Host]:
    """Everything is unloaded after the test, nothing is left lent, and no callback raised."""
    made = Host()
    yield made
    for plugin in made.plugins.values():
        plugin.unload()
    made.check()
    assert made.effects.lent == {}
    assert made.params.edits == made.progress.open == 0
    assert made.messages.dialogs == []
