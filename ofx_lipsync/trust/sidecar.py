# SPDX-License-Identifier: Apache-2.0
"""The file beside a result that says how it was made, with a hash for every frame: `dub.exr.lipsync.json`.

One row a frame, sorted, without a clock: the same shot gives the same bytes however a farm cut it. Rows name what they
were made with by a short hash, as frames of one sequence may be made again with other params.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Mapping

from ofx_lipsync.core.errors import InputError, OutputError
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.writer import put_in_place, scratch_path

FORMAT = "ofx_lipsync provenance 1"
ENDING = ".lipsync.json"
SIGNATURE = ".c2pa"


def sidecar_path(out: str) -> Path:
    """dub.####.exr -> dub.exr.lipsync.json, dub.mov -> dub.mov.lipsync.json: both may lie in one folder."""
    pattern = Pattern.parse(out)
    if pattern is None:
        return Path(f"{out}{ENDING}")
    stem = pattern.head.rstrip("._-") or "frames"
    return pattern.folder / f"{stem}{pattern.tail}{ENDING}"


def records_folder(sidecar: Path) -> Path:
    """Where the tasks of a farm leave a small file a frame; hidden, as it is nobody's delivery."""
    return sidecar.with_name(f".{sidecar.name.removesuffix('.json')}")


def signature_path(sidecar: Path) -> Path:
    return sidecar.with_name(sidecar.name + SIGNATURE)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recipe_id(recipe: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(recipe).encode()).hexdigest()[:16]


def document(out: str, kind: str, rows: Mapping[int, Mapping[str, Any]], recipes: Mapping[str, Any]) -> dict[str, Any]:
    """kind: sequence | movie. rows: by frame; recipes that no row names are left out."""
    used = sorted({str(row["made_with"]) for row in rows.values()})
    return {
        "format": FORMAT,
        "output": Path(out).name,
        "kind": kind,
        "made_with": {name: recipes[name] for name in used},
        "frames": {str(frame): dict(rows[frame]) for frame in sorted(rows)},
    }


def dump(content: Mapping[str, Any]) -> bytes:
    """A row a line, so that a difference of two files can be read; its own sha256 last."""
    body = {name: value for name, value in content.items() if name != "sha256"}
    lines = [f" {json.dumps(name)}: {_table(value)}" for name, value in body.items()]
    return ("{\n" + ",\n".join([*lines, f' "sha256": "{_digest(body)}"']) + "\n}\n").encode()


def load(path: Path) -> dict[str, Any]:
    """Raises: InputError where it is missing, damaged or not ours. Whether it was edited: see `is_whole`."""
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT or not {"kind", "output", "made_with", "frames"} <= set(content):
            raise ValueError(f"format {content['format']!r}, expected {FORMAT!r}")
        content["frames"] = {int(frame): _row(row, content["kind"]) for frame, row in content["frames"].items()}
        if content["kind"] == "movie" and not {"name", "sha256", "sound_sha256"} <= set(content["file"]):
            raise ValueError("its movie has no name or hash")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); it lies beside what lipsync wrote") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is no sidecar of lipsync ({_line(error)}); render again, or move it away") from None
    return dict(content)


ROW = {"region", "frame_source", "made_with"}
HASHES = {"sequence": {"file", "sha256", "pixels_sha256"}, "movie": {"picture_sha256"}}


def _row(row: dict[str, Any], kind: str) -> dict[str, Any]:
    """A row that has all that a check needs: sidecars come from anywhere. Raises: ValueError."""
    wanting = (ROW | HASHES[kind]) - set(row)
    if wanting:
        raise ValueError(f"a row has no {', '.join(sorted(wanting))}")
    region = row["region"]
    if region is not None and (len(region) != 4 or not all(isinstance(edge, int) for edge in region)):
        raise ValueError(f"a region is {region!r}, expected four whole numbers")
    return row


def is_whole(content: Mapping[str, Any]) -> bool:
    """Whether a loaded sidecar says what it said when it was written. A slip is found so; a forger would make the sum
    again, and is found by the signature only."""
    body = {name: value for name, value in content.items() if name != "sha256"}
    return bool(content.get("sha256") == _digest(body))


def put(path: Path, content: bytes) -> None:
    """Write a whole file under its name. Raises: OutputError."""
    scratch = scratch_path(path)
    try:
        scratch.write_bytes(content)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({error.strerror}); check space and rights") from None
    put_in_place(scratch, path)


def read_records(folder: Path) -> dict[int, dict[str, Any]]:
    """What finished tasks left: frame -> {"row", "recipe"}. A file that a task is just replacing is read next time."""
    found: dict[int, dict[str, Any]] = {}
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        number = re.fullmatch(r"(-?\d+)\.json", name)
        record = read_record(folder, int(number[1])) if number else None
        if number and record is not None:
            found[int(number[1])] = record
    return found


def read_record(folder: Path, frame: int) -> dict[str, Any] | None:
    """One of them, or None where there is none. Raises: InputError."""
    path = folder / f"{frame}.json"
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        if not {"row", "recipe"} <= set(record) or not is_whole(record):
            raise ValueError("it is not what was written")
    except OSError:
        return None
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: is damaged ({_line(error)}); remove it, and render frame {frame} again") from None
    return record


def _table(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _text(value)
    rows = [f"  {json.dumps(str(name))}: {_text(row)}" for name, row in value.items()]
    return "{\n" + ",\n".join(rows) + "\n }" if rows else "{}"


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(body).encode()).hexdigest()


def _text(value: Any) -> str:
    """One text for one content: names sorted, nothing but ASCII."""
    return json.dumps(_named(value), sort_keys=True, separators=(", ", ": "))


def _named(value: Any) -> Any:
    """Frame numbers as the texts that JSON makes of them, so that sorting is the same before and after reading."""
    return {str(name): _named(part) for name, part in value.items()} if isinstance(value, Mapping) else value


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
