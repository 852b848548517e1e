# SPDX-License-Identifier: Apache-2.0
"""Every frame of a talking character over the sound it says, as one picture: what to look at before anything else.

    python -m ofx_lipsync.bench.character_sheet samples/character samples/lines/english.flac sheet.jpg

A row is one second; under each frame stands its mouth (a dot where it is on the way to it), and under the row the sound
with what was heard in it. The mouths run ahead of the sound by Character.lead, as they should.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ofx_lipsync.character import DrawnCharacter, frames_of, read_drawings
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import parse_rate
from ofx_lipsync.graph import Settings
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import screen_codes
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.nodes.drawn.plan import CharacterPlan

PAPER = 0.93
HEIGHT_PX, GAP_PX = 540, 4
CLOSED = ("M", "PP")


def sheet(character: DrawnCharacter, plan: CharacterPlan, colour: Colour, per_row: int, title: str) -> Any:
    """A matplotlib figure."""
    from matplotlib.figure import Figure

    frames = list(character.frames)
    rows = -(-len(frames) // per_row)
    figure = Figure(figsize=(22, 2.35 * rows + 0.5), dpi=90)
    figure.suptitle(title, fontsize=12)
    axes = figure.subplots(2 * rows, 1, gridspec_kw={"height_ratios": [1.25, 0.8] * rows, "hspace": 0.12})
    for row in range(rows):
        part = frames[row * per_row : (row + 1) * per_row]
        _pictures(axes[2 * row], character, plan, colour, part, per_row)
        _sound(axes[2 * row + 1], character, plan, row, per_row)
    figure.subplots_adjust(left=0.005, right=0.995, top=1 - 0.45 / figure.get_figheight(), bottom=0.005)
    return figure


def _pictures(
    axis: Any, character: DrawnCharacter, plan: CharacterPlan, colour: Colour, frames: list[int], per_row: int
) -> None:
    box = _face(character)
    strip = np.full((box.height, box.width * per_row, 3), 255, np.uint8)
    for place, frame in enumerate(frames):
        image = character.render(plan, frame).window(box).pixels
        paper = colour.to_working(np.full((3, *box.shape), PAPER, np.float32), colour.look_space)
        laid = np.concatenate([image[:3] + (1 - image[3]) * paper, np.ones_like(image[3:])])
        strip[:, place * box.width : (place + 1) * box.width - GAP_PX] = screen_codes(laid, colour)[:, :-GAP_PX, :3]
    axis.imshow(strip, extent=(0, per_row, 0, 1), aspect="auto", interpolation="antialiased")
    for place, frame in enumerate(frames):
        row = plan.row(frame)
        name = plan.cues.names[plan.end[row]]
        text = name if plan.start[row] == plan.end[row] else f"·{name}"
        axis.text(place + 0.5, 0.03, text, ha="center", va="bottom", fontsize=8, color=_ink(name))
        axis.text(place + 0.04, 0.97, str(frame), ha="left", va="top", fontsize=5.5, color="0.45")
    axis.set_axis_off()


def _sound(axis: Any, character: DrawnCharacter, plan: CharacterPlan, row: int, per_row: int) -> None:
    rate, sound = float(character.rate), character.sound
    begin, end = row * per_row / rate, (row + 1) * per_row / rate
    times = sound.start_s + np.arange(sound.samples.shape[1]) / sound.rate_hz
    inside = (times >= begin) & (times < end)
    axis.plot((times[inside] - begin) * rate, sound.mono()[inside], linewidth=0.4, color="0.25")
    loudest = float(np.abs(sound.samples).max(initial=1e-3))
    for start, stop, mouth in zip(plan.cues.edges_s[:-1], plan.cues.edges_s[1:], plan.cues.mouth, strict=True):
        if stop <= begin or start >= end:
            continue
        left, right = ((max(begin, min(end, at)) - begin) * rate for at in (start, stop))
        name = plan.cues.names[mouth]
        shade = "#e8b5ae" if name in CLOSED else "#ffffff" if mouth == 0 else "#dfe7ec"
        axis.axvspan(left, right, color=shade, linewidth=0)
        axis.axvline(left, color="white", linewidth=0.8)
        axis.text((left + right) / 2, 1.08 * loudest, name, ha="center", va="top", fontsize=7, color=_ink(name))
    axis.set_xlim(0, per_row)
    axis.set_ylim(-1.1 * loudest, 1.15 * loudest)
    axis.set_axis_off()


def _ink(name: str) -> str:
    return "#b3261e" if name in CLOSED else "0.15"


def _face(character: DrawnCharacter) -> Region:
    """From the eyes to the chin, as far as the mouth's own size tells."""
    mouth, canvas = character.mouths.mouth_region, character.mouths.canvas
    half = round(0.62 * mouth.width)
    middle = (mouth.x0 + mouth.x1) // 2
    return Region(middle - half, mouth.y1 - round(1.75 * half), middle + half, mouth.y1 + half // 3).intersect(canvas)


def main() -> None:
    parser = argparse.ArgumentParser(description="Every frame of a talking character over its sound, as one picture.")
    parser.add_argument("mouths")
    parser.add_argument("line")
    parser.add_argument("out", help="jpg or png")
    parser.add_argument("--fps", default="24")
    parser.add_argument("--set", action="append", default=[], dest="sets")
    args = parser.parse_args()
    params = Settings.parse(args.sets)["Character"]
    params = params.with_values(height=params.height or HEIGHT_PX)
    colour, rate, sound = Colour.load(), parse_rate(args.fps), read_sound(args.line)
    character = DrawnCharacter(
        read_drawings(args.mouths, params, colour), sound, frames_of(sound, rate, 1), rate, params
    )
    figure = sheet(character, character.analyse(), colour, round(rate), f"{args.line}, {args.fps} frames/s")
    figure.savefig(args.out, pil_kwargs={"quality": 82} if args.out.endswith(".jpg") else None)


if __name__ == "__main__":
    main()
