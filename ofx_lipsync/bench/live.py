# SPDX-License-Identifier: Apache-2.0
"""The live performer from sound to drawn frame: delay, frame rate, load, and what hours would do to it.

A file is played in real time as a 48 kHz microphone whose crystal is 200 ppm fast, heard, and drawn off-screen.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from ofx_lipsync.bench.live_line import Line, heard_whole, labelled_line
from ofx_lipsync.bench.live_run import SETTLED_S, Performed, perform
from ofx_lipsync.core.phones import ADOBE, LABELS_HZ
from ofx_lipsync.live.perform import read_figure
from ofx_lipsync.live.timing import Holds
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.view.context import offscreen

CHARACTER = Path(__file__).parents[2] / "samples" / "character"
RATE_HZ, BLOCK_S, FAST_PPM = 48000, 0.01, 200.0
EARLY_S, LATE_S = 0.12, 0.12
"""A mouth answers a labelled one if it is said so much before or after it, the window of earlier measurements."""
BAR_DELAY_S, BAR_RATE, BAR_CPU = 0.120, 60.0, 0.10
CLOSURES = ("M", "F")
LOOKED = ("first", "half", "last")
GROWS = "no growth"


def main(args: argparse.Namespace) -> int:
    """Print the figures beside their bars."""
    hearing, line = Hearing.named(), labelled_line()
    figure = read_figure(str(CHARACTER), args.size)
    with tempfile.TemporaryDirectory(prefix="lipsync-live-") as folder, offscreen():
        from OpenGL import GL

        path = f"{folder}/line.wav"
        line.write(path)
        renderer = GL.glGetString(GL.GL_RENDERER).decode()
        print(f"{len(line.samples) / 16000:.0f} s of speech ({line.told}) over and over, {args.minutes:g} min; "
              f"{args.size} x {args.size} px by {renderer}", flush=True)  # fmt: skip
        holds = Holds(args.hold / 1000)
        done = perform(
            path, figure, hearing, 60 * args.minutes, args.size, RATE_HZ, FAST_PPM, BLOCK_S, holds, rate=args.rate
        )
    figures = measured(done, line, heard_whole(line, hearing))
    show(figures, done)
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0


def measured(done: Performed, line: Line, whole: Line) -> dict[str, float]:
    """Every figure by its name; seconds, shares of one core, MB, ppm."""
    changes = done.changes[done.changes[:, 2] > SETTLED_S]
    told = spread("way", changes[:, 4] - changes[:, 2])
    for name, reference in (("labels", line), ("whole", whole)):
        told |= {f"{name} {key}": value for key, value in answers(changes, reference).items()}
    gaps = np.diff(done.frames_s[done.frames_s > SETTLED_S])
    told |= {"rate": 1 / float(gaps.mean()), "gap 99 %": float(np.percentile(gaps, 99)), "gap most": float(gaps.max())}
    told |= {f"cpu {name}": value for name, value in done.cpu.items()}
    return told | done.counts | drift(changes, done.looks)


def spread(name: str, values: np.ndarray) -> dict[str, float]:
    median, late, most = np.percentile(values, (50, 95, 100)).tolist()
    return {f"{name} median": median, f"{name} 95 %": late, f"{name} most": most}


def drift(changes: np.ndarray, looks: np.ndarray) -> dict[str, float]:
    """What is otherwise in the last tenth of the run than in the first."""
    tenth = max(1, len(changes) // 10)
    way, wrong = changes[:, 4] - changes[:, 2], changes[:, 3] - changes[:, 2]
    memory = looks[looks[:, 0] > 2 * SETTLED_S, 1]
    first, half, last = (memory[0], memory[len(memory) // 2], memory[-1]) if len(memory) else (np.nan,) * 3
    return {
        "way at first": float(np.median(way[:tenth])), "way at last": float(np.median(way[-tenth:])),
        "clock off": float(np.abs(wrong).max()), "rate found, ppm": float(looks[-1, 2]),
        "MB at first": float(first), "MB at half": float(half), "MB at last": float(last),
    }  # fmt: skip


def answers(changes: np.ndarray, line: Line) -> dict[str, float]:
    """From the beginning of each mouth in `line` to the frame that shows it: found, median, 95 %; closures apart.

    changes: [N, 5] as Performed has them; the line is said over and over.
    """
    delays: dict[int, list[float]] = {mouth: [] for mouth in range(len(ADOBE))}
    asked = dict.fromkeys(delays, 0)
    if len(changes) < 2:
        return {}
    frames, period = changes[:, 1], len(line.labels)
    frame_s = (changes[-1, 2] - changes[0, 2]) / (frames[-1] - frames[0])  # of a device that is fast, a little less
    for turn in range(int(frames[0] // period), int(frames[-1] // period) + 1):
        for at, mouth in line.onsets():
            frame = turn * period + at
            if frames[0] + LABELS_HZ < frame < frames[-1] - LABELS_HZ:
                asked[mouth] += 1
                delays[mouth] += _answer(changes, frame, mouth, frame_s)
    return _told(delays, asked)


def _answer(changes: np.ndarray, frame: int, mouth: int, frame_s: float) -> list[float]:
    """The delay of the mouth shown for this one, if there is one."""
    first, last = np.searchsorted(changes[:, 1], (frame - EARLY_S * LABELS_HZ, frame + LATE_S * LABELS_HZ))
    same = changes[first:last][changes[first:last, 0] == mouth]
    return [float(same[np.argmin(np.abs(same[:, 1] - frame)), 4] - frame * frame_s)] if len(same) else []


def _told(delays: dict[int, list[float]], asked: dict[int, int]) -> dict[str, float]:
    told: dict[str, float] = {}
    for name, mouths in (("all", range(len(ADOBE))), ("closures", [ADOBE.index(name) for name in CLOSURES])):
        some = np.array([delay for mouth in mouths for delay in delays[mouth]])
        if len(some):
            told |= spread(name, some) | {f"{name} found": len(some) / sum(asked[mouth] for mouth in mouths)}
    return told


def show(figures: dict[str, float], done: Performed) -> None:
    """A person's table."""
    for name, value, bar in (*_delays(figures), *_sides(figures), *_hours(figures)):
        print(f"  {name:<50} {value}{f'   (bar: {bar})' if bar else ''}")
    if figures["sound lost, ms"]:
        print("  sound was lost: the machine had no time for it, and delays are counted from sound that nobody heard")
    print(f"  load of the machine {done.load[0]:.1f} -> {done.load[1]:.1f}, {done.lasted_s:.0f} s")


Row = tuple[str, str, str]


def _delays(figures: dict[str, float]) -> list[Row]:
    def row(name: str, key: str, bar: str = "") -> Row:
        median, late, most = (1000 * figures.get(f"{key} {part}", np.nan) for part in ("median", "95 %", "most"))
        found = figures.get(f"{key} found")
        shown = "" if found is None else f", {100 * found:.0f} % shown"
        return name, f"median {median:.0f} ms, 95 % {late:.0f} ms, most {most:.0f} ms{shown}", bar

    bar = f"95 % <= {1000 * BAR_DELAY_S:.0f} ms"
    return [
        row("a mouth's 10 ms of sound to the frame that shows it", "way", bar),
        row("a labelled mouth's beginning to that frame", "labels all", bar),
        row("  of p b m f v alone", "labels closures", bar),
        row("beginning as heard when all is known, to that frame", "whole all", bar),
    ]


def _sides(figures: dict[str, float]) -> list[Row]:
    gaps = f"apart 99 % {1000 * figures['gap 99 %']:.0f} ms, most {1000 * figures['gap most']:.0f} ms"
    mine, all_of_it = (100 * figures[f"cpu {name}"] for name in ("sound to viseme", "everything"))
    sound = (f"{figures['blocks']:.0f} blocks, {figures['sound lost, ms']:.0f} ms lost, at most "
             f"{figures['most sound that waited, ms']:.0f} ms waited, "
             f"{figures['changes forgotten']:.0f} changes forgotten")  # fmt: skip
    return [
        ("frames", f"{figures['rate']:.1f} a second, {gaps}", f"{BAR_RATE:.0f} a second"),
        ("one core: sound to viseme", f"{mine:.1f} % (everything {all_of_it:.0f} %)", f"< {100 * BAR_CPU:.0f} %"),
        ("sound", sound, "none lost"),
        ("stage held up", f"{figures['stage held up']:.0f} times", ""),
    ]


def _hours(figures: dict[str, float]) -> list[Row]:
    delay = f"{1000 * figures['way at first']:.0f} -> {1000 * figures['way at last']:.0f} ms"
    clock = f"within {1000 * figures['clock off']:.1f} ms, found to be {figures['rate found, ppm']:+.1f} ppm fast"
    return [
        ("delay, first and last tenth", delay, "no drift"),
        ("the device's clock", clock, f"{FAST_PPM:+.0f} ppm"),
        (
            "memory, at first, half way, at last",
            " -> ".join(f"{figures[f'MB at {at}']:.1f}" for at in LOOKED) + " MB",
            GROWS,
        ),
    ]
