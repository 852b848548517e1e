# SPDX-License-Identifier: Apache-2.0
"""Lines of dialogue from sound files and from movies, at their own rate and channel count."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import av
import numpy as np
import soundfile
import soxr

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.cursor import open_movie

_SOUND_FILES = (
    *(".wav", ".wave", ".bwf", ".w64", ".rf64", ".flac", ".ogg", ".oga"),
    *(".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf"),
)
_BLOCK = 1 << 20
_GAP_S = 0.02
"""A hole in a movie's sound longer than this is silence; shorter is the slack of time stamps."""


def read_sound(path: str, *, stream: int = 0, start_s: float = 0.0, duration_s: float | None = None) -> Sound:
    """[channels, N] float32 at the file's own rate. Only the part asked for is read into memory.

    stream: which sound track of a movie. start_s, duration_s: the part wanted, on the file's clock; for a movie
    that is its picture's clock. Sound.start_s is the time of the first sample returned on that clock.

    Raises:
        MediaError: no such file, not sound, empty, cut before start_s, or with samples that are not numbers.
    """
    file = Path(path)
    if not file.is_file():
        raise MediaError(f"{path}: there is no such file")
    if file.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes); export the sound again")
    try:
        file.open("rb").close()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    if start_s < 0 or (duration_s is not None and duration_s <= 0):
        raise MediaError(
            f"{path}: the part from {start_s} s for {duration_s} s is empty; give a start from 0 and a length above 0"
        )
    if file.suffix.lower() in _SOUND_FILES:
        sound = _read_file(path, start_s, duration_s)
    else:
        sound = _read_movie(path, stream, start_s, duration_s)
    return _checked(path, sound, start_s)


def resample(sound: Sound, rate_hz: int) -> Sound:
    """The same sound at another rate, by soxr HQ (no delay: sample 0 stays where it is)."""
    if sound.rate_hz == rate_hz:
        return sound
    samples = soxr.resample(np.ascontiguousarray(sound.samples.T), sound.rate_hz, rate_hz, quality="HQ")
    return Sound(np.ascontiguousarray(samples.T, dtype=np.float32), rate_hz, sound.start_s)


def mixed(sounds: Sequence[Sound]) -> Sound:
    """All of them at once, on the clock they share, at the highest of their rates; one alone is given back as it is.

    Levels stay: people who speak over each other may go above full scale, which float keeps.
    """
    if len(sounds) == 1:
        return sounds[0]
    rate_hz = max(sound.rate_hz for sound in sounds)
    parts = [sound if sound.rate_hz == rate_hz else resample(sound, rate_hz) for sound in sounds]
    channels = max(len(part.samples) for part in parts)
    start_s = min(part.start_s for part in parts)
    firsts = [round((part.start_s - start_s) * rate_hz) for part in parts]
    length = max(first + part.samples.shape[1] for first, part in zip(firsts, parts, strict=True))
    samples = np.zeros((channels, length), np.float32)
    for first, part in zip(firsts, parts, strict=True):
        # One microphone is heard on every side; what has sides keeps them.
        rows = part.samples if len(part.samples) == channels else part.mono()[None]
        samples[:, first : first + part.samples.shape[1]] += rows
    return Sound(samples, rate_hz, start_s)


def _read_file(path: str, start_s: float, duration_s: float | None) -> Sound:
    try:
        with soundfile.SoundFile(path) as file:
            first = round(start_s * file.samplerate)
            if first >= file.frames > 0:
                raise MediaError(
                    f"{path}: is {file.frames / file.samplerate:.3f} s long, so nothing is left at {start_s} s"
                )
            count = file.frames - first if duration_s is None else round(duration_s * file.samplerate)
            file.seek(first)
            samples = file.read(min(count, file.frames - first), dtype="float32", always_2d=True)
            return Sound(np.ascontiguousarray(samples.T), file.samplerate, first / file.samplerate)
    except soundfile.LibsndfileError as error:
        raise MediaError(
            f"{path}: is not sound that can be read ({error.error_string}); export it as WAV again"
        ) from None


def _read_movie(path: str, stream: int, start_s: float, duration_s: float | None) -> Sound:
    with open_movie(path) as container:
        tracks = container.streams.audio
        if stream >= len(tracks):
            have = f"it has {len(tracks)}" if tracks else "it has none"
            raise MediaError(f"{path}: has no sound track {stream} ({have}); give a sound file or another track")
        track = tracks[stream]
        zero_s = _picture_start_s(container)
        if start_s > 0:
            container.seek(round((start_s + zero_s) / track.time_base), stream=track, backward=True)
        try:
            return _decoded(container, track, zero_s, start_s, duration_s)
        except av.error.FFmpegError as error:
            raise MediaError(f"{path}: its sound is damaged or cut short ({error.strerror}); copy it again") from None


def _picture_start_s(container: Any) -> float:
    for video in container.streams.video:
        if video.start_time is not None and not video.disposition & av.stream.Disposition.attached_pic:
            return float(video.start_time * video.time_base)
    return 0.0


def _decoded(container: Any, track: Any, zero_s: float, start_s: float, duration_s: float | None) -> Sound:
    """Samples placed by their time stamps, silence where the track has holes."""
    rate = track.codec_context.sample_rate
    to_float = av.AudioResampler(format="fltp")
    pieces: list[np.ndarray] = []
    begin_s: float | None = None
    count = 0
    for frame in container.decode(track):
        at_s = count / rate + (begin_s or 0.0) if frame.pts is None else float(frame.pts * frame.time_base) - zero_s
        piece = np.concatenate([part.to_ndarray() for part in to_float.resample(frame)], axis=1)
        end_s = at_s + piece.shape[1] / rate
        if end_s <= start_s:
            continue
        if begin_s is None:
            early = max(0, round((start_s - at_s) * rate))
            piece, begin_s = piece[:, early:], at_s + early / rate
        else:
            hole = round((at_s - begin_s) * rate) - count
            if hole > _GAP_S * rate:
                pieces.append(np.zeros((len(piece), hole), np.float32))
                count += hole
        pieces.append(piece)
        count += piece.shape[1]
        if duration_s is not None and count >= round((start_s + duration_s - begin_s) * rate):
            break
    samples = np.concatenate(pieces, axis=1) if pieces else np.zeros((1, 0), np.float32)
    if duration_s is not None and begin_s is not None:
        samples = samples[:, : max(0, round((start_s + duration_s - begin_s) * rate))]
    return Sound(np.ascontiguousarray(samples, dtype=np.float32), rate, begin_s or 0.0)


def _checked(path: str, sound: Sound, start_s: float) -> Sound:
    if sound.samples.shape[1] == 0:
        raise MediaError(f"{path}: has no samples from {start_s} s on; export the sound again")
    for first in range(0, sound.samples.shape[1], _BLOCK):
        if not np.isfinite(sound.samples[:, first : first + _BLOCK]).all():
            raise MediaError(f"{path}: has samples that are not numbers (NaN or infinity); export the sound again")
    return sound
