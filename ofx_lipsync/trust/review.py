# SPDX-License-Identifier: Apache-2.0
"""A movie to look at: the comp through the OCIO view, its sound, and words burnt in. Masters are never touched."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Sequence

import av
import numpy as np
import PyOpenColorIO as ocio

from ofx_lipsync.core.errors import ColourError, OutputError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import Dubbed
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.movie_codec import WRITES
from ofx_lipsync.media.muxed import Muxed
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.sound_track import SoundTrack
from ofx_lipsync.media.writer import Seal, check_writable
from ofx_lipsync.trust.burn_in import BurnIn
from ofx_lipsync.trust.mark import add_mark, pattern
from ofx_lipsync.view.look import views

LONGEST_PX = 1920
CODING = {"crf": "18", "preset": "veryfast", "threads": "4"}
"""Threads are fixed, as x264 decides by their number."""


class DisplayView:
    """A display and view of the OCIO config, on the processor.  Raises: ColourError for one that is not there."""

    def __init__(self, colour: Colour, graded: bool, view: str | None = None) -> None:
        self.display, names = views(colour, graded=graded)
        self.view = view or names[0]
        if self.view not in names:
            known = ", ".join(map(repr, names))
            raise ColourError(f"--review-view: no view {self.view!r} on {self.display}; it has {known}")
        direction = ocio.TRANSFORM_DIR_FORWARD
        processor = colour.config.getProcessor(SCENE_LINEAR, self.display, self.view, direction)
        self._processor = processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_DEFAULT)

    def codes(self, rgb: np.ndarray) -> np.ndarray:
        """[H, W, 3] uint8 of [H, W, 3] float32, scene-linear; NaN is black."""
        shown = np.ascontiguousarray(np.nan_to_num(rgb, nan=0.0, posinf=65504.0, neginf=-65504.0), np.float32)
        self._processor.applyRGB(shown)
        return np.rint(np.clip(np.nan_to_num(shown), 0.0, 1.0) * 255).astype(np.uint8)


class Review:
    """Nobody asked for one."""

    path, coding = "", ""

    def __init__(self) -> None:
        self.seal, self.tags = Seal(), dict[str, str]()

    def write(self, frame: Frame, made: Sequence[Dubbed]) -> None:
        """made: what was generated, of each person; nothing where the plate stands."""

    def close(self) -> None: ...

    def abort(self) -> None: ...

    def __enter__(self) -> Review:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        self.abort() if error is not None else self.close()


class ReviewWriter(Muxed, Review):
    """H.264, at most 1920 wide, square pixels. `with` finishes or takes back; nothing is seen before it is whole."""

    def __init__(
        self, path: str, plate: Plate, shown: DisplayView, burn_in: BurnIn, sound: Sound | None, marked: bool
    ) -> None:
        """marked: whether the generated area is marked.  Raises: OutputError."""
        check_writable(path, plate)
        if Path(path).suffix.lower() not in WRITES:
            raise OutputError(f"{path}: a review is a movie; give a name such as review.mp4")
        Review.__init__(self)
        Muxed.__init__(self, Path(path))
        self.path, self.coding = path, f"h264 yuv420p through {shown.view} on {shown.display}"
        self._plate, self._shown, self._burn_in, self._sound_given = plate, shown, burn_in, sound
        self.size = _size(plate)
        self._marks = pattern(*self.size[::-1]) if marked else None
        self._count = 0

    def write(self, frame: Frame, made: Sequence[Dubbed]) -> None:
        self.seal.takes(frame.number, frame.metadata)
        codes = self._shown.codes(self._reduced(frame))
        if self._marks is not None and made:
            areas = [self._area(frame, dubbed.image.region, dubbed.matte) for dubbed in made]
            add_mark(codes, np.logical_or.reduce(areas), self._marks)
        self._burn_in.draw(codes, frame.number)
        with self._guarded():
            if self._container is None:
                self._begin()
            picture = av.VideoFrame.from_ndarray(codes, format="rgb24")
            picture = picture.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            picture.pts, picture.time_base = self._count, 1 / self._plate.rate
            self._count += 1
            self._mux(self._stream.encode(picture))
            if self._sound is not None:
                self._sound.until(float(self._count / self._plate.rate))

    def close(self) -> None:
        if self._container is not None:
            self._finish(self.seal)

    def _begin(self) -> None:
        kind = WRITES[self._target.suffix.lower()]
        own_names = {} if kind == "matroska" else {"movflags": "use_metadata_tags"}
        self._container = av.open(str(self._scratch), "w", format=kind, options={"fflags": "+bitexact", **own_names})
        self._container.metadata.update(self.tags)
        stream = self._container.add_stream("libx264", rate=self._plate.rate, options=CODING)
        stream.width, stream.height, stream.pix_fmt = *self.size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1 / self._plate.rate)
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
        self._stream = stream
        if self._sound_given is not None:
            self._sound = SoundTrack(str(self._target), self._container, self._sound_given)

    def _reduced(self, frame: Frame) -> np.ndarray:
        """[H, W, 3] of the display window at the review's size, by area in linear light, black where nothing is."""
        import cv2

        image, display = frame.image(), frame.display
        whole = np.zeros((*display.shape, 3), np.float32)
        inside = image.region.intersect(display)
        if not inside.is_empty:
            rows, columns = inside.slices_in(display)
            whole[rows, columns] = image.window(inside).pixels.transpose(1, 2, 0)
        if display.shape == self.size[::-1]:
            return whole
        np.nan_to_num(whole, copy=False, posinf=65504.0, neginf=-65504.0)
        return cv2.resize(whole, self.size, interpolation=cv2.INTER_AREA)

    def _area(self, frame: Frame, region: Region, matte: np.ndarray) -> np.ndarray:
        """[H, W] bool at the review's size: where pixels were generated."""
        import cv2

        display = frame.display
        whole: np.ndarray = np.zeros(display.shape, np.float32)
        inside = region.intersect(display)
        if not inside.is_empty:
            whole[inside.slices_in(display)] = matte[inside.slices_in(region)] > 0
        if display.shape != self.size[::-1]:
            whole = np.asarray(cv2.resize(whole, self.size, interpolation=cv2.INTER_AREA))
        return whole > 0.5


def _size(plate: Plate) -> tuple[int, int]:
    """(width, height), both even, pixels square."""
    wide, high = float(plate.display.width * plate.info.pixel_aspect), float(plate.display.height)
    scale = min(1.0, LONGEST_PX / max(wide, high))
    width, height = (max(2, round(edge * scale / 2) * 2) for edge in (wide, high))
    return width, height
