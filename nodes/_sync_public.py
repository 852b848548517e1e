# SPDX-License-Identifier: Apache-2.0
"""Maps of likeness by a SyncNet whose weights the user brings: the original one, or the expert of Wav2Lip.

Both know 25 frames a second only: frames are taken from the nearest moment of the shot, and windows are five frames.
Their makers cut faces out with a detector of their own; ours is the outline of the tracked face, which is close to it.
"""

from __future__ import annotations

from typing import Callable, Protocol, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.landmarks import FACE_OVAL
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.media.sound import resample
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loader import load
from ofx_lipsync.models.mel import mel_spectrogram
from ofx_lipsync.models.mfcc import mfcc
from ofx_lipsync.models.sync_face import shape_rows
from ofx_lipsync.models.sync_sound import STEPS_HZ, hear
from ofx_lipsync.nodes._sync_codes import OPEN, on_steps, placed
from ofx_lipsync.nodes._sync_maps import MARGIN, FaceMap, Maps, Progress
from ofx_lipsync.nodes._sync_splices import cut_moments, holes

RATE, FRAMES = 25, 5
BATCH = 16
CALM = 13
"""Frames over which a face's box is calmed, by the median."""
CROP = 0.4
"""How much is seen beside and below the face by the original, of half its side."""
FAR, NEAR = 13.0, 1.0
"""The original's distances are about this far for sounds that do not fit; twelve less is likeness 1."""
Codes = Callable[[np.ndarray], np.ndarray]


def public_maps(
    plate: Clip, faces: FaceAnalysis, sound: Sound, frames: Sequence[int], times_s: np.ndarray, reach_s: float,
    name: str, progress: Progress | None = None,
) -> Maps:  # fmt: skip
    """Raises: ModelError for a layout that is none of the two, or keys that are wrong."""
    net = _network(name)
    count = max(1, int((float(times_s[-1]) + float(1 / plate.rate)) * RATE) - FRAMES + 1)
    reach = round(reach_s * RATE) + MARGIN
    mono = resample(Sound(sound.mono()[None], sound.rate_hz, sound.start_s), RATE_HZ)
    steps = (count + 2 * reach + FRAMES) * STEPS_HZ // RATE
    samples = placed(mono, -reach / RATE, steps)
    heard = net.heard(samples, count + 2 * reach)
    voice = hear(Sound(samples[None], RATE_HZ), ArticulationListener.named()).curve.voice
    middles = np.minimum(((np.arange(count + 2 * reach) + FRAMES / 2) / RATE * STEPS_HZ).astype(int), len(voice) - 1)
    found = []
    for number, track in enumerate(faces.tracks):
        found.append(_face_map(net, plate, track, frames, times_s, heard, count, reach))
        if progress is not None:
            progress(number + 1, len(faces.tracks))
    moments = (np.arange(count) + FRAMES / 2) / RATE
    seams = np.zeros(len(middles), np.float32)
    edges = np.flatnonzero(holes(samples, RATE_HZ // STEPS_HZ)) * RATE // STEPS_HZ - FRAMES // 2
    seams[edges[(edges >= 0) & (edges < len(seams))]] = 1
    cuts = cut_moments(faces.cuts, frames, times_s, moments)
    return Maps(moments, np.arange(-reach, reach + 1) / RATE, voice[middles], seams, cuts, tuple(found), MARGIN)


class _Public(Protocol):
    """What both need: pictures of a face, codes of five frames and of 200 ms, and how far apart codes are."""

    def picture(self, plate: Clip, frame: int, box: np.ndarray) -> np.ndarray:
        """box: left, top, right, bottom of the face, px. Returns [3, H, W], blue first, as the network wants it."""
        ...

    def seen(self, pictures: np.ndarray) -> np.ndarray:
        """[B, 5, 3, H, W] -> [B, E]."""
        ...

    def heard(self, samples: np.ndarray, count: int) -> np.ndarray:
        """Codes [count, E] of 200 ms from every 25th of a second on."""
        ...

    def likeness(self, distance: np.ndarray) -> np.ndarray:
        """About -1 .. 1."""
        ...


class _Original:
    def __init__(self, name: str) -> None:
        from ofx_lipsync.models.syncnet_original import load as loaded

        self.net = loaded(name)

    def picture(self, plate: Clip, frame: int, box: np.ndarray) -> np.ndarray:
        half = float(max(box[2] - box[0], box[3] - box[1])) / 2
        middle, left = (box[1] + box[3]) / 2, (box[0] + box[2]) / 2 - half * (1 + CROP)
        top, side = middle - half, 2 * half * (1 + CROP)
        return _cut(plate, frame, np.array([left, top, left + side, top + side]), 224) * np.float32(255)

    def seen(self, pictures: np.ndarray) -> np.ndarray:
        import torch

        with torch.no_grad():
            return np.asarray(self.net.seen(torch.from_numpy(pictures.transpose(0, 2, 1, 3, 4).copy()))[:, 0].numpy())

    def heard(self, samples: np.ndarray, count: int) -> np.ndarray:
        return _windows(mfcc(samples), 20, np.arange(count) * 4, self.net.heard)

    def likeness(self, distance: np.ndarray) -> np.ndarray:
        return np.asarray((FAR - distance) / (FAR - NEAR), np.float32)


class _Color:
    def __init__(self, name: str) -> None:
        from ofx_lipsync.models.syncnet_color import load as loaded

        self.net = loaded(name)

    def picture(self, plate: Clip, frame: int, box: np.ndarray) -> np.ndarray:
        return _cut(plate, frame, box, 96)[:, 48:]

    def seen(self, pictures: np.ndarray) -> np.ndarray:
        import torch

        with torch.no_grad():
            return np.asarray(self.net.seen(torch.from_numpy(pictures.reshape(len(pictures), 15, 48, 96))).numpy())

    def heard(self, samples: np.ndarray, count: int) -> np.ndarray:
        return _windows(mel_spectrogram(samples), 16, (np.arange(count) * 80 / RATE).astype(int), self.net.heard)

    def likeness(self, distance: np.ndarray) -> np.ndarray:
        return np.asarray(1 - distance**2 / 2, np.float32)


LAYOUTS: dict[str, Callable[[str], _Public]] = {"syncnet_original": _Original, "syncnet_color": _Color}


def _network(name: str) -> _Public:
    layout = load(name).dims.get("layout")
    if layout not in LAYOUTS:
        raise ModelError(f"{name}: layout is {layout!r}, expected {' or '.join(LAYOUTS)}; use sync weights")
    return LAYOUTS[layout](name)


def _face_map(
    net: _Public, plate: Clip, track: FaceTrack, frames: Sequence[int], times_s: np.ndarray, heard: np.ndarray,
    count: int, reach: int,
) -> FaceMap:  # fmt: skip
    rows = np.searchsorted(np.asarray(frames), track.frames)
    moments = np.arange(count + FRAMES - 1) / RATE
    position, known = on_steps(times_s[rows], rows, moments)
    nearest = np.rint(position).astype(int)
    oval = track.landmarks[:, FACE_OVAL, :2]
    boxes = calmed(np.concatenate([oval.min(axis=1), oval.max(axis=1)], axis=1))
    codes, pictures = [], dict[int, np.ndarray]()
    for first in range(0, count, BATCH):
        windows = [nearest[t : t + FRAMES] for t in range(first, min(first + BATCH, count))]
        wanted = sorted({int(row) for window in windows for row in window})
        pictures = {row: pictures[row] if row in pictures else net.picture(plate, int(track.frames[row]), boxes[row])
                    for row in wanted}  # fmt: skip
        codes.append(net.seen(np.stack([np.stack([pictures[int(row)] for row in window]) for window in windows])))
    seen = np.concatenate(codes)
    distances = np.stack(
        [np.linalg.norm(seen - heard[k : k + count], axis=1) for k in range(2 * reach + 1)], axis=1
    ).astype(np.float32)
    opening = shape_rows(track.landmarks)[nearest, OPEN]
    middle = slice(FRAMES // 2, FRAMES // 2 + count)
    likeness = net.likeness(distances)
    return FaceMap(likeness, likeness, distances, known[middle], opening[middle])


def calmed(boxes: np.ndarray) -> np.ndarray:
    """boxes: [F, 4]. Their medians over CALM frames; the ends are held."""
    padded = np.pad(boxes, ((CALM // 2, CALM // 2), (0, 0)), mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, CALM, axis=0), axis=2))


def _cut(plate: Clip, frame: int, box: np.ndarray, size: int) -> np.ndarray:
    """[3, size, size] float32 sRGB, blue first: the box, black beyond the picture."""
    region = Region.around([box[:2], box[2:]], margin_px=1)
    look = plate.look(frame, region, 2 * max(size, 1) if max(region.shape) > 2 * size else max(region.shape))
    high, wide = look.pixels.shape[1:]
    across, down = wide / region.width, high / region.height
    matrix = np.array([
        [(box[2] - box[0]) / size * across, 0, (box[0] - region.x0) * across],
        [0, (box[3] - box[1]) / size * down, (box[1] - region.y0) * down],
    ])  # fmt: skip
    return np.asarray(crop(np.ascontiguousarray(look.pixels[::-1], np.float32), matrix, (size, size), outside="hold"))


def _windows(rows: np.ndarray, width: int, starts: np.ndarray, network: Callable[..., object]) -> np.ndarray:
    """rows: [C, T]. Codes of windows [C, width] that start at `starts`."""
    import torch

    padded, codes = np.pad(rows, ((0, 0), (0, width)), mode="edge"), []
    for first in range(0, len(starts), 64):
        part = np.stack([padded[:, s : s + width] for s in np.minimum(starts[first : first + 64], rows.shape[1])])
        with torch.no_grad():
            codes.append(network(torch.from_numpy(part[:, None].astype(np.float32))).numpy())  # type: ignore[attr-defined]
    return np.concatenate(codes)
