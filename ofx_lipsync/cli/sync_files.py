# SPDX-License-Identifier: Apache-2.0
"""What measure found, as a table a frame a line, and for scripts."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.offset import SyncReport
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.measure import Summary
from ofx_lipsync.media.writer import put_in_place, scratch_path

Frames = Sequence[tuple[int, float]]
"""Number and time of every frame measured."""


def columns(report: SyncReport, frames: Frames, rate: Rate) -> dict[str, list[Any]]:
    """Name -> one value a frame, rounded to what means something."""
    times = np.array([time for _, time in frames])
    nearest = np.clip(np.searchsorted(report.times_s, times), 0, len(report.times_s) - 1)
    speaking = [report.faces[i].identity if i >= 0 else None for i in report.speaking[nearest].tolist()]
    table: dict[str, list[Any]] = {"frame": [frame for frame, _ in frames], "time_s": np.round(times, 4).tolist()}
    for face in report.faces:
        offset, name = face.curve.at(times), f"face{face.identity}"
        table[f"{name}_offset_frames"] = np.round(offset * float(rate), 2).tolist()
        table[f"{name}_offset_ms"] = np.round(offset * 1000, 1).tolist()
        table[f"{name}_confidence"] = np.round(face.curve.confidence[nearest].astype(float), 3).tolist()
    return {**table, "speaking": speaking}


def write_csv(path: str, report: SyncReport, frames: Frames, rate: Rate) -> None:
    """One line a frame.  Raises: OutputError."""
    table, out = columns(report, frames, rate), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(["" if value is None else value for value in row] for row in zip(*table.values(), strict=True))
    write_text(path, out.getvalue())


def write_json(
    path: str, report: SyncReport, sums: Sequence[Summary], frames: Frames, rate: Rate, network: str
) -> None:  # fmt: skip
    """Summary and curves; what is not known is null.  Raises: OutputError."""
    faces = [
        {"face": face.identity, **asdict(one), "lse_d": face.lse_d, "lse_c": face.lse_c, "lse_offset_s": face.offset_s}
        for face, one in zip(report.faces, sums, strict=True)
    ]
    what = {"network": network, "rate": str(rate), "offset": "positive: the sound is late", "faces": faces}
    write_text(path, json.dumps(known({**what, "frames": columns(report, frames, rate)}), indent=1) + "\n")


def known(value: Any) -> Any:
    """The same with null for numbers that are none."""
    if isinstance(value, dict):
        return {key: known(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [known(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_text(path: str, text: str) -> None:
    """Whole or not at all.  Raises: OutputError."""
    target = Path(path)
    scratch = scratch_path(target)
    try:
        scratch.write_text(text)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another folder") from None
    put_in_place(scratch, target)
