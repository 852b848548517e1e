# SPDX-License-Identifier: Apache-2.0
"""The `lipsync` command: one verb a module, errors as one line, exit codes as farms expect them.

0 ok, 1 internal, 2 usage, 3 some frames failed, 4 input or output, 5 device, 6 consent, 7 differs (diff),
130 interrupted,
143 terminated.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import signal
import sys
import tempfile
from types import FrameType
from typing import NoReturn, Sequence

from ofx_lipsync import __version__
from ofx_lipsync.cli.memory import keep_freed
from ofx_lipsync.core.errors import LipSyncError, UsageError
from ofx_lipsync.farm import client

VERBS = {
    "dub": "dub a shot",
    "analyse": "analyse a shot once, for later renders",
    "new": "a shot file to fill in",
    "shots": "a shot file for every event of an edit",
    "wedge": "a shot in many settings, side by side",
    "report": "a page of a dubbed shot to look at",
    "preset": "save, show and apply params by name",
    "render": "render a Nuke script, without Nuke",
    "nk-check": "what a Nuke script needs, and whether it renders here",
    "resync": "bring drifting sound back to its picture",
    "fill": "rebuild missing, black, frozen or NaN frames",
    "portrait": "make a still speak",
    "curves": "face curves and mouth cues of lines, for games and animation",
    "character": "a drawn character says the line",
    "view": "look at a shot, with what was found drawn over it",
    "verify": "provenance of a file or sequence",
    "seal": "join a farm's notes of a result, and sign them",
    "measure": "how late the sound is against the lips",
    "live": "a microphone and a webcam move a drawn character",
    "diff": "what differs between two analyses or shot files",
    "serve": "a resident engine for this host's tasks",
    "submit": "a dub as a job for the farm",
    "nodes": "every node with its params",
    "install": "put the plug-in where hosts look",
    "doctor": "what is installed and what is missing",
    "bench": "measure quality or speed",
    "train": "train a network",
    "weights": "bring, list and show weights of networks",
}


_NEGATIVE = re.compile(r"-\d")


class Terminated(KeyboardInterrupt):
    """The farm asked to stop; unwinds like Ctrl-C so that nothing is left half-written."""


class _Parser(argparse.ArgumentParser):
    mixing = False

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        words = _joined(sys.argv[1:] if args is None else args)
        if self.mixing or not any(action.nargs == "?" for action in self._get_positional_actions()):
            return super().parse_known_args(words, namespace)
        # argparse takes a name that may be left out as left out once an option stands before it
        self.mixing = True
        try:
            return self.parse_known_intermixed_args(words, namespace)
        finally:
            self.mixing = False

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}; see {self.prog} --help")


def build_parser(words: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser for these words: one verb alone where they begin with one, so that `doctor` runs when others fail,
    else only the verbs' names, which loads nothing. Without words: everything."""
    parser = _Parser(prog="lipsync", description="Make a mouth say a line, at plate resolution.")
    parser.add_argument("--version", action="version", version=f"lipsync {__version__}")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    chosen = [verb for verb in VERBS if words is None or verb in words[:1]]
    for verb in chosen:
        importlib.import_module(f"ofx_lipsync.cli.{verb.replace('-', '_')}").register(verbs)
    for verb in () if chosen else VERBS:
        verbs.add_parser(verb, help=VERBS[verb])
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    _quiet_threads()
    keep_freed()
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    try:
        signal.signal(signal.SIGTERM, _terminate)
        words = [word for word in words if word != "--debug"]
        code = client.run(words)
        if code is not None:
            return code
        args = build_parser(words).parse_args(words)
        return int(args.run(args))
    except LipSyncError as error:
        if debug:
            raise
        return _fail(str(error), error.exit_code, error.reason, error)
    except Terminated:
        return _fail("stopped on request; finished frames are whole", 143, "terminated")
    except KeyboardInterrupt:
        return _fail("stopped; finished frames are whole", 130, "interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        # Rights, full disks and network drives that went away: nothing is wrong with the program.
        if debug:
            raise
        where = error.filename or f"a scratch file in {tempfile.gettempdir()}"
        return _fail(f"{where}: {error.strerror or error}; check rights, space and connection", 4, "file", error)
    except MemoryError as error:
        return _fail("out of memory; render fewer frames at once or a smaller plate", 5, "memory", error)
    except Exception as error:
        if debug:
            raise
        text = f"internal: {type(error).__name__}: {error}; run again with --debug and report it"
        return _fail(text, 1, "internal", error)


def _joined(words: Sequence[str]) -> list[str]:
    """`-F -6-5` and `--audio-offset -250ms` as people and farms write them: what begins with a minus and a digit is
    the value of the option before it."""
    joined: list[str] = []
    for word in words:
        if _NEGATIVE.match(word) and joined and joined[-1].startswith("-") and "=" not in joined[-1]:
            joined[-1] += f"={word}" if joined[-1].startswith("--") else word
        else:
            joined.append(word)
    return joined


def _fail(text: str, code: int, reason: str, error: BaseException | None = None) -> int:
    """One line for a person, one that a farm can search for."""
    frame = getattr(error, "frame", None)
    print(f"lipsync: {' '.join(text.split())}", file=sys.stderr)
    where = "" if frame is None else f" frame={frame}"
    print(f"LIPSYNC_FAIL code={code} reason={reason}{where}", file=sys.stderr, flush=True)
    return code


def _quiet_threads() -> None:
    """One compute thread, said before NumPy loads: on a shared machine, spinning pairs cost more than they give."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated


if __name__ == "__main__":
    sys.exit(main())
