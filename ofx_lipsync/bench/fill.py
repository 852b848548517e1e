# SPDX-License-Identifier: Apache-2.0
"""Are lost frames rebuilt? Clips of people that training never saw, with holes of 1, 5, 12 and 25 frames in mid-speech.

lips  distance of tracked lip landmarks from those of the true frame, in % of face height
face  PSNR over the face's box, of what a person sees (sRGB)
floors  the last good frame frozen, and the two good frames beside the hole cross-faded
reel  mouths may come from other sentences of the person as well; alone, a clip with a hole of 25 has 50 frames left
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.bench.footage import Joined, shared_folder
from ofx_lipsync.bench.measure import lip_distance
from ofx_lipsync.bench.quality import held_out
from ofx_lipsync.bench.sheet import Column, sheet
from ofx_lipsync.core.fill import FillAnalysis
from ofx_lipsync.core.region import Region
from ofx_lipsync.fill import Fill
from ofx_lipsync.graph import Settings, Shot
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.tuning.page import write_picture

GAPS = (1, 5, 12, 25)
BAR = 0.30
WAYS = ("frozen", "cross-fade", "filled")
MARGIN_PX = 16
CLIPS = 8
SHOWN = 6
Track = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Row:
    """lips: % of face height, face: dB, for each of WAYS."""

    clip: str
    gap: int
    reel: bool
    lips: tuple[float, ...]
    face: tuple[float, ...]


def main(args: argparse.Namespace) -> int:
    """Print a line a hole, then the medians and the bars; returns 0 whether or not a bar is met."""
    people, seen = held_out(shared_folder(args.data) / "grid")
    # what Fill does was chosen with the first clips of each in sight
    clips = [path for paths in people.values() for path in paths[2:5]] + [seen[at] for at in (5, 15, 30)]
    rows = []
    for path in clips[: args.clips or CLIPS]:
        others = [other for other in (*people.get(path.parent.name, ()), *seen) if other.parent == path.parent]
        reel = [other for other in others if other != path][:4] if path.parent.name != "other" else []
        for gap in GAPS:
            for with_reel in (False, True) if reel else (False,):
                rows.append(_hole(path, gap, reel if with_reel else [], args.keep))
                _say(rows[-1])
    _verdicts(rows)
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def _hole(path: Path, gap: int, reel: Sequence[Path], keep: str | None) -> Row:
    plates = [open_plate(str(other)) for other in reel]
    with open_plate(str(path)) as plate:
        first = hole(plate, gap, str(path))
        settings = Settings.parse(["Fill.find=listed", f"Fill.frames={first}-{first + gap - 1}"])
        shot = Shot(plate, read_sound(str(path)), plate.frames, reel=Joined(plates) if plates else None)
        fill = Fill(shot, settings)
        analysis = fill.analyse()
        box = _face_box(analysis, plate, range(first, first + gap))
        pictures = [_pictures(fill, analysis, plate, frame) for frame in range(first, first + gap)]
        row = _scores(path, gap, bool(plates), pictures, box, _tracker(pictures[0][0]))
        if keep:
            _keep(Path(keep) / f"{path.parent.name}-{path.stem}-{gap}{'-reel' * bool(plates)}.png", pictures, box)
    for other in plates:
        other.close()
    return row


def hole(plate: Plate, gap: int, path: str) -> int:
    """First frame of a hole in the middle of what is said."""
    from ofx_lipsync.graph import node

    audio = node("AudioFeature")
    voice = audio.analyse(read_sound(path), plate.frames, plate.rate, audio.Params()).curve.voice
    spoken = np.flatnonzero(voice > 0.5)
    middle = int(spoken[len(spoken) // 2]) if len(spoken) else len(voice) // 2
    return plate.frames[int(np.clip(middle - gap // 2, 3, len(voice) - gap - 3))]


def _pictures(fill: Fill, analysis: FillAnalysis, plate: Plate, frame: int) -> list[np.ndarray]:
    """[3, H, W] sRGB each: the truth, and the hole filled in each of WAYS."""
    row = analysis.plan.index(frame)
    made = fill.render(analysis, frame)
    assert row is not None
    assert made is not None
    before, after, part = *analysis.plan.sources(row), analysis.plan.part(row)
    one, two = (_shown(plate, f) for f in (before, after))
    return [_shown(plate, frame), one, (1 - part) * one + part * two, _encoded(plate.colour, made.pixels)]


def _shown(plate: Plate, frame: int) -> np.ndarray:
    """Through the same colour path as what is made, or its chroma filter would be measured too."""
    return _encoded(plate.colour, plate.crop(frame, plate.display).pixels)


def _encoded(colour: Colour, linear: np.ndarray) -> np.ndarray:
    """As written to the movie and looked at: back to the plate's own space, held to 0..1."""
    return np.clip(colour.from_working(linear, colour.look_space), 0, 1).astype(np.float32)


def _face_box(analysis: FillAnalysis, plate: Plate, frames: range) -> Region:
    track = analysis.tracks[analysis.faces.chosen]
    rows = [row for row in map(track.index, frames) if row is not None]
    return Region.around(track.landmarks[rows, :, :2].reshape(-1, 2), MARGIN_PX).intersect(plate.display)


def _tracker(picture: np.ndarray) -> Track:
    """The face mesh of a picture [3, H, W], begun from where the face is in the first one."""
    from ofx_lipsync.models.face_bundle import FaceNetworks
    from ofx_lipsync.models.face_mesh import roi_from_detection, roi_from_landmarks

    networks = FaceNetworks.load()
    found = networks.detector.detect(picture[:, ::2, ::2])
    found = found.placed(np.full(2, 2, np.float32), np.zeros(2, np.float32))
    begin = roi_from_detection(found.boxes[0], found.keypoints[0])
    roi = roi_from_landmarks(networks.mesh.landmarks(picture, begin)[0])

    def landmarks(shown: np.ndarray) -> np.ndarray:
        again = roi_from_landmarks(networks.mesh.landmarks(shown, roi)[0])
        return networks.mesh.landmarks(shown, again)[0]

    return landmarks


def _scores(
    path: Path, gap: int, reel: bool, pictures: Sequence[Sequence[np.ndarray]], box: Region, track: Track
) -> Row:  # fmt: skip
    rows, columns = box.slices_in(Region.of_size(pictures[0][0].shape[2], pictures[0][0].shape[1]))
    tracked = np.stack([[track(picture) for picture in frame] for frame in pictures])
    heights = np.linalg.norm(tracked[:, 0, 10, :2] - tracked[:, 0, 152, :2], axis=1)
    lips = tuple(lip_distance(tracked[:, way], tracked[:, 0], heights) for way in range(1, 4))
    square = np.array([[((p - frame[0])[:, rows, columns] ** 2).mean() for p in frame[1:]] for frame in pictures])
    face = tuple(float(v) for v in (-10 * np.log10(square)).mean(axis=0))
    return Row(f"{path.parent.name}/{path.stem}", gap, reel, lips, face)


def _keep(target: Path, pictures: Sequence[Sequence[np.ndarray]], box: Region) -> None:
    """A contact sheet: truth, frozen, cross-faded and filled under each other, at 300 %."""
    target.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = box.slices_in(Region.of_size(pictures[0][0].shape[2], pictures[0][0].shape[1]))
    some = np.unique(np.linspace(0, len(pictures) - 1, SHOWN).round().astype(int))
    shown = [[p[:, rows, columns].repeat(3, 1).repeat(3, 2) for p in pictures[i]] for i in some]
    write_picture(target, sheet([Column(tuple(column)) for column in shown]))


def _say(row: Row) -> None:
    lips = "  ".join(f"{way} {value:5.2f}" for way, value in zip(WAYS, row.lips, strict=True))
    face = "  ".join(f"{way} {value:5.2f}" for way, value in zip(WAYS, row.face, strict=True))
    name = f"{row.clip:<14} {row.gap:3d} frames{' reel' if row.reel else '':<5}"
    print(f"{name}  lips: {lips} %   face: {face} dB", flush=True)


def _verdicts(rows: Sequence[Row]) -> None:
    print(f"\nmeans; load average {os.getloadavg()[0]:.1f}")
    for reel in (False, True):
        for gap in GAPS:
            some = [row for row in rows if row.gap == gap and row.reel == reel]
            if some:
                _verdict(f"{gap} frames{', with a reel' if reel else ''} ({len(some)} holes)", some)


def _verdict(name: str, rows: Sequence[Row]) -> None:
    lips, face = (np.array([getattr(row, what) for row in rows]).mean(axis=0) for what in ("lips", "face"))
    nearer = 1 - lips[2] / min(lips[0], lips[1])
    better = face[2] - max(face[0], face[1])
    print(
        f"{name}: lips {lips[2]:.2f} % (frozen {lips[0]:.2f}, cross-fade {lips[1]:.2f}): {nearer:.0%} nearer  bar "
        f"{BAR:.0%}: {'met' if nearer >= BAR else 'MISSED'};  face {face[2]:.2f} dB (frozen {face[0]:.2f}, cross-fade "
        f"{face[1]:.2f}): {better:+.2f}  bar 0: {'met' if better > 0 else 'MISSED'}"
    )
