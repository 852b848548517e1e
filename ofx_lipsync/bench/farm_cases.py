# SPDX-License-Identifier: Apache-2.0
"""One plate rendered in every way a farm may render it, by real commands in real processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator, Sequence

from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.farm.client import ask
from ofx_lipsync.media.pattern import Pattern

OUT = "out.####.exr"
SUFFIX = Path(OUT).suffix
COMMAND = (sys.executable, "-m", "ofx_lipsync.cli.main")


class Farm:
    """folder: for everything. Each case returns same (are the bytes those of `whole`), cpu_s and a note."""

    def __init__(self, plate: str, line: Path, folder: Path) -> None:
        pattern = Pattern.parse(plate)
        assert pattern is not None
        self.plate, self.line, self.folder = plate, str(line), folder
        self.frames = list(pattern.scan())
        self.analysis = str(folder / "shot.lipsync")
        self._engine_cpu_s = 0.0

    def whole(self) -> dict[str, Any]:
        """In one go; also makes the analysis that the others share."""
        out = self._new("whole")
        began = cpu_s()
        self.analyse()
        self.run(self.dub(out))
        return self._found(out, began, "1 task")

    def analyse(self) -> None:
        self.run(["analyse", self.plate, self.line, self.analysis])

    def openjd(self, chunks: int) -> dict[str, Any]:
        """Everything, the analysis too, by openjd."""
        out, job = self._new("openjd"), self.folder / "job"
        began = cpu_s()
        chunk = str(-(-len(self.frames) // chunks))
        words = ["submit", self.plate, self.line, str(out / OUT), "--chunk", chunk, "--out", str(job), "--run"]
        log = self.run(words)
        tasks = log.count("Running Task")
        found = self._found(out, began, f"{tasks} tasks, the engine was stopped", "stopped after" in log)
        return {**found, "cpu_s": found["cpu_s"] + spent_s(log)}

    def singles(self, frames: Sequence[int] = ()) -> dict[str, Any]:
        """A frame a task, last frame first."""
        frames = frames or self.frames
        out = self._new("singles")
        began = cpu_s()
        with self.engine() as socket:
            for frame in reversed(frames):
                self.run([*self.dub(out, str(frame)), "--engine-socket", socket])
        found = self._found(out, began, f"{len(frames)} tasks", count=len(frames))
        return {**found, "cpu_s": found["cpu_s"] + self._engine_cpu_s}

    def half(self) -> dict[str, Any]:
        """Every other frame is there: it is left alone."""
        out = self._new("half")
        for frame in self.frames[::2]:
            shutil.copy2(self._path("whole", frame), self._path("half", frame))
        before = self._inodes("half")
        began = cpu_s()
        self.run([*self.dub(out), "--skip-existing"])
        after = self._inodes("half")
        kept = sum(after[name] == node for name, node in before.items())
        return self._found(out, began, f"{kept} of {len(before)} left alone", kept == len(before))

    def killed(self) -> dict[str, Any]:
        """Killed while a frame is being written, then run again."""
        out = self._new("killed")
        began = cpu_s()
        left = self._kill_in_mid_frame(out, len(self.frames) // 3)
        log = self.run([*self.dub(out), "--skip-existing"])
        scratch = self._scratch_files(out)
        note = f"{left} frames and {self._scratch} half one left by the kill, {len(scratch)} scratch files in the end"
        return self._found(out, began, note, not scratch and "skipped" in log)

    def cut_short(self) -> dict[str, Any]:
        """Frames that open well and fail on read, an empty one, one with a block of zeros, one renamed."""
        out = self._new("cut")
        for frame in self.frames:
            shutil.copy2(self._path("whole", frame), self._path("cut", frame))
        spoilt = [self.frames[at * (len(self.frames) - 1) // 5] for at in range(1, 6)]
        for frame, share in zip(spoilt[:3], (0.4, 0.95, 0.0), strict=True):
            path = self._path("cut", frame)
            os.truncate(path, int(path.stat().st_size * share))
        _zero(self._path("cut", spoilt[3]))
        shutil.copy2(self._path("whole", self.frames[0]), self._path("cut", spoilt[4]))
        before = self._inodes("cut")
        began = cpu_s()
        self.run([*self.dub(out), "--skip-existing"])
        after = self._inodes("cut")
        again = sorted(name for name, node in before.items() if after[name] != node)
        right = again == sorted(self._path("cut", frame).name for frame in spoilt)
        return self._found(out, began, f"{len(again)} of 5 spoilt frames made again, no other", right)

    def twice(self) -> dict[str, Any]:
        """Two processes, the same frames, the same folder, at once."""
        out = self._new("twice")
        began = cpu_s()
        self._together([self.dub(out), self.dub(out)])
        return self._found(out, began, "2 tasks of all frames")

    def overlapping(self) -> dict[str, Any]:
        """Two chunks that share a fifth of the shot, at once."""
        out, count = self._new("overlap"), len(self.frames)
        first, second = self.frames[: 3 * count // 5], self.frames[2 * count // 5 :]
        began = cpu_s()
        self._together([[*self.dub(out, str(FrameRange(part))), "--skip-existing"] for part in (first, second)])
        return self._found(out, began, f"{FrameRange(first)} beside {FrameRange(second)}")

    def task_cpu_s(self, count: int, engine: bool) -> float:
        """CPU seconds of a task of one frame, the mean of a few; starting the engine is not part of it."""
        out = self._new(f"cost-{engine}")
        with self.engine() if engine else contextlib.nullcontext("") as socket:
            began, before_s = cpu_s(), self._status_s(socket)
            for frame in self.frames[:count]:
                self.run([*self.dub(out, str(frame)), *(["--engine-socket", socket] if engine else [])])
            return (cpu_s() - began + self._status_s(socket) - before_s) / count

    def _status_s(self, socket: str) -> float:
        return float((ask(Path(socket), "status") or {}).get("cpu_s", 0.0)) if socket else 0.0

    def dub(self, out: Path, frames: str = "") -> list[str]:
        """The words of a dub into a folder."""
        words = ["dub", self.plate, self.line, str(out / OUT), "--analysis", self.analysis, "--progress", "plain"]
        return [*words, *([f"--frames={frames}"] if frames else [])]

    @contextlib.contextmanager
    def engine(self) -> Iterator[str]:
        """A resident engine on a socket of its own."""
        path = str(self.folder / "run" / "engine.sock")
        self.run(["serve", "start", "--socket", path])
        try:
            yield path
        finally:
            self._engine_cpu_s = spent_s(self.run(["serve", "stop", "--socket", path]))

    def _kill_in_mid_frame(self, out: Path, after: int) -> int:
        """Returns how many whole frames are there."""
        process = subprocess.Popen(
            [*COMMAND, *self.dub(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None:
            if self._scratch_files(out) and len(self._whole_files(out)) > after:
                break
            time.sleep(0.0005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._scratch = len(self._scratch_files(out))
        return len(self._whole_files(out))

    def _whole_files(self, out: Path) -> list[str]:
        return [path.name for path in out.glob(f"[!.]*{SUFFIX}")]

    def _scratch_files(self, out: Path) -> list[str]:
        return [path.name for path in out.glob(".*.tmp.*")]

    def _together(self, commands: Sequence[Sequence[str]]) -> None:
        running = [subprocess.Popen([*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for words in commands]  # fmt: skip
        codes = [process.wait() for process in running]
        assert codes == [0] * len(codes), codes

    def run(self, words: Sequence[str]) -> str:
        """What the command says on both outputs.  Raises: RuntimeError with its last words."""
        done = subprocess.run([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.returncode}\n{done.stdout[-2000:]}")
        return done.stdout

    def _new(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name

    def _path(self, name: str, frame: int) -> Path:
        return self.folder / name / OUT.replace("####", f"{frame:04d}")

    def _inodes(self, name: str) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in (self.folder / name).glob("*.exr")}

    def _found(self, out: Path, began: float, note: str, right: bool = True, count: int = 0) -> dict[str, Any]:
        """count: frames that were asked for, where those are not all."""
        want, have = digests(self.folder / "whole"), digests(out)
        same = have.items() <= want.items() and len(have) == (count or len(self.frames)) and right
        return {"same": same, "cpu_s": cpu_s() - began, "note": note}


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every picture, hidden ones too."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob(f"*{SUFFIX}"))}


def cpu_s() -> float:
    """Of all finished child processes."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def spent_s(log: str) -> float:
    """CPU seconds that an engine says it spent, as it stops."""
    return float(log.partition("stopped after ")[2].partition(" CPU-s")[0].rpartition(" ")[2] or 0)


def _zero(path: Path) -> None:
    """4 KiB of zeros in the middle, as a disk gives for a block that it lost."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(4096))
