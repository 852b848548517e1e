# SPDX-License-Identifier: Apache-2.0
"""Is the grain of a new mouth that of the plate round it? Grain that is known to the number, put on a clean clip.

The same dub is rendered with that grain and without; the difference is what grain the result has, whatever it shows.
Divided by what this grain's deviation is at that light, it is compared, in the mouth, in its inside, and in the skin
that was moved, with the same number in the plate round them: deviation, and power in rings of frequencies.

own      mouths from the grained shot itself: warped, they have lost a little
clean    mouths from a reel without grain (a denoised scan, a render): a flat patch
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from ofx_lipsync.bench.filmed import Filmed, Grain
from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.core.plan import MouthPlan, Patch
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import Dub, Settings, Shot, node
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.nodes.mouth.points import LOWER_INNER, UPPER_INNER

BAR = 0.10
FLAT = 0.50
GRAINS = {
    "sensor, fine": Grain((2e-6, 2e-4, 0.0)),
    "sensor, pushed": Grain((2e-5, 1.5e-3, 0.0), size_px=0.6, alike=0.3),
    "film, fine": Grain((1e-6, 0.0, 1.6e-3), size_px=0.8, alike=0.5),
    "film, coarse": Grain((4e-6, 2e-4, 6e-3), size_px=1.3, alike=0.6),
}
LIBRARIES = {"own": ("MouthGenerate.keep_away=0.4",), "clean": ("MouthGenerate.library=reel",)}
TILE = 16
ZOOM, SOFTEN_PX, FRAMES = 2.5, 1.0, 40
RINGS = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 8.01]) / TILE
"""Cycles a pixel between which power is added up."""
MANY, AROUND_PX = 8, 120
LEAST = 0.02
"""Rings whose power is less than this share of the strongest one's are not seen and not judged."""
ZONES = ("mouth", "inside", "moved skin")


@dataclass(frozen=True)
class Row:
    """Shares of what the plate round it has, 1 for the same; rings: power."""

    grain: str
    library: str
    amount: float
    zone: str
    deviation: float
    rings: tuple[float, ...]


def main(args: argparse.Namespace) -> int:
    """Print a row for each library, grain and zone, without and with grain put back; 0 whether or not a bar is met."""
    path = shared_folder(args.data) / "grid" / "s1" / "lwar9a.mkv"
    kinds = dict(list(GRAINS.items())[: args.clips])
    rows: list[Row] = []
    with open_plate(str(path)) as small:
        clean = Filmed(small, zoom=ZOOM, soften_px=SOFTEN_PX)
        for library in LIBRARIES:
            rows += measured(clean, read_sound(str(path)), list(small.frames)[:FRAMES], kinds, library)
    _verdicts(rows)
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def measured(
    clean: Filmed, line: Sound, frames: Sequence[int], kinds: Mapping[str, Grain], library: str, count: int = 8
) -> list[Row]:
    """Rows of every kind of grain for one library; mouths and their places are found once, in the clean clip."""
    settings = Settings.parse(LIBRARIES[library])
    reel = clean if library == "clean" else None
    analysis = Dub(Shot(clean, line, frames, reel), settings).analyse({})
    chosen = analysis.plan.frames[:: -(-len(analysis.plan.frames) // count)].tolist()
    rows = []
    for name, grain in kinds.items():
        dub = Dub(Shot(replace(clean, grain=grain), line, frames, reel), settings)
        for amount in (0.0, 1.0):
            found = Found()
            for frame in chosen:
                _add(found, dub, clean, analysis.plan, frame, amount, grain)
            rows += found.rows(name, library, amount)
            print("\n".join(_text(row) for row in rows[-len(ZONES) :]), flush=True)
    return rows


def _add(found: Found, dub: Dub, clean: Filmed, plan: MouthPlan, frame: int, amount: float, grain: Grain) -> None:
    blend, mouth = node("Blend"), node("MouthGenerate")
    shot, reel, settings = dub.shot.plate, dub.shot.reel, dub.settings["MouthGenerate"].at(frame)
    made, still = (mouth.render(clip, frame, plan, settings, reel=reel) for clip in (shot, clean))
    row = plan.index(frame)
    if made is None or still is None or row is None:
        return
    region = made.image.region
    result, covered = blend.render(shot.crop(frame, region), made, blend.Params(grain=amount))
    truth, _ = blend.render(clean.crop(frame, region), still, blend.Params(grain=0.0))
    difference = (result.pixels - truth.pixels) / grain.level(truth.pixels)
    for zone, where in zones(made, plan, row, blend.Params().feather).items():
        found.add(zone, difference, where)
    wide = region.grow(AROUND_PX).intersect(clean.display)
    untouched = np.ones(wide.shape, bool)
    untouched[region.intersect(wide).slices_in(wide)] = covered[region.intersect(wide).slices_in(region)] == 0
    plate, bare = shot.crop(frame, wide).pixels, clean.crop(frame, wide).pixels
    found.add("around", (plate - bare) / grain.level(bare), untouched)


def zones(patch: Patch, plan: MouthPlan, row: int, feather: float) -> dict[str, np.ndarray]:
    """[H, W] bool each."""
    region, feather_px = patch.image.region, feather * patch.face_height_px / 100
    layer = matte(patch.outline, region, feather_px=1.0, erode_px=feather_px / 2)
    beyond = matte(patch.outline, region, feather_px=1.0, erode_px=-feather_px / 2)
    inner = np.concatenate([plan.target[row][UPPER_INNER], plan.target[row][LOWER_INNER][-2:0:-1]]).astype(np.float32)
    inside = matte(inner, region, feather_px=1.0, erode_px=0.5)
    moved = patch.ground.pixels[3] == 1
    return {
        "mouth": layer == 1,
        "inside": inside == 1,
        "moved skin": moved & (beyond == 0),
    }


class Found:
    """What was seen of the grain, zone by zone, over all frames."""

    def __init__(self) -> None:
        places = (*ZONES, "around")
        self.squares, self.seen = dict.fromkeys(places, 0.0), dict.fromkeys(places, 0)
        self.power, self.tiles = {zone: np.zeros((TILE, TILE)) for zone in places}, dict.fromkeys(places, 0)

    def add(self, zone: str, grain: np.ndarray, where: np.ndarray) -> None:
        seen = grain[:, where].astype(np.float64)
        seen = seen[:, np.isfinite(seen).all(axis=0)]
        self.squares[zone] += float((seen**2).sum())
        self.seen[zone] += seen.size
        window = np.outer(np.hanning(TILE + 1)[:TILE], np.hanning(TILE + 1)[:TILE])
        for y in range(0, where.shape[0] - TILE + 1, TILE // 2):
            for x in range(0, where.shape[1] - TILE + 1, TILE // 2):
                if where[y : y + TILE, x : x + TILE].all():
                    spectrum = np.fft.fft2(grain[:, y : y + TILE, x : x + TILE] * window)
                    self.power[zone] += (np.abs(spectrum) ** 2).mean(axis=0)
                    self.tiles[zone] += 1

    def rows(self, name: str, library: str, amount: float) -> list[Row]:
        deviation = {zone: np.sqrt(total / max(self.seen[zone], 1)) for zone, total in self.squares.items()}
        power = {zone: _ringed(total / max(self.tiles[zone], 1)) for zone, total in self.power.items()}
        judged = power["around"] > LEAST * power["around"].max()
        return [
            Row(
                name, library, amount, zone, float(deviation[zone] / deviation["around"]),
                tuple((power[zone] / power["around"])[judged].tolist()) if self.tiles[zone] > MANY else (),
            )
            for zone in ZONES
        ]  # fmt: skip


def _ringed(power: np.ndarray) -> np.ndarray:
    step = np.fft.fftfreq(TILE)
    away = np.hypot(step[:, None], step[None])
    return np.array([power[(away >= a) & (away < b)].mean() for a, b in itertools.pairwise(RINGS)])


def _text(row: Row) -> str:
    rings = " ".join(f"{share:4.2f}" for share in row.rings) or "too small for tiles"
    what = f"{row.grain:<15} {row.library:<6} grain {row.amount:g}  {row.zone:<10}"
    return f"{what} deviation {row.deviation:4.2f}  rings {rings}"


def _verdicts(rows: Sequence[Row]) -> None:
    """The bars are the mouth's and the moved skin's; an inside is a few hundred pixels, and is judged by deviation."""
    print(f"\nload average {os.getloadavg()[0]:.1f}")
    back = [row for row in rows if row.amount]
    flat = [row for row in rows if not row.amount and row.library == "clean" and row.zone == "mouth"]
    off = {
        "deviation off by at most": (max(abs(row.deviation - 1) for row in back), BAR),
        "power in any ring off by at most": (max(abs(s - 1) for row in back for s in row.rings), BAR),
    }
    for name, (value, bar) in off.items():
        print(f"{name}: {value:.2f}  bar {bar:.2f}: {'met' if value <= bar else 'MISSED'}")
    least = min(1 - row.deviation for row in flat)
    verdict = "met" if least > FLAT else "MISSED"
    print(f"a flat patch without it is off by at least: {least:.2f}  bar {FLAT:.2f}: {verdict}")
