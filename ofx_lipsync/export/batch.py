# SPDX-License-Identifier: Apache-2.0
"""A line of a batch, made whole or not at all, and never twice: its key and what it became stand in a record beside it.

The record is written before the files and names their sha256: a line is done when its files are those, whatever killed
the run in between; one that was changed, cut or removed is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from ofx_lipsync import __version__
from ofx_lipsync.core.errors import LipSyncError, OutputError, UsageError
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.export.cue_files import read_cues
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.rigs import rig
from ofx_lipsync.export.curves.take import Take
from ofx_lipsync.export.doubts import Doubts, doubts
from ofx_lipsync.export.manifest import LineFile
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.writer import scratch_path
from ofx_lipsync.models.listener import COARTICULATION, HEARING, ArticulationListener
from ofx_lipsync.models.loader import load
from ofx_lipsync.nodes.audio_feature import Params
from ofx_lipsync.performance import Performance, drawn, spoken

RECORDS = ".lipsync"
EYES = ("ParamEyeLOpen", "ParamEyeROpen", "blink")
"""Curves that would hold a model's own blinking still; left out of a line without blinks."""


NONE = Doubts()


@dataclass(frozen=True)
class Settings:
    """How all lines are made. fps, rig, mouths: "" is each format's own. seed: of blinks, None without."""

    formats: tuple[str, ...]
    fps: str = ""
    rig: str = ""
    mouths: str = ""
    first_frame: int = 1
    cue_fps: str = "24"
    seed: int | None = None
    mesh: str = ""
    params: Params = Params()  # noqa: RUF009 (a value, and frozen)

    def text(self) -> str:
        """Everything that a line's files depend on besides the line, for its key."""
        rigs = {name: rig(self.rig or FORMATS[name].rig).text for name in self.formats if FORMATS[name].rig}
        networks = [load(name).sha256 for name in (self.params.network, HEARING, COARTICULATION)]
        plain = asdict(replace(self, params=Params())) | {"params": self.params.digest_text()}
        mesh = _sha256(Path(self.mesh)) if self.mesh else ""
        return json.dumps([__version__, rigs, networks, plain, mesh], sort_keys=True)


@dataclass(frozen=True)
class Outcome:
    """What became of a line. status: done, kept (was done before) or failed."""

    line: LineFile
    status: str
    duration_s: float = 0.0
    cpu_s: float = 0.0
    doubts: Doubts = NONE
    files: tuple[str, ...] = ()
    error: str = ""


def made(line: LineFile, settings: Settings, folder: Path, again: bool = False) -> Outcome:
    """The line's files in the folder, from this run or an earlier one; a line that cannot be made tells why."""
    began_s = time.process_time()
    try:
        key = _key(line, settings)
        before = None if again else _before(line, folder, key)
        if before is not None:
            return replace(before, cpu_s=time.process_time() - began_s)
        outcome = _make(line, settings, folder, key)
    except LipSyncError as error:
        return Outcome(line, "failed", cpu_s=time.process_time() - began_s, error=str(error))
    except OSError as error:
        why = f"{error.filename or line.path}: {error.strerror or error}; check rights, space and connection"
        return Outcome(line, "failed", cpu_s=time.process_time() - began_s, error=why)
    except Exception as error:  # a thousand other lines must not fall with this one
        why = f"internal: {type(error).__name__}: {error}; report it, with this line"
        return Outcome(line, "failed", cpu_s=time.process_time() - began_s, error=why)
    return replace(outcome, cpu_s=time.process_time() - began_s)


def _make(line: LineFile, settings: Settings, folder: Path, key: str) -> Outcome:
    shown, sound, found = _performed(line, settings)
    contents = {}
    for name in settings.formats:
        path = f"{line.out}{FORMATS[name].suffix}"
        contents[path] = FORMATS[name].encoded(_take(line, settings, name, shown, sound))
    record = {
        "key": key, "duration_s": shown.duration_s, "reasons": found.reasons, "notes": found.notes,
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()},
    }  # fmt: skip
    _put(_record(line, folder), json.dumps(record, ensure_ascii=False, indent=1).encode())
    for path, content in contents.items():
        _put(folder / path, content)
    return Outcome(line, "done", shown.duration_s, 0.0, found, tuple(contents))


def _performed(line: LineFile, settings: Settings) -> tuple[Performance, str, Doubts]:
    if line.is_cues:
        cues = read_cues(line.path, Rate(settings.cue_fps))
        return drawn(cues.cues, cues.mouths, cues.duration_s), cues.sound or line.path.name, Doubts()
    sound = read_sound(str(line.path))
    values = {"transcript": line.text} | ({"language": line.language} if line.language else {})
    params = settings.params.with_values(**{k: v for k, v in values.items() if v})
    assert isinstance(params, Params)
    shown = spoken(sound, params, listener(params.network))
    return shown, line.path.name, doubts(sound, shown, line.language, line.text)


def _take(line: LineFile, settings: Settings, name: str, shown: Performance, sound: str) -> Take:
    kind = FORMATS[name]
    rate = kind.rate(Rate(settings.fps) if settings.fps else None)
    # each line blinks in its own way, and always in the same
    seed = None if settings.seed is None else settings.seed ^ zlib.crc32(line.out.encode())
    chosen = rig((settings.rig or kind.rig) if kind.rig else "lips")
    if seed is None and name != "arkit":
        chosen = replace(chosen, rows={n: row for n, row in chosen.rows.items() if n not in EYES})
    mouths = (settings.mouths or kind.mouths) if kind.mouths else ""
    cues = shown.cues(mouths) if mouths else ()
    notes = {"software": f"ofx_lipsync {__version__}"}
    return Take(line.name, sound, shown.duration_s, chosen.curves(shown.sources(rate, seed)), chosen.name, cues, mouths,
                settings.first_frame, settings.mesh, notes)  # fmt: skip


@lru_cache(maxsize=2)
def listener(network: str) -> ArticulationListener:
    """Weights are read once a process."""
    return ArticulationListener.named(network)


def _key(line: LineFile, settings: Settings) -> str:
    digest = hashlib.sha256(settings.text().encode())
    digest.update(json.dumps([line.name, line.out, line.path.name, line.language, line.text]).encode())
    try:
        with line.path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{line.path}: there is no such file") from None
    return digest.hexdigest()


def _before(line: LineFile, folder: Path, key: str) -> Outcome | None:
    """The outcome of an earlier run, where its files are still what it made."""
    try:
        record = json.loads(_record(line, folder).read_bytes())
        files: dict[str, str] = record["files"]
        same = record["key"] == key and all(_sha256(folder / path) == digest for path, digest in files.items())
        found = Doubts(tuple(record["reasons"]), tuple(record["notes"]))
        return Outcome(line, "kept", float(record["duration_s"]), 0.0, found, tuple(files)) if same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record(line: LineFile, folder: Path) -> Path:
    return folder / RECORDS / f"{line.out}.json"


def _put(path: Path, content: bytes) -> None:
    """Whole under its name, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = scratch_path(path)
    try:
        scratch.write_bytes(content)
        os.replace(scratch, path)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose a folder that can") from None
