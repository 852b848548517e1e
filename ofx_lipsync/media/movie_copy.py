# SPDX-License-Identifier: Apache-2.0
"""A movie with another sound: its picture is copied as it is stored, packet by packet, and never decoded."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import av

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.cursor import open_movie, video_stream
from ofx_lipsync.media.movie_codec import WRITES, container_of
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sound_track import SoundTrack
from ofx_lipsync.media.writer import check_writable, put_in_place, scratch_path

_SAME_BYTES = {"fflags": "+bitexact"}


def may_copy(path: str, plate: Plate, frames: str | None) -> bool:
    """Whether `path` is a movie that may hold the plate's picture as it is: a whole movie in, a movie out. frames: the
    range asked for, if any."""
    return Path(path).suffix.lower() in WRITES and plate.info.kind == "movie" and not frames


def copy_movie(path: str, plate: Plate, sound: Sound) -> None:
    """Raises: OutputError where the folder cannot be written or the container does not hold the plate's codec."""
    check_writable(path, plate)
    target = Path(path)
    scratch = scratch_path(target)
    try:
        with open_movie(plate.info.path) as source:
            container = av.open(str(scratch), "w", format=container_of(path), options=_SAME_BYTES)
            with contextlib.closing(container):
                _copy(source, container, path, plate, sound)
        put_in_place(scratch, target)
    except (av.error.FFmpegError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{path}: cannot hold the plate's {plate.info.codec} as it is ({why}); name a --codec, or write "
            f"{Path(plate.info.path).suffix}"
        ) from None
    finally:
        scratch.unlink(missing_ok=True)


def _copy(source: Any, container: Any, path: str, plate: Plate, sound: Sound) -> None:
    picture = video_stream(plate.info.path, source)
    stream = container.add_stream_from_template(picture)
    if plate.info.timecode:
        stream.metadata["timecode"] = plate.info.timecode
    track = SoundTrack(path, container, sound)
    start = picture.start_time or 0
    for packet in source.demux(picture):
        if packet.dts is None:
            continue
        packet.pts, packet.dts, packet.stream = packet.pts - start, packet.dts - start, stream
        track.until(max(0.0, float(packet.dts * packet.time_base)))
        container.mux(packet)
    track.until(None)
