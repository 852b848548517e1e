# SPDX-License-Identifier: Apache-2.0
"""ARKit curves of lines to look at, over the sound and the sounds heard in it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.bench.hearing_score import runs
from ofx_lipsync.core.phones import PHONES, SILENCE
from ofx_lipsync.export.curves.rigs import rig
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.nodes.audio_feature import Params
from ofx_lipsync.performance import Performance, spoken

ROWS = (
    ("jawOpen", "mouthClose"),
    ("mouthPressLeft", "mouthRollLower"),
    ("mouthFunnel", "mouthPucker"),
    ("mouthStretchLeft", "mouthUpperUpLeft", "mouthLowerDownLeft"),
)
SHORTEST = 3


def plot(paths: list[Path], out: Path) -> None:
    """One column a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8 * len(paths), 7.5), layout="constrained")
    grid = figure.add_gridspec(2 + len(ROWS), len(paths), height_ratios=[1, 0.4, *[1.2] * len(ROWS)])
    for column, path in enumerate(paths):
        strips = [figure.add_subplot(grid[row, column]) for row in range(2 + len(ROWS))]
        _line(strips, path)
    figure.savefig(out, dpi=80)


def _line(strips: list[Any], path: Path) -> None:
    sound = read_sound(str(path))
    shown = spoken(sound, Params())
    curves = rig("arkit").curves(shown.sources(Fraction(60)))
    samples = sound.mono()
    strips[0].plot(np.arange(len(samples)) / sound.rate_hz, samples, lw=0.4, color="0.3")
    strips[0].set_title(path.stem, loc="left", fontsize=9)
    _named(strips[1], shown)
    for strip, names in zip(strips[2:], ROWS, strict=True):
        for name in names:
            strip.plot(curves.times_s, curves[name], label=name, lw=1.3)
        strip.set_ylim(0, 0.7)
        strip.legend(loc="upper right", fontsize=7, ncol=3)
        _shut(strip, shown)
    for strip in strips:
        strip.set_xlim(0, shown.duration_s)
        strip.tick_params(labelsize=7)


def _named(strip: Any, shown: Performance) -> None:
    labels = shown.told.phones.argmax(axis=1)
    for phone in np.unique(labels[labels != SILENCE]):
        for first, last in runs(labels == phone):
            if last - first >= SHORTEST:
                colour = "r" if PHONES[phone] in "pbm" else "b" if PHONES[phone] in "fvuwʊo" else "k"
                strip.text((first + last) / 200, 0.3, PHONES[phone], ha="center", color=colour, fontsize=9)
    strip.set_axis_off()


def _shut(strip: Any, shown: Performance) -> None:
    """Grey where lips are shut on a p, b or m."""
    for first, last in runs(np.isin(shown.told.phones.argmax(axis=1), [PHONES.index(p) for p in "pbm"])):
        if last - first >= SHORTEST:
            strip.axvspan(first / 100, last / 100, color="0.9", lw=0)
