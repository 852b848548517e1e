# SPDX-License-Identifier: Apache-2.0
"""Stills that speak, measured by tracking the result: four paintings and a photograph, an English and a Russian line.

opening   r of the tracked opening with the articulation curve, over the frames that speak at full strength
silence   how far the lips are from rest where nobody speaks, as a share of the line's widest opening. Rest is the
          still's own opening where its lips are shut, and shut lips where they are not
identity  how far points above the nose base, which no jaw moves, go from the still, head held: their mean on the worst
          frame without a blink. In a blink the tracker's forehead moves, where no pixel does; that is said, not judged
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.bench.measure import OPEN, correlation, mouth_curves
from ofx_lipsync.bench.sheet import Column, sheet
from ofx_lipsync.cli.portrait import open_still
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.face import LANDMARKS, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.landmarks import NOSE_BASE
from ofx_lipsync.core.pose import to_front
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import node
from ofx_lipsync.nodes.mouth.actor import CLOSED, SHUT
from ofx_lipsync.nodes.mouth.points import MOVING
from ofx_lipsync.portrait import Portrait, PortraitAnalysis
from ofx_lipsync.tuning.page import write_picture

BARS = {"opening": 0.90, "silence": 0.05, "identity": 0.01}
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
HELD = ("Portrait.head_motion=0", "Portrait.lead_in=1.2", "Portrait.lead_out=1.4")
SILENT_S = 0.25
"""From the voice to where lips are surely shut: AudioFeature eases them."""
COLUMNS, MARGIN, WIDTH_PX = 8, 0.22, 170


@dataclass(frozen=True)
class Measured:
    """One still with one line."""

    still: str
    line: str
    opening: float
    silence: float
    identity: float
    blinking: float
    frames: int


def main(args: argparse.Namespace) -> int:
    """Print a row for each still and line, and the bars; returns 0 whether or not a bar is met."""
    lines = sorted((SAMPLES / "lines").glob("*.flac"))
    rows = []
    for still in stills(args.data)[: args.clips]:
        for line in lines:
            rows.append(measured(still, line))
            _say(rows[-1])
        if args.keep:
            Path(args.keep).mkdir(parents=True, exist_ok=True)
            write_picture(Path(args.keep) / f"{_name(still)}.jpg", contact_sheet(still, lines))
    _verdicts(rows)
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def stills(given: str | None) -> list[Path]:
    """The bundled photograph, and the paintings of the folder given, of $LIPSYNC_SHARED or of ../shared/data."""
    found = [SAMPLES / "collins" / "portrait.png"]
    for place in (given, os.environ.get("LIPSYNC_SHARED"), "../shared/data"):
        if place and (Path(place) / "portraits").is_dir():
            return found + sorted((Path(place) / "portraits").glob("*.jpg"))
    if not found[0].is_file():
        raise InputError("bench portrait: no folder with portraits/ in it; give --data DIR or set LIPSYNC_SHARED")
    return found


def measured(still: Path, line: Path) -> Measured:
    with opened(still, line, HELD) as shot:
        portrait = Portrait(shot.shot, shot.settings)
        analysis = portrait.analyse()
        detect = node("FaceDetect")
        result = _Rendered(shot, portrait, analysis)
        track = detect.analyse(result, result.frames, detect.Params()).chosen_track()
        if track is None or len(track.frames) < len(result.frames):
            raise InputError(f"bench portrait: {still}: the face is lost in the result")
        return _measures(_name(still), line.stem, track, analysis)


def _measures(still: str, line: str, track: FaceTrack, analysis: PortraitAnalysis) -> Measured:
    curve, own = analysis.audio.curve, analysis.plan.landmarks[None]
    height_px = float(np.linalg.norm(own[0, 10, :2] - own[0, 152, :2]))
    opening = mouth_curves(track)[:, OPEN]
    full = analysis.mouth.strength > 0.99
    silent = full & ~_near(curve.voice > 0.5, curve.times_s)
    rest = float(mouth_curves(replace(track, landmarks=own))[0, OPEN])
    rest = rest if rest <= CLOSED else SHUT
    widest = float(np.quantile(opening[full], 0.98)) - rest
    far = np.linalg.norm(track.landmarks[..., :2] - own[..., :2], axis=2) / height_px
    front = to_front(own)[0]
    above = [i for i in range(LANDMARKS) if front[i, 1] < front[NOSE_BASE, 1] and i not in MOVING]
    drift, blinking = far[:, above].mean(axis=1), analysis.plan.lids > 0
    return Measured(
        still, line, correlation(opening[full], curve.values[full, OPEN]),
        float(np.median(np.abs(opening[silent] - rest)) / widest) if silent.any() else float("nan"),
        float(drift[~blinking].max()), float(drift[blinking].max(initial=0)), len(track.frames),
    )  # fmt: skip


def _near(spoken: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """[N] bool: within SILENT_S of speech, or its lead, when lips have begun to part."""
    reach = int(np.ceil((SILENT_S + 0.2) / max(times_s[1] - times_s[0], 1e-6)))
    return np.asarray(np.convolve(spoken, np.ones(2 * reach + 1))[reach : reach + len(spoken)] > 0)


def contact_sheet(still: Path, lines: Sequence[Path]) -> np.ndarray:
    """[3, H, W] float32 display values: a row a line, the still and then frames as anybody gets them."""
    rows = []
    for line in lines:
        with opened(still, line, ()) as shot:
            portrait = Portrait(shot.shot, shot.settings)
            analysis = portrait.analyse()
            points = analysis.plan.landmarks[:468, :2]
            box = Region.around(points, MARGIN * float(np.ptp(points[:, 1]))).intersect(shot.plate.display)
            result = _Rendered(shot, portrait, analysis)
            chosen = [result.frames[0], *_telling(analysis, COLUMNS - 1)]
            rows.append([result.look(frame, box, round(WIDTH_PX * box.height / box.width)).pixels for frame in chosen])
    return sheet([Column(pictures) for pictures in zip(*rows, strict=True)])


def _telling(analysis: PortraitAnalysis, count: int) -> list[int]:
    """Frames spread over the line, each the most open or shut near there in turn, and one with the eyes shut."""
    frames, opening = analysis.plan.frames, analysis.audio.curve.values[:, OPEN]
    spoken = np.flatnonzero(analysis.audio.curve.voice > 0.5)
    parts = np.array_split(spoken, count)
    rows = [int(part[np.argmax(opening[part] * (-1 if k % 3 == 2 else 1))]) for k, part in enumerate(parts)]
    if analysis.plan.lids.max() > 0.9:
        shut = int(analysis.plan.lids.argmax())
        rows[int(np.argmin(np.abs(np.array(rows) - shut)))] = shut
    return [int(frames[row]) for row in rows]


def opened(still: Path, line: Path, sets: Sequence[str]) -> OpenShot:
    from ofx_lipsync.cli.main import build_parser

    words = [word for text in sets for word in ("--set", text)]
    return open_still(build_parser(["portrait"]).parse_args(["portrait", str(still), str(line), "result.mkv", *words]))


class _Rendered:
    """What `lipsync portrait` writes, without a file: frames made when asked for, the last kept. Implements Clip."""

    def __init__(self, shot: OpenShot, portrait: Portrait, analysis: PortraitAnalysis) -> None:
        self.frames, self.rate, self.display = shot.shot.frames, shot.plate.rate, shot.plate.display
        self._shot, self._portrait, self._analysis = shot, portrait, analysis
        self._last: tuple[int, Image] | None = None

    def window(self, frame: int) -> Region:
        return self._shot.plate.window(frame)

    def crop(self, frame: int, region: Region) -> Image:
        if self._last is None or self._last[0] != frame:
            native = self._shot.plate.load(frame)
            for layer in self._portrait.render(self._analysis, frame):
                native.composite(layer.image, layer.matte)
            self._last = frame, native.image()
        whole, inside = self._last[1], region.intersect(self._last[1].region)
        pixels = np.zeros((3, *region.shape), np.float32)
        if not inside.is_empty:
            rows, columns = inside.slices_in(region)
            pixels[:, rows, columns] = whole.window(inside).pixels
        return Image(pixels, region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        from ofx_lipsync.media.reduce import area_average, reduced_size

        whole, size = self.crop(frame, region), reduced_size(region.width, region.height, longest_px)

        def rows_of(strip: Region) -> np.ndarray:
            rows, columns = strip.slices_in(region)
            return np.ascontiguousarray(whole.pixels[:, rows, columns].transpose(1, 2, 0))

        colour = self._shot.plate.colour
        pixels = colour.to_look(area_average(region, size, rows_of))
        return Image(pixels, Region.of_size(*size), Region.of_size(*size), colour=colour.look_space)


def _name(still: Path) -> str:
    return still.parent.name if still.stem == "portrait" else still.stem


def _say(row: Measured) -> None:
    print(f"{row.still:<26} {row.line:<8} opening r {row.opening:.3f}  silence {100 * row.silence:4.1f} % of widest  "
          f"identity {100 * row.identity:.2f} % of face height (in a blink {100 * row.blinking:.2f} %)",
          flush=True)  # fmt: skip


def _verdicts(rows: Sequence[Measured]) -> None:
    print(f"\nworst of {len(rows)}; load average {os.getloadavg()[0]:.1f}")
    for name, (value, met) in {
        "opening": (min(row.opening for row in rows), min(row.opening for row in rows) >= BARS["opening"]),
        "silence": (np.nanmax([row.silence for row in rows]), np.nanmax([r.silence for r in rows]) <= BARS["silence"]),
        "identity": (max(row.identity for row in rows), max(row.identity for row in rows) <= BARS["identity"]),
    }.items():
        print(f"{name}: {value:.3f}  bar {BARS[name]:.2f}: {'met' if met else 'MISSED'}")
