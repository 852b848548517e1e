# SPDX-License-Identifier: Apache-2.0
"""Ten lines to look at: the sound, the sounds heard in it, lips shut, and the opening wanted beside the one filmed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.bench.hearing_score import runs
from ofx_lipsync.bench.voice import curve_of, times_of
from ofx_lipsync.core.phones import PHONES, SILENCE
from ofx_lipsync.models.bands import line_heard
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.train.corpus import Take, facegood_takes, grid_takes
from ofx_lipsync.train.track import track_folder

CLIPS = ("s30_bwwy5n", "s31_bgix8n", "s31_lrau5s", "other_lbax4n", "other_lwbsza", "s1_lwar9a", "s1_prbj7a",
         "s1_swwp3s", "1114_2_05", "1114_3_16")  # fmt: skip
LONGEST = slice(1500, 1900)
"""Frames of a take of minutes that are shown."""
SHORTEST = 3


def main(args: argparse.Namespace) -> int:
    """Writes lines.png into the folder of --keep; args as cli/bench.py declares them."""
    data, cache = shared_folder(args.data), Path("work-data")
    track_folder(data / "grid", cache / "tracks")
    takes = grid_takes(cache / "tracks", cache / "aligned.npz")
    takes += facegood_takes(data / "facegood") if (data / "facegood").is_dir() else []
    held = {take.name: take for take in takes if take.held_out}
    chosen = [held[name] for name in CLIPS if name in held]
    chosen += [take for name, take in held.items() if name not in CLIPS][: len(CLIPS) - len(chosen)]
    path = Path(args.keep or "work-data") / "lines.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(chosen, ArticulationListener.named()).savefig(path, dpi=72)
    print(f"wrote {path}")
    return 0


def drawn(takes: list[Take], listener: ArticulationListener) -> Any:
    """A figure of two columns, three strips a line."""
    from matplotlib.figure import Figure

    rows = -(-len(takes) // 2)
    figure = Figure(figsize=(20, 3.2 * rows), layout="constrained")
    grid = figure.add_gridspec(rows * 3, 2, height_ratios=[1, 0.5, 1.4] * rows)
    for number, take in enumerate(takes):
        row, column = number // 2 * 3, number % 2
        _line([figure.add_subplot(grid[row + strip, column]) for strip in range(3)], take, listener)
    return figure


def _line(strips: list[Any], take: Take, listener: ArticulationListener) -> None:
    told = listener.hearing.line_of(line_heard(take.bands))
    part = LONGEST if len(take.bands) > LONGEST.stop else slice(0, len(take.bands))
    time_s = times_of(take)[part] - times_of(take)[part][0]
    sound, phones, lips = strips
    sound.imshow(take.bands[part].T, aspect="auto", origin="lower", vmin=-80, extent=(0, time_s[-1], 0, 48))
    sound.set_title(take.name, loc="left", fontsize=9)
    _named(phones, told.phones[part].argmax(axis=1), time_s)
    curve = curve_of(listener, take, take.person if take.person in listener.by_sounds.people else "")
    wanted = np.interp(times_of(take)[part], curve.times_s, curve.values[:, 0])
    closure = np.interp(times_of(take)[part], curve.times_s, curve.closure)
    lips.fill_between(time_s, 0, closure, color="0.85", label="lips shut, heard")
    lips.plot(time_s, np.where(take.weight[part, 0] > 0, take.values[part, 0], np.nan), "k", label="opening, filmed")
    lips.plot(time_s, wanted, "r", label="opening, wanted")
    lips.set_ylim(-0.3, 1.6)
    lips.legend(loc="upper right", fontsize=7, ncol=3)
    for strip in strips:
        strip.set_xlim(0, time_s[-1])
        strip.tick_params(labelsize=7)
    sound.set_xticks([])
    sound.set_yticks([])


def _named(strip: Any, labels: np.ndarray, time_s: np.ndarray) -> None:
    """What was heard, by name; p b m in red."""
    for phone in np.unique(labels[labels != SILENCE]):
        for first, last in runs(labels == phone):
            if last - first >= SHORTEST:
                colour = "r" if PHONES[phone] in "pbm" else "k"
                strip.text(time_s[(first + last) // 2], 0.3, PHONES[phone], ha="center", color=colour, fontsize=10)
    strip.set_axis_off()
