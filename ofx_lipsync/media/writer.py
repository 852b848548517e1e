# SPDX-License-Identifier: Apache-2.0
"""Dubbed frames out: where they may be written, and the writer that fits the name."""

from __future__ import annotations

import os
import platform
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Frame, Plate


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
    return target.with_name(f".{target.stem}.{platform.node()}.{os.getpid()}.tmp{target.suffix}")


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
