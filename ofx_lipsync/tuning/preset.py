# SPDX-License-Identifier: Apache-2.0
"""Presets: params with a name, in small TOML files, and those that come with the tool.

Looked for in the folders of $LIPSYNC_PRESETS, then in the user's own, then among the shipped ones, which are the uses
that the Nuke group offers (export/uses.py). A preset sets what it names and leaves everything else.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from ofx_lipsync.core.errors import InputError, OutputError, UsageError
from ofx_lipsync.core.params import File
from ofx_lipsync.export.uses import ABOUT, USES
from ofx_lipsync.graph import node
from ofx_lipsync.shotfile import ShotFile
from ofx_lipsync.shotfile.read import from_tables
from ofx_lipsync.shotfile.schema import Params
from ofx_lipsync.shotfile.write import put_text, to_tables
from ofx_lipsync.tuning.vary import text_of

FOLDERS = "LIPSYNC_PRESETS"
SHIPPED = "comes with ofx_lipsync"
LARGEST_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}\Z")
SHOT_ONLY = {"FaceDetect": ("face", "face_index", "face_x", "face_y"), "AudioFeature": ("transcript", "language"),
             "MouthGenerate": ("reel",)}  # fmt: skip
"""What belongs to one shot and its line, and never to a preset."""


@dataclass(frozen=True)
class Preset:
    """params: by node, those that it sets. place: the file's folder, or that it is shipped."""

    name: str
    about: str
    params: Params
    place: str

    @property
    def sets(self) -> list[str]:
        """As --set takes them."""
        return [f"{n}.{p}={text_of(value)}" for n, values in self.params.items() for p, value in values.items()]


def own_folder() -> Path:
    """Where presets are saved: presets/ below ofx_lipsync/ in $XDG_CONFIG_HOME, or in ~/.config."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "ofx_lipsync" / "presets"


def folders() -> list[Path]:
    """Where presets are looked for, first found first taken."""
    given = [Path(folder) for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
    return [*given, own_folder()]


def presets() -> list[Preset]:
    """All that can be named, each as `find` gives it, by name.  Raises: InputError for a file that is no preset."""
    found: dict[str, Preset] = {}
    for path in _files():
        if path.stem not in found:
            found[path.stem] = read_preset(path)
    for name in USES:
        found.setdefault(name, _shipped(name))
    return [found[name] for name in sorted(found)]


def find(name: str) -> Preset:
    """Raises: UsageError naming those that there are, InputError for a file that is no preset."""
    for folder in folders() if _NAME.match(name) else []:
        if (path := folder / f"{name}.toml").is_file():
            return read_preset(path)
    if name in USES:
        return _shipped(name)
    known = sorted({*(path.stem for path in _files()), *USES})
    raise UsageError(f"preset: there is none named {name!r}; there are {', '.join(known)}")


def read_preset(path: Path) -> Preset:
    """Raises: InputError naming what is wrong in it."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{path}: is larger than any preset")
        tables = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); see: lipsync preset list") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: is not TOML ({error}); save it again with: lipsync preset save") from None
    about = tables.pop("about", "")
    if unknown := [name for name in tables if name != "params"]:
        raise InputError(f"{path}: {unknown[0]!r} is unknown; a preset has about, and [params.NODE] tables")
    if not isinstance(about, str):
        raise InputError(f"{path}: about is {about!r}, expected text in quotes")
    return Preset(path.stem, about, from_tables(tables, str(path)).params, str(path.parent))


def save(name: str, params: Params, about: str = "", overwrite: bool = False) -> Path:
    """Into the user's own folder.  Raises: UsageError for a bad name or where there is one already, OutputError."""
    if not _NAME.match(name):
        raise UsageError(f"preset: {name!r} is no name; take letters, digits, spaces, and - _ . after the first")
    kept = without_shot(params)
    if not kept:
        raise UsageError(f"preset: {name!r} would set nothing; the shot has every param at its default")
    target = own_folder() / f"{name}.toml"
    if target.exists() and not overwrite:
        raise UsageError(f"preset: {target} is there already; add --overwrite, or take another name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target.parent}: cannot be made ({error.strerror}); set XDG_CONFIG_HOME") from None
    put_text(target, to_toml(about, kept))
    return target


def to_toml(about: str, params: Params) -> str:
    import tomlkit

    document = tomlkit.document()
    if about:
        document["about"] = about
    document.update(to_tables(ShotFile(params=params)))
    return tomlkit.dumps(document)


def without_shot(params: Params) -> dict[str, dict[str, Any]]:
    """Without what belongs to one shot: its person, words and reel, and keyframes, which are numbers of its frames."""
    kept = {
        name: {
            param: value
            for param, value in values.items()
            if param not in SHOT_ONLY.get(name, ()) and not isinstance(value, dict)
        }
        for name, values in params.items()
    }
    return {name: values for name, values in kept.items() if values}


def whole_paths(shot: ShotFile) -> dict[str, dict[str, Any]]:
    """A shot's params, files that are there by their whole path: a preset lies in another folder."""

    def whole(name: str, param: str, value: Any) -> Any:
        is_file = isinstance(node(name).Params.declarations()[param], File) and value
        return os.path.abspath(path) if is_file and os.path.exists(path := shot.at(value)) else value

    return {n: {p: whole(n, p, v) for p, v in values.items()} for n, values in shot.params.items()}


def _shipped(name: str) -> Preset:
    return Preset(name, ABOUT[name], USES[name], SHIPPED)


def _files() -> Iterator[Path]:
    for folder in folders():
        if folder.is_dir():
            yield from (path for path in sorted(folder.glob("*.toml")) if _NAME.match(path.stem))
