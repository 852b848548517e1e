# SPDX-License-Identifier: Apache-2.0
"""Lines of a batch on all cores: a process each, spawned, one compute thread in it, and none left behind.

A batch that is stopped lets the lines in hand be finished; one that is killed takes its workers with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Iterator, Sequence

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.export.batch import Outcome, Settings, made
from ofx_lipsync.export.manifest import LineFile

FEW = 4
"""So many lines are made sooner than a second process has begun."""


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def outcomes(
    lines: Sequence[LineFile], settings: Settings, folder: Path, jobs: int = 0, again: bool = False
) -> Iterator[Outcome]:
    """Each line's outcome as it comes. jobs: processes; 0 is one a core.

    Raises: DeviceError where a process dies, as by lack of memory.
    """
    jobs = min(jobs or cores(), len(lines))
    make = partial(made, settings=settings, folder=folder, again=again)
    if jobs < 2 or len(lines) <= FEW:
        yield from map(make, lines)
        return
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin)
    try:
        waiting = [pool.submit(make, line) for line in lines]
        for ready in as_completed(waiting):
            yield ready.result()
    except BrokenProcessPool:
        raise DeviceError(
            "curves: a worker died (out of memory?); the same command goes on where it stopped, with fewer --jobs"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Ctrl-C and a farm's stop are the batch's own to hear; a worker whose batch is gone has nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
