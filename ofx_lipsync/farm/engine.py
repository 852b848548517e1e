# SPDX-License-Identifier: Apache-2.0
"""The resident engine: everything is imported and every network checked once, then each task is a fork of it.

A fork has warm code and its own memory, so that a task neither waits for imports nor finds what another left behind;
what crashes takes one task along. A fork copies one thread only, so the engine has one, and waits on sockets and
children in a loop. Tasks run one after another, as many at once as `jobs` says; the others wait their turn.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, NoReturn

from ofx_lipsync.core.errors import EngineError
from ofx_lipsync.farm import wire
from ofx_lipsync.farm.task import become

GRACE_S = 30.0
"""From the polite signal to the last one, for a task whose client went away."""
TICK_S = 0.5
STOPS = (signal.SIGTERM, signal.SIGINT)


@dataclass
class Task:
    """line: to the client. process: 0 while it waits. stopped_s: when it was told to stop because nobody waits."""

    line: wire.Line
    request: dict[str, Any]
    process: int = 0
    exit_fd: int = -1
    stopped_s: float | None = None
    gone: bool = False


@dataclass
class Counts:
    began_s: float = field(default_factory=time.monotonic)
    done: int = 0
    failed: int = 0


class Engine:
    """Listens at `path` until told to stop, or idle for `idle_s`."""

    def __init__(self, path: Path, jobs: int, idle_s: float, say: Callable[[str], None]) -> None:
        self.path, self.jobs, self.idle_s, self.say = path, jobs, idle_s, say
        self.build = wire.build()
        self.counts = Counts()
        self.waiting: deque[Task] = deque()
        self.running: list[Task] = []
        self._lines: list[wire.Line] = []
        self._loop = selectors.DefaultSelector()
        self._stopping = False
        self._busy_s = time.monotonic()
        self._listener = _listening(path)
        self._name = path.stat().st_ino

    def run(self) -> None:
        """Until it is told to stop. The socket is gone then, and no task is left."""
        for number in STOPS:
            signal.signal(number, self._stop_soon)
        self._loop.register(self._listener, selectors.EVENT_READ, self._accept)
        self.say(f"engine ready at {self.path}, process {os.getpid()}")
        gc.freeze()  # what is there now stays, and pages that nobody writes on are shared with every fork
        try:
            while not (self._stopping and not self.running):
                for key, _ in self._loop.select(TICK_S):
                    key.data()
                self._look_round()
        finally:
            gc.unfreeze()
            self._listener.close()
            # Another engine may have taken the name over meanwhile.
            if self.path.exists() and self.path.stat().st_ino == self._name:
                self.path.unlink(missing_ok=True)
        self.say(f"engine stopped, {self.counts.done} tasks done")

    def _stop_soon(self, *_: object) -> None:
        self._stopping = True
        for task in self.running:
            self._tell(task, signal.SIGTERM)

    def _look_round(self) -> None:
        now = time.monotonic()
        for task in self.running:
            if task.stopped_s is not None and now - task.stopped_s > GRACE_S:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(task.process, signal.SIGKILL)
        if self.running or self.waiting:
            self._busy_s = now
        elif now - self._busy_s > self.idle_s:
            self.say(f"idle for {self.idle_s:g} s")
            self._stopping = True
        while self._stopping and self.waiting:
            self._answer(self.waiting.popleft(), {"refused": "the engine stops"})

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if wire.user_of(connection) not in (os.getuid(), 0):
            connection.close()
            return
        line = wire.Line(connection)
        self._lines.append(line)
        self._loop.register(line, selectors.EVENT_READ, lambda: self._heed(line))

    def _heed(self, line: wire.Line) -> None:
        messages = line.receive()
        for message in messages or []:
            with contextlib.suppress(OSError):  # the other end does not wait for the answer
                self._do(line, message)
        if messages is None:
            self._forget(line)

    def _do(self, line: wire.Line, message: dict[str, Any]) -> None:
        task = next((task for task in (*self.running, *self.waiting) if task.line is line), None)
        if task is not None:
            self._signal(task, message.get("signal"))
        elif message.get("do") == "run":
            self._take(Task(line, message))
        elif message.get("do") == "stop":
            self._stop_soon()
            line.send(self.status())
        elif message.get("do") == "status":
            line.send(self.status())
        else:
            line.send({"refused": "expected run, status or stop"})

    def status(self) -> dict[str, Any]:
        """For `lipsync serve status`."""
        return {
            "pid": os.getpid(),
            "build": self.build,
            "running": len(self.running),
            "waiting": len(self.waiting),
            "done": self.counts.done,
            "failed": self.counts.failed,
            "up_s": round(time.monotonic() - self.counts.began_s, 1),
            "cpu_s": round(sum(os.times()[:4]), 2),
        }

    def _take(self, task: Task) -> None:
        refusal = self._refusal(task)
        if refusal:
            self._answer(task, {"refused": refusal})
            return
        self.waiting.append(task)
        if len(self.running) >= self.jobs:
            with contextlib.suppress(OSError):
                task.line.send({"waiting": len(self.waiting)})
        self._start_next()

    def _refusal(self, task: Task) -> str | None:
        if self._stopping:
            return "the engine stops"
        given = task.request.get("build")
        if given != self.build:
            return f"it runs {self.build}, and this is {given}; stop it with lipsync serve stop, and start it again"
        return None if len(task.line.descriptors) == 3 else "expected three descriptors"

    def _start_next(self) -> None:
        while self.waiting and len(self.running) < self.jobs and not self._stopping:
            task = self.waiting.popleft()
            # A signal that comes between fork and task would be handled as the engine's own.
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
            process = os.fork()
            if process == 0:
                self._child(task)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            task.line.let_go()
            self.running.append(task)
            task.process, task.exit_fd = process, os.pidfd_open(process)
            self._loop.register(task.exit_fd, selectors.EVENT_READ, lambda task=task: self._ended(task))
            with contextlib.suppress(OSError):
                task.line.send({"started": process})

    def _child(self, task: Task) -> NoReturn:
        """In the fork: lets go of the engine's own files, becomes the task, and never comes back."""
        code = 1
        try:
            kept = task.line.descriptors
            task.line.descriptors = []
            self._loop.close()
            self._listener.close()
            for line in self._lines:
                line.close()
            code = become(task.request, kept)
        finally:
            os._exit(code)

    def _ended(self, task: Task) -> None:
        _, status = os.waitpid(task.process, 0)
        code = os.waitstatus_to_exitcode(status)
        self._loop.unregister(task.exit_fd)
        os.close(task.exit_fd)
        self.running.remove(task)
        self.counts.done += 1
        self.counts.failed += code != 0
        self._answer(task, {"exit": code})
        self._start_next()

    def _answer(self, task: Task, message: dict[str, Any]) -> None:
        if not task.gone:
            with contextlib.suppress(OSError):
                task.line.send(message)
            self._forget(task.line)

    def _signal(self, task: Task, number: object) -> None:
        if number not in STOPS:
            return
        if task.process:
            self._tell(task, int(str(number)))
        else:
            self.waiting.remove(task)
            self._answer(task, {"exit": 128 + int(str(number))})

    def _tell(self, task: Task, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(task.process, number)

    def _forget(self, line: wire.Line) -> None:
        """The other end is gone, or has its answer. A task that nobody waits for any more is stopped."""
        for task in [task for task in self.waiting if task.line is line]:
            self.waiting.remove(task)
        for task in [task for task in self.running if task.line is line]:
            task.gone, task.stopped_s = True, time.monotonic()
            self._tell(task, signal.SIGTERM)
        if line in self._lines:
            self._lines.remove(line)
            self._loop.unregister(line)
            line.close()


def _listening(path: Path) -> socket.socket:
    """A socket that only this user reaches. A name left by an engine that died is taken over.

    Raises: EngineError where an engine listens there already.
    """
    wire.check_path(path)
    wire.own_folder(path.parent)
    with contextlib.suppress(OSError):
        wire.connect(path).close()
        raise EngineError(f"{path}: an engine listens there already; see lipsync serve status")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(64)
    return listener


def warm(torch: bool = False) -> None:
    """Loads what every task needs. torch: and what neural mouths need. No thread may be left behind by it: forks would
    find its locks held."""
    import importlib

    from ofx_lipsync.graph import NODES, OTHERS, node
    from ofx_lipsync.models.face_bundle import FaceNetworks
    from ofx_lipsync.models.loader import load

    for verb in ("dub", "analyse", "fill", "portrait", "character", "resync"):
        importlib.import_module(f"ofx_lipsync.cli.{verb}")
    for name in NODES | OTHERS:
        node(name)
    for weights in ("articulation", "coarticulation", "hearing"):
        load(weights)
    FaceNetworks.load()
    if torch:
        importlib.import_module("torch")
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        print(f"engine: {threads} threads after loading, expected 1; forks may hang, report it", file=sys.stderr)
