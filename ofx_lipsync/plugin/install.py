# SPDX-License-Identifier: Apache-2.0
"""Puts the bundle where hosts look, with a note of the Python that has the engine."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ofx_lipsync.core.errors import InputError, OutputError

NAME = "LipSync.ofx.bundle"
BUNDLE = Path(__file__).with_name(NAME)
BINARY = Path("Contents") / "Linux-x86-64" / "LipSync.ofx"
NOTE = Path("Contents") / "Resources" / "python.txt"
EVERYWHERE = Path("/usr/OFX/Plugins")
"""Where every host on Linux looks."""


@dataclass(frozen=True)
class Installed:
    """bundle: where it is now; seen: hosts look there without being told."""

    bundle: Path
    seen: bool


def search_path() -> list[Path]:
    """The folders that hosts started from here look in."""
    told = [Path(part) for part in os.environ.get("OFX_PLUGIN_PATH", "").split(":") if part]
    return [*told, EVERYWHERE]


def install(folder: Path | None = None, python: str = "") -> Installed:
    """Copies the bundle into `folder`, or where hosts look, or where this user may write. A bundle that is there is
    replaced, and a host that runs keeps what it has loaded.

    Raises: InputError when the bundle was never built, OutputError when the folder cannot be written.
    """
    if not (BUNDLE / BINARY).is_file():
        raise InputError(f"{BUNDLE / BINARY}: the plug-in is not built; with a C compiler, install ofx-lipsync again")
    target = (folder or _choose()).absolute() / NAME
    try:
        _put(target, python or sys.executable)
    except OSError as error:
        why = error.strerror or error
        raise OutputError(f"{target}: cannot be written ({why}); name a folder of your own with --dir") from None
    return Installed(target, target.parent in search_path())


def found() -> list[Path]:
    """Bundles of ours that hosts started from here would load."""
    return [folder / NAME for folder in search_path() if (folder / NAME / BINARY).is_file()]


def _choose() -> Path:
    for folder in search_path():
        at = folder if folder.exists() else folder.parent
        if os.access(at, os.W_OK):
            return folder
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "OFX" / "Plugins"


def _put(target: Path, python: str) -> None:
    """The new one is whole before the old one goes. Hosts skip folders whose names begin with an @."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (target.with_name(f"@{kind}.{os.getpid()}.{NAME}") for kind in ("new", "old"))
    try:
        shutil.copytree(BUNDLE, fresh)
        (fresh / NOTE).parent.mkdir(parents=True, exist_ok=True)
        (fresh / NOTE).write_text(f"{python}\n")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
