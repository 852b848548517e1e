# SPDX-License-Identifier: Apache-2.0
"""A shot file's plate and line, opened and checked before any work is done: the one way into a dub."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.consent import Consent
from ofx_lipsync.core.errors import ColourError, InputError, ShotError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange, parse_offset, parse_rate
from ofx_lipsync.graph import Settings, Shot
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sound import mixed, read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.shotfile.schema import Line, ShotFile
from ofx_lipsync.shotfile.write import checked

TAIL_S = 60.0
"""How much of a line that outlasts its shot is kept for the movie; a ten-hour file is not."""


@dataclass
class OpenShot:
    """A shot with its files open. Where several people speak there is one for each, of one plate: this one is the first
    person's, and `people` has all of them, in the order in which they are laid over each other."""

    shot: Shot
    plate: Plate
    settings: Settings
    sound: Sound
    """What is heard: everybody's lines. shot.sound is this person's own."""
    key: dict[str, str]
    notes: dict[str, str]
    """What the summary should say besides."""
    _files: ExitStack
    file: ShotFile = field(default_factory=ShotFile)
    """What was asked for."""
    delivered: Sequence[int] = ()
    """Frames that a result has; all of the shot's, or without its handles."""
    person: str = ""
    others: tuple[OpenShot, ...] = ()
    analysis: Analysis | None = None
    """This person's, once there is one."""
    consent: Consent | None = None
    """What the performer agreed to, for results to say."""

    def __post_init__(self) -> None:
        self.delivered = self.delivered or self.plate.frames

    @property
    def people(self) -> tuple[OpenShot, ...]:
        return (self, *self.others)

    def __enter__(self) -> OpenShot:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()


def open_shotfile(shot: ShotFile) -> OpenShot:
    """Open and check everything that a shot names, before any work is done.

    Raises: ShotError for what is wrong in it, InputError for files that are missing, unreadable or do not fit.
    """
    shot = checked(shot)
    _check_whole(shot)
    colour = Colour.load(shot.at_if_there(shot.colour.config) or None)
    with ExitStack() as files:
        plate, delivered = _plate(shot, colour, files)
        holdout = (
            files.enter_context(_matte(shot.at(shot.plate.holdout), plate, colour)) if shot.plate.holdout else None
        )
        times_s = np.array([plate.time_s(frame) - plate.time_s(plate.frames[0]) for frame in plate.frames])
        people = [_person(shot, number, plate, holdout, times_s, files) for number in range(len(shot.lines))]
        first = people[0]
        first.others, first.sound = tuple(people[1:]), mixed([person.shot.sound for person in people])
        for person in people:
            person.delivered = delivered
        first._files = files.pop_all()
        return first


def _check_whole(shot: ShotFile) -> None:
    if not shot.plate.path:
        raise ShotError(f"{shot.called}: there is no plate; give path in [plate]")
    if not shot.lines:
        raise ShotError(f"{shot.called}: nobody speaks; give path in [[line]]")
    for number, line in enumerate(shot.lines, start=1):
        if not line.path:
            raise ShotError(f"{shot.called}: line {line.name or number} has no sound; give its path in [[line]]")


def _person(
    shot: ShotFile, number: int, plate: Plate, holdout: Plate | None, times_s: np.ndarray, files: ExitStack
) -> OpenShot:
    """One person's line on the plate."""
    line, settings, notes = shot.lines[number], shot.settings(number), assumed(plate)
    reel_path = shot.at(shot.plate.reel) or settings["MouthGenerate"].reel
    reel = files.enter_context(open_plate(reel_path, colour=plate.colour)) if reel_path else None
    sound = _sound(shot, line, plate, notes)
    key = {"plate": plate.fingerprint(), "line": fingerprint(sound), "colour": plate.colour.cache_id}
    if reel is not None:
        key["reel"] = reel.fingerprint()
    if holdout is not None:
        key["holdout"] = holdout.fingerprint() + (" inverted" if settings["Blend"].invert_holdout else "")
    aspect = float(plate.info.pixel_aspect)
    opened = Shot(plate, sound, plate.frames, reel, holdout, times_s, aspect)
    return OpenShot(opened, plate, settings, sound, key, notes, ExitStack(), shot, person=shot.people[number])


def _plate(shot: ShotFile, colour: Colour, files: ExitStack) -> tuple[Plate, Sequence[int]]:
    """The plate over the shot and its handles, and the frames of it that are delivered."""
    given, path = shot.plate, shot.at(shot.plate.path)
    frames = FrameRange.parse(given.frames) if given.frames else None
    whole = with_handles(frames, given.handles, path) if frames is not None else None
    plate = open_plate(
        path, frames=whole, colour=colour, space=given.space or None,
        rate=parse_rate(given.rate) if given.rate else None, missing=given.missing,
    )  # fmt: skip
    files.enter_context(plate)
    if frames is None or shot.policy.handles == "deliver":
        return plate, plate.frames
    return plate, [frame for frame in plate.frames if frame in frames]


def with_handles(frames: FrameRange, handles: int, path: str) -> FrameRange:
    """The frames, and as many before and after as there are, up to `handles`."""
    if not handles:
        return frames
    first, last = min(frames), max(frames)
    there = _there(path)
    head = [frame for frame in range(first - handles, first) if there is None or frame in there]
    tail = [frame for frame in range(last + 1, last + 1 + handles) if there is None or frame in there]
    return FrameRange([*head, *sorted(frames), *tail])


def _there(path: str) -> frozenset[int] | range | None:
    """Frame numbers that a plate has; None for a still, which has any."""
    pattern = Pattern.parse(path)
    if pattern is not None:
        return frozenset(pattern.scan())
    with open_plate(path) as plate:
        return None if plate.info.kind == "still" else frozenset(plate.frames)


def _sound(shot: ShotFile, line: Line, plate: Plate, notes: dict[str, str]) -> Sound:
    """The line on the clock of the plate's frames, handles included: it starts with the first frame of the shot."""
    asked = FrameRange.parse(shot.plate.frames) if shot.plate.frames else plate.frames
    first = next((frame for frame in plate.frames if frame in asked), plate.frames[0])
    head_s = plate.time_s(first) - plate.time_s(plate.frames[0])
    offset_s = parse_offset(line.offset, plate.rate) + head_s
    sound, whole = read_line(shot.at(line.path), offset_s, float(len(plate.frames) / plate.rate))
    if line.heard is not None:
        begin_s, end_s = (parse_offset(text, plate.rate) + head_s for text in line.heard)
        return _part(sound, begin_s, end_s, f"{shot.called}: line {line.name}".rstrip())
    if not whole:
        notes["line"] = f"goes on, and is cut {TAIL_S:g} s after the shot's last frame"
    return sound


def _part(sound: Sound, begin_s: float, end_s: float, name: str) -> Sound:
    """What is heard of it between two times of its clock."""
    first = max(0, round((begin_s - sound.start_s) * sound.rate_hz))
    last = max(first, round((end_s - sound.start_s) * sound.rate_hz))
    kept = sound.samples[:, first:last]
    if kept.shape[1] == 0:
        raise ShotError(f"{name}: nothing of it is heard from {begin_s:g} to {end_s:g} s of the shot; check heard")
    return Sound(kept, sound.rate_hz, sound.start_s + first / sound.rate_hz)


def assumed(plate: Plate) -> dict[str, str]:
    """What nobody said of a plate of picture files, and what was taken instead: sync and colour hang on it."""
    notes, info = {}, plate.info
    if info.rate_from == "default":
        notes["rate"] = f"{info.rate} frames/s, as the files say none; --rate gives another"
    if info.kind != "movie" and info.space_from == "default":
        notes["space"] = f"{info.space}, as the files say none; --space gives another"
    return notes


def _matte(path: str, plate: Plate, colour: Colour) -> Plate:
    """A holdout, frame for frame with the plate, its numbers taken as they are (data is not colour)."""
    numbers = colour.find("data", "Raw", "raw", "Utility - Raw")
    if numbers is None:
        raise ColourError(
            f"{path}: {colour.name} has no data space to read a matte in; use a config with the role data"
        )
    matte = open_plate(path, frames=plate.frames, colour=colour, space=numbers, rate=plate.rate)
    if matte.display != plate.display:
        raise InputError(
            f"{path}: is {matte.display.width}x{matte.display.height}, expected the plate's "
            f"{plate.display.width}x{plate.display.height}; render the holdout at the plate's size"
        )
    return matte


def read_line(path: str, offset_s: float, shot_s: float) -> tuple[Sound, bool]:
    """The line on the shot's clock, and whether that is all of it. Only what the shot and its tail can use is kept.

    Raises: InputError when the line ends before the shot begins."""
    sound = read_sound(path, start_s=max(0.0, -offset_s), duration_s=shot_s + TAIL_S + 1.0)
    start_s = max(0.0, offset_s)
    kept = round((shot_s + TAIL_S) * sound.rate_hz)
    if sound.samples.shape[1] == 0 or start_s >= shot_s:
        raise InputError(
            f"{path}: no sound falls inside the shot (offset {offset_s:g} s, shot {shot_s:.2f} s); check --audio-offset"
        )
    return Sound(sound.samples[:, :kept], sound.rate_hz, start_s), sound.samples.shape[1] <= kept


def fingerprint(sound: Sound) -> str:
    import hashlib

    content = hashlib.blake2b(sound.samples.tobytes(), digest_size=16)
    content.update(f"{sound.samples.shape} {sound.rate_hz} {sound.start_s!r}".encode())
    return content.hexdigest()
