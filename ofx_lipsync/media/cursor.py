# SPDX-License-Identifier: Apache-2.0
"""Decoded frames of a movie by position: one decode each when read in order, a seek when not.

A frame has the same bits however it was reached. After a seek only pictures shown at or after the key frame are
used: those before it lean on pictures that were not decoded.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Iterator

import av

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.media.movie_index import MovieIndex

_HELD_BYTES = 48 << 20
TAGS = ("color_primaries", "color_trc", "colorspace", "color_range")
_UNSAID = {"color_primaries": (0, 2), "color_trc": (0, 2), "colorspace": (2,), "color_range": (0,)}
"""Colour tags (ITU-T H.273), and the values that mean nothing: the container's word counts then."""

_THREADS = 4

_FORWARD_FRAMES = 12
"""Up to this many frames ahead, decoding on is cheaper than seeking."""


class Cursor:
    """Frames of one video stream. threads: of the decoder; 0 is four, since each holds frames of its own."""

    def __init__(self, path: str, threads: int = 0) -> None:
        self.path = path
        self._container = open_movie(path)
        self.stream = self._open_stream(threads)
        context = self.stream.codec_context
        self._tags = {name: int(getattr(context, name)) for name in TAGS}
        self.index = MovieIndex.read(path, self._container, self.stream)
        data = [s.metadata.get("timecode", "") for s in self._container.streams]
        self.timecode = next((t for t in [*data, self._container.metadata.get("timecode", "")] if t), "")
        self._place = {pts: n for n, pts in enumerate(self.index.pts)}
        self._decoding: Iterator[tuple[int, Any]] | None = None
        self._next = 0
        self._held: OrderedDict[int, Any] = OrderedDict()

    def frame(self, position: int) -> Any:
        """The decoded frame, shared: to be read, not written."""
        if position in self._held:
            self._held.move_to_end(position)
            return self._held[position]
        if self._decoding is not None and position >= self._next and self._is_ahead(position):
            found = self._advance(position)
            if found is not None:
                return found
        for start in self._starts(position):
            self._seek(start)
            found = self._advance(position)
            if found is not None:
                return found
        raise self._undecodable(position)

    def close(self) -> None:
        self._held.clear()
        self._decoding = None
        self._container.close()

    def _is_ahead(self, position: int) -> bool:
        """Decoding on is right where no key frame lies between, or where the way is short."""
        if position - self._next <= _FORWARD_FRAMES or not self.index.stamped:
            return True
        return self.index.key_before(position) <= self.index.pts[self._next]

    def _starts(self, position: int) -> Iterator[int]:
        """Where to begin: the key frame before, an earlier one if that did not lead there, the very start."""
        if self.index.stamped:
            keys = [key for key in self.index.keys if key <= self.index.key_before(position)]
            yield from dict.fromkeys((keys[-1], keys[max(0, len(keys) - 2)]))
        yield min(0, self.index.pts[0])

    def _seek(self, pts: int) -> None:
        self._decoding = None
        try:
            self._container.seek(pts, stream=self.stream, backward=True)
        except av.error.FFmpegError:
            threads = self.stream.codec_context.thread_count
            self._container.close()
            self._container = open_movie(self.path)
            self.stream = self._open_stream(threads)
        self._decoding = self._decode()

    def _open_stream(self, threads: int) -> Any:
        """The stream, set to say so where it is damaged: FFmpeg would paint over the hole and tell nobody."""
        stream = video_stream(self.path, self._container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads or _THREADS
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
        return stream

    def _whole_frames(self) -> Iterator[Any]:
        """Frames as the decoder gives them; one that is damaged is not among them."""
        for packet in self._container.demux(self.stream):
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                continue

    def _decode(self) -> Iterator[tuple[int, Any]]:
        """(position, frame) in order of presentation, from the first key frame met."""
        floor: int | None = None
        for count, frame in enumerate(self._whole_frames()):
            stamp = frame.pts if self.index.stamped else count
            if stamp is None:
                continue
            if floor is None and (frame.key_frame or not self.index.stamped):
                floor = stamp
            if floor is not None and stamp >= floor and stamp in self._place:
                yield self._place[stamp], frame

    def _advance(self, position: int) -> Any:
        """Decode on until `position`; None where the stream has passed it."""
        assert self._decoding is not None
        try:
            for place, frame in self._decoding:
                self._next = place + 1
                if frame.is_corrupt:
                    if place >= position:
                        return None
                    continue
                self._hold(place, frame)
                if place == position:
                    return frame
                if place > position:
                    return None
        except av.error.FFmpegError:
            pass
        self._decoding = None
        return None

    def _hold(self, place: int, frame: Any) -> None:
        for name, value in self._tags.items():
            if int(getattr(frame, name)) in _UNSAID[name]:
                setattr(frame, name, value)
        self._held[place] = frame
        size = sum(plane.buffer_size for plane in frame.planes)
        while len(self._held) > max(2, _HELD_BYTES // size):
            self._held.popitem(last=False)

    def _undecodable(self, position: int) -> MediaError:
        return MediaError(
            f"{self.path}: frame {position + 1} of {len(self.index.pts)} cannot be decoded; "
            "the movie is damaged there or cut short: copy it again, or give a range without that frame"
        )


def open_movie(path: str) -> Any:
    """An open container; MediaError in one line where FFmpeg cannot read it."""
    try:
        return av.open(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{path}: cannot be opened as a movie ({reason}); copy it again or re-wrap it") from None


def video_stream(path: str, container: Any) -> Any:
    """The first real video stream: cover art is none."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    raise MediaError(f"{path}: has no video stream; give a movie or a sequence as the plate")
