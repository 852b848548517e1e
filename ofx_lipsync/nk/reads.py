# SPDX-License-Identifier: Apache-2.0
"""Read nodes: which file a frame is, in which colour space, and the plate that a shot is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping

from ofx_lipsync.core.errors import InputError, MediaError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange, Rate, parse_rate
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.picture_file import read_part
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.source import STILLS, open_plate
from ofx_lipsync.media.still import StillPlate
from ofx_lipsync.nk.retimed import Retimed
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.spaces import space_named
from ofx_lipsync.nk.values import Values

_OUTSIDE = ("hold", "loop", "bounce", "black")
_MODES = ("expression", "start at", "offset")
_ON_ERROR = ("error", "black", "checkerboard", "nearest frame")


@dataclass(frozen=True)
class Footage:
    """Of one Read. found: file of every frame on disk, of a sequence; single: the file, where it is one."""

    path: str
    pattern: Pattern | None
    found: dict[int, Path]
    single: Path | None

    @property
    def is_still(self) -> bool:
        return self.single is not None and self.single.suffix.lower() in STILLS


def project_range(values: Values) -> FrameRange:
    root = values.script.root
    first, last = values.whole(root, "first_frame", 0, 1), values.whole(root, "last_frame", 0, 100)
    if not 0 <= last - first < 1_000_000:
        raise values.refused(root, "last_frame", f"the project is frames {first} to {last}, expected the first first")
    return FrameRange(range(first, last + 1))


class Reads:
    """The Read nodes of a script. colour: how their colour spaces are understood."""

    def __init__(self, values: Values, colour: Colour) -> None:
        self.values, self.colour = values, colour
        self._footage: dict[Node, Footage] = {}
        self._formats: dict[Node, Region] = {}

    def footage(self, node: Node) -> Footage:
        """Raises: InputError where the knob is empty."""
        if node not in self._footage:
            path = self.values.path(node, "file")
            if not path:
                raise InputError(f"{self.values.script.path}: {node.full_name}.file: is empty; name the plate")
            if "%v" in path.lower():
                raise self.values.refused(node, "file", "has a view in it (%V), and stereo is not read here")
            pattern = Pattern.parse(path)
            whole = pattern is not None and not Path(path).is_file()
            found = pattern.scan() if pattern is not None and whole else {}
            self._footage[node] = Footage(path, pattern if whole else None, found, None if whole else Path(path))
        return self._footage[node]

    def format(self, node: Node) -> Region:
        """The display window, of the first file there is."""
        if node not in self._formats:
            self._formats[node] = self._format(node)
        return self._formats[node]

    def _format(self, node: Node) -> Region:
        footage = self.footage(node)
        if footage.found:
            return read_part(next(iter(footage.found.values()))).display
        if footage.single is not None and footage.is_still:
            return read_part(footage.single).display
        with open_plate(footage.path, frames=FrameRange([1]), colour=self.colour, space=self.space(node)) as plate:
            return plate.display

    def range(self, node: Node) -> tuple[int, int]:
        """First and last frame, as the script counts them; the project's where an expression picks files."""
        first, last = self.file_range(node)
        mode, value = self._mode(node)
        moved = 0
        if mode == "start at" and value:
            moved = self._shift(node, value) - first
        elif mode == "offset" and value:
            moved = self._shift(node, value)
        elif mode == "expression" and value not in ("", "frame"):
            wanted = project_range(self.values)
            return wanted[0], wanted[-1]
        return first + moved, last + moved

    def file_range(self, node: Node) -> tuple[int, int]:
        """First and last as the files count them: the knobs', else what is on disk; the project's where nothing is."""
        values, footage = self.values, self.footage(node)
        if values.has(node, "first") or values.has(node, "last"):
            return values.whole(node, "first", 0, 1), values.whole(node, "last", 0, 1)
        if footage.found:
            return min(footage.found), max(footage.found)
        if footage.single is not None and not footage.is_still and footage.single.is_file():
            with open_plate(footage.path, colour=self.colour, space=self.space(node)) as plate:
                return plate.frames[0], plate.frames[-1]
        wanted = project_range(values)
        return wanted[0], wanted[-1]

    def number(self, node: Node, frame: int) -> int | None:
        """The frame's number on disk, or None where it is black."""
        first, last = self.file_range(node)
        number = self._asked(node, frame, first)
        if self.footage(node).is_still or first <= number <= last:
            return number
        early = number < first
        mode = self.values.choice(node, "before" if early else "after", _OUTSIDE, frame)
        if mode == "black":
            return None
        length = last - first + 1
        if mode == "loop":
            return first + (number - first) % length
        if mode == "bounce":
            place = (number - first) % (2 * length)
            return first + min(place, 2 * length - 1 - place)
        return first if early else last

    def missing(self, node: Node, frames: FrameRange) -> FrameRange:
        """Frames that the script asks for and whose file is not there."""
        footage = self.footage(node)
        if footage.pattern is None:
            gone = footage.single is not None and not footage.single.is_file()
            return frames if gone else FrameRange([])
        return FrameRange(f for f in frames if (n := self.number(node, f)) is not None and n not in footage.found)

    def space(self, node: Node) -> str | None:
        """The colour space to read in, or None where the files say it."""
        if self.values.flag(node, "raw", 0):
            return self.colour.check(SCENE_LINEAR)
        return space_named(self.values, node, self.colour, Path(self.footage(node).path).suffix.lower())

    def open(self, node: Node, frames: Mapping[int, int], space: str | None = None) -> Plate:
        """The plate of a shot. frames: the script's frames, and those at which the Read is asked for them.

        Raises: MediaError where files are missing.
        """
        numbers = {frame: self._there(node, at) for frame, at in frames.items()}
        footage, wanted, space = self.footage(node), FrameRange(frames), space or self.space(node)
        self._check_alpha(node, space)
        if footage.pattern is not None:
            files = {frame: footage.found[number] for frame, number in numbers.items()}
            return self._rated(
                lambda rate: StillPlate(footage.path, files, wanted, self.colour, space, rate, "sequence")
            )
        if footage.is_still or all(number == frame for frame, number in numbers.items()):
            return self._rated(lambda rate: open_plate(footage.path, frames=wanted, colour=self.colour, space=space,
                                                       rate=rate))  # fmt: skip
        inner = FrameRange(range(min(numbers.values()), max(numbers.values()) + 1))
        plate = self._rated(
            lambda rate: open_plate(footage.path, frames=inner, colour=self.colour, space=space, rate=rate)
        )
        return Retimed(plate, numbers)

    def _rated(self, opens: Callable[[Rate | None], Plate]) -> Plate:
        """At the project's rate, where it says one and the files another: a host plays them frame for frame."""
        plate = opens(None)
        rate = self.rate
        if rate is None or (plate.rate == rate and plate.info.rate_from != "default"):
            return plate
        if plate.rate == rate and plate.info.kind == "movie":
            return plate
        plate.close()
        return opens(rate)

    @property
    def rate(self) -> Rate | None:
        """The project's frames per second, or None where it says nothing."""
        root = self.values.script.root
        return parse_rate(self.values.text(root, "fps").strip()) if self.values.has(root, "fps") else None

    def _there(self, node: Node, frame: int) -> int:
        number = self.number(node, frame)
        if number is None:
            raise MediaError(
                f"{self.values.script.path}: {node.full_name}: frame {frame} is black, being outside its range; "
                "give frames of the shot"
            )
        footage = self.footage(node)
        if footage.pattern is None or number in footage.found:
            return number
        nearest = self.values.choice(node, "on_error", _ON_ERROR, frame) == "nearest frame"
        if not nearest or not footage.found:
            have = str(FrameRange(footage.found)) or "none"
            raise MediaError(
                f"{footage.path}: frame {number} is missing ({node.full_name} in {self.values.script.path}; on disk: "
                f"{have[:60]}); render it, or set on_error to nearest frame"
            )
        return min(footage.found, key=lambda have: (abs(have - number), have))

    def _asked(self, node: Node, frame: int, first: int) -> int:
        mode, value = self._mode(node)
        if not value:
            return frame
        if mode == "start at":
            return frame - self._shift(node, value) + first
        if mode == "offset":
            return frame - self._shift(node, value)
        from ofx_lipsync.nk.expression import evaluate

        try:
            number = evaluate(value, frame, lambda name, time: self.values.reference(node, name, frame, time))
        except ValueError as error:
            raise self.values.refused(node, "frame", f"cannot be worked out: {error}") from None
        return int(number // 1)

    def _mode(self, node: Node) -> tuple[str, str]:
        words = self.values.text(node, "frame_mode", "expression").replace("_", " ")
        mode = _MODES[int(words)] if words.isdigit() and int(words) < 3 else words
        if mode not in _MODES:
            raise self.values.refused(node, "frame_mode", f"expected {' or '.join(_MODES)}")
        return mode, self.values.text(node, "frame").strip()

    def _shift(self, node: Node, text: str) -> int:
        try:
            return int(float(text))
        except ValueError:
            raise self.values.refused(node, "frame", "expected a frame number") from None

    def _check_alpha(self, node: Node, space: str | None) -> None:
        """Colours multiplied by alpha would have to be divided by it before a curve."""
        if not self.values.flag(node, "premultiplied", 0) or space is None or self.colour.is_same(space):
            return
        raise self.values.refused(node, "premultiplied", "is on for encoded colours, which is not done without Nuke")
