# SPDX-License-Identifier: Apache-2.0
"""lipsync serve: a resident engine on this host, so that a farm's short tasks do not load everything each time.

    export $(lipsync serve start)
    lipsync dub plate.####.exr line.wav out.####.exr --analysis shot.lipsync -F 1001-1004
    lipsync serve stop

Tasks find it by LIPSYNC_SOCKET, or by --engine-socket. Each runs in a process of its own; the bytes are the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ofx_lipsync.core.errors import EngineError, UsageError
from ofx_lipsync.farm import client, wire
from ofx_lipsync.farm.task import SOCKET

ACTIONS = ("start", "run", "stop", "status")
STARTS_WITHIN_S = 120.0
STOPS_WITHIN_S = 60.0


def register(verbs: Any) -> None:
    parser = verbs.add_parser("serve", help="a resident engine for this host's tasks", description=__doc__)
    parser.add_argument(
        "action",
        choices=ACTIONS,
        nargs="?",
        default="run",
        help="start in the background, run here (default), stop, or say how it is",
    )
    parser.add_argument("--socket", metavar="PATH", help="where it listens (default: $LIPSYNC_SOCKET, or one a user)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="tasks at once; others wait (default: 1)")
    parser.add_argument("--idle", type=float, default=1800, metavar="S", help="end after so long without one (1800)")
    parser.add_argument("--openjd", action="store_true", help="start: say openjd_env, for a step environment")
    parser.add_argument("--torch", action="store_true", help="load torch too, for engine=neural or auto, and portraits")
    parser.set_defaults(run=run)  # fmt: skip


def run(args: argparse.Namespace) -> int:
    path = Path(args.socket or os.environ.get(SOCKET) or wire.default_socket()).absolute()
    if not 1 <= args.jobs <= 256 or not args.idle > 0:
        raise UsageError(f"lipsync serve: --jobs {args.jobs} --idle {args.idle:g}, expected 1 to 256 and over 0 s")
    return {"start": _start, "run": _run, "stop": _stop, "status": _status}[args.action](path, args)


def _run(path: Path, args: argparse.Namespace) -> int:
    from ofx_lipsync.farm.engine import Engine, warm

    warm(torch=args.torch)
    Engine(path, args.jobs, args.idle, lambda line: print(line, file=sys.stderr, flush=True)).run()
    return 0


def _start(path: Path, args: argparse.Namespace) -> int:
    """In a session of its own, with no file of this process held open: whoever reads our output sees its end."""
    wire.check_path(path)
    wire.own_folder(path.parent)
    if client.ask(path, "status") is None:
        _launch(path, args)
    name = "openjd_env: " if args.openjd else ""
    print(f"{name}{SOCKET}={path}", flush=True)
    return 0


def _launch(path: Path, args: argparse.Namespace) -> None:
    log = path.with_suffix(".log")
    command = [sys.executable, "-m", "ofx_lipsync.cli.main", "serve", "run", "--socket", str(path)]
    command += ["--jobs", str(args.jobs), "--idle", str(args.idle), *(["--torch"] if args.torch else [])]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=written, start_new_session=True, cwd="/"
        )
    began = time.monotonic()
    while client.ask(path, "status") is None:
        if process.poll() is not None or time.monotonic() - began > STARTS_WITHIN_S:
            process.kill()
            said = " ".join(log.read_text(errors="replace").split()[-60:])
            raise EngineError(f"engine at {path}: did not start ({said or 'it said nothing'}); see {log}")
        time.sleep(0.05)


def _stop(path: Path, args: argparse.Namespace) -> int:
    """No engine is no failure: a step environment leaves by this door whatever happened before."""
    status = client.ask(path, "stop")
    if status is None:
        print(f"engine at {path}: none is running")
        return 0
    began = time.monotonic()
    while (last := client.ask(path, "status")) is not None:
        status = last
        if time.monotonic() - began > STOPS_WITHIN_S:
            raise EngineError(f"engine at {path}: process {status['pid']} does not stop; end it with kill -9")
        time.sleep(0.05)
    counts = f"{status['done']} tasks, {status['failed']} failed, {status['cpu_s']} CPU-s"
    print(f"engine at {path}: stopped after {counts}")
    return 0


def _status(path: Path, args: argparse.Namespace) -> int:
    status = client.ask(path, "status")
    if status is None:
        raise EngineError(f"engine at {path}: none is running; start one with lipsync serve start")
    fresh = "" if status["build"] == wire.build() else ", of another version than this command"
    print(f"engine at {path}: process {status['pid']}, up {status['up_s']:g} s{fresh}")
    print(f"tasks: {status['running']} running, {status['waiting']} waiting, {status['done']} done, "
          f"{status['failed']} failed, {status['cpu_s']} CPU-s")  # fmt: skip
    return 0
