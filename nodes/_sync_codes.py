# SPDX-License-Identifier: Apache-2.0
"""Faces and sound as the sync network compares them, on its clock of 50 steps a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.media.sound import resample
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.models.face_mesh import Roi
from ofx_lipsync.models.face_square import face_squares
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.sync_face import HEIGHT, INTO_SQUARE, SQUARE_PX, WIDTH, shape_rows
from ofx_lipsync.models.sync_sound import STEPS_HZ, hear
from ofx_lipsync.nodes._sync_splices import holes

if TYPE_CHECKING:
    from ofx_lipsync.models.sync import Sync

STEP_S = 1 / STEPS_HZ
PER_STEP = round(RATE_HZ * STEP_S)
BATCH = 32
CLOSED_FRAMES = 3
"""A face is taken to go on evenly through gaps of so many frames."""
OPEN = -6
"""The column of a shape row that says how far the lips are apart, first of core.mouth.ARTICULATION."""


@dataclass(frozen=True)
class FaceCodes:
    """times_s: [T]. shape, picture: [T, E] float32 of length one. seen: [T] 1 where the face is, else 0. moves: [T, 6]
    core.mouth.ARTICULATION as tracked; the first is how far the lips are apart, 1 is 4 % of face height."""

    times_s: np.ndarray
    shape: np.ndarray
    picture: np.ndarray
    seen: np.ndarray
    moves: np.ndarray


@dataclass(frozen=True)
class SoundCodes:
    """Row r of codes [T + 2 reach, E], voice [T + 2 reach] and foretold [T + 2 reach, 6], the lips as
    core.mouth.ARTICULATION, is `reach` steps before row r of the faces. seams: [T + 2 reach] 1 at the ends of holes."""

    codes: np.ndarray
    voice: np.ndarray
    foretold: np.ndarray
    seams: np.ndarray
    reach: int


def clock(duration_s: float) -> np.ndarray:
    """[T] float64: the middles of the steps of a shot."""
    return (np.arange(max(1, math.ceil(duration_s * STEPS_HZ))) + 0.5) * STEP_S


def face_codes(
    plate: Clip, track: FaceTrack, frames: Sequence[int], times_s: np.ndarray, steps_s: np.ndarray, network: Sync,
    progress: Callable[[int, int], None] | None = None,
) -> FaceCodes:  # fmt: skip
    """frames, times_s: the shot's, and when each is shown. steps_s: [T] of the clock."""
    rows = np.searchsorted(np.asarray(frames), track.frames)
    seen_s = times_s[rows]
    position, seen = on_steps(seen_s, rows, steps_s)
    return coded(
        shape_rows(track.landmarks), _looked_at(plate, track, network, progress), position, seen, steps_s, network
    )


def on_steps(seen_s: np.ndarray, rows: np.ndarray, steps_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each step lies among the frames that show the face, and 1 where those are near enough, else 0. rows: which
    frames of the shot they are."""
    position = np.interp(steps_s, seen_s, np.arange(len(seen_s)))
    left = np.minimum(position.astype(np.int64), max(len(rows) - 2, 0))
    right = np.minimum(left + 1, len(rows) - 1)
    frame_s = float(np.median(np.diff(seen_s) / np.diff(rows))) if len(rows) > 1 else STEP_S
    near = rows[right] - rows[left] <= CLOSED_FRAMES + 1
    inside = (steps_s >= seen_s[0] - frame_s) & (steps_s <= seen_s[-1] + frame_s)
    return position, (near & inside).astype(np.float32)


def coded(
    shape: np.ndarray, seen: np.ndarray, position: np.ndarray, known: np.ndarray, steps_s: np.ndarray, network: Sync
) -> FaceCodes:
    """shape: [F, SHAPE], seen: [F, seen] of the frames that show the face; position: [T] of every step among them."""
    import torch

    from ofx_lipsync.models.sync import on_clock

    with torch.no_grad():
        at = torch.from_numpy(position.astype(np.float32))[None]
        codes = []
        for rows, tower in ((shape, network.shaped), (seen, network.pictured)):
            steps = on_clock(torch.from_numpy(rows - rows.mean(axis=0, keepdims=True))[None], at)
            codes.append(tower(steps)[0].T.numpy())
    frames = np.arange(len(shape))
    moves = np.stack([np.interp(position, frames, column) for column in shape[:, OPEN:].T], axis=1)
    return FaceCodes(steps_s, codes[0], codes[1], known, moves.astype(np.float32))


def _looked_at(plate: Clip, track: FaceTrack, network: Sync, progress: Callable[[int, int], None] | None) -> np.ndarray:
    """[F, seen]: what the network sees of every frame's lower face."""
    import torch

    squares, parts = face_squares(track.landmarks), []
    for first in range(0, len(squares), BATCH):
        batch = range(first, min(first + BATCH, len(squares)))
        pictures = [_lower_face(plate, int(track.frames[row]), squares[row]) for row in batch]
        with torch.no_grad():
            parts.append(network.see(torch.from_numpy(np.stack(pictures))).numpy())
        if progress is not None:
            progress(batch[-1] + 1, len(squares))
    return np.concatenate(parts)


def lower_face(picture: np.ndarray, square: Roi | None = None) -> np.ndarray:
    """picture: [3, H, W] float32, sRGB. square: where the face square lies in it; without one the picture is a square
    of SQUARE_PX. Returns [3, HEIGHT, WIDTH]."""
    matrix = INTO_SQUARE[:2]
    if square is not None:
        placed = square.matrix(SQUARE_PX)
        matrix = placed @ INTO_SQUARE
    return np.asarray(crop(picture, matrix, (HEIGHT, WIDTH), outside="hold"))


def _lower_face(plate: Clip, frame: int, square: Roi) -> np.ndarray:
    """[3, 48, 64] sRGB."""
    matrix = square.matrix(1)
    corners = [matrix[:, :2] @ corner + matrix[:, 2] for corner in np.array([(0, 0), (1, 0), (0, 1), (1, 1)])]
    region = Region.around([tuple(corner) for corner in corners], margin_px=2)
    longest = max(region.width, region.height)
    look = plate.look(frame, region, max(1, round(longest * min(1.0, SQUARE_PX / square.side_px))))
    high, wide = look.pixels.shape[1:]
    scale = wide / region.width
    placed = Roi((square.x - region.x0) * scale, (square.y - region.y0) * high / region.height,
                 square.side_px * scale, square.angle_rad)  # fmt: skip
    return lower_face(np.ascontiguousarray(look.pixels, np.float32), placed)


def sound_codes(sound: Sound, count: int, reach: int, listener: ArticulationListener, network: Sync) -> SoundCodes:
    """count: steps of the shot. reach: steps of the largest offset; silence is heard where there is no sound."""
    import torch

    mono = resample(Sound(sound.mono()[None], sound.rate_hz, sound.start_s), RATE_HZ)
    samples = placed(mono, -reach * STEP_S, count + 2 * reach)
    heard = hear(Sound(samples[None], RATE_HZ), listener)
    with torch.no_grad():
        codes = network.heard(torch.from_numpy(heard.rows)[None])[0].T.numpy()
    return SoundCodes(codes, heard.curve.voice, heard.curve.values, holes(samples, PER_STEP), reach)


def placed(sound: Sound, start_s: float, steps: int) -> np.ndarray:
    """[steps * 320] float32: mono sound from start_s of the shot's clock, silence beyond its ends."""
    samples = np.zeros(steps * PER_STEP, np.float32)
    first = round((sound.start_s - start_s) * RATE_HZ)
    kept = sound.samples[0, max(0, -first) : max(0, len(samples) - first)]
    samples[max(0, first) : max(0, first) + len(kept)] = kept
    return samples


def score_map(codes: np.ndarray, sound: SoundCodes) -> np.ndarray:
    """codes: [T, E] of a face. Returns [T, 2 reach + 1] float32: cosines with the sound -reach .. reach steps later."""
    columns = 2 * sound.reach + 1
    return np.stack(
        [np.einsum("te,te->t", codes, sound.codes[k : k + len(codes)]) for k in range(columns)], axis=1
    ).astype(np.float32)
