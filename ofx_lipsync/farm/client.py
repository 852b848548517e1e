# SPDX-License-Identifier: Apache-2.0
"""`lipsync VERB ...` handed to the resident engine: same output, same exit code, same bytes, without the waiting.

`--engine-socket PATH` must find its engine, or the task fails with exit code 5. `LIPSYNC_SOCKET` in the environment is
an offer: where nobody answers there, the task says so in a line and does its work itself.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Callable, Sequence

from ofx_lipsync.core.errors import EngineError
from ofx_lipsync.farm import wire
from ofx_lipsync.farm.task import SOCKET, asked

OPTION = "--engine-socket"
VERBS = ("analyse", "dub", "fill", "portrait", "character", "resync")
"""What the engine does for others; the rest is too short, or wants a terminal."""


def run(words: Sequence[str]) -> int | None:
    """The exit code of what an engine did, or None where this process is to do the work.

    Raises: EngineError where `--engine-socket` names an engine that does not take the task, or it dies at work.
    """
    path, rest = socket_of(words)
    offered = os.environ.get(SOCKET, "")
    if not (path or offered) or not rest or rest[0] not in VERBS:
        return None
    try:
        return _handed_over(Path(path or offered), rest)
    except (OSError, EngineError) as error:
        if isinstance(error, GoneError):
            raise
        why = str(error) if isinstance(error, EngineError) else f"nobody listens ({error.strerror})"
        if path:
            raise EngineError(
                f"engine at {path}: {why}; start one with lipsync serve start, or leave {OPTION} away"
            ) from None
        print(f"lipsync: engine at {offered}: {why}; this task works without it", file=sys.stderr, flush=True)
        return None


class GoneError(EngineError):
    """It had begun."""


def socket_of(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """(what --engine-socket names, the words without it)"""
    path, rest, following = None, [], False
    for word in words:
        if following:
            path, following = word, False
        elif word == OPTION:
            following = True
        elif word.startswith(f"{OPTION}="):
            path = word.partition("=")[2]
        else:
            rest.append(word)
    return path, rest


def _handed_over(path: Path, words: Sequence[str]) -> int:
    """Raises: OSError, EngineError; GoneError once the task has begun."""
    line = wire.connect(path)
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        line.send(asked(words, wire.build()), (0, 1, 2))
        for number in kept:
            # The task unwinds by itself and says why; this process only passes on how it ended.
            signal.signal(number, _passing_on(line))
        return _followed(line, path)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        line.close()


def _passing_on(line: wire.Line) -> Callable[[int, FrameType | None], None]:
    def handler(number: int, frame: FrameType | None) -> None:
        line.send({"signal": number})

    return handler


def _followed(line: wire.Line, path: Path) -> int:
    began = False
    while (messages := line.receive()) is not None:
        for message in messages:
            if "refused" in message:
                raise EngineError(str(message["refused"]))
            if "waiting" in message:
                print(f"waiting for the engine, {message['waiting']} in line", file=sys.stderr, flush=True)
            began = began or "started" in message
            if "exit" in message:
                return _code(int(message["exit"]), path, began)
    if began:
        raise GoneError(f"engine at {path}: went away in mid-task; finished frames are whole, run it again")
    raise EngineError("went away")


def _code(code: int, path: Path, began: bool) -> int:
    """Raises: GoneError for a task that a signal ended, as the kernel does where memory is short."""
    if code < 0:
        raise GoneError(
            f"engine at {path}: the task was killed by signal {-code}; finished frames are whole, run it again"
        )
    if not began and code:
        reason = "terminated" if code == 128 + signal.SIGTERM else "interrupted"
        print("lipsync: stopped while it waited for the engine", file=sys.stderr)
        print(f"LIPSYNC_FAIL code={code} reason={reason}", file=sys.stderr, flush=True)
    return code


def ask(path: Path, what: str) -> dict[str, Any] | None:
    """The engine's status, after `status` or `stop`; None where nobody listens."""
    try:
        line = wire.connect(path)
    except OSError:
        return None
    try:
        line.send({"do": what})
        while (messages := line.receive()) is not None:
            for message in messages:
                return message
        return None
    finally:
        line.close()
