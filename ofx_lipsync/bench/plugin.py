# SPDX-License-Identifier: Apache-2.0
"""What the plug-in costs a 1080p frame on its way from the host to the worker and back, beside a plain copy.

The result is the source: the shim hashes the host's picture, sends it where the worker does not hold it yet, and copies
it into the host's output. First with a worker that does nothing, which leaves the shim's own cost, then with the
engine's, which keeps a copy of a new picture and works out what the node wants.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.bench import plugin_echo
from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.scene import noise, ready

LAYOUT = Layout((0, 0, 1920, 1080))
FRAMES, RUNS = 80, 8
BAR = 3.0


def main(args: argparse.Namespace) -> int:
    """Print milliseconds a frame, and how many times a plain copy that is."""
    megabytes = Picture(LAYOUT).pixels.nbytes / 1e6
    print(f"1920 x 1080 RGBA float, {megabytes:.1f} MB a frame, median of {FRAMES}; the shim's bar is {BAR:g} x")
    figures = {}
    with tempfile.TemporaryDirectory(prefix="lipsync-plugin-") as folder:
        script = Path(folder) / "python"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{plugin_echo.__file__}"\n')
        script.chmod(0o755)
        for worker, python in (("the shim alone", str(script)), ("with the engine", sys.executable)):
            figures[worker] = measure(python)
            _show(worker, figures[worker])
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0


def _show(worker: str, times: dict[str, float]) -> None:
    print(worker)
    for name, seconds in times.items():
        print(f"  {name:<26} {1000 * seconds:7.2f} ms   {seconds / times['a plain copy']:5.2f} x")


def measure(python: str) -> dict[str, float]:
    """Median seconds a frame with the worker that `python` starts. Raises: DeviceError when a frame fails."""
    os.environ["LIPSYNC_PYTHON"] = python
    host = Host()
    source, out = noise(LAYOUT), Picture(LAYOUT)
    plugin, effect = ready(host, "FaceDetect", source)
    number = source.pixels.view(np.uint32)

    def copy() -> None:
        np.copyto(out.pixels, source.pixels)

    def frame() -> None:
        if plugin.render(effect, out):
            raise DeviceError(f"bench plugin: {effect.message or 'a frame failed'}; run lipsync doctor --host")

    def new_frame() -> None:
        number[0, 0, 0] += 1
        frame()

    frame()  # starts the worker
    calls = {"a plain copy": copy, "a frame the worker knows": frame, "a frame that is new": new_frame}
    times = _median(list(calls.values()))
    for each in host.plugins.values():
        each.unload()
    host.check()
    return dict(zip(calls, times, strict=True))


def _median(calls: Sequence[Callable[[], None]]) -> list[float]:
    """Runs of each in turn, so that whatever else the machine does falls on all alike."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(RUNS):
        for call, kept in zip(calls, times, strict=True):
            call()  # what the call before left in the caches is not this one's
            for _ in range(FRAMES // RUNS):
                began = time.perf_counter()
                call()
                kept.append(time.perf_counter() - began)
    return [statistics.median(kept) for kept in times]
