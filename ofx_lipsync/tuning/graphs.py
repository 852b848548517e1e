# SPDX-License-Identifier: Apache-2.0
"""Graphs of a dubbed shot over its frames: lips, sync, and what was sure."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.media.writer import put_in_place, scratch_path
from ofx_lipsync.tuning.findings import Finding, closures, missed
from ofx_lipsync.tuning.gathered import Gathered

PAPER, PANEL, INK, GRID = "#16171a", "#1d1f23", "#d6d6d6", "#34373d"
WANTED, MADE, BEFORE, SPEECH, ALARM = "#6fb7ff", "#ffb340", "#70757d", "#262a31", "#ff5d5d"
REMEDY = 'pip install "ofx-lipsync[report]"'


def needs(module: str, what: str) -> Any:
    """An optional library.  Raises: UsageError naming the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(f"report: {what} needs {module}, which is not installed; get it: {REMEDY}") from None


def write_graphs(path: Path, of: Gathered, found: Sequence[Finding]) -> None:
    """An SVG or PNG, by the ending, of three graphs under each other.  Raises: UsageError without matplotlib."""
    figures = needs("matplotlib.figure", "a graph")
    rc = needs("matplotlib", "a graph").rc_context
    with rc({"svg.hashsalt": "lipsync", "font.size": 10, "text.color": INK, "axes.labelcolor": INK}):
        figure = figures.Figure(figsize=(13, 8.2), facecolor=PAPER, layout="constrained")
        strips = figure.subplots(3, 1, sharex=True, height_ratios=[3, 2, 2])
        _lips(strips[0], of)
        _sync(strips[1], of)
        _sureness(strips[2], of)
        for strip in strips:
            _plain(strip, of)
        _marks(strips[0], found)
        strips[-1].set_xlabel("frame")
        scratch = scratch_path(path)
        try:
            kind = path.suffix.lstrip(".")
            figure.savefig(scratch, format=kind, dpi=100, **({"metadata": {"Date": None}} if kind == "svg" else {}))
            put_in_place(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)


def _lips(strip: Any, of: Gathered) -> None:
    strip.set_title("Lips apart", loc="left", color=INK)
    strip.set_ylabel("% of face height")
    strip.plot(of.frames, of.before, color=BEFORE, lw=1.1, ls=(0, (3, 2)), label="in the plate")
    strip.plot(of.frames, of.wanted, color=WANTED, lw=2, label="wanted")
    strip.plot(of.frames, of.made, color=MADE, lw=1.4, marker="o", ms=2.2, label="in the result")
    lost = missed(of)
    for run in closures(of):
        colour = ALARM if run in lost else "#57c785"
        strip.plot([of.frames[run[0]] - 0.4, of.frames[run[1] - 1] + 0.4], [-0.35, -0.35], color=colour, lw=4)
    strip.plot([], [], color="#57c785", lw=4, label="p b m: shut")
    strip.plot([], [], color=ALARM, lw=4, label="missed")
    strip.set_ylim(-0.8, max(4.0, 1.32 * float(np.nanmax([of.before, of.wanted, of.made]))))


def _sync(strip: Any, of: Gathered) -> None:
    strip.set_title("Sound late against the result's lips (dots: brighter is surer)", loc="left", color=INK)
    strip.set_ylabel("frames")
    late = of.offset_s * of.rate
    strip.axhspan(-1, 1, color="#57c785", alpha=0.10, lw=0)
    if of.sync is None:
        strip.text(0.5, 0.5, "not measured", transform=strip.transAxes, ha="center", color=BEFORE)
        strip.set_ylim(-4, 4)
        return
    strip.plot(of.frames, late, color=MADE, lw=0.8, alpha=0.35)
    strip.scatter(of.frames, late, s=16, color=MADE, alpha=np.clip(0.08 + of.sureness, 0, 1), lw=0)
    most = float(np.nanmax(np.abs(late)))
    strip.set_ylim(-max(4.0, 1.2 * most), max(4.0, 1.2 * most))


def _sureness(strip: Any, of: Gathered) -> None:
    strip.set_title("Strength, and how sure plan and sync are", loc="left", color=INK)
    strip.set_ylabel("0..1")
    strip.fill_between(of.frames, 0, of.strength, color=WANTED, alpha=0.22, lw=0, label="strength")
    strip.plot(of.frames, of.confidence, color=MADE, lw=1.6, label="plan: a filmed mouth fits")
    if of.sync is not None:
        strip.plot(of.frames, of.sureness, color="#c08bff", lw=1.6, label="sync")
    if np.nanmax(np.append(of.built, 0)) > 0:
        strip.plot(of.frames, of.built, color=ALARM, lw=1.2, label="mouth made up")
    strip.set_ylim(-0.04, 1.35)
    strip.set_yticks([0, 0.25, 0.5, 0.75, 1])


def _plain(strip: Any, of: Gathered) -> None:
    strip.set_facecolor(PANEL)
    strip.tick_params(colors=INK, length=0)
    strip.grid(color=GRID, lw=0.6)
    strip.set_axisbelow(True)
    for side in strip.spines.values():
        side.set_visible(False)
    strip.fill_between(
        of.frames, 0, 1, where=of.voice > 0.5, transform=strip.get_xaxis_transform(), color="#ffffff", alpha=0.045, lw=0
    )
    for cut in of.cuts:
        strip.axvline(cut - 0.5, color=INK, lw=1, ls=":")
    strip.set_xlim(of.frames[0] - 0.5, of.frames[-1] + 0.5)
    strip.xaxis.get_major_locator().set_params(integer=True)
    if strip.get_legend_handles_labels()[0]:
        strip.legend(loc="upper right", bbox_to_anchor=(1, 0.97), ncol=6, fontsize=9, frameon=False, labelcolor=INK)


def _marks(strip: Any, found: Sequence[Finding]) -> None:
    for one in found:
        strip.axvspan(one.frames[0] - 0.5, one.frames[-1] + 0.5, ymin=0.975, color=ALARM, alpha=0.4 + 0.6 * one.grave)
