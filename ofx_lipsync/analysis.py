# SPDX-License-Identifier: Apache-2.0
"""The analysis file: everything a shot's frames need to know about each other, in one small file.

It may hold any of its three parts (faces, audio, plan): in a host each node's Analyse writes its own. What other nodes
found of the shot may lie beside them (sync, fill); a dub does without.
A safetensors file: flat arrays plus one JSON text. Nothing in it is code and nothing is unpickled. `key` names what it
was made from (plate, sound, networks, params that matter), so that a stale file is refused instead of trusted.
"""

from __future__ import annotations

import hashlib
import json
import os
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import AnalysisError, OutputError
from ofx_lipsync.core.face import LANDMARKS, FaceAnalysis, FaceTrack
from ofx_lipsync.core.fill import FillAnalysis
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.offset import SyncReport
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.media.writer import check_writable, put_in_place, remove_stale, scratch_path

FORMAT = 2
_LATER_FACTS: dict[str, Any] = {"rate": "", "display": []}
"""What format 1 did not hold, and what stands for it."""
_LATEST_FACTS: dict[str, Any] = {"audio/mel_start_s": float("nan")}
"""The same for format 2 as it was first."""
_BESIDE = ("sync", "fill")
"""Parts that no dub needs. A file without them is as it was before there were any, and versions that know nothing of
them read a file that has them."""
LARGEST_BYTES = 2**30


@dataclass(frozen=True)
class Analysis:
    """One shot. frames: [N] int64, the shot's frame numbers, ascending. key: what it was made from.

    rate: frames per second as 24000/1001. display: x0, y0, x1, y1 of the plate's format. Both may be empty in a file
    of format 1.
    """

    key: dict[str, str]
    frames: np.ndarray
    faces: FaceAnalysis
    audio: AudioAnalysis
    plan: MouthPlan
    rate: str = ""
    display: tuple[int, ...] = ()


@dataclass(frozen=True)
class Parts:
    """An analysis of which some parts may not have been made yet; the fields are those of Analysis."""

    key: dict[str, str]
    frames: np.ndarray
    faces: FaceAnalysis | None = None
    audio: AudioAnalysis | None = None
    plan: MouthPlan | None = None
    rate: str = ""
    display: tuple[int, ...] = ()
    sync: SyncReport | None = None
    fill: FillAnalysis | None = None

    def whole(self, name: str) -> Analysis:
        """Raises: AnalysisError naming what `name`, the file, lacks."""
        faces, audio, plan = self.faces, self.audio, self.plan
        if faces is None or audio is None or plan is None:
            lacks = [part for part in ("faces", "audio", "plan") if getattr(self, part) is None]
            raise AnalysisError(
                f"{name}: holds no {' and no '.join(lacks)}; press Analyse in the nodes that make them, "
                "or make it whole with: lipsync analyse --overwrite"
            )
        return Analysis(self.key, self.frames, faces, audio, plan, self.rate, self.display)


def write_analysis(path: str | Path, analysis: Analysis | Parts) -> None:
    """Write atomically: readers see the old file or the new one.

    Raises: OutputError when the folder cannot be written.
    """
    content, target = to_bytes(analysis), Path(path)
    check_writable(str(target))
    remove_stale(target.parent, target.suffix)
    scratch = scratch_path(target)
    try:
        scratch.write_bytes(content)
        put_in_place(scratch, target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror}); check space and rights") from None
    finally:
        scratch.unlink(missing_ok=True)


def read_analysis(path: str | Path) -> Analysis:
    """Read and check an analysis file that is whole.

    Raises: AnalysisError when it is missing, damaged, too large, of another format version, or lacks a part.
    """
    return read_parts(path).whole(str(path))


def read_parts(path: str | Path) -> Parts:
    """Read and check an analysis file of which parts may be absent.

    Raises: AnalysisError when it is missing, damaged, too large, or of another format version.
    """
    try:
        size = os.path.getsize(path)
        if size > LARGEST_BYTES:
            raise AnalysisError(f"{path}: is {size} bytes (expected at most {LARGEST_BYTES}); it is no analysis file")
        content = Path(path).read_bytes()
    except OSError as error:
        raise AnalysisError(f"{path}: cannot be read ({error.strerror}); make it with: lipsync analyse") from None
    return parts_from_bytes(content, str(path))


def to_bytes(analysis: Analysis | Parts) -> bytes:
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {}
    _flatten(analysis, "", arrays, facts)
    facts = {name: fact for name, fact in facts.items() if name not in _BESIDE}
    return save({name: np.ascontiguousarray(a) for name, a in arrays.items()}, metadata=_head(arrays, facts))


def _head(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> dict[str, str]:
    """One entry only: safetensors does not keep the order of several, and equal analyses should be equal files."""
    inner = {"format": FORMAT, "facts": facts, "digest": _digest(arrays, facts)}
    return {"lipsync": json.dumps(inner, sort_keys=True)}


def from_bytes(content: bytes, name: str = "analysis") -> Analysis:
    return parts_from_bytes(content, name).whole(name)


def parts_from_bytes(content: bytes, name: str = "analysis") -> Parts:
    try:
        head, arrays = _parse(content)
        if head["format"] not in (1, FORMAT):
            raise AnalysisError(
                f"{name}: is format {head.get('format')!r}, expected {FORMAT}; make it again with: lipsync analyse"
            )
        if head["digest"] != _digest(arrays, head["facts"]):
            raise ValueError("its content does not match its checksum")
        later = _LATEST_FACTS if head["format"] == FORMAT else {**_LATER_FACTS, **_LATEST_FACTS}
        facts = {**later, **head["facts"]}
        absent = {part: None for part in _BESIDE if not any(n.startswith(f"{part}/") for n in (*facts, *arrays))}
        facts |= {f"{track}/covered": None for track in _tracks(arrays) if f"{track}/covered" not in arrays}
        parts = typing.cast(Parts, _build(Parts, "", arrays, {**facts, **absent}))
        for part in (*(parts.faces.tracks if parts.faces else ()), *([parts.plan] if parts.plan else ())):
            _check_rows(part)
        if parts.sync is not None:
            _check_sync(parts.sync)
        if parts.fill is not None:
            _check_fill(parts.fill)
        if len(parts.display) not in (0, 4):
            raise ValueError("its display has not four edges")
        return parts
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError) as error:
        raise AnalysisError(
            f"{name}: is not a whole analysis file ({_short(error)}); make it again with: lipsync analyse"
        ) from None


def check_key(analysis: Analysis | Parts, expected: dict[str, str], name: str) -> None:
    """Raises: AnalysisError naming everything that changed since the analysis was made. One that was made without any
    holdout, as hosts make it, goes with every holdout: it only knows less of which mouths are covered."""
    known = {"holdout": expected.get("holdout"), **analysis.key}
    stale = [part for part, value in expected.items() if known.get(part) != value]
    if stale:
        raise AnalysisError(
            f"{name}: was made with another {', another '.join(stale)}; make it again with: lipsync analyse --overwrite"
        )


def _parse(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from safetensors import SafetensorError, deserialize
    from safetensors.numpy import load

    try:
        deserialize(content)
        arrays = load(content)
    except (SafetensorError, AttributeError) as error:
        raise ValueError(str(error)) from None
    length = int.from_bytes(content[:8], "little")
    head = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["lipsync"])
    if not isinstance(head, dict) or not isinstance(head.get("facts"), dict):
        raise ValueError("it has no facts")
    return head, arrays


def _tracks(arrays: dict[str, np.ndarray]) -> set[str]:
    """Names of the face tracks in a file."""
    return {name.rpartition("/")[0] for name in arrays if name.endswith("/blendshapes")}


def _check_rows(part: Any) -> None:
    """Every array of a track or plan has one row a frame; landmarks are those of a face."""
    rows = {f.name: getattr(part, f.name) for f in fields(part) if isinstance(getattr(part, f.name), np.ndarray)}
    wrong = [name for name, array in rows.items() if array.ndim == 0 or len(array) != len(part.frames)]
    if wrong or (isinstance(part, FaceTrack) and part.landmarks.shape[1:] != (LANDMARKS, 3)):
        raise ValueError(f"{type(part).__name__} has arrays of unequal length: {', '.join(wrong) or 'landmarks'}")


def _check_sync(report: SyncReport) -> None:
    """Every face has a curve over the report's times, and likenesses by time and offset."""
    count = len(report.times_s)
    rows = [report.times_s, report.speaking, report.voice]
    for face in report.faces:
        rows += [face.curve.times_s, face.curve.offset_s, face.curve.confidence]
        if face.scores.shape != (count, len(face.offsets_s)) or face.offsets_s.ndim != 1:
            raise ValueError("SyncReport has scores of another shape than its times and offsets")
    if any(row.shape != (count,) for row in rows) or not count:
        raise ValueError("SyncReport has arrays of unequal length")


def _check_fill(found: FillAnalysis) -> None:
    for part in (found.plan, found.mouths, *found.tracks, *found.faces.tracks):
        _check_rows(part)
    if len(found.plan.why) != len(found.plan.frames):
        raise ValueError("FillPlan has not one word a frame")


def _digest(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> str:
    content = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16)
    for name in sorted(arrays):
        content.update(f"{name}{arrays[name].dtype}{arrays[name].shape}".encode())
        content.update(np.ascontiguousarray(arrays[name]).tobytes())
    return content.hexdigest()


def _flatten(value: Any, name: str, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
    if is_dataclass(value):
        for field in fields(value):
            _flatten(getattr(value, field.name), f"{name}/{field.name}".lstrip("/"), arrays, facts)
    elif isinstance(value, np.ndarray):
        arrays[name] = value
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        facts[name] = len(value)
        for index, item in enumerate(value):
            _flatten(item, f"{name}/{index}", arrays, facts)
    else:
        facts[name] = value


def _build(kind: Any, name: str, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
    """A value of type `kind` from the flat parts: the type hints are the file's schema."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        parts = {f.name: _build(hints[f.name], f"{name}/{f.name}".lstrip("/"), arrays, facts) for f in fields(kind)}
        return kind(**parts)  # type: ignore[operator]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if name in facts and facts[name] is None:
            return None
        return _build(next(t for t in inner if t is not type(None)), name, arrays, facts)
    if kind is np.ndarray or origin is np.ndarray:
        return arrays[name]
    if origin is tuple and is_dataclass(inner[0]):
        count = facts[name] if isinstance(facts[name], int) else len(facts[name])
        if count > 10_000:
            raise ValueError(f"{name} claims {count} entries")
        return tuple(_build(inner[0], f"{name}/{index}", arrays, facts) for index in range(count))
    return _plain(kind, name, facts[name])


def _plain(kind: Any, name: str, value: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{name} is no list")
        return tuple(_plain(inner[0], name, item) for item in value)
    if origin is dict:
        if not isinstance(value, dict):
            raise ValueError(f"{name} is no table")
        return {str(k): _plain(inner[1], name, v) for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind not in (int, float, str, bool) or type(value) is not kind:
        raise ValueError(f"{name} is {type(value).__name__}, expected {getattr(kind, '__name__', kind)}")
    return value


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
