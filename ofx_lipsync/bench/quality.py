# SPDX-License-Identifier: Apache-2.0
"""Does the result say the line? Every figure comes from running the face tracker on rendered movies.

own     a clip driven by its own sound, so that the truth is known; mouths only from other sentences of the same person,
        or where there are none, from at least a second away
other   the same clip driven by another person's line; nothing of the old speech may be left. Sentences of one corpus
        begin and end alike, so the line and its start are those whose wanted curve looks least like the old mouth
        (chosen before anything is rendered); what is left of the old mouth once the wanted curve is taken out is
        printed as well
floors  the person's resting lips held still, and lips opened by loudness alone
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.bench.measure import (
    OPEN,
    WIDTH,
    closures,
    correlation,
    lip_distance,
    mouth_curves,
    paired,
    partial_correlation,
)
from ofx_lipsync.bench.subject import Line, Subject, bilabials, dubbed, load_subjects, wanted_curve
from ofx_lipsync.train.corpus import SHUT

BARS: dict[str, tuple[float | None, float | None, float | None]] = {
    "unseen people": (0.80, 0.65, 0.25),
    "seen person": (0.93, None, 0.25),
    "natural speech": (None, None, None),
}
"""Least r of opening and of width, and least share by which the lips must beat both floors."""
STARTS_S = (-0.4, 0.0, 0.4)
"""When another's line may begin."""


@dataclass(frozen=True)
class Own:
    """A clip with its own sound: r and distances in % of face height, against the true mouth."""

    clip: str
    group: str
    open_r: float
    width_r: float
    loudness_r: float
    distance: float
    frozen: float
    loudness: float
    closures_made: int
    closures_true: int


@dataclass(frozen=True)
class Other:
    """A clip with another's line: r against what was asked for, and against the plate's own old mouth.

    asked_r: how much the wanted curve itself is like the old mouth. partial_r: leak_r with the wanted curve held fixed.
    """

    clip: str
    line: str
    wanted_r: float
    asked_r: float
    leak_r: float
    partial_r: float


def main(args: argparse.Namespace) -> int:
    """Print the table, the medians and the bars; returns 0 whether or not a bar is met."""
    grid = shared_folder(args.data) / "grid"
    people, seen = held_out(grid)
    groups = {"unseen people": people, "seen person": {"s1": seen}}
    natural = [path for path in sorted(Path("work-data/natural").glob("*")) if path.is_file()]
    if natural:
        groups["natural speech"] = {path.stem: [path] for path in natural}
    own: list[Own] = []
    other: list[Other] = []
    with tempfile.TemporaryDirectory(prefix="lipsync-quality-") as scratch:
        keep = Path(args.keep or scratch)
        keep.mkdir(parents=True, exist_ok=True)
        for group, clips in groups.items():
            for paths in clips.values():
                subjects = load_subjects(paths[: args.clips])
                own += [_own(s, subjects, group, keep) for s in subjects]
                if group == "unseen people":
                    lines = seen + [path for clips in people.values() for path in clips]
                    other += [_other(s, unlike_line(s, lines), keep) for s in subjects]
    _print(own, other)
    if args.json:
        text = {"own": [asdict(o) for o in own], "other": [asdict(o) for o in other]}
        Path(args.json).write_text(json.dumps(text, indent=1))
    return 0


def held_out(grid: Path) -> tuple[dict[str, list[Path]], list[Path]]:
    """Clips of each person that training never saw, and the sentences it never saw of the person it knows."""
    from ofx_lipsync.train.split import HELD_OUT_PEOPLE, HELD_OUT_SENTENCES, person

    people: dict[str, list[Path]] = {}
    for path in sorted(grid.glob("*/*.mkv")):
        who = person(path.parent.name, path.stem)
        if who in HELD_OUT_PEOPLE:
            people.setdefault(who, []).append(path)
    return people, [grid / "s1" / f"{name}.mkv" for name in sorted(HELD_OUT_SENTENCES)]


def unlike_line(subject: Subject, lines: Sequence[Path]) -> Line:
    """Another person's line, begun where its wanted opening is least like the subject's own."""

    def likeness(line: Line) -> float:
        wanted = wanted_curve(line, subject).values[subject.track.frames - subject.frames[0], OPEN]
        return abs(correlation(wanted, subject.raw[:, OPEN]))

    strangers = [line for line in lines if line.parent != subject.path.parent]
    return min((Line(line, start_s) for line in strangers for start_s in STARTS_S), key=likeness)


def _own(subject: Subject, everybody: Sequence[Subject], group: str, keep: Path) -> Own:
    reel = [s for s in everybody if s is not subject][:4]
    result, _ = dubbed(subject, Line(subject.path), keep / f"{subject.name}-own.mkv", reel, keep_away_s=1.0)
    a, b = paired(result, subject.track)
    made, truth = mouth_curves(result)[a], subject.raw[b]
    loud = subject.loudness[b]
    still, opened = floors(subject, reel or [subject], b)
    heights = subject.track.face_height_px()[b]
    true_landmarks = subject.track.landmarks[b]
    row = Own(
        subject.name,
        group,
        correlation(made[:, OPEN], truth[:, OPEN]),
        correlation(made[:, WIDTH], truth[:, WIDTH]),
        correlation(loud, truth[:, OPEN]),
        lip_distance(result.landmarks[a], true_landmarks, heights),
        lip_distance(still, true_landmarks, heights),
        lip_distance(opened, true_landmarks, heights),
        *closures(made[:, OPEN], truth[:, OPEN], SHUT, _bilabials(subject, group)[b]),
    )
    print(f"{row.clip:<14} open r {row.open_r:5.2f}  width r {row.width_r:5.2f}  lips {row.distance:.2f} % "
          f"(frozen {row.frozen:.2f}, loudness {row.loudness:.2f})  p b m {row.closures_made}/{row.closures_true}",
          flush=True)  # fmt: skip
    return row


def _bilabials(subject: Subject, group: str) -> np.ndarray:
    """Where a p, b or m may be; what is said in natural clips is not known, and none are counted."""
    return np.zeros(len(subject.raw), bool) if group == "natural speech" else bilabials(subject)


def floors(subject: Subject, reel: Sequence[Subject], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks [M, 478, 3] of two mouths that need no network, in the plate's own pose: the mean lips of the person's
    other sentences, and the same opened along their own opening by the best line through loudness."""
    front = np.concatenate([s.front for s in reel])
    raw = np.concatenate([s.raw[:, OPEN] for s in reel])
    loud = np.concatenate([s.loudness for s in reel])
    slope, offset = np.polyfit(loud, raw, 1)
    mean = front.mean(axis=0)
    centred = raw - raw.mean()
    along = np.tensordot(centred, front - mean, axes=(0, 0)) / (centred @ centred)
    amount = slope * subject.loudness[rows] + offset - raw.mean()
    still = np.broadcast_to(mean, (len(rows), *mean.shape))
    return subject.posed(still, rows), subject.posed(mean + amount[:, None, None] * along, rows)


def _other(subject: Subject, line: Line, keep: Path) -> Other:
    result, curve = dubbed(subject, line, keep / f"{subject.name}-{line.path.stem}.mkv", [])
    a, b = paired(result, subject.track)
    made, old = mouth_curves(result)[a][:, OPEN], subject.raw[b][:, OPEN]
    wanted = curve.values[np.searchsorted(np.asarray(subject.frames), result.frames[a]), OPEN]
    r = correlation(made, wanted), correlation(wanted, old), correlation(made, old)
    row = Other(subject.name, f"{line.path.stem}{line.start_s:+g}", *r, partial_correlation(*r))
    print(f"{row.clip:<14} line {row.line:<11} wanted r {r[0]:5.2f}  old mouth r {r[2]:5.2f} (asked for {r[1]:5.2f}, "
          f"left over {row.partial_r:5.2f})", flush=True)  # fmt: skip
    return row


def _print(own: Sequence[Own], other: Sequence[Other]) -> None:
    print(f"\nmedians; load average {os.getloadavg()[0]:.1f}")
    for group, bars in BARS.items():
        rows = [o for o in own if o.group == group]
        if not rows:
            continue
        _verdict(f"{group}: opening r ({len(rows)} clips)", _median(rows, "open_r"), bars[0])
        _verdict(f"{group}: width r", _median(rows, "width_r"), bars[1])
        print(f"{group}: loudness alone, opening r {_median(rows, 'loudness_r'):.2f}")
        distance, frozen, loud = (_median(rows, n) for n in ("distance", "frozen", "loudness"))
        print(f"{group}: lips {distance:.2f} % of face height, frozen {frozen:.2f}, loudness {loud:.2f}")
        made, true = (sum(getattr(o, n) for o in rows) for n in ("closures_made", "closures_true"))
        if true:
            _verdict(f"{group}: p b m closures made within one frame ({made}/{true})", made / true, 0.80)
        _verdict(f"{group}: better than the better floor by", 1 - distance / min(frozen, loud), bars[2])
    if other:
        _verdict("another's line: wanted r", _median(other, "wanted_r"), 0.90)
        for name, text in {"leak_r": "with the plate's old mouth", "partial_r": "left over of it"}.items():
            found = [abs(getattr(o, name)) for o in other]
            print(f"another's line: |r| {text}: median {np.median(found):.2f}, worst {max(found):.2f} (bar 0.20)")


def _median(rows: Sequence[object], name: str) -> float:
    return float(np.median([getattr(row, name) for row in rows]))


def _verdict(name: str, value: float, bar: float | None) -> None:
    judged = "" if bar is None else f"  bar {bar:.2f}: {'met' if value >= bar else 'MISSED'}"
    print(f"{name}: {value:.2f}{judged}")
