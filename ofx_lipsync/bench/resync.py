# SPDX-License-Identifier: Apache-2.0
"""Is sound that was put out of sync brought back? Sentences of people that training never saw, joined to ten seconds.

constant   lags of -12 to 12 frames
drift      0.5 % either way
two jumps  room put in, sound lost
given      the true curve as a fair meter would read it (15 ms off, one reading in twelve wild)
measured   by SyncMeter, of the joined picture and the sound put out of sync; some of the cases, since it takes longer

heard   how far the delivered sound lies from the clean one: log mel spectra of half a second, slid over each other
map     how far the plan lies from the truth, over the whole picture time
clicks  joins with a step between neighbouring samples half as large again as any beside them (of noise that just goes
        on, one stretch in six holds a larger step than the stretches beside it, by up to about that)
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from ofx_lipsync.bench.distort import FPS, Case, drifting, jumping, noisy_curve, shifted, take_of
from ofx_lipsync.bench.footage import Joined, shared_folder
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.graph import Settings, Shot, node
from ofx_lipsync.measure import measured
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.models.bands import line_db
from ofx_lipsync.models.mel import RATE_HZ
from ofx_lipsync.nodes._retime import Piece
from ofx_lipsync.nodes._room_tone import room_tone
from ofx_lipsync.resync import Resync

BAR_FRAMES = 1.0
CLICK = 1.5
METERED = (" -12", " -3", " +6", " +12", "+0.5 %", "-0.5 %", "))")
"""Ends of the names of the cases that are measured too."""
SHIFTS = (-12, -9, -6, -3, -1, 1, 3, 6, 9, 12)
JUMPS = (
    ((3.4, 0.20), (6.7, -0.32)), ((2.8, -0.24), (6.2, 0.40)), ((3.9, 0.12), (7.3, 0.20)), ((3.1, -0.16), (5.8, -0.20)),
)  # fmt: skip
TAKE_S = 10.0
HOP_S, WINDOW_S, FAR_S = 0.01, 0.5, 0.6
DEEPEST_DB = -65.0
"""What is quieter is all one: rooms sound different from moment to moment."""


@dataclass(frozen=True)
class Row:
    """Errors in frames of 1/25 s. missing: samples by which the result is not as long as the picture."""

    case: str
    group: str
    curve: str
    before: float
    heard: float
    mapped: float
    picture: float
    step: float
    joins: int
    missing: int


def main(args: argparse.Namespace) -> int:
    """Print a line a case, then the bars; returns 0 whether or not a bar is met."""
    grid = shared_folder(args.data) / "grid"
    rows = []
    some = dict(list(takes(grid).items())[: args.clips])
    for take, paths in some.items():
        clean = take_of(paths, TAKE_S)
        cases = list(_cases(take, clean))
        for number, case in enumerate(cases):
            rows.append(_measure(case, noisy_curve(case, number), "given"))
            _say(rows[-1])
        for case, curve in _metered(paths, [case for case in cases if case.name.endswith(METERED)]):
            rows.append(_measure(case, curve, "measured"))
            _say(rows[-1])
    _verdicts(rows)
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def takes(grid: Path) -> dict[str, list[Path]]:
    """Four clips of each unseen person with enough of them, and of held-out sentences of s1, up to three times."""
    from ofx_lipsync.train.split import HELD_OUT_PEOPLE, HELD_OUT_SENTENCES

    found = {}
    for who in sorted(HELD_OUT_PEOPLE | {"s1"}):
        clips = sorted((grid / who).glob("*.mkv"))
        if who == "s1":
            clips = [clip for clip in clips if clip.stem in HELD_OUT_SENTENCES]
        for first in range(0, len(clips) - 3, 4)[:3]:
            found[f"{who}-{first // 4 + 1}"] = clips[first : first + 4]
    return found


def _cases(name: str, clean: np.ndarray) -> Iterator[Case]:
    yield from (shifted(f"{name} {frames:+d}", clean, frames) for frames in SHIFTS)
    yield from (drifting(f"{name} {percent:+.1f} %", clean, percent / 100) for percent in (0.5, -0.5))
    yield from (jumping(f"{name} {jumps}", clean, jumps) for jumps in JUMPS)


def _metered(paths: Sequence[Path], cases: Sequence[Case]) -> Iterator[tuple[Case, OffsetCurve]]:
    """Each case with the curve that SyncMeter reads from its picture and sound; the faces are looked for once."""
    plates = [open_plate(str(path)) for path in paths]
    joined = Joined(plates)
    frames = range(1, min(round(TAKE_S * FPS), len(joined.frames)) + 1)
    settings, faces = Settings(), None
    for case in cases:
        shot = Shot(joined, case.take, frames)
        faces, _ = measured(shot, settings, faces=faces) if faces is None else (faces, None)
        yield case, Resync(shot, settings).measure(faces=faces)
    for plate in plates:
        plate.close()


def _measure(case: Case, curve: OffsetCurve, kind: str) -> Row:
    resync = node("Resync")
    params = resync.Params(fix="sound")
    plan = resync.analyse(curve, case.take, case.duration_s, params)
    made = resync.sound(case.take, plan, case.duration_s, params)
    at = np.arange(0, case.duration_s, 1 / FPS)
    pieces, fade = resync.pieces(case.take, plan, case.duration_s, params), round(params.crossfade / 1000 * RATE_HZ)
    joins = range(1, len(pieces))
    return Row(
        case.name, case.group, kind,
        heard_lag(case.clean, np.resize(case.bad, len(case.clean))),
        heard_lag(case.clean, made.samples[0]),
        float(np.abs(plan.late_at(at) - case.late(at)).mean() * FPS),
        picture_lag(case, curve),
        max((click(made.samples[0], pieces, join, case.bad, fade) for join in joins), default=0.0), len(joins),
        made.samples.shape[1] - len(case.clean),
    )  # fmt: skip


def heard_lag(clean: np.ndarray, made: np.ndarray) -> float:
    """Mean distance in frames of `made` [N] from `clean` [N], over windows in which somebody speaks."""
    a, b = (np.maximum(line_db(sound), DEEPEST_DB) for sound in (clean, made))
    loud = a.mean(axis=1)
    window, far = round(WINDOW_S / HOP_S), round(FAR_S / HOP_S)
    speech = np.quantile(loud, 0.6)
    padded = np.pad(b, ((far, far), (0, 0)), mode="edge")
    lags = []
    for first in range(0, len(a) - window, window // 4):
        part = a[first : first + window]
        if loud[first : first + window].mean() < speech:
            continue
        apart = [((padded[first + lag : first + lag + window] - part) ** 2).mean() for lag in range(2 * far + 1)]
        lags.append(abs(int(np.argmin(apart)) - far) * HOP_S)
    return float(np.mean(lags) * FPS) if lags else 0.0


def picture_lag(case: Case, curve: OffsetCurve) -> float:
    """Mean distance in frames of the picture from the sound, where the picture gives way."""
    resync = node("Resync")
    plan = resync.analyse(curve, case.take, case.duration_s, resync.Params(fix="picture"))
    frames = range(1, round(case.duration_s * FPS) + 1)
    times_s = np.arange(len(frames)) / FPS
    shown_s = times_s[np.array(resync.shown(plan, frames, times_s)) - 1]
    inside = (shown_s > 0) & (shown_s < times_s[-1])
    heard_s = shown_s + case.late(shown_s)
    return float(np.abs(heard_s - times_s)[inside].mean() * FPS)


def click(made: np.ndarray, pieces: Sequence[Piece], number: int, bad: np.ndarray, fade: int) -> float:
    """The largest step between two neighbouring samples of the cross-fade before a piece, as a multiple of the largest
    within 0.1 s of it, in the result, in the sound on either side of the cut as it was, and in the room's tone."""
    steps, join, near = np.abs(np.diff(made)), pieces[number].begin, RATE_HZ // 10
    low, high = max(0, join - fade), min(len(steps), join + fade)
    beside = [steps[max(0, low - near) : low], steps[high : high + near]]
    for piece in pieces[number - 1 : number + 1]:
        if piece.source_s is None:  # what the room itself does is no click
            beside.append(np.abs(np.diff(room_tone(bad[None], RATE_HZ, 2 * near, join, 1)[0])))
        else:
            there = round(piece.heard_s(join, RATE_HZ) * RATE_HZ)
            beside.append(np.abs(np.diff(bad[max(0, there - near) : max(0, there + near)])))
    largest = max(float(part.max(initial=0.0)) for part in beside)
    return float(steps[low:high].max(initial=0.0) / max(largest, 1e-4))


def _say(row: Row) -> None:
    lags = f"heard {row.heard:5.2f}  map {row.mapped:5.2f}  picture {row.picture:5.2f} frames"
    joins = f"step {row.step:4.2f} of {row.joins} joins  length {row.missing:+d}"
    print(f"{row.case:<36} {row.curve:<8} before {row.before:5.2f}  {lags}  {joins}", flush=True)


def _mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([getattr(row, name) for row in rows]))


def _verdicts(rows: Sequence[Row]) -> None:
    print(f"\nmeans; load average {os.getloadavg()[0]:.1f}")
    for curve in dict.fromkeys(row.curve for row in rows):
        for group in dict.fromkeys(row.group for row in rows):
            some = [row for row in rows if row.group == group and row.curve == curve]
            heard, mapped, picture = (_mean(some, name) for name in ("heard", "mapped", "picture"))
            worst = max(row.heard for row in some)
            verdict = "met" if heard < BAR_FRAMES else "MISSED"
            print(
                f"{curve}, {group} ({len(some)}): heard {heard:.2f} (worst case {worst:.2f}), plan {mapped:.2f}, "
                f"picture {picture:.2f} frames  bar {BAR_FRAMES:g}: {verdict}"
            )
    joins, worst = sum(row.joins for row in rows), max(row.step for row in rows)
    print(f"clicks: at {joins} joins the largest step is {worst:.2f} times the largest beside it  bar {CLICK:g}: "
          f"{'met' if worst < CLICK else 'MISSED'}")  # fmt: skip
    off = max(abs(row.missing) for row in rows)
    print(f"as long as the picture: off by {off} samples at most  bar 0: {'met' if off == 0 else 'MISSED'}")
