# SPDX-License-Identifier: Apache-2.0
"""A fork of the engine becomes the task that a client asked for: its folder, environment, limits and open files."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import Any, Sequence

_DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""
SOCKET = "LIPSYNC_SOCKET"


def asked(words: Sequence[str], build: str) -> dict[str, Any]:
    """What the engine must know to run these words as this process would."""
    return {
        "do": "run",
        "build": build,
        "words": list(words),
        "cwd": os.getcwd(),
        "env": dict(os.environ),
        "umask": _umask(),
        "nice": os.nice(0),
        "cores": sorted(os.sched_getaffinity(0)),
    }


def become(request: dict[str, Any], descriptors: Sequence[int]) -> int:
    """Runs the words of a request to their end; returns the exit code. Called in a fork, whose state it replaces."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGTERM)
    os.setpgid(0, 0)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    _take_over(request)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, buffering=1, closefd=False, errors="backslashreplace")  # noqa: SIM115
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    from ofx_lipsync.cli.main import main

    try:
        return main([str(word) for word in request["words"]])
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()


def _take_over(request: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update({str(name): str(value) for name, value in request["env"].items()})
    os.environ.pop(SOCKET, None)
    os.umask(int(request["umask"]))
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, request["cores"])
        os.nice(max(0, int(request["nice"]) - os.nice(0)))
    os.chdir(request["cwd"])


def _umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now
