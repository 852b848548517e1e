# SPDX-License-Identifier: Apache-2.0
"""Movies out: the source's planes, time stamps and colour tags, a new line of dialogue beside them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media import timecode
from ofx_lipsync.media.cursor import TAGS
from ofx_lipsync.media.movie_codec import coding_text, container_of, picture_for
from ofx_lipsync.media.movie_frame import MovieFrame
from ofx_lipsync.media.muxed import Muxed
from ofx_lipsync.media.native import coding_of, matrix
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.sound_track import SoundTrack
from ofx_lipsync.media.writer import KEY, Writer

_THREADS = 4
"""Fixed: x264 decides by the number of its threads, and a farm wants the same bytes everywhere."""

_SAME_BYTES = {"fflags": "+bitexact"}
"""No random ids and no library versions in the file: the same input gives the same bytes."""

_OWN_NAMES = {"movflags": "use_metadata_tags"}
"""QuickTime and MP4 keep tags under the names that they are given, where players' own few would drop the rest."""


FRAME_TAGS = ("lipsync/ai_region", "lipsync/frame_source")
"""What frames say each for itself, and a movie does not of its first."""


class MovieWriter(Muxed, Writer):
    """Grows under a scratch name; appears under its own when closed."""

    def __init__(self, path: str, plate: Plate, sound: Sound | None, rate: Rate | None, codec: str | None) -> None:
        super().__init__(Path(path))
        self._plate = plate
        self._sound_given = sound
        self._rate = rate or plate.rate
        self._retimed = rate is not None and rate != plate.rate
        self._picture = picture_for(path, plate.info, codec)
        self.coding = coding_text(self._picture, plate.info)
        self._origin = 0
        self._durations: dict[int, int] = {}
        self._count = 0
        self._last = -1

    def write(self, frame: Frame) -> None:
        self.seal.takes(frame.number, frame.metadata)
        with self._guarded():
            movie_frame = frame if isinstance(frame, MovieFrame) else self._drawn(frame)
            picture = _for_encoder(movie_frame, self._picture.pixel_format)
            if self._container is None:
                self._begin(movie_frame, picture)
            self._encode(movie_frame, picture)

    def close(self) -> None:
        if self._container is None:
            raise OutputError(f"{self._target}: no frames were written; a movie needs at least one")
        self._finish(self.seal)

    def _begin(self, first: MovieFrame, picture: Any) -> None:
        self._origin = 0 if self._retimed else first.ticks
        try:
            container = container_of(str(self._target))
            options = _SAME_BYTES if container == "matroska" else _SAME_BYTES | _OWN_NAMES
            self._container = av.open(str(self._scratch), "w", format=container, options=options)
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{self._target}: cannot be written ({error.strerror}); check the folder") from None
        stream = self._container.add_stream(
            self._picture.encoder, rate=self._rate, options={**self._picture.options, "threads": str(_THREADS)}
        )
        self._stream = stream
        stream.width, stream.height = first.window.width, first.window.height
        stream.pix_fmt = self._picture.pixel_format
        stream.time_base = stream.codec_context.time_base = self._time_base(first)
        stream.codec_context.sample_aspect_ratio = self._plate.info.pixel_aspect
        for tag in TAGS:
            setattr(stream.codec_context, tag, int(getattr(picture, tag)))
        start = self._plate.info.timecode
        if start:
            offset = first.number - self._plate.frames[0]
            stream.metadata["timecode"] = timecode.advance(start, offset, self._rate)
        for name, value in first.metadata.items():
            if name not in ("timecode", KEY, *FRAME_TAGS) and isinstance(value, str):
                self._container.metadata[name] = value
        self._container.metadata.update(self.tags)
        if self._sound_given is not None:
            self._sound = SoundTrack(str(self._target), self._container, self._sound_given)

    def _time_base(self, frame: MovieFrame) -> Fraction:
        return 1 / self._rate if self._retimed else frame.time_base

    def _encode(self, frame: MovieFrame, picture: Any) -> None:
        base = self._time_base(frame)
        ticks = self._count if self._retimed else frame.ticks - self._origin
        if ticks <= self._last:
            raise OutputError(f"{self._target}: frame {frame.number} comes after a later one; write them in order")
        picture.pts, picture.time_base = ticks, base
        self._durations[ticks] = 1 if self._retimed else frame.duration
        self._last, self._count = ticks, self._count + 1
        self._mux(self._stream.encode(picture))
        if self._sound is not None:
            self._sound.until(float(ticks * base))

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, packet.duration)
        super()._mux(packets)

    def _drawn(self, frame: Frame) -> MovieFrame:
        """A still's frame as planes in BT.709, in the sRGB texture space, black where there is no data."""
        picture = av.VideoFrame(frame.display.width, frame.display.height, self._picture.pixel_format)
        picture.color_primaries, picture.color_trc, picture.color_range = 1, 1, 1
        picture.colorspace = 1
        coding = coding_of(picture, str(self._target))
        if coding.is_rgb:
            picture.colorspace, picture.color_range = 0, 2
        info = self._plate.info.__class__(**{**vars(self._plate.info), "space": self._plate.colour.look_space})
        ticks = frame.number - self._plate.frames[0]
        drawn = MovieFrame(frame.number, picture, coding, self._plate.colour, info, ticks, 1, 1 / self._rate)
        image, display = frame.image(), frame.display
        whole = np.zeros((3, *display.shape), np.float32)
        inside = image.region.intersect(display)
        if not inside.is_empty:
            rows, columns = inside.slices_in(display)
            whole[:, rows, columns] = image.window(inside).pixels
        drawn.blacken()
        at_zero = Region.of_size(display.width, display.height)
        drawn.composite(Image(whole, at_zero, at_zero), np.ones(display.shape, np.float32))
        return drawn


def _for_encoder(frame: MovieFrame, name: str) -> Any:
    """The frame's own planes, or the same colours in the encoder's pixel format; RGB becomes BT.709 video levels."""
    picture = frame.picture
    if picture.format.name == name:
        return picture
    to_rgb = name.startswith(("gb", "bgr"))
    source_span = 2 if frame.coding.full else 1
    span = 1 if frame.coding.is_rgb and not to_rgb else source_span
    weights = matrix(frame.coding)
    converted = picture.reformat(
        format=name, src_colorspace=weights, dst_colorspace=weights, src_color_range=source_span, dst_color_range=span,
        threads=1,
    )  # fmt: skip
    for tag in TAGS:
        setattr(converted, tag, getattr(picture, tag))
    if frame.coding.is_rgb and not to_rgb:
        converted.colorspace, converted.color_range = weights, span
    return converted
