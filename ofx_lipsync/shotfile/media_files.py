# SPDX-License-Identifier: Apache-2.0
"""Which movies, sequences and sounds lie in a folder, found by the names that cutting rooms use for them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.media.source import STILLS

MOVIES = frozenset((".mov", ".mp4", ".mkv", ".mxf", ".m4v", ".avi", ".webm", ".mts", ".ts"))
SOUNDS = frozenset((".wav", ".flac", ".mp3", ".aac", ".m4a", ".aif", ".aiff", ".ogg", ".opus", ".bwf", ".w64"))
_NUMBERED = re.compile(r"(.*?)(\d+)(\.\w+)\Z")


@dataclass(frozen=True)
class MediaFile:
    """path: a file, or a sequence as plate.####.exr. names: what it may be called by, in lower case."""

    path: str
    names: tuple[str, ...]
    sound_only: bool


def media_in(folder: str) -> list[MediaFile]:
    """Everything in a folder and below it.  Raises: InputError where there is no such folder."""
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: there is no such folder; name the one with the media")
    found: dict[str, MediaFile] = {}
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in names if not name.startswith(".")):
            one = _media(Path(where), name)
            if one is not None:
                found.setdefault(one.path, one)
    return list(found.values())


def called(media: list[MediaFile], name: str, sound: bool) -> list[MediaFile]:
    """What goes by a name: exactly, or failing that as the beginning of a longer one (AB_0010 of AB_0010_plate_v2)."""
    stem = (Path(name).stem if Path(name).suffix.lower() in MOVIES | SOUNDS | STILLS else name).lower()
    stem = re.sub(r"[._-]?(#+|%\d*d|\[.*\])?$", "", stem)
    fitting = [one for one in media if sound or not one.sound_only]
    exact = [one for one in fitting if stem in one.names]
    return exact or [one for one in fitting if any(re.match(re.escape(stem) + r"[._ -]", n) for n in one.names)]


def _media(folder: Path, name: str) -> MediaFile | None:
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    if suffix in MOVIES | SOUNDS:
        return MediaFile(str(folder / name), (stem.lower(),), suffix in SOUNDS)
    numbered = _NUMBERED.match(name)
    if suffix not in STILLS or numbered is None:
        return None
    head, number, tail = numbered.groups()
    names = (head.rstrip("._-").lower(), folder.name.lower())
    return MediaFile(str(folder / f"{head}{'#' * len(number)}{tail}"), tuple(filter(None, names)), False)
