# SPDX-License-Identifier: Apache-2.0
"""The worker beside a host: python -m ofx_lipsync.plugin.worker, started by the shim with the control channel as fd 3.

A thread serves each channel. While a request is in work another thread says so every quarter of a second. Whatever
goes wrong with a request is one sentence to the host, with details on standard error; the worker itself ends when
the control channel does. Nothing heavy is imported before the first request.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Iterator

from ofx_lipsync import __version__
from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.plugin.channel import Channel, ClosedError, ResultFile, close_all
from ofx_lipsync.plugin.protocol import Kind, Message, ProtocolError, Value

if TYPE_CHECKING:
    from ofx_lipsync.plugin.engine import Made
    from ofx_lipsync.plugin.workshop import Workshop

CONTROL_FD = 3
BEAT_S = 0.25
_MOST_TEXT = 2000
REQUESTS = (Kind.RENDER, Kind.REGION, Kind.FRAMES, Kind.ANALYSE, Kind.OVERLAY)


def main() -> int:
    """Returns the exit status: 0 when the host closed the channel, 2 when it does not speak the protocol."""
    # Ctrl-C in the host's terminal goes to the whole group; the host decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Worker(Channel.of_fd(CONTROL_FD)).run()
        return 0
    except ProtocolError as error:
        print(f"lipsync worker: {error}", file=sys.stderr)
        return 2


class Pulse:
    """Says that requests are in work, from a thread of its own, whatever the others compute."""

    def __init__(self) -> None:
        self._busy: dict[Channel, int] = {}
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._started = False

    @contextlib.contextmanager
    def during(self, channel: Channel, number: int) -> Iterator[None]:
        with self._lock:
            self._busy[channel] = number
            self._work.set()
            if not self._started:
                self._started = True
                threading.Thread(target=self._beat, name="pulse", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._busy[channel]

    def _beat(self) -> None:
        nobody = threading.Event()
        while self._work.wait():
            nobody.wait(BEAT_S)
            with self._lock:
                # Under the lock, so that no beat follows the answer.
                for channel, number in self._busy.items():
                    with contextlib.suppress(ClosedError):
                        channel.try_send(Message(Kind.BEAT, number))
                if not self._busy:
                    self._work.clear()


class Worker:
    """One control channel, and what its HELLO and CHANNELs begin."""

    def __init__(self, control: Channel) -> None:
        self.control = control
        self.pulse = Pulse()
        self.host = ""
        self._workshop: Workshop | None = None
        self._opening = threading.Lock()

    def run(self) -> None:
        """Until the control channel ends.  Raises: ProtocolError for garbage on it."""
        with contextlib.suppress(ClosedError):
            while True:
                self._heed(self.control.receive())

    def workshop(self) -> Workshop:
        """Made with the first request: NumPy, OpenColorIO and the nodes take longer than HELLO may."""
        with self._opening:
            if self._workshop is None:
                from ofx_lipsync.plugin.workshop import Workshop

                self._workshop = Workshop(self.host)
            return self._workshop

    def _heed(self, message: Message) -> None:
        if message.kind == Kind.CHANNEL and len(message.fds) == 1:
            desk = Desk(Channel.of_fd(message.fds[0]), self)
            threading.Thread(target=desk.run, name=f"channel {message.fds[0]}", daemon=True).start()
            return
        close_all(message.fds)
        if message.kind == Kind.HELLO:
            self.host = message.text("host", "")
            welcome: dict[str, Value] = {"worker_version": __version__, "pid": os.getpid()}
            self.control.send(Message(Kind.WELCOME, message.id, welcome))
        elif message.kind == Kind.STATS:
            self.control.send(stats(self, message))
        else:
            raise ProtocolError(f"{message.kind.name}: came on the control channel with {len(message.fds)} files")


class Desk:
    """One channel: one request at a time, and after a render the hash of its result."""

    def __init__(self, channel: Channel, worker: Worker) -> None:
        self.channel, self.worker, self.results = channel, worker, ResultFile()
        self.made: tuple[int, Made] | None = None

    def run(self) -> None:
        """Until the other side closes the channel or breaks the protocol; either ends this channel alone."""
        try:
            while True:
                self._heed(self.channel.receive())
        except ClosedError:
            pass
        except ProtocolError as error:
            print(f"lipsync worker: a channel is closed: {error}", file=sys.stderr)
        finally:
            self.channel.close()
            self.results.close()

    def _heed(self, message: Message) -> None:
        close_all(message.fds)
        if message.fds:
            raise ProtocolError(f"{message.kind.name}: has {len(message.fds)} files, expected none")
        if message.kind in REQUESTS:
            self._serve(message)
        elif message.kind == Kind.RESULT:
            self._keep(message)
        elif message.kind == Kind.STATS:
            self.channel.send(stats(self.worker, message))
        elif message.kind != Kind.ABORT:  # one that comes after the answer is let go
            raise ProtocolError(f"{message.kind.name}: came between requests")

    def _serve(self, message: Message) -> None:
        self.made = None
        with self.worker.pulse.during(self.channel, message.id):
            answer = self._answer(message)
        self.channel.send(answer)

    def _answer(self, message: Message) -> Message:
        """DONE, or FAILED with one sentence. A channel that is broken is not answered."""
        try:
            from ofx_lipsync.plugin.engine import serve
            from ofx_lipsync.plugin.request import Request

            workshop = self.worker.workshop()
            reply = serve(workshop, Request(self.channel, message, workshop.store, workshop.counters))
            self.made = (message.id, reply.made) if reply.made is not None else None
            return reply.message(message.id, self.results)
        except (ClosedError, ProtocolError):
            raise
        except MemoryError:
            return self._failed(message, self._out_of_memory(message))
        except LipSyncError as error:
            return self._failed(message, str(error))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            said = " ".join(str(error).split())
            text = f"{_node(message)}: failed inside ({type(error).__name__}: {said}); see the host's log for details"
            return self._failed(message, text)

    def _out_of_memory(self, message: Message) -> str:
        from ofx_lipsync.plugin.store import LIMIT

        traceback.print_exc(file=sys.stderr)
        self.worker.workshop().store.clear()
        return f"{_node(message)}: the worker is out of memory; render at a lower scale, or set {LIMIT} lower"

    def _failed(self, message: Message, text: str) -> Message:
        return Message(Kind.FAILED, message.id, {"text": text[:_MOST_TEXT] or "failed"})

    def _keep(self, message: Message) -> None:
        from ofx_lipsync.plugin.request import key_of

        number = message.integer("id", message.id)
        if self.made is not None and self.made[0] == number:
            self.made[1].keep(self.worker.workshop(), key_of(message))
        self.made = None


def stats(worker: Worker, message: Message) -> Message:
    workshop = worker.workshop()
    return Message(Kind.DONE, message.id, {**workshop.counters.records(), "held_bytes": workshop.store.held_bytes})


def _node(message: Message) -> str:
    return str(message.body.get("node", "LipSync")).rpartition(".")[2]


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # Threads may be deep in a kernel; the host is gone and waits for nobody.
    os._exit(status)
