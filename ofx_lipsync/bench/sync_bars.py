# SPDX-License-Identifier: Apache-2.0
"""What sync is held to, the plain method beside it, and the table."""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.sync_sound import hear

Rows = Mapping[str, Mapping[str, float]]
IN_A_FRAME, MEAN_MS, TRACKED, AUC, WINDOW_MS = 0.95, 20.0, 0.90, 0.97, 25.0
LIES = 0.02
"""Share of the time that a sound which the face did not make may be believed."""
STEP_S, REACH = 0.02, 30


def verdicts(rows: Rows) -> Iterator[str]:
    """A line for each bar."""
    for group in ("people", "sentences of s1"):
        if f"{group}, shifts, both" not in rows:
            continue
        shifts = rows[f"{group}, shifts, both"]
        yield _line(f"{group}: 3 s, constant shift", shifts["in a frame"], IN_A_FRAME, "in a frame")
        yield _line(f"{group}: 3 s, constant shift", shifts["mean ms"], MEAN_MS, "mean ms", at_most=True)
        yield _line(f"{group}: off sync told from in sync", shifts["AUC"], AUC, "AUC")
        for name in ("drift 0.5 %", "two jumps", "two jumps at cuts"):
            yield _line(f"{group}: 10 s, {name}", rows[f"{group}, {name}"]["in a frame"], TRACKED, "in a frame")
        for name in ("another voice", "music", "frozen face", "silence", "noise"):
            if f"{group}, {name}" in rows:
                yield _line(f"{group}: {name}", rows[f"{group}, {name}"]["over half"], LIES, "believed", at_most=True)
    yield _line("cost", rows["cost"]["ms a window"], WINDOW_MS, "CPU-ms a window", at_most=True)


def _line(what: str, figure: float, bar: float, unit: str, at_most: bool = False) -> str:
    met = figure <= bar if at_most else figure >= bar
    return f"{'met   ' if met else 'MISSED'} {what}: {figure:.3f} {unit} ({'<=' if at_most else '>='} {bar:g})"


def auc(within: Sequence[float], beyond: Sequence[float]) -> float:
    """How often a clip in sync scores over one that is not, ties as half."""
    a, b = np.array(within)[:, None], np.array(beyond)[None]
    return float((a > b).mean() + 0.5 * (a == b).mean())


def plain(
    times_s: np.ndarray, opening: np.ndarray, samples: np.ndarray, listener: ArticulationListener
) -> tuple[float, float]:
    """Offset in seconds where the foretold opening follows the tracked one best, and how much better at 0 than
    elsewhere. times_s, opening: [F]; samples: [N] at 16 kHz."""
    lead = REACH * STEP_S
    silence = np.zeros(round(lead * RATE_HZ), np.float32)
    heard = hear(Sound(np.concatenate([silence, samples, silence])[None].astype(np.float32), RATE_HZ, -lead), listener)
    at = np.arange(0.01, times_s[-1], STEP_S)
    seen = np.interp(at, times_s, opening)
    foretold = heard.curve.values[:, 0].astype(np.float64)
    likeness = np.array(
        [_r(seen, np.interp(at + d * STEP_S, heard.curve.times_s, foretold)) for d in range(-REACH, REACH + 1)]
    )
    best = int(likeness.argmax())
    part = 0.0
    if 0 < best < len(likeness) - 1:
        before, here, after = likeness[best - 1 : best + 2]
        part = float((before - after) / 2 / (before - 2 * here + after - 1e-12))
    near = np.arange(REACH - 2, REACH + 3)
    return (best - REACH + part) * STEP_S, float(likeness[near].max() - np.delete(likeness, near).max())


def _r(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


def table(rows: Rows) -> str:
    """A line a row, only with the figures it has."""
    width = max(map(len, rows))
    return "\n".join(
        f"{name:<{width}}  " + "  ".join(f"{key} {value:.3f}" for key, value in figures.items())
        for name, figures in rows.items()
    )
