# SPDX-License-Identifier: Apache-2.0
"""Clips of people in sync made into cases whose answer is known: sounds moved, spliced and drifting, and sounds that
the face did not say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.sync import Sync
from ofx_lipsync.nodes._sync_codes import STEP_S, FaceCodes, SoundCodes, clock, coded, on_steps, sound_codes
from ofx_lipsync.nodes._sync_maps import MARGIN, Maps, face_map, reach_steps
from ofx_lipsync.train.faces import Talker
from ofx_lipsync.train.speech.vary import chords
from ofx_lipsync.train.sync_clips import Seen
from ofx_lipsync.train.sync_voices import Voices

REACH_S = 0.6
"""15 frames of 25."""


@dataclass(frozen=True)
class Piece:
    """From one moment of the picture to another the sound comes offset_s later, and drift seconds a second more."""

    start_s: float
    end_s: float
    offset_s: float
    drift: float = 0.0

    def at(self, times_s: np.ndarray) -> np.ndarray:
        return self.offset_s + self.drift * (times_s - self.start_s)


def spliced(samples: np.ndarray, pieces: Sequence[Piece]) -> np.ndarray:
    """[N] float32: the sound of a picture in sync, cut at the pieces and laid where they say; a later piece covers an
    earlier one, and holes are silent."""
    out = np.zeros(len(samples), np.float32)
    for piece in pieces:
        first, last = (round(edge * RATE_HZ) for edge in (piece.start_s, piece.end_s))
        times = np.arange(first, min(last, len(samples))) / RATE_HZ
        goes = (times + piece.at(times)) * RATE_HZ
        rows = np.arange(max(0, int(np.ceil(goes[0]))), min(len(out), int(goes[-1]) + 1))
        out[rows] = np.interp(rows, goes, samples[first : first + len(times)])
    return out


def truth(pieces: Sequence[Piece], times_s: np.ndarray) -> np.ndarray:
    """[T] seconds."""
    offsets = np.zeros(len(times_s))
    for piece in pieces:
        inside = (times_s >= piece.start_s) & (times_s < piece.end_s)
        offsets[inside] = piece.at(times_s[inside])
    return offsets


class Bench:
    """A sync network and what it listens with, on clips prepared by train/sync_clips.py."""

    def __init__(self, network: Sync, faces: Path) -> None:
        self.network, self.faces, self.listener = network, faces, ArticulationListener.named()

    def samples(self, clip: Seen) -> np.ndarray:
        """[N] float32 at 16 kHz: its own sound, as long as its picture."""
        own = Talker.open(self.faces, clip.name).samples
        count = round(len(clip.times_s) / 25 * RATE_HZ)
        return np.pad(own, (0, max(0, count - len(own))))[:count]

    def face(self, clip: Seen, still: bool = False) -> FaceCodes:
        """still: its middle frame all the time, trembling."""
        import torch

        with torch.no_grad():
            seen = self.network.see(torch.from_numpy(clip.pictures).permute(0, 3, 1, 2).float() / 255).numpy()
        shape = clip.shape
        if still:
            rng, middle = np.random.default_rng(0), len(shape) // 2
            shape = shape[middle] + 0.03 * rng.normal(size=shape.shape).astype(np.float32)
            seen = seen[middle] + 0.02 * seen.std() * rng.normal(size=seen.shape).astype(np.float32)
        frame_s = float(np.median(np.diff(clip.times_s)))
        steps_s = clock(float(clip.times_s[-1]) + frame_s)
        position, known = on_steps(clip.times_s, np.arange(len(shape)), steps_s)
        return coded(shape, seen, position, known, steps_s, self.network)

    def heard(self, face: FaceCodes, samples: np.ndarray) -> SoundCodes:
        sound = Sound(samples[None].astype(np.float32), RATE_HZ)
        return sound_codes(sound, len(face.times_s), reach_steps(REACH_S), self.listener, self.network)

    def maps(self, face: FaceCodes, samples: np.ndarray, cuts_s: Sequence[float] = ()) -> Maps:
        """As SyncMeter would map it. cuts_s: of the picture, where FaceDetect finds them."""
        return laid(face, self.heard(face, samples), "both", cuts_s)

    def joined(self, clips: Sequence[Seen], seconds: float = 10.0) -> tuple[Seen, np.ndarray]:
        """Clips one after the other as one, and their sound."""
        frames, count = round(seconds * 25), round(seconds * RATE_HZ)
        samples = np.concatenate([self.samples(clip) for clip in clips])[:count]
        shape = np.concatenate([clip.shape for clip in clips])[:frames]
        pictures = np.concatenate([clip.pictures for clip in clips])[:frames]
        return replace(clips[0], shape=shape, pictures=pictures, times_s=np.arange(len(shape)) / 25), samples


def laid(face: FaceCodes, heard: SoundCodes, by: str, cuts_s: Sequence[float] = ()) -> Maps:
    """by: both, shape or picture. cuts_s: of the picture."""
    offsets_s = np.arange(-heard.reach, heard.reach + 1) * STEP_S
    cuts = np.zeros(len(face.times_s), np.float32)
    cuts[np.searchsorted(face.times_s, np.asarray(cuts_s))] = 1
    return Maps(face.times_s, offsets_s, heard.voice, heard.seams, cuts, (face_map(face, heard, by),), MARGIN)


def moved(samples: np.ndarray, offset_s: float) -> np.ndarray:
    """The sound so much later, as long as before."""
    return spliced(samples, [Piece(0.0, len(samples) / RATE_HZ, offset_s)])


def at_rate(clip: Seen, rate: float) -> Seen:
    """The clip at another frame rate, as editors do it: frames repeated or left out."""
    count = int(len(clip.times_s) * rate / 25)
    rows = np.minimum(np.rint(np.arange(count) * 25 / rate).astype(int), len(clip.times_s) - 1)
    return replace(clip, shape=clip.shape[rows], pictures=clip.pictures[rows], times_s=np.arange(count) / rate)


def not_said(
    clips: Sequence[Seen], bench: Bench, rng: np.random.Generator
) -> Iterator[tuple[str, Seen, np.ndarray, bool]]:
    """Name of the case, clip, sound, whether the face is frozen: another's voice for every clip, and in turns music, a
    frozen face, silence and noise."""
    lines = [bench.samples(clip) for clip in clips]
    for index, clip in enumerate(clips):
        count = len(lines[index])
        other = lines[(index + 1 + int(rng.integers(len(lines) - 1))) % len(lines)]
        yield "another voice", clip, np.resize(other, count), False
        kind = index % 4
        if kind == 0:
            yield "music", clip, np.resize(chords(rng, 4), count), False
        elif kind == 1:
            yield "frozen face", clip, lines[index], True
        elif kind == 2:
            yield "silence", clip, np.zeros(count, np.float32), False
        else:
            yield "noise", clip, (0.05 * rng.normal(size=count)).astype(np.float32), False


def said(clips: Sequence[Seen], bench: Bench, rng: np.random.Generator) -> Iterator[tuple[float, Seen, np.ndarray]]:
    """Offset, clip, sound moved by it: whole frames, half of them over noise."""
    lines = [bench.samples(clip) for clip in clips]
    voices = Voices(rng, lines)
    for index, clip in enumerate(clips):
        offset_s = float(rng.integers(-12, 13)) / 25
        spoken = voices.in_noise(lines[index]) if index % 2 else lines[index]
        yield offset_s, clip, moved(np.asarray(spoken, np.float32), offset_s)
