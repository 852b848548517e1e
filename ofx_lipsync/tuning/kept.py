# SPDX-License-Identifier: Apache-2.0
"""The folder of a wedge: its sheets, its pictures one by one, and wedge.json, from which a variant can be picked."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Sequence

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.media.writer import put_in_place, scratch_path
from ofx_lipsync.tuning.page import write_picture
from ofx_lipsync.tuning.shared import Count
from ofx_lipsync.tuning.vary import Variant
from ofx_lipsync.tuning.wedge import Wedge
from ofx_lipsync.tuning.wedge_sheet import wedge_sheet

TABLE, SHEET, WHOLE, PICTURES = "wedge.json", "sheet.png", "whole.png", "pictures"


def keep(folder: Path, made: Wedge, title: str, columns: int, counts: dict[str, Count]) -> list[Path]:
    """Returns the sheets.  Raises: OutputError."""
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    sheets = [folder / SHEET]
    write_picture(sheets[0], wedge_sheet(made, title, columns))
    if made.plates[made.frames[0]].whole is not None:
        sheets.append(folder / WHOLE)
        write_picture(sheets[1], wedge_sheet(made, title, columns, whole=True))
    for frame, plate in made.plates.items():
        write_picture(folder / PICTURES / f"plate.{frame}.png", plate.close)
    for one in made.tried:
        for frame, cell in one.cells.items():
            write_picture(folder / PICTURES / f"{one.variant.number:02d}.{frame}.png", cell.close)
    _write(folder / TABLE, _table(made, title, counts))
    return sheets


def picked(folder: Path, number: int) -> Sequence[str]:
    """What a variant sets, as --set takes it.  Raises: InputError, UsageError."""
    path = folder / TABLE
    try:
        table: Any = json.loads(path.read_text())
        found = {int(one["number"]): [str(text) for text in one["set"]] for one in table["variants"]}
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the folder of a wedge") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: is no table of a wedge ({error}); make the wedge again") from None
    if number not in found:
        raise UsageError(f"--pick {number}: the wedge in {folder} has variants {min(found)} to {max(found)}")
    return found[number]


def _table(made: Wedge, title: str, counts: dict[str, Count]) -> dict[str, Any]:
    return {
        "of": title,
        "view": made.view,
        "frames": made.frames,
        "current": made.current,
        "cpu_s": round(made.cpu_s, 3),
        "calls": {
            name: {"made": c.made, "saved": c.saved, "cpu_s": round(c.cpu_s, 3), "saved_s": round(c.saved_s, 3)}
            for name, c in counts.items()
        },
        "variants": [_row(one) for one in made.tried],
    }


def _row(one: Any) -> dict[str, Any]:
    variant: Variant = one.variant
    return {
        "number": variant.number,
        "set": variant.sets,
        "cpu_s_a_frame": round(one.cost_s, 4),
        "sync": None if one.sync is None else round(one.sync.in_sync, 4),
        "best_offset_ms": None if one.sync is None else round(1000 * one.sync.late_s),
        "lse_c": one.lse if one.lse is None else round(one.lse, 4),
        "lips": {str(f): {"wanted": _number(c.wanted), "made": _number(c.made)} for f, c in one.cells.items()},
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _write(path: Path, table: dict[str, Any]) -> None:
    scratch = scratch_path(path)
    try:
        scratch.write_text(json.dumps(table, indent=1, allow_nan=False) + "\n")
        put_in_place(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
