# SPDX-License-Identifier: Apache-2.0
"""How well a line's curve follows a mouth that was filmed saying it: people and sentences never trained on."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Sequence

import numpy as np

from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.core.phones import CLOSURE, LABELS_HZ, SILENCE, UNKNOWN, VOWELS, members
from ofx_lipsync.models.bands import loudness_db
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.nodes import audio_feature
from ofx_lipsync.train.corpus import Take, facegood_takes, grid_takes, natural_take
from ofx_lipsync.train.track import track_folder

FRAMES_HZ = 25
PER_FRAME = LABELS_HZ // FRAMES_HZ
QUIETEST_DB, QUIET_DB = -65.0, -50.0
NEAR_S = 0.04
"""One frame: how far a closure may be from the true one."""

Heard = Callable[[Take], tuple[np.ndarray, np.ndarray]]
"""A take to curves [L, 6] and closure [L] on its 100 Hz clock."""


@dataclass(frozen=True)
class Closures:
    """p b m whose closing was seen; how many were heard in time; onset errors; vowels and silences believed shut."""

    seen: int
    found: int
    onset_errors_s: tuple[float, ...]
    shut_vowels: float
    shut_silence: float


def curve_of(listener: ArticulationListener, take: Take, who: str = "") -> MouthCurve:
    """What the networks hear of a take; who: in whose style."""
    return listener.joined(take.bands, take.mel, style=who)


def listener_hears(listener: ArticulationListener, own: bool = False) -> Heard:
    """The network itself, without the node's rest in silence. own: in the style of who speaks, where it was learned."""

    def hear(take: Take) -> tuple[np.ndarray, np.ndarray]:
        known = take.person if own and take.person in listener.by_sounds.people else ""
        found = audio_feature.sampled(curve_of(listener, take, known), times_of(take))
        return found.values, found.closure

    return hear


def node_hears(listener: ArticulationListener) -> Heard:
    """As AudioFeature gives it, at rest in silence."""
    params = audio_feature.Params()

    def hear(take: Take) -> tuple[np.ndarray, np.ndarray]:
        rested = audio_feature.resting_in_silence(curve_of(listener, take), params.silence, params.pause)
        found = audio_feature.sampled(rested, times_of(take))
        return found.values, found.closure

    return hear


def loudness_hears(take: Take) -> tuple[np.ndarray, np.ndarray]:
    """The floor: every channel is how loud it is."""
    level = np.maximum(loudness_db(take.bands), QUIETEST_DB)
    return np.repeat(level[:, None], len(ARTICULATION), axis=1), (level < QUIET_DB).astype(np.float32)


def times_of(take: Take) -> np.ndarray:
    return (np.arange(len(take.phones)) + 0.5) / LABELS_HZ


def correlations(takes: Iterable[Take], hear: Heard) -> dict[str, np.ndarray]:
    """[6] Pearson r of every take at its film frames; NaN where the true channel does not move."""
    found = {}
    for take in takes:
        known = take.weight[::PER_FRAME, 0] > 0
        wanted, heard = take.values[::PER_FRAME][known], hear(take)[0][::PER_FRAME][known]
        with np.errstate(invalid="ignore", divide="ignore"):
            pairs = zip(wanted.T, heard.T, strict=True)
            found[take.name] = np.array([np.corrcoef(a, b)[0, 1] for a, b in pairs])
    return found


def own_lag(takes: Iterable[Take], hear: Heard) -> tuple[float, float]:
    """Median r of the opening once each take's constant lag is removed, and the median lag in seconds (positive: the
    film is late): footage from anywhere is seldom in sync to the frame."""
    best = []
    for take in takes:
        known, heard = take.weight[:, 0] > 0, hear(take)[0][:, 0]
        by_lag = []
        for lag in range(-20, 21, 2):
            moved = np.roll(heard, lag)[known][25:-25]
            by_lag.append((float(np.corrcoef(take.values[known, 0][25:-25], moved)[0, 1]), lag / LABELS_HZ))
        best.append(max(by_lag))
    return float(np.median([r for r, _ in best])), float(np.median([lag for _, lag in best]))


def closures(takes: Iterable[Take], hear: Heard) -> Closures:
    """A closure is found when lips are believed shut within one frame of the time they were seen shut for a p b m."""
    seen = found = 0
    errors, vowels, silences = [], [], []
    for take in takes:
        shut, true = hear(take)[1] > 0.5, take.closure > 0.5
        vowels.append(shut[said(take, VOWELS) & (take.closure == 0)])
        silences.append(shut[take.phones == SILENCE])
        for start, end in runs(true):
            near = slice(max(0, start - PER_FRAME), end + PER_FRAME)
            if end - start > 40 or not said(take, CLOSURE)[near].any():
                continue
            seen += 1
            overlaps = [a for a, b in runs(shut) if a < end + PER_FRAME and b > start - PER_FRAME]
            if overlaps:
                found += 1
                errors.append(min(abs(a - start) for a in overlaps) / LABELS_HZ)
    return Closures(seen, found, tuple(errors), _share(vowels), _share(silences))


def said(take: Take, phones: frozenset[str]) -> np.ndarray:
    """[L] bool: where one of them is said."""
    return members(phones)[take.phones] & (take.phones != UNKNOWN)


def _share(parts: Sequence[np.ndarray]) -> float:
    """Share of true flags in all parts together; NaN where there are none."""
    return float(np.concatenate(parts).mean()) if sum(map(len, parts)) else float("nan")


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Half-open stretches where flags [L] holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def score(takes: Sequence[Take], hear: Heard) -> dict[str, float]:
    """Median r over takes by channel, and the closures' figures."""
    figures: dict[str, float] = {"takes": len(takes)}
    r = np.stack(list(correlations(takes, hear).values()))
    figures |= {f"{name} r": float(np.nanmedian(r[:, i])) for i, name in enumerate(ARTICULATION)}
    figures["open r, own lag"], figures["lag, s"] = own_lag(takes, hear)
    shut = closures(takes, hear)
    if shut.seen:
        figures["p b m seen"] = shut.seen
        figures["p b m recall"] = shut.found / shut.seen
        figures["onset error, frames, median"] = (
            float(np.median(shut.onset_errors_s)) * FRAMES_HZ if shut.found else np.nan
        )
        figures["within one frame"] = (
            float(np.mean(np.array(shut.onset_errors_s) <= NEAR_S + 1e-6)) if shut.found else np.nan
        )
        figures["vowels shut"], figures["silence shut"] = shut.shut_vowels, shut.shut_silence
    return figures


def groups(takes: Sequence[Take]) -> dict[str, list[Take]]:
    """What is scored: held-out people, held-out sentences of s1, held-out FACEGOOD takes, natural clips."""
    held = [take for take in takes if take.held_out]
    return {
        "people": [t for t in held if t.person not in ("s1", "facegood", "natural")],
        "s1": [t for t in held if t.person == "s1"],
        "facegood": [t for t in held if t.person == "facegood"],
        "natural": [t for t in held if t.person == "natural"],
    }


def table(rows: dict[str, dict[str, float]]) -> str:
    """One row a group, one column a figure."""
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    lines = [" ".join([f"{'':24s}", *(f"{name:>14.14s}" for name in columns)])]
    for group, figures in rows.items():
        lines.append(" ".join([f"{group:24s}", *(f"{figures.get(name, np.nan):14.3f}" for name in columns)]))
    return "\n".join(lines)


def natural_takes(clips: Path, cache: Path) -> list[Take]:
    """Clips of people talking freely; every movie under the folder is its own person."""
    return [natural_take(path) for path in track_folder(clips, cache)]


def rows(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Every group by every way of hearing; args as cli/bench.py declares them.

    Tracks are kept in work-data/, so that the second run takes seconds. Movies in work-data/natural/ of people talking
    freely, each its own person, are scored as well: footage that may be measured but not shipped goes there.
    """
    data = shared_folder(args.data)
    cache = Path("work-data")
    track_folder(data / "grid", cache / "tracks")
    takes = grid_takes(cache / "tracks", cache / "aligned.npz")
    takes += facegood_takes(data / "facegood") if (data / "facegood").is_dir() else []
    takes += natural_takes(cache / "natural", cache / "natural-tracks") if (cache / "natural").is_dir() else []
    listener = ArticulationListener.named()
    hears = {"network": listener_hears(listener), "own style": listener_hears(listener, own=True),
             "node": node_hears(listener), "loudness": loudness_hears}  # fmt: skip
    return {f"{name}, {by}": score(members[: args.clips], hear)
            for name, members in groups(takes).items() for by, hear in hears.items() if members}  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Prints the table."""
    figures = rows(args)
    print(table(figures))
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0
