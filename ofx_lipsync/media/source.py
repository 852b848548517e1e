# SPDX-License-Identifier: Apache-2.0
"""Open whatever a user calls a plate: a movie, a sequence or a still."""

from __future__ import annotations

from pathlib import Path

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.movie import open_movie_plate
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Plate, select
from ofx_lipsync.media.still import StillPlate

STILLS = frozenset(
    (".exr", ".sxr", ".dpx", ".cin", ".tif", ".tiff", ".tx", ".png", ".jpg", ".jpeg", ".jxl", ".jp2")
    + (".tga", ".sgi", ".bmp", ".hdr", ".psd", ".webp", ".pic", ".iff", ".gif")
)
"""Endings that OpenImageIO reads; every other file is tried as a movie."""


def open_plate(
    path: str,
    *,
    frames: FrameRange | None = None,
    colour: Colour | None = None,
    space: str | None = None,
    rate: Rate | None = None,
    missing: str = "error",
    threads: int = 0,
) -> Plate:
    """A plate from `shot.mov`, `plate.####.exr` (also %04d, @@@@, $F4) or `still.png`.

    frames: the frames wanted. Without it all frames on disk; a movie's are numbered from 1, a still is frame 1.
        A still shows the same picture on every frame asked for.
    space: OCIO name of the plate's colour space, where the header does not say it or says it wrong.
    rate: frames per second, over what the header says. A movie given a rate is conformed to it, frame by frame.
    missing: what to do about gaps in a sequence: error, hold (the frame before again) or skip.
    threads: of a movie's decoder; 0 is four.

    Raises:
        MediaError: no such file, damaged, empty, of an unknown kind, or frames missing.
        ColourError: the colour space is unknown to the config.
    """
    colour = colour or Colour.load()
    pattern = Pattern.parse(path)
    if pattern is not None and not Path(path).is_file():
        wanted, shown = select(str(pattern), (found := pattern.scan()), frames, missing)
        files = {frame: found[source] for frame, source in shown.items()}
        return StillPlate(path, files, wanted, colour, space, rate, "sequence")
    file = Path(path)
    if file.is_dir() or not file.exists():
        what = (
            "is a folder; give a movie or a sequence such as plate.####.exr"
            if file.is_dir()
            else "there is no such file"
        )
        raise MediaError(f"{path}: {what}")
    if file.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes); render or copy it again")
    if file.suffix.lower() in STILLS:
        held = frames if frames is not None else FrameRange([1])
        return StillPlate(path, dict.fromkeys(held, file), held, colour, space, rate, "still")
    return open_movie_plate(path, frames, colour, space, rate, threads)
