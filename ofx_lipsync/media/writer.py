# SPDX-License-Identifier: Apache-2.0
"""Dubbed frames out: where they may be written, and the writer that fits the name."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Frame, Plate

KEY, PIXELS = "lipsync/key", "lipsync/pixels"
"""Header words of a frame: what it was made from, and a digest of the pixels that were written (`pixels_sha256`)."""


class Seal:
    """What watches files as they get their names: to note what is in them, or to sign them. This one does nothing."""

    def takes(self, number: int, metadata: dict[str, Any]) -> None:
        """A frame is about to be written; metadata: what it says of itself."""

    def whole(self, scratch: Path, target: Path, number: int | None, pixels: str) -> None:
        """A file is whole under its scratch name and about to get its own; what is raised here keeps it from that.

        number: of the frame, None for a movie. pixels: a picture's `pixels_sha256`, empty for a movie.
        """

    def placed(self, target: Path, number: int | None) -> None:
        """The file has its name."""

    def gone(self, number: int) -> None:
        """A frame has no file, as an element in which nothing is."""


class Writer(ABC):
    """Frames in, files out. Nothing is seen under its real name before it is whole.

    coding: how a movie is stored, in a user's words; empty for files of frames, which keep what they have.
    seal: watches what is written. tags: what a movie says of itself as a whole; to be set before the first frame.
    """

    coding = ""
    seal: Seal = Seal()

    @property
    def tags(self) -> dict[str, str]:
        return self.__dict__.setdefault("_tags", {})

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


def put_whole(scratch: Path, target: Path, seal: Seal, number: int | None = None, pixels: str = "") -> None:
    """A whole file gets its name, unless what seals it says no."""
    try:
        seal.whole(scratch, target, number, pixels)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    put_in_place(scratch, target)
    seal.placed(target, number)


def pixels_sha256(headers: Sequence[Any], parts: Sequence[np.ndarray]) -> str:
    """Of a picture's pixels as they are stored, whatever the header and the compression say. Layout counts: channel
    names, place and size of each part. headers: OpenImageIO's. parts: [H, W, C]."""
    content = hashlib.sha256()
    for header, part in zip(headers, parts, strict=True):
        kept, names = _as_stored(header, part), list(header.channelnames)
        content.update(
            f"{sorted(names)} {header.x} {header.y} {kept.shape} {kept.dtype.newbyteorder('<').str}\n".encode()
        )
        # By name: files keep channels in an order of their own.
        for channel in sorted(range(len(names)), key=names.__getitem__):
            plane = np.ascontiguousarray(kept[..., channel], kept.dtype.newbyteorder("<"))
            content.update(plane.reshape(-1).view(np.uint8).data)
    return content.hexdigest()


def _as_stored(header: Any, part: np.ndarray) -> np.ndarray:
    """Half channels rounded as the file rounds them, where they are given as float."""
    half = [str(kind) == "half" for kind in header.channelformats or [header.format] * part.shape[-1]]
    if part.dtype != np.float32 or not any(half):
        return part
    with np.errstate(over="ignore"):
        return part.astype(np.float16) if all(half) else np.where(half, part.astype(np.float16), part)


def refuse_own_input(path: str, plate: Plate) -> None:
    """OutputError where a result of these frames would replace files that the plate is read from."""
    pattern, source = Pattern.parse(path), Pattern.parse(plate.info.path)
    outputs = [Path(path)] if pattern is None else [pattern.path(frame) for frame in plate.frames]
    inputs = {Path(plate.info.path).resolve()} if source is None else {p.resolve() for p in source.scan().values()}
    for output in outputs:
        if output.resolve() in inputs:
            raise OutputError(f"{path}: would overwrite the plate ({output}); write to another name")
