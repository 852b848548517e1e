# SPDX-License-Identifier: Apache-2.0
"""What a dub costs: CPU seconds by stage, and whether memory grows with the shot.

The plate is a 1080p h264 movie of a talking head close up (GRID enlarged three times, a face of about 500 px); each run
is a process of its own, so that the peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Sequence

from ofx_lipsync.bench.footage import enlarged_movie, shared_folder

FRAMES = 250
LONG = 1000
BAR_CPU_S = 30.0
BAR_MIB = 2048.0


def main(args: argparse.Namespace) -> int:
    """Print cost by stage of 250 frames, then peak memory of 250 against 1000 frames."""
    with tempfile.TemporaryDirectory(prefix="lipsync-speed-") as folder:
        plates = {count: _plate(Path(folder), args.data, count) for count in (FRAMES, LONG)}
        figures = {count: _measured(plate, Path(folder) / f"out{count}.mp4") for count, plate in plates.items()}
    _print(figures)
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0


def _plate(folder: Path, data: str | None, frames: int) -> Path:
    sources = sorted((shared_folder(data) / "grid" / "s1").glob("*.mkv"))[:14]
    return enlarged_movie(sources, folder / f"plate{frames}.mp4", frames, (1920, 1080), zoom=3)


def _line(data: str | None) -> Path:
    return sorted((shared_folder(data) / "grid" / "s1").glob("*.mkv"))[20]


def _measured(plate: Path, out: Path) -> dict[str, float]:
    """Stage -> CPU seconds, and `peak_mib`, of one dub in a fresh process."""
    command = [sys.executable, "-m", "ofx_lipsync.bench.speed", str(plate), str(plate.with_suffix(".wav")), str(out)]
    _speech(plate.with_suffix(".wav"))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    figures: dict[str, float] = json.loads(printed.splitlines()[-1])
    return figures


def _speech(path: Path) -> None:
    """A line as long as the longest shot: clips of speech one after the other."""
    import numpy as np
    import soundfile

    from ofx_lipsync.media.sound import read_sound

    sources = sorted((shared_folder() / "grid" / "s1").glob("*.mkv"))[20:34]
    samples = np.concatenate([read_sound(str(source)).mono() for source in sources])
    soundfile.write(path, samples, 16000)


def _print(figures: dict[int, dict[str, float]]) -> None:
    short, long = figures[FRAMES], figures[LONG]
    stages = [name for name in short if name not in ("faces_s", "peak_mib", "frames_out")]
    print(f"load average {os.getloadavg()[0]:.1f}, 1920x1080 h264 in and out, CPU seconds")
    print(f"{'stage':<12}{FRAMES:>8} fr{'ms/frame':>10}{LONG:>9} fr")
    for name in stages:
        print(f"{name:<12}{short[name]:>11.2f}{1000 * short[name] / FRAMES:>10.1f}{long[name]:>12.2f}")
    total = sum(short[name] for name in stages)
    print(f"{'total':<12}{total:>11.2f}{1000 * total / FRAMES:>10.1f}{sum(long[n] for n in stages):>12.2f}")
    print(f"bar: total of {FRAMES} frames <= {BAR_CPU_S:g} CPU-s: {'met' if total <= BAR_CPU_S else 'MISSED'}")
    face_ms = 1000 * short["faces_s"] / FRAMES
    print(
        f"FaceDetect without reading pictures: {face_ms:.1f} ms/frame, bar 15: {'met' if face_ms <= 15 else 'MISSED'}"
    )
    print(f"frames out: {short['frames_out']:.0f} of {FRAMES}, {long['frames_out']:.0f} of {LONG}")
    print(f"peak memory: {short['peak_mib']:.0f} MiB at {FRAMES} frames, {long['peak_mib']:.0f} MiB at {LONG}")
    print(f"bar: peak <= {BAR_MIB:g} MiB: {'met' if long['peak_mib'] <= BAR_MIB else 'MISSED'}")


class Stages:
    """CPU seconds of this process by stage, and of the calling thread alone, without a decoder's threads."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self.thread_s: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.process_time()
        try:
            yield
        finally:
            self.cpu_s[name] = self.cpu_s.get(name, 0.0) + time.process_time() - began


def child(argv: Sequence[str]) -> None:
    """One dub with a clock on every stage; prints the figures as one JSON line."""
    stages = Stages()
    with stages.stage("start"):
        from ofx_lipsync.cli.main import build_parser
        from ofx_lipsync.cli.memory import keep_freed
        from ofx_lipsync.cli.shot import open_shot

        keep_freed()
        args = build_parser().parse_args(["dub", *argv, "--progress", "none"])
    with stages.stage("open"):
        opened = open_shot(args)
    with opened:
        out = _timed_dub(opened, args.out, stages)
    faces_s = stages.thread_s["FaceDetect"] - stages.thread_s["looks"]
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**stages.cpu_s, "faces_s": faces_s, "peak_mib": peak_mib, "frames_out": out}))


def _timed_dub(opened: Any, out: str, stages: Stages) -> int:
    from ofx_lipsync.graph import Dub
    from ofx_lipsync.media.sink import open_writer
    from ofx_lipsync.media.source import open_plate

    dub = Dub(opened.shot, opened.settings)
    for part in ("face_detect", "audio_feature", "mouth_generate"):
        _clock_analyse(part, stages)
    _clock_looks(opened.plate, stages)
    analysis = dub.analyse(opened.key)
    writer = open_writer(out, opened.plate, sound=opened.sound)
    with stages.stage("prefetch"):
        dub.prepare(analysis, opened.plate.frames)
    for frame in opened.plate.frames:
        _timed_frame(dub, analysis, frame, writer, stages)
    with stages.stage("write"):
        writer.close()
    with open_plate(out) as result:
        return len(result.frames)


def _timed_frame(dub: Any, analysis: Any, frame: int, writer: Any, stages: Stages) -> None:
    with stages.stage("mouth+blend"):
        result = dub.render(analysis, frame)
    with stages.stage("load"):
        native = dub.shot.plate.load(frame)
    with stages.stage("composite"):
        if result is not None:
            native.composite(result.image, result.matte)
    with stages.stage("write"):
        writer.write(native)


def _clock_analyse(module: str, stages: Stages) -> None:
    import importlib

    node = importlib.import_module(f"ofx_lipsync.nodes.{module}")
    inner = node.analyse

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.thread_time()
        with stages.stage(f"{node.ID}"[:12]):
            result = inner(*args, **kwargs)
        stages.thread_s[node.ID] = time.thread_time() - began
        return result

    node.analyse = timed  # type: ignore[attr-defined]


def _clock_looks(plate: Any, stages: Stages) -> None:
    """How long the calling thread waits on reading and scaling pictures for the face networks."""
    inner = plate.look

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.thread_time()
        try:
            return inner(*args, **kwargs)
        finally:
            stages.thread_s["looks"] = stages.thread_s.get("looks", 0.0) + time.thread_time() - began

    plate.look = timed


if __name__ == "__main__":
    child(sys.argv[1:])
