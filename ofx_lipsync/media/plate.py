# SPDX-License-Identifier: Apache-2.0
"""A plate on disk as a core Clip, and one frame of it in its own storage."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Iterable, Iterator, Mapping

import numpy as np

from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.media.colour import Colour

_STRIP_PIXELS = 1 << 15


@dataclass(frozen=True)
class PlateInfo:
    """What a file says of itself.

    kind: movie | sequence | still. dtype: of the stored pixels, such as half, uint8, yuv420p10le.
    space: OCIO name that pixels are read as; space_from: why (given, header, tags, default).
    rate_from: given, header, or default where nobody says.
    timecode: of the first frame, HH:MM:SS:FF, or empty. variable: frames last unequal times (VFR).
    """

    path: str
    kind: str
    codec: str
    width: int
    height: int
    channels: tuple[str, ...]
    dtype: str
    space: str
    space_from: str
    rate: Rate
    rate_from: str = "header"
    timecode: str = ""
    pixel_aspect: Fraction = Fraction(1)
    variable: bool = False


class Frame(ABC):
    """One frame in its native storage, so that what is not touched goes out bit for bit."""

    number: int
    window: Region
    display: Region
    metadata: dict[str, Any]

    @abstractmethod
    def composite(self, image: Image, matte: np.ndarray) -> None:
        """Write `image` (RGB, working space) where matte > 0 and nowhere else.

        matte: [H, W] float32 for image.region. What lies outside the data window is left out. Float storage is
        never clamped; integers are rounded half to even and held to the codes that the file may have.
        """

    @abstractmethod
    def lay(self, layer: Image) -> Image:
        """Lay RGBA (premultiplied, working space) over it; only where alpha is above 0 anything changes.

        Returns the layer as it was laid, of its part inside the data window: in the frame's own linear numbers, rounded
        to half where the frame holds halves, so that a plain `over` of those on those is the stored comp, bit for bit.
        Where the frame is not stored as scene-linear floats, the over is in the working space and the layer's numbers
        are float32, unrounded.
        """

    @abstractmethod
    def image(self) -> Image:
        """The whole frame, RGB in the working space."""

    @abstractmethod
    def show(self, other: Frame) -> None:
        """Take another frame's picture, bit for bit, and keep one's own number, time and timecode. Both must be of one
        plate; the other one is not to be used any more."""


class Plate(ABC):
    """A core Clip read from disk, with its frames as they are stored. Safe to call from several threads."""

    def __init__(self, info: PlateInfo, frames: FrameRange, display: Region, colour: Colour) -> None:
        self.info = info
        self.colour = colour
        self._frames = frames
        self._display = display
        self._lock = threading.RLock()

    @property
    def frames(self) -> FrameRange:
        """Frame numbers that exist, in the order asked for (ascending unless a range was given)."""
        return self._frames

    @property
    def rate(self) -> Rate:
        return self.info.rate

    @property
    def display(self) -> Region:
        return self._display

    def time_s(self, frame: int) -> float:
        """Seconds from the start of the first frame to the start of `frame`, by time stamps where there are any."""
        return float((frame - self._frames[0]) / self.rate)

    @abstractmethod
    def window(self, frame: int) -> Region:
        """The data window."""

    @abstractmethod
    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """sRGB-encoded, held to 0..1, reduced by area: for networks only. See core.clip.Clip."""

    @abstractmethod
    def load(self, frame: int) -> Frame:
        """The frame in its native storage, the caller's own to write on."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Content key of the plate: of the movie file, or of all the frames opened of a sequence."""

    def prefetch(self, wanted: Mapping[int, Region]) -> None:
        """Read crops of many frames in one sweep and keep them on disk; later `crop`s inside them are served
        from there, with the same bits. A second call adds to the first."""
        raise NotImplementedError

    def crop(self, frame: int, region: Region) -> Image:
        """RGB in the working space, unclamped; black outside the data window."""
        with self._lock:
            self._check(frame)
            inside = region.intersect(self.window(frame))
            planes = np.empty((3, *region.shape), np.float32)
            if inside != region:
                planes[...] = 0
            self._prepare(frame, inside)
            as_stored = self.colour.is_same(self.info.space)
            for strip in strips(inside):
                rows, columns = strip.slices_in(region)
                rgb = self._native_rgb(frame, strip)
                planes[:, rows, columns] = rgb if as_stored else self.colour.to_working(rgb, self.info.space)
        return Image(planes, region, self._display)

    @abstractmethod
    def _prepare(self, frame: int, region: Region) -> None:
        """Read what a region needs in one go, before it is asked for strip by strip."""

    @abstractmethod
    def _native_rgb(self, frame: int, region: Region) -> np.ndarray:
        """[3, H, W] float32 in the plate's own space, for a region inside the data window."""

    def _check(self, frame: int) -> None:
        if frame not in self._frames:
            raise UsageError(f"{self.info.path}: has no frame {frame} (it has {_brief(self._frames)})")

    @abstractmethod
    def close(self) -> None:
        """Let go of files and kept crops."""

    def __enter__(self) -> Plate:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def select(path: str, available: Iterable[int], frames: FrameRange | None, missing: str) -> tuple[FrameRange, dict]:
    """(frames of the plate, {frame: the frame whose picture it shows}) under a policy for gaps.

    missing: error | hold (the picture before is shown again; before the first, the first) | skip.
    """
    if missing not in ("error", "hold", "skip"):
        raise UsageError(f"missing: got {missing!r}, expected error, hold or skip")
    have = sorted(available)
    if not have:
        raise MediaError(f"{path}: there are no frames; check the name and its padding")
    wanted = frames if frames is not None else FrameRange(range(have[0], have[-1] + 1))
    gaps = FrameRange(f for f in wanted if f not in set(have)) if missing != "skip" else FrameRange([])
    if gaps and missing == "error":
        raise MediaError(
            f"{path}: frames {_brief(gaps)} are missing (it has {_brief(FrameRange(have))}); "
            "render them, give another range, or choose hold or skip for missing frames"
        )
    members = set(have)
    if missing == "skip":
        wanted = FrameRange(f for f in wanted if f in members)
        if not wanted:
            raise MediaError(f"{path}: none of the frames asked for exist (it has {_brief(FrameRange(have))})")
    positions = np.clip(np.searchsorted(have, list(wanted), side="right") - 1, 0, None)
    return wanted, {frame: have[int(i)] for frame, i in zip(wanted, positions, strict=True)}


def _brief(frames: FrameRange) -> str:
    text = str(frames)
    return text if len(text) <= 60 else text[:57] + "..."


def strips(region: Region) -> Iterator[Region]:
    """Rows of a region in strips that stay in the processor's cache; each pixel is on its own, so no bit differs."""
    if region.is_empty:
        return
    height = max(8, _STRIP_PIXELS // region.width)
    for y in range(region.y0, region.y1, height):
        yield Region(region.x0, y, region.x1, min(y + height, region.y1))
