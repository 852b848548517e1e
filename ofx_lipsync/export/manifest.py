# SPDX-License-Identifier: Apache-2.0
"""Which lines a batch is made of: files, folders, or a manifest of lines and languages.

A manifest is CSV with a header, TOML with [[line]] tables, or JSON with a list of objects: `sound`, and where wanted
`id`, `language`, `text` and `out`. Paths are as seen from the manifest's folder.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Sequence

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.export.cue_files import SUFFIXES as CUES

SOUNDS = (
    *(
        ".wav",
        ".wave",
        ".bwf",
        ".w64",
        ".rf64",
        ".flac",
        ".ogg",
        ".oga",
        ".mp3",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".caf",
    ),
    *(".m4a", ".aac", ".opus", ".g722", ".mov", ".mp4", ".mkv", ".mxf", ".webm"),
)
MANIFESTS = (".csv", ".toml", ".json")
FIELDS = ("id", "sound", "language", "text", "out")


@dataclass(frozen=True)
class LineFile:
    """path: a sound or a file of cues. out: where its files go, below the folder of all, without an ending."""

    name: str
    path: Path
    out: str
    language: str = ""
    text: str = ""

    @property
    def is_cues(self) -> bool:
        return self.path.suffix.lower() in CUES


def lines_of(paths: Sequence[str], language: str = "", text: str = "") -> list[LineFile]:
    """Every line of files, folders (all sounds below them) and manifests, in order.

    Raises: InputError for what is not there or cannot be read; UsageError for a manifest that is wrong, or two lines
    that would be written to one place.
    """
    lines: list[LineFile] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SOUNDS and not p.name.startswith("."))
            stems = [p.relative_to(path).with_suffix("").as_posix() for p in found]
            lines += [LineFile(stem, p, stem, language, text) for stem, p in zip(stems, found, strict=True)]
        elif path.suffix.lower() in MANIFESTS and not _cue_json(path):
            lines += _manifest(path, language)
        else:
            lines.append(LineFile(path.stem, path, path.stem, language, text))
    if not lines:
        raise InputError(f"{', '.join(paths)}: no line in it; give sounds, folders of them, or a manifest")
    _apart(lines)
    return lines


def _cue_json(path: Path) -> bool:
    """Rhubarb's json is told from a manifest by what is in it; one that cannot be read is told so later."""
    if path.suffix.lower() != ".json":
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            return '"mouthCues"' in file.read(1 << 20)
    except (OSError, UnicodeDecodeError):
        return False


def _manifest(path: Path, language: str) -> list[LineFile]:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        rows = _rows(path.suffix.lower(), path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError, csv.Error) as error:
        raise InputError(f"{path}: does not read as a manifest ({error}); see docs/curves.md for one") from None
    return [_line(path, number, row, language) for number, row in enumerate(rows, start=1)]


def _rows(suffix: str, text: str) -> list[Any]:
    if suffix == ".csv":
        return [{k: v for k, v in row.items() if v not in (None, "")} for row in csv.DictReader(io.StringIO(text))]
    document = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    rows = document.get("line", document.get("lines")) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise ValueError("expected a list of lines: [[line]] tables, or a list of objects")
    return rows


def _line(manifest: Path, number: int, row: Any, language: str) -> LineFile:
    where = f"{manifest}: line {number}"
    if not isinstance(row, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in row.items()):
        raise UsageError(f"{where}: is {row!r}, expected texts for {', '.join(FIELDS)}")
    unknown = sorted(set(row) - set(FIELDS))
    if unknown or not row.get("sound"):
        what = f"there is no field {unknown[0]!r}" if unknown else "it names no sound"
        raise UsageError(f"{where}: {what}; a line has {', '.join(FIELDS)}")
    sound, spoken = manifest.parent / row["sound"], row.get("language", language)
    name = row.get("id", sound.stem)
    # lines x languages: one id in several languages is one file in each language's folder
    out = PurePosixPath(row.get("out") or (f"{row['language']}/{name}" if row.get("language") else name))
    if out.is_absolute() or ".." in out.parts or not out.name or "\\" in str(out) or "\0" in str(out):
        raise UsageError(f"{where}: it would be written to {str(out)!r}, expected a name inside of the folder of all")
    return LineFile(name, sound, str(out), spoken, row.get("text", ""))


def _apart(lines: list[LineFile]) -> None:
    taken: dict[str, LineFile] = {}
    for line in lines:
        other = taken.setdefault(line.out.lower(), line)
        if other is not line:
            raise UsageError(
                f"{line.path}: would be written to the same place as {other.path} ({line.out}); "
                "give their folder, or a manifest with an id or out for each"
            )
