# SPDX-License-Identifier: Apache-2.0
"""Offset curves and resync plans as small tables that an artist reads, edits and hands back: CSV with a head line.

curve  seconds,offset_ms,confidence
plan   from_s,to_s,late_from_ms,late_to_ms,fix
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.core.errors import InputError, OutputError
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.resync import FIXES, PICTURE, ResyncPlan
from ofx_lipsync.media.writer import check_writable, put_in_place, scratch_path

CURVE = ("seconds", "offset_ms", "confidence")
PLAN = ("from_s", "to_s", "late_from_ms", "late_to_ms", "fix")
LARGEST_BYTES = 2**26


def read_curve(path: str) -> OffsetCurve:
    """The artist's table, or one that `lipsync measure --csv` wrote: of that, the face it is surest of.

    Raises: InputError where the file is missing, is not such a table, or its times do not ascend."""
    rows = _measured(path) or _rows(path, CURVE)
    table = np.array([[_number(path, line, text) for text in row] for line, row in rows], np.float64)
    if not (np.diff(table[:, 0]) > 0).all():
        raise InputError(f"{path}: its seconds do not ascend; sort the rows by time")
    if not ((table[:, 2] >= 0) & (table[:, 2] <= 1)).all():
        raise InputError(f"{path}: confidence is outside 0..1; 0 says that nothing is known there")
    return OffsetCurve(table[:, 0], (table[:, 1] / 1000).astype(np.float32), table[:, 2].astype(np.float32))


def _measured(path: str) -> list[tuple[int, list[str]]]:
    """Rows of `lipsync measure --csv` as those of a curve; none where the table is another."""
    lines = _lines(path, CURVE)
    head = lines[0] if lines else []
    names = [name.removesuffix("_offset_ms") for name in head if name.endswith("_offset_ms")]
    if "time_s" not in head or not names:
        return []
    known = [dict(zip(head, line, strict=False)) for line in lines[1:] if line]
    sure = [sum(_float(row.get(f"{name}_confidence", "")) for row in known) for name in names]
    face = names[int(np.argmax(sure))]
    cells = ("time_s", f"{face}_offset_ms", f"{face}_confidence")
    return [(number, [row.get(cell, "") for cell in cells]) for number, row in enumerate(known, 2)]


def read_plan(path: str) -> ResyncPlan:
    """Raises: InputError where the file is missing, is not such a table, or its stretches overlap."""
    rows = _rows(path, PLAN)
    table = np.array([[_number(path, line, text) for text in row[:4]] for line, row in rows], np.float64)
    fix = tuple(row[4].strip() for _, row in rows)
    for (line, _), name in zip(rows, fix, strict=True):
        if name not in FIXES:
            raise InputError(f"{path}: line {line}: fix is {name!r}, expected {' or '.join(FIXES)}")
    if PICTURE in fix and len(set(fix)) > 1:
        raise InputError(f"{path}: fix is picture in some rows only; the picture is retimed as a whole, or not at all")
    if not ((table[:, 1] > table[:, 0]).all() and (table[1:, 0] >= table[:-1, 1] - 1e-6).all()):
        raise InputError(f"{path}: stretches are empty or overlap; each row begins where the one above ends, or later")
    if not (np.abs(np.diff(table[:, 2:4], axis=1)[:, 0]) < 500 * (table[:, 1] - table[:, 0])).all():
        raise InputError(f"{path}: an offset changes by half of its row's length or more; that is a jump: use two rows")
    return ResyncPlan(table[:, 0], table[:, 1], table[:, 2:4] / 1000, fix)


def write_plan(path: str, plan: ResyncPlan) -> None:
    values = zip(plan.begin_s, plan.end_s, plan.late_s * 1000, plan.fix, strict=True)
    _write(path, PLAN, [(f"{b:.6f}", f"{e:.6f}", f"{o[0]:.3f}", f"{o[1]:.3f}", fix) for b, e, o, fix in values])


def _rows(path: str, columns: Sequence[str]) -> list[tuple[int, list[str]]]:
    """(line number, cells) of each row under the head line."""
    lines = _lines(path, columns)
    if not lines or tuple(cell.strip() for cell in lines[0]) != tuple(columns):
        have = ",".join(lines[0])[:60] if lines else "nothing"
        raise InputError(f"{path}: begins with {have!r}, expected the head line {','.join(columns)}")
    rows = [(number, row) for number, row in enumerate(lines[1:], 2) if any(cell.strip() for cell in row)]
    for number, row in rows:
        if len(row) != len(columns):
            raise InputError(f"{path}: line {number} has {len(row)} cells, expected {len(columns)}")
    if not rows:
        raise InputError(f"{path}: has no rows under its head line")
    return rows


def _lines(path: str, columns: Sequence[str]) -> list[list[str]]:
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{path}: is larger than {LARGEST_BYTES >> 20} MB; it is no such table")
        return list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: is not a table of text; expected the columns {','.join(columns)}") from None


def _float(text: str) -> float:
    """0 where nothing is known."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _number(path: str, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{path}: line {line}: {text!r} is no number")
    return value


def _write(path: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    check_writable(path)
    target = Path(path)
    scratch = scratch_path(target)
    try:
        scratch.write_text("\n".join([",".join(columns), *(",".join(row) for row in rows)]) + "\n", "utf-8")
        put_in_place(scratch, target)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); check space and rights") from None
    finally:
        scratch.unlink(missing_ok=True)
