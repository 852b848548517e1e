# SPDX-License-Identifier: Apache-2.0
"""How long a task takes to end after SIGTERM, at work on faces, on hearing, and on frames."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Sequence

from ofx_lipsync.bench.farm_cases import COMMAND, OUT, Farm

BAR_S = 10.0
"""A sixth of what the job allows."""
DELAYS_S = (0.0, 0.3, 0.9)
"""After the stage has begun."""


def stopping(farm: Farm) -> dict[str, float]:
    """The longest of a few tries by stage; nothing half-written may be left."""
    folder = farm.folder / "stopped"
    folder.mkdir()
    found: dict[str, float] = {}
    analyse = ["analyse", farm.plate, farm.line, str(folder / "a.lipsync"), "--overwrite"]
    for stage in ("faces", "hearing"):
        found[f"analyse, {stage}"] = max(stopped(analyse, stage, delay_s) for delay_s in DELAYS_S)
    farm.analyse()
    dub = farm.dub(folder)
    found["dub, frames"] = max(stopped(dub, "render", delay_s) for delay_s in DELAYS_S)
    with farm.engine() as socket:
        inside = [*dub, "--engine-socket", socket]
        found["dub in the engine, frames"] = max(stopped(inside, "render", delay_s) for delay_s in DELAYS_S)
    left = [
        path.name
        for path in folder.iterdir()
        if path.is_file() and (path.name.startswith(".") or path.suffix not in (Path(OUT).suffix, ".lipsync", ".json"))
    ]
    for name, took_s in found.items():
        print(f"  {name:<36}{took_s:>6.2f}  bar {BAR_S:g}: {'met' if took_s <= BAR_S else 'MISSED'}")
    print(f"  half-written files left: {', '.join(left) or 'none'}")
    return found


def stopped(words: Sequence[str], stage: str, delay_s: float) -> float:
    """Seconds from the signal to the end; 0 where the stage was over before."""
    command = [*COMMAND, *words, "--progress", "openjd"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.strip() == f"openjd_status: {stage}":
            break
    time.sleep(delay_s)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    rest = process.stderr.read()
    code = process.wait()
    # -15: the signal came when the work was done and Python was on its way out.
    assert code in (0, 143, -signal.SIGTERM), (code, rest)
    return time.monotonic() - began if code == 143 else 0.0
