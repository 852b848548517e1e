# SPDX-License-Identifier: Apache-2.0
"""Mouth cues that animators already have: Rhubarb's tsv, xml and json, Moho's dat and Synfig's lst."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Iterable

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.face_curves import Cue
from ofx_lipsync.core.mouth_letters import set_of
from ofx_lipsync.core.timing import Rate

SUFFIXES = (".tsv", ".xml", ".json", ".dat", ".lst")
LONGEST_S, LARGEST = 6 * 3600, 32 << 20
"""Longer or larger is no line of dialogue."""


@dataclass(frozen=True)
class CueFile:
    """cues of one set of core.mouth_letters.SETS, named as there. sound: what they were made from, "" where unsaid."""

    mouths: str
    cues: tuple[Cue, ...]
    sound: str = ""

    @property
    def duration_s(self) -> float:
        return self.cues[-1].end_s


def read_cues(path: Path, fps: Rate) -> CueFile:
    """fps: of a .dat file, which does not say.  Raises: InputError naming what is wrong in which line."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path}: is {path.stat().st_size >> 20} MB, expected a file of mouth cues; check which it is")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not text in UTF-8, expected mouth cues; export it again") from None
    read = {".tsv": _tsv, ".xml": _xml, ".json": _json, ".dat": _moho, ".lst": _moho}[path.suffix.lower()]
    try:
        rows, sound = read(text, fps)
        return _checked(rows, sound)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        UsageError,
        SyntaxError,
    ) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{path}: does not read as mouth cues ({what}); export it again") from None


def _checked(rows: list[tuple[float, float, str]], sound: str) -> CueFile:
    if not rows:
        raise ValueError("there is no cue in it")
    before_s = 0.0
    for start_s, end_s, shape in rows:
        if not (math.isfinite(start_s) and math.isfinite(end_s) and end_s <= LONGEST_S):
            raise ValueError(f"cue {shape!r} is at {start_s:g}..{end_s:g} s")
        if start_s < before_s - 1e-6 or end_s < start_s:
            raise ValueError(f"cue {shape!r} at {start_s:g} s comes before the one above it, or ends before it begins")
        before_s = start_s
    name, spelt = set_of({shape for _, _, shape in rows})
    cues = tuple(Cue(a, b, spelt[shape]) for a, b, shape in rows if b > a)
    if not cues:
        raise ValueError("no cue in it lasts")
    return CueFile(name, cues, Path(sound.replace("\\", "/")).name)


def _tsv(text: str, fps: Rate) -> tuple[list[tuple[float, float, str]], str]:
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    return _until_next([(float(row[0]), row[1].strip()) for row in rows]), ""


def _xml(text: str, fps: Rate) -> tuple[list[tuple[float, float, str]], str]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it declares entities, which cues never do")
    root = ElementTree.fromstring(text)
    if root.tag != "rhubarbResult":
        raise ValueError(f"its root is {root.tag}, expected rhubarbResult")
    cues = root.iterfind("mouthCues/mouthCue")
    rows = [(float(cue.attrib["start"]), float(cue.attrib["end"]), (cue.text or "").strip()) for cue in cues]
    return rows, root.findtext("metadata/soundFile") or ""


def _json(text: str, fps: Rate) -> tuple[list[tuple[float, float, str]], str]:
    document: Any = json.loads(text)
    rows = [(float(cue["start"]), float(cue["end"]), str(cue["value"])) for cue in document["mouthCues"]]
    return rows, str(document.get("metadata", {}).get("soundFile", ""))


def _moho(text: str, fps: Rate) -> tuple[list[tuple[float, float, str]], str]:
    """Frames count from 1, and the last row says where the mouth rests."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "MohoSwitch1":
        raise ValueError(f"it begins with {lines[0][:20]!r}, expected MohoSwitch1" if lines else "it is empty")
    starts: list[tuple[float, str]] = []
    for line in lines[1:]:
        frame, _, shape = line.partition(" ")
        if frame == "FPS":
            fps = Rate(shape.strip())
        elif shape:
            starts.append((max(0.0, float((int(frame) - 1) / fps)), shape.strip()))
    return _until_next(starts), ""


def _until_next(starts: Iterable[tuple[float, str]]) -> list[tuple[float, float, str]]:
    """The last row only says when the one before it ends."""
    rows = list(starts)
    if len(rows) == 1:
        raise ValueError("it has one row, expected a second one that says where the first ends")
    return [(start, after, shape) for (start, shape), (after, _) in pairwise(rows)]
