# SPDX-License-Identifier: Apache-2.0
"""Open the writer that a name asks for."""

from __future__ import annotations

from pathlib import Path

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media import movie_codec, still_writer
from ofx_lipsync.media.movie_writer import MovieWriter
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.still_writer import StillWriter
from ofx_lipsync.media.writer import Writer, check_writable


def open_writer(
    path: str, plate: Plate, *, sound: Sound | None = None, rate: Rate | None = None, codec: str | None = None
) -> Writer:
    """A writer for frames of `plate`: `out.####.exr` (.dpx, .tif, .png) or `out.mov` (.mp4, .mkv).

    sound: the movie's sound, from the start of the plate's first frame; it may last longer than the picture.
    rate: over the plate's own. codec: h264, prores, prores4444 or ffv1; by default what the plate has.

    Raises:
        OutputError: the kind is not written, the folder is not writable, or the plate would be overwritten.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in still_writer.WRITES and suffix not in movie_codec.WRITES:
        known = ", ".join([*still_writer.WRITES, *movie_codec.WRITES])
        raise OutputError(f"{path}: files ending in {suffix or 'nothing'} are not written; choose one of {known}")
    check_writable(path, plate)
    if suffix in movie_codec.WRITES:
        return MovieWriter(path, plate, sound, rate, codec)
    if sound is not None or codec is not None:
        raise OutputError(f"{path}: a sequence holds no sound and no movie codec; give a movie name such as out.mov")
    return StillWriter(path, plate, rate)
