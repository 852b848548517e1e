# SPDX-License-Identifier: Apache-2.0
"""A holdout: the channel of a file that comes out as alpha at a Blend's Holdout, or red where there is no alpha."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import ColourError, InputError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.still_frame import StillFrame
from ofx_lipsync.nk.classes import engine_node
from ofx_lipsync.nk.reads import Reads
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.shuffles import source_of
from ofx_lipsync.nk.walk import Walk

_SHUFFLES = ("Shuffle", "Shuffle2", "Copy")
_NAMES = {"rgba.red": ("R", "r", "red"), "rgba.green": ("G", "g", "green"), "rgba.blue": ("B", "b", "blue"),
          "rgba.alpha": ("A", "a", "alpha")}  # fmt: skip


def open_matte(walk: Walk, reads: Reads, node: Node, plate: Plate, files: ExitStack) -> Clip:
    """The matte of every frame of the plate, its numbers taken as they are.

    Raises: InputError naming the node where it is no file, ColourError where the config has no data space.
    """
    places = {frame: traced(walk, node, frame) for frame in plate.frames}
    if len({(read, channel) for read, _, channel in places.values()}) > 1:
        raise walk.stop(node, "is another file or channel at other frames of the shot")
    read, _, channel = places[plate.frames[0]]
    numbers = reads.colour.find("data", "Raw", "raw", "Utility - Raw")
    if numbers is None:
        raise ColourError(f"{node.full_name}: {reads.colour.name} has no data space to read a matte in")
    matte = reads.open(read, {frame: at for frame, (_, at, _) in places.items()}, space=numbers)
    files.enter_context(matte)
    if matte.display != plate.display:
        raise InputError(
            f"{walk.values.script.path}: {read.full_name}: is {matte.display.width}x{matte.display.height}, expected "
            f"the plate's {plate.display.width}x{plate.display.height}; render the holdout at the plate's size"
        )
    name = _stored(matte.info.channels, channel)
    if name is None and channel != "rgba.alpha":
        raise walk.stop(read, f"has no channel {channel} (it has {', '.join(matte.info.channels)})")
    return matte if name in (None, *_NAMES["rgba.red"]) else ChannelMatte(matte, name)


def traced(walk: Walk, node: Node, frame: int) -> tuple[Node, int, str]:
    """(Read, frame at it, channel there) of what is alpha at a node."""
    channel = "rgba.alpha"
    for _ in range(10_000):
        if node.kind == "Read" and not walk.is_off(node, frame):
            return node, frame, channel
        if node.kind in _SHUFFLES and not walk.is_off(node, frame):
            number, channel = source_of(walk.values, node, channel)
            above = node.input(number)
            if above is None or channel in ("black", "white"):
                raise walk.stop(node, f"makes the holdout {channel if above else 'of nothing'}; connect a matte")
            node = above
        elif engine_node(node.kind) is not None and not walk.is_off(node, frame):
            raise walk.stop(node, "cannot be a holdout; a Read of a matte can")
        else:
            node, frame = walk.step_up(node, frame, "a Holdout")
    raise walk.stop(node, "more nodes follow each other here than a script has")


def _stored(channels: tuple[str, ...], wanted: str) -> str | None:
    """The file's own name of a channel: `rgba.alpha` is A, `id.red` id.R or id.red."""
    layer, name = wanted.rsplit(".", 1)
    names = _NAMES.get(f"rgba.{name}", (name,))
    options = names if layer == "rgba" else (wanted, *(f"{layer}.{n}" for n in names))
    return next((n for n in options if n in channels), None)


class ChannelMatte:
    """One channel of a plate's files, in the place of red."""

    def __init__(self, plate: Plate, name: str) -> None:
        self.display, self.rate, self.frames = plate.display, plate.rate, plate.frames
        self._plate, self._name = plate, name
        self._last: tuple[int, Any] = (-1, None)

    def fingerprint(self) -> str:
        """Content key: of the files, and which channel."""
        return f"{self._plate.fingerprint()} {self._name}"

    def window(self, frame: int) -> Region:
        return self._plate.window(frame)

    def crop(self, frame: int, region: Region) -> Image:
        """The channel as A, black outside the data window."""
        pixels, window = self._channel(frame)
        plane = np.zeros((1, *region.shape), np.float32)
        inside = region.intersect(window)
        if not inside.is_empty:
            rows, columns = inside.slices_in(region)
            y, x = inside.slices_in(window)
            plane[0, rows, columns] = pixels[y, x]
        return Image(plane, region, self.display, ("A",))

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        return self._plate.look(frame, region, longest_px)

    def _channel(self, frame: int) -> tuple[np.ndarray, Region]:
        if self._last[0] != frame:
            loaded = self._plate.load(frame)
            if not isinstance(loaded, StillFrame):
                raise InputError(f"{self._plate.info.path}: has no channel {self._name}; give a sequence")
            for header, part in zip(loaded.headers, loaded.parts, strict=True):
                if self._name in header.channelnames:
                    window = Region(header.x, header.y, header.x + header.width, header.y + header.height)
                    pixels = to_float(part[..., list(header.channelnames).index(self._name)])
                    self._last = frame, (pixels, window)
                    break
            else:
                raise InputError(f"{loaded.path}: has no channel {self._name}, unlike the first frame of the holdout")
        found: tuple[np.ndarray, Region] = self._last[1]
        return found
