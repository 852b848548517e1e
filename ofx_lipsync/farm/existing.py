# SPDX-License-Identifier: Apache-2.0
"""Which frames are there already, whole, and made from the very same things: those a re-run may skip.

A frame is read to its last row before it is skipped. A file that was cut short opens without a word and fails only
there, and a disk that gave zeros for a lost block is found by the digest of the pixels, which the header keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Sequence

from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.farm.recipe import Recipe
from ofx_lipsync.media import movie_codec, picture_file
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.writer import KEY, PIXELS, pixels_sha256
from ofx_lipsync.trust.ledger import Ledger

HOLDS_A_KEY = (".exr", ".png")
"""Formats whose headers keep words of ours."""
DAMAGED = "cut short or damaged"
FOREIGN = "does not say what it was made from"
OTHER = "made from something else"
UNKNOWN = "not what the sidecar says"
CHANGED = "pixels are not those that were written"
LACKING = "elements are not there, or not of this frame"


@dataclass
class Existing:
    """kept: frames to leave alone. again: why each of the others that were there is made again."""

    kept: list[int] = field(default_factory=list)
    again: dict[int, str] = field(default_factory=dict)

    def left(self, frames: Iterable[int]) -> list[int]:
        """The frames still to make."""
        kept = set(self.kept)
        return [frame for frame in frames if frame not in kept]

    def keep_noted(self, ledgers: Sequence[Ledger]) -> None:
        """Note those that the sidecar does not know, as a task was killed between a frame and its note; make those
        again that it knows as something else."""
        unknown = [f for f in self.kept if not all(ledger.holds(f) or ledger.adopt(f) for ledger in ledgers)]
        self.again |= dict.fromkeys(unknown, UNKNOWN)
        self.kept = [frame for frame in self.kept if frame not in set(unknown)]

    def lines(self) -> list[tuple[str, str]]:
        """For the summary."""
        said = [("skipped", f"{FrameRange(self.kept)}: there already, whole and the same")] if self.kept else []
        for why in dict.fromkeys(self.again.values()):
            frames = FrameRange(frame for frame, reason in self.again.items() if reason == why)
            said.append(("made again", f"{frames}: {why}"))
        return said


def check_skippable(out: str) -> None:
    """Raises: UsageError for files that cannot be finished later, or cannot say what they were made from."""
    suffix = Path(out).suffix.lower()
    if suffix in movie_codec.WRITES:
        raise UsageError(
            f"{out}: --skip-existing is for sequences, and a movie is one file; write out.####.exr, "
            "or leave --skip-existing away"
        )
    if suffix not in HOLDS_A_KEY:
        raise UsageError(
            f"{out}: --skip-existing needs {' or '.join(HOLDS_A_KEY)}, since {suffix or 'such'} files cannot say what "
            "they were made from; write one of those, or leave --skip-existing away"
        )


def look(out: str, frames: Sequence[int], recipe: Recipe, elements: str | None = None) -> Existing:
    """Reads every frame of `frames` that is there. elements: where a frame has to have its layers too; one in which
    nothing is new has none, and is made again, which costs little."""
    pattern, found = Pattern.parse(out), Existing()
    for frame in frames:
        path = Path(out) if pattern is None else pattern.path(frame)
        if not path.exists():
            continue
        fault = fault_of(path, recipe.key(frame))
        if fault is None and elements is not None and not has_layers(elements, frame, recipe.key(frame)):
            fault = LACKING
        if fault is None:
            found.kept.append(frame)
        else:
            found.again[frame] = fault
    return found


def fault_of(path: Path, key: str) -> str | None:
    """Why a file is not the frame of that key, or None where it is, to the last bit."""
    try:
        source = picture_file.open_input(path)
    except MediaError:
        return DAMAGED
    try:
        headers = picture_file.specs(source)
        given = headers[0].get_string_attribute(KEY) if headers else ""
        if given != key:
            return OTHER if given else FOREIGN
        parts = picture_file.read_all(source, path, headers)
        return None if pixels_sha256(headers, parts) == headers[0].get_string_attribute(PIXELS) else CHANGED
    except MediaError:
        return DAMAGED
    finally:
        source.close()


def has_layers(elements: str, frame: int, key: str) -> bool:
    """Whether a frame's layers are there, whole, and of that key."""
    pattern = Pattern.parse(elements)
    path = Path(elements) if pattern is None else pattern.path(frame)
    try:
        source = picture_file.open_input(path)
    except MediaError:
        return False
    try:
        headers = picture_file.specs(source)
        picture_file.read_all(source, path, headers)
        return bool(headers) and headers[0].get_string_attribute(KEY) == key
    except MediaError:
        return False
    finally:
        source.close()
