# SPDX-License-Identifier: Apache-2.0
"""The report of a shot: one folder that opens from disk, pictures, graphs and all, and asks no network for anything."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.graph import NODES, Settings
from ofx_lipsync.media.writer import put_in_place, scratch_path
from ofx_lipsync.tuning.contact import Shown, contact_sheet
from ofx_lipsync.tuning.findings import Finding, closures, findings, missed
from ofx_lipsync.tuning.gathered import Gathered
from ofx_lipsync.tuning.graphs import needs, write_graphs
from ofx_lipsync.tuning.page import resized, write_picture
from ofx_lipsync.tuning.vary import text_of

PAGE, DATA, GRAPHS, SHEET, PICTURES = "index.html", "report.json", "graphs.svg", "sheet.png", "pictures"
LISTED = 16
"""Findings on the page; all are in report.json."""
CLOSE_PX, WIPE_PX = 360, 720
"""Widths of a finding's and of a wipe's pictures."""
TEMPLATE = "report.html.j2"
UNSURE = 0.3
"""A sync under this mean confidence is told without a verdict."""


@dataclass(frozen=True)
class Told:
    """What the page says besides: facts and consent as (name, value), about in a line."""

    title: str
    about: str
    facts: Sequence[tuple[str, str]]
    params: Sequence[tuple[str, str]]
    consent: Sequence[tuple[str, str]]


def check_libraries() -> None:
    """Before any work.  Raises: UsageError naming the extra."""
    needs("jinja2", "the page")
    needs("matplotlib", "a graph")


def write_report(folder: Path, of: Gathered, told: Told, sheet: Sequence[Shown], doubts: dict[int, Shown]) -> Path:
    """sheet: frames of the contact sheet and the wipes. doubts: pictures of `listed` frames. Returns the page.

    Raises: UsageError without the libraries, OutputError.
    """
    found = findings(of)
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    write_graphs(folder / GRAPHS, of, found)
    write_picture(folder / SHEET, contact_sheet(sheet, told.title, told.about))
    page = needs("jinja2", "the page").Environment(autoescape=True, trim_blocks=False)
    text = page.from_string(files("ofx_lipsync.tuning").joinpath(TEMPLATE).read_text("utf-8")).render(
        title=told.title, about=told.about, facts=told.facts, params=told.params, consent=told.consent,
        cards=cards(of), more=max(0, len(found) - LISTED),
        findings=[_finding(folder, one, doubts) for one in found[:LISTED]],
        wipes=[{**_pair(folder, one, WIPE_PX), "frame": one.frame, "note": one.note} for one in sheet],
    )  # fmt: skip
    _write(folder / DATA, json.dumps(data(of, found, told), indent=1, allow_nan=False) + "\n")
    _write(folder / PAGE, text)
    return folder / PAGE


def listed(of: Gathered) -> list[int]:
    """Frames whose pictures the page wants for its findings."""
    return sorted({one.worst for one in findings(of)[:LISTED]})


def cards(of: Gathered) -> list[dict[str, str]]:
    """The shot in a few numbers, each with how it bodes: good, doubt, bad or nothing."""
    painted, lost = int((of.strength > 0).sum()), int((~of.seen).sum())
    shut, open_ = len(closures(of)), len(missed(of))
    off = np.abs(of.made - of.wanted)[of.strength > 0]
    apart = float(np.nanmedian(off)) if np.isfinite(off).any() else math.nan
    unsure = float(np.nanmin(of.confidence)) if np.isfinite(of.confidence).any() else 0.0
    closed = "bad" if open_ else "good" if shut else ""
    made = [
        _card(f"{painted} of {len(of.frames)}", "frames dubbed", "good" if painted else "bad"),
        _card(str(lost), "frames without the face", "bad" if lost else "good"),
        _card(f"{shut - open_} of {shut}", "closures (p b m) at full strength made", closed),
        _card(f"{apart:.1f} %", "of face height between lips wanted and made, median", _mood(apart < 0.8, apart < 1.5)),
        _card(f"{unsure:.2f}", "lowest confidence of the plan", _mood(unsure > 0.6, unsure > 0.45)),
    ]
    if of.sync is not None:
        late, spoken = of.sync.offset_s * of.rate, of.voice > 0.5
        sure = float(of.sureness[spoken].mean()) if spoken.any() else 0.0
        text = f"frames that the sound is late against the lips; LSE-C {of.sync.lse_c:.2f}"
        made.append(_card(f"{late:+.1f}", text, _mood(abs(late) <= 1, True) if sure > UNSURE else ""))
        made.append(_card(f"{sure:.2f}", "mean confidence of that while somebody speaks", ""))
    return made


def data(of: Gathered, found: Sequence[Finding], told: Told) -> dict[str, Any]:
    """Everything that the page draws, for scripts."""
    columns = (
        "before",
        "wanted",
        "made",
        "strength",
        "confidence",
        "built",
        "voice",
        "closure",
        "offset_s",
        "sureness",
    )
    return {
        "of": told.title,
        "facts": dict(told.facts),
        "findings": [
            {"kind": f.kind, "frames": str(f.frames), "worst": f.worst, "grave": round(f.grave, 3), "why": f.why}
            for f in found
        ],
        "lse_c": None if of.sync is None else round(of.sync.lse_c, 4),
        "frames": of.frames.tolist(),
        **{name: [_number(value) for value in getattr(of, name)] for name in columns},
    }


def changed_params(settings: Settings) -> list[tuple[str, str]]:
    """Those that are not at their default."""
    found = []
    for name in NODES:
        declared = type(settings[name]).declarations()
        values = settings[name].as_dict()
        found += [(f"{name}.{p}", text_of(v)) for p, v in values.items() if v != declared[p].default]
    return found


def _finding(folder: Path, one: Finding, doubts: dict[int, Shown]) -> dict[str, Any]:
    pictures = _pair(folder, doubts[one.worst], CLOSE_PX, "doubt") if one.worst in doubts else {}
    return {
        "kind": one.kind,
        "frames": str(one.frames),
        "worst": one.worst,
        "grave": one.grave,
        "why": one.why,
        **pictures,
    }


def _pair(folder: Path, one: Shown, width: int, name: str = "wipe") -> dict[str, str]:
    """Plate and result as files, named as the page finds them."""
    made = {}
    for which, picture in (("plate", one.plate), ("result", one.result)):
        path = f"{PICTURES}/{name}.{one.frame}.{which}.jpg"
        high = round(width * picture.shape[1] / picture.shape[2])
        write_picture(folder / path, resized(picture, width, high))
        made[which] = path
    return made


def _card(value: str, text: str, mood: str) -> dict[str, str]:
    return {"value": value, "text": text, "mood": mood}


def _mood(good: bool, fair: bool) -> str:
    return "good" if good else "doubt" if fair else "bad"


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def _write(path: Path, text: str) -> None:
    scratch = scratch_path(path)
    try:
        scratch.write_text(text, encoding="utf-8")
        put_in_place(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
