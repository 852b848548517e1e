# SPDX-License-Identifier: Apache-2.0
"""Pictures as hosts have them, and what of them is ours: their place on the plate, their colour, and the way back.

A host's picture is rows packed bottom to top in its own depth and channels. It is never converted as a whole: a node
reads the part that it needs as scene-linear float, and what a node has not touched goes back as the bytes that came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.media.plate import strips
from ofx_lipsync.media.still_frame import codes
from ofx_lipsync.plugin.protocol import Message, ProtocolError, Value

DEPTHS: dict[int, Any] = {1: np.uint8, 2: np.uint16, 3: np.float16, 4: np.float32}
ALPHA, RGB, RGBA = 1, 3, 4
OPAQUE, PREMULT, UNPREMULT = 0, 1, 2
_FARTHEST_PX = 1 << 20
LARGEST_BYTES = 1 << 32
_SAME = ("x1", "y1", "x2", "y2", "depth", "comps")


@dataclass(frozen=True)
class Layout:
    """Bounds in pixels, half-open, y up; depth and comps as in the protocol. par: pixel aspect ratio."""

    x1: int
    y1: int
    x2: int
    y2: int
    depth: int = 4
    comps: int = RGBA
    premult: int = PREMULT
    par: float = 1.0

    def __post_init__(self) -> None:
        edges = (self.x1, self.y1, self.x2, self.y2)
        if self.depth not in DEPTHS or self.comps not in (ALPHA, RGB, RGBA) or self.premult not in (0, 1, 2):
            raise ProtocolError(f"picture: depth {self.depth}, comps {self.comps}, premult {self.premult} are unknown")
        if max(map(abs, edges)) > _FARTHEST_PX or self.width < 1 or self.height < 1 or self.size > LARGEST_BYTES:
            raise ProtocolError(f"picture: bounds {edges} are empty or too large; expected x1 < x2 and y1 < y2")
        if not 0.01 < self.par < 100:
            raise ProtocolError(f"picture: pixel aspect ratio is {self.par}, expected 0.01 to 100")

    @classmethod
    def read(cls, message: Message, prefix: str = "") -> Layout:
        """From the records of a message.  Raises: ProtocolError."""
        x1, y1, x2, y2, depth, comps = (message.integer(prefix + name) for name in _SAME)
        premult, par = message.integer(prefix + "premult", OPAQUE), message.number(prefix + "par", 1.0)
        # Some hosts say 0, or nothing that makes sense, of clips that they do not know well.
        return cls(x1, y1, x2, y2, depth, comps, premult, par if 0.01 < par < 100 else 1.0)

    def records(self, prefix: str = "") -> dict[str, Value]:
        names = ("x1", "y1", "x2", "y2", "depth", "comps", "premult", "par")
        return {prefix + name: getattr(self, name) for name in names}

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def size(self) -> int:
        """Bytes of the packed rows."""
        return self.width * self.height * self.comps * np.dtype(DEPTHS[self.depth]).itemsize

    def alike(self, other: Layout) -> bool:
        """Whether the same bytes mean the same pixels."""
        return all(getattr(self, name) == getattr(other, name) for name in _SAME)

    def empty(self) -> np.ndarray:
        """[H, W, C] of this layout's type, transparent black."""
        return np.zeros((self.height, self.width, self.comps), DEPTHS[self.depth])


class Picture:
    """rows: [H, W, C] in the host's type, bottom to top."""

    def __init__(self, layout: Layout, rows: np.ndarray | None) -> None:
        self.layout, self._rows = layout, rows

    @property
    def rows(self) -> np.ndarray:
        assert self._rows is not None
        return self._rows

    def part(self, rows: slice, columns: slice) -> np.ndarray:
        """[h, w, C], top down: rows counted from the top. A view where the pixels are in memory."""
        found: np.ndarray = self.rows[::-1][rows, columns]
        return found


@dataclass(frozen=True)
class Place:
    """Where a host's pixels lie on the plate, at a render scale.

    Our y counts down from the top of the plate's format, a host's up from its bottom: format_px is the format's height
    at this scale. x_scale, y_scale: pixels of this picture per pixel of the plate.
    """

    format_px: int
    x_scale: float = 1.0
    y_scale: float = 1.0

    def region(self, layout: Layout) -> Region:
        return Region(layout.x1, self.format_px - layout.y2, layout.x2, self.format_px - layout.y1)

    @property
    def is_full(self) -> bool:
        return self.x_scale == 1 and self.y_scale == 1


@dataclass(frozen=True)
class HostColour:
    """What a host's numbers mean. space: OCIO name in the config of `colour`."""

    colour: Colour
    space: str

    def rgb(self, picture: Picture, place: Place, region: Region) -> np.ndarray:
        """[3, H, W] float32 in the working space, of a region inside the picture."""
        if picture.layout.comps == ALPHA:
            raise UsageError("Source: is Alpha alone, expected RGB or RGBA; connect the plate")
        planes = np.empty((3, *region.shape), np.float32)
        for strip in strips(region):
            rows, columns = strip.slices_in(region)
            planes[:, rows, columns] = self._working(part_of(picture, place, strip), picture.layout)
        return planes

    def put(self, rows: np.ndarray, layout: Layout, rgb: np.ndarray, covered: np.ndarray) -> None:
        """Writes `rgb` ([3, H, W], working space) into `rows` ([H, W, C], top down) where `covered`, nowhere else."""
        values = self.colour.from_working(rgb, self.space)
        if self._divides(layout):
            alpha = _alpha(rows)
            values = np.where(alpha > 0, values * alpha, values)
        if layout.comps == ALPHA:
            return
        for channel, plane in enumerate(values):
            rows[..., channel][covered] = stored(plane[covered], layout.depth)

    def _working(self, part: np.ndarray, layout: Layout) -> np.ndarray:
        rgb = np.ascontiguousarray(to_float(part[..., :3]).transpose(2, 0, 1))
        if self._divides(layout):
            alpha = _alpha(part)
            with np.errstate(divide="ignore", invalid="ignore"):
                rgb = np.where(alpha > 0, rgb / alpha, rgb)
        return self.colour.to_working(rgb, self.space)

    def _divides(self, layout: Layout) -> bool:
        """A curve must see colour without its alpha; a plate in the working space stays as it is, bit for bit."""
        return layout.comps == RGBA and layout.premult == PREMULT and not self.colour.is_same(self.space)


def part_of(picture: Picture, place: Place, region: Region) -> np.ndarray:
    """[H, W, C] of a region inside the picture, top down, as a view where it is in memory."""
    return picture.part(*region.slices_in(place.region(picture.layout)))


def stored(values: np.ndarray, depth: int) -> np.ndarray:
    """float32 values as a host holds them: float is never clamped, integers are rounded half to even."""
    if depth == 4:
        return values
    if depth == 3:
        with np.errstate(over="ignore"):
            return values.astype(np.float16)
    kind = np.dtype(DEPTHS[depth])
    return codes(values, kind.itemsize * 8, kind)


def alpha_of(picture: Picture, place: Place, region: Region) -> np.ndarray:
    """[H, W] float32: a matte's alpha, or its red where it has none; 0 outside the picture."""
    inside = region.intersect(place.region(picture.layout))
    matte = np.zeros(region.shape, np.float32)
    if not inside.is_empty:
        channel = 0 if picture.layout.comps == RGB else picture.layout.comps - 1
        matte[inside.slices_in(region)] = to_float(part_of(picture, place, inside)[..., channel])
    return matte


def as_layout(picture: Picture, layout: Layout) -> np.ndarray:
    """[H, W, C] rows of another layout, its own: the same pixels, transparent black where there are none.

    What has the layout's depth is copied bit for bit.
    """
    source = picture.layout
    if source.alike(layout):
        return picture.rows.copy()
    rows = layout.empty()
    place = Place(0)
    inside = place.region(source).intersect(place.region(layout))
    if inside.is_empty:
        return rows
    target = part_of(Picture(layout, rows), place, inside)
    part = part_of(picture, place, inside)
    if source.depth != layout.depth:
        part = stored(to_float(part), layout.depth)
    _copy_channels(part, target, one=_one(layout.depth))
    return rows


def _copy_channels(part: np.ndarray, target: np.ndarray, one: float) -> None:
    have, want = part.shape[2], target.shape[2]
    if have == want:
        target[...] = part
    elif want == ALPHA:
        target[..., 0] = part[..., 3] if have == RGBA else one
    elif have == ALPHA:
        target[...] = part
    else:
        target[..., :3] = part[..., :3]
        if want == RGBA:
            target[..., 3] = one


def _one(depth: int) -> float:
    kind = np.dtype(DEPTHS[depth])
    return 1.0 if kind.kind == "f" else float(np.iinfo(kind).max)


def _alpha(part: np.ndarray) -> np.ndarray:
    alpha: np.ndarray = to_float(part[..., 3])
    return alpha
