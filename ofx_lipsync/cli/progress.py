# SPDX-License-Identifier: Apache-2.0
"""How far a run is, said the way its reader likes it; everything goes to standard error.

    with progress("auto") as shown:
        for frame in shown.stage("render", frames):
            ...

auto      the dialect of the farm that runs this (by its environment), else a bar on a terminal, plain lines in a log
plain     `render 120/250 frames, 8.1 frames/s, 0:16 left`, every five seconds or tenth of a stage
openjd    `openjd_status:` and `openjd_progress:` lines; per cent of the stage that the status names
opencue   plain lines, and `ALF_PROGRESS 48%`
afanasy   `PROGRESS: 48%`, for its parser `generic`
tractor   `TR_PROGRESS 048%`
none      nothing
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any, Callable, Iterator, Mapping, Sequence, TextIO, TypeVar

from ofx_lipsync.core.errors import UsageError

MODES = ("auto", "plain", "openjd", "opencue", "afanasy", "tractor", "none")
FARMS = (("OPENJD_", "openjd"), ("CUE_FRAME", "opencue"), ("AF_TASK", "afanasy"), ("AF_JOB", "afanasy"))
"""How the environment of a farm's task begins, and the dialect spoken there. Tractor's has no word of its own."""
LINE_EVERY_S = 5.0
LINE_AT_MOST_EVERY_S = 1.0
LINE_EVERY_PART = 0.1

Item = TypeVar("Item")


def progress(mode: str = "auto", out: TextIO | None = None, unit: str = "frames") -> Progress:
    """A reporter to use in a `with` block. unit: what is counted. Raises: UsageError for an unknown mode."""
    out = sys.stderr if out is None else out
    if mode not in MODES:
        raise UsageError(f"--progress: got {mode!r}, expected {' or '.join(MODES)}")
    kinds: dict[str, type[Progress]] = {
        "plain": _Lines, "openjd": _OpenJD, "opencue": _OpenCue, "afanasy": _Afanasy, "tractor": _Tractor,
        "none": Progress,
    }  # fmt: skip
    mode = dialect() if mode == "auto" else mode
    shown = kinds.get(mode, _Bar if out.isatty() else _Lines)(out)
    shown.unit = unit
    return shown


def dialect(environment: Mapping[str, str] | None = None) -> str:
    """What the farm that this runs on reads, by its environment variables; `auto` where it is none that we know."""
    given = os.environ if environment is None else environment
    return next((name for start, name in FARMS if any(word.startswith(start) for word in given)), "auto")


class Progress:
    """Says nothing; the others override `begin` and `step`. A stage is known by its name."""

    unit = "frames"

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.out = out
        self.clock = clock
        self.name = ""
        self.began_s = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def stage(self, name: str, frames: Sequence[Item]) -> Iterator[Item]:
        """The frames one by one; each counts as done when the next is asked for."""
        self.advance(name, 0, len(frames))
        for done, frame in enumerate(frames, start=1):
            yield frame
            self.advance(name, done, len(frames))

    def advance(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` frames of a stage are made; the first call with a new name begins that stage."""
        if stage != self.name:
            self.name, self.began_s = stage, self.clock()
            self.begin(total)
        self.step(done, total)

    def begin(self, total: int) -> None: ...

    def step(self, done: int, total: int) -> None: ...

    def close(self) -> None: ...

    def say(self, line: str) -> None:
        # Farms read these lines live: a buffer that is flushed at exit shows a dead task.
        print(line, file=self.out, flush=True)


class _Paced(Progress):
    """Now and then, not for every frame: a log of a thousand lines hides the one that matters."""

    def begin(self, total: int) -> None:
        self.said_s, self.said_done = self.began_s, 0

    def step(self, done: int, total: int) -> None:
        now = self.clock()
        waited = now - self.said_s
        far = done - self.said_done >= LINE_EVERY_PART * total and waited >= LINE_AT_MOST_EVERY_S
        if done > self.said_done and (done == total or waited >= LINE_EVERY_S or far):
            self.said_s, self.said_done = now, done
            self.tell(done, total, now - self.began_s)

    def tell(self, done: int, total: int, spent_s: float) -> None:
        raise NotImplementedError


class _Lines(_Paced):
    def tell(self, done: int, total: int, spent_s: float) -> None:
        speed = done / spent_s if spent_s > 0 else 0.0
        tail = f"{_clock_text((total - done) / speed)} left" if speed and done < total else f"took {spent_s:.1f} s"
        self.say(f"{self.name} {done}/{total} {self.unit}, {speed:.1f} {self.unit}/s, {tail}")


class _OpenJD(_Paced):
    def begin(self, total: int) -> None:
        super().begin(total)
        self.say(f"openjd_status: {self.name}")

    def tell(self, done: int, total: int, spent_s: float) -> None:
        self.say(f"openjd_progress: {min(100.0, 100.0 * done / total):.1f}")


class _OpenCue(_Lines):
    def tell(self, done: int, total: int, spent_s: float) -> None:
        super().tell(done, total, spent_s)
        self.say(f"ALF_PROGRESS {whole_percent(done, total)}%")


class _Afanasy(_Lines):
    def tell(self, done: int, total: int, spent_s: float) -> None:
        super().tell(done, total, spent_s)
        self.say(f"PROGRESS: {whole_percent(done, total)}%")


class _Tractor(_Lines):
    def tell(self, done: int, total: int, spent_s: float) -> None:
        super().tell(done, total, spent_s)
        self.say(f"TR_PROGRESS {whole_percent(done, total):03d}%")


def whole_percent(done: int, total: int) -> int:
    """Rounded down: what says 100 is done."""
    return min(100, 100 * done // max(total, 1))


class _Bar(Progress):
    """A bar a stage; finished ones stay, so that the log of a terminal shows what took the time."""

    shown: Any = None

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        self.shown = Bars(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]:6.1f} " + f"{self.unit}/s"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(file=self.out),
        )
        self.shown.start()
        return self

    def begin(self, total: int) -> None:
        self.task = self.shown.add_task(self.name, total=total, speed=0.0)

    def step(self, done: int, total: int) -> None:
        spent_s = self.clock() - self.began_s
        self.shown.update(self.task, completed=done, total=total, speed=done / spent_s if spent_s > 0 else 0.0)

    def close(self) -> None:
        if self.shown is not None:
            self.shown.stop()


def _clock_text(seconds: float) -> str:
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"
