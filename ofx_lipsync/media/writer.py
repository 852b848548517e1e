# SPDX-License-Identifier: Apache-2.0
"""Dubbed frames out: where they may be written, and the writer that fits the name."""

from __future__ import annotations

import os
import platform
import re
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Frame, Plate

KEY, PIXELS = "lipsync/key", "lipsync/pixels"
"""Header words of a frame: what it was made from, and a digest of the pixels that were written (`pixels_digest`)."""


class Writer(ABC):
    """Frames in, files out. Nothing is seen under its real name before it is whole.

    coding: how a movie is stored, in a user's words; empty for files of frames, which keep what they have.
    """

    coding = ""

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Add a frame; movies want them in order."""

    @abstractmethod
    def close(self) -> None:
        """Finish. A movie appears under its name now."""

    @abstractmethod
    def abort(self) -> None:
        """Leave finished frames whole and nothing half-written."""

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.abort()


def check_writable(path: str, plate: Plate | None = None) -> None:
    """OutputError, before any work is done, where the folder is missing or read-only, or the plate is in the way."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise OutputError(f"{path}: there is no folder {folder}; create it")
    if Path(path).is_dir():
        raise OutputError(f"{path}: is a folder; give a file name such as out.####.exr or out.mov")
    probe = scratch_path(Path(path))
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot write in {folder} ({error.strerror}); choose another folder") from None
    if plate is not None:
        refuse_own_input(path, plate)


def scratch_path(target: Path) -> Path:
    """The name under which a file grows: in the same folder, hidden, with the real ending for the encoders' sake.
    Two machines of a farm may have the same process number."""
    return target.with_name(f".{target.stem}.{_machine()}.{os.getpid()}.tmp{target.suffix}")


def remove_stale(folder: Path, suffix: str) -> list[Path]:
    """Takes away what processes of this machine left when they were killed. What grows under the name of a living
    process, or of another machine's, is none of our business. Returns what is gone."""
    ours = re.compile(rf"\..+\.{re.escape(_machine())}\.(\d+)\.tmp{re.escape(suffix)}\Z")
    found = [(path, match) for path in folder.glob(f".*.tmp{suffix}") if (match := ours.match(path.name))]
    stale = [path for path, match in found if not _lives(int(match[1]))]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def _machine() -> str:
    """Where process numbers mean the same: the host, and inside it the container."""
    with suppress(OSError):
        space = os.stat("/proc/self/ns/pid").st_ino
        if space != _FIRST_PID_SPACE:
            return f"{platform.node()}-{space:x}"
    return platform.node()


_FIRST_PID_SPACE = 0xEFFFFFFC
"""Linux's number for the process space of the machine itself."""


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def put_in_place(scratch: Path, target: Path) -> None:
    try:
        os.replace(scratch, target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise OutputError(f"{target}: cannot be put in place ({error.strerror}); check the folder") from None


def refuse_own_input(path: str, plate: Plate) -> None:
    """OutputError where a result of these frames would replace files that the plate is read from."""
    pattern, source = Pattern.parse(path), Pattern.parse(plate.info.path)
    outputs = [Path(path)] if pattern is None else [pattern.path(frame) for frame in plate.frames]
    inputs = {Path(plate.info.path).resolve()} if source is None else {p.resolve() for p in source.scan().values()}
    for output in outputs:
        if output.resolve() in inputs:
            raise OutputError(f"{path}: would overwrite the plate ({output}); write to another name")
