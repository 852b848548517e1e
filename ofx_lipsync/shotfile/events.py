# SPDX-License-Identifier: Apache-2.0
"""A shot file for every event of an edit: its plate by frame numbers, and what is said over it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Iterator, Sequence

from ofx_lipsync.core.errors import InputError, LipSyncError
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.timecode import counted
from ofx_lipsync.shotfile.media_files import MediaFile, called
from ofx_lipsync.shotfile.schema import Consent, Line, Output, PlateEntry, ShotFile
from ofx_lipsync.shotfile.timeline import Clip
from ofx_lipsync.shotfile.write import checked


@dataclass(frozen=True)
class Event:
    """One cut of an edit. shot: None where it cannot be made; notes: why, or what is left to fill in."""

    name: str
    shot: ShotFile | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A plate of the media folder. rate: of its frames, None where its files say none. timecode: of its first frame."""

    path: str
    frames: Sequence[int]
    rate: Rate | None
    timecode: str
    kind: str
    suffix: str


class Events:
    """Shots of an edit. media: what there is. handles: frames before and after each, as far as the plate has them."""

    def __init__(self, heard: Sequence[Clip], media: list[MediaFile], handles: int = 0) -> None:
        self.heard = heard
        self.media = media
        self.handles = handles
        self.known: dict[str, Found] = {}
        self.named: set[str] = set()

    def shots(self, seen: Sequence[Clip]) -> Iterator[Event]:
        for number, clip in enumerate(seen, start=1):
            name = self._own_name(clip.name or f"event_{number:03d}")
            try:
                yield self._event(name, clip)
            except LipSyncError as error:
                yield Event(name, None, (str(error),))

    def _event(self, name: str, clip: Clip) -> Event:
        if clip.wrong:
            raise InputError(clip.wrong)
        plate = self._found(self._media(clip, sound=False))
        first, last, told = frames_of(clip, plate)
        lines, notes = self._lines(clip, plate)
        notes += [told] if told else []
        spare = max(first - min(plate.frames), max(plate.frames) - last)
        performer, language = clip.noted("ACTOR", "PERFORMER"), clip.noted("LANG", "LANGUAGE")
        performer = performer or ", ".join(dict.fromkeys(one.performer for one in lines if one.performer))
        languages = dict.fromkeys(filter(None, [language, *(one.line.language for one in lines)]))
        shot = ShotFile(
            name=name,
            plate=PlateEntry(
                path=plate.path, frames=str(FrameRange([first])) if first == last else f"{first}-{last}",
                rate="" if plate.rate else str(clip.rate), handles=min(self.handles, max(0, spare)),
            ),
            lines=tuple(self._with_language(one, language) for one in lines),
            consent=Consent(performer=performer, languages=tuple(languages)),
            output=Output(comp=f"{name}_dub{plate.suffix}", analysis=f"{name}.lipsync"),
        )  # fmt: skip
        return Event(name, checked(shot), tuple(notes))

    def _with_language(self, one: Spoken, language: str) -> Line:
        return one.line if one.line.language else replace(one.line, language=language)

    def _media(self, clip: Clip, sound: bool) -> str:
        """Where a clip's media is.  Raises: InputError where it is nowhere, or in several places."""
        for path in clip.paths:
            if os.path.exists(path) or (not sound and _is_sequence(path)):
                return path
        for name in clip.names:
            found = called(self.media, name, sound)
            if len(found) == 1:
                return found[0].path
            if found:
                several = ", ".join(sorted(one.path for one in found)[:4])
                raise InputError(f"{name} may be any of {len(found)} files ({several}); keep one of them there")
        wanted = " or ".join(clip.names) or "its media"
        raise InputError(f"there is no {wanted} among {len(self.media)} files; check --media")

    def _found(self, path: str) -> Found:
        if path not in self.known:
            with open_plate(path, missing="skip") as plate:
                self.known[path] = _described(path, plate)
        return self.known[path]

    def _lines(self, clip: Clip, plate: Found) -> tuple[list[Spoken], list[str]]:
        """What is said while the clip is seen, and what is to be said of it. The plate's own sound is no new line."""
        spoken: dict[tuple[str, str], Spoken] = {}
        notes = []
        for sound in (s for s in self.heard if s.at_s < clip.end_s and s.end_s > clip.at_s):
            try:
                if sound.wrong:
                    raise InputError(sound.wrong)
                path = self._media(sound, sound=True)
                if plate.kind == "movie" and os.path.samefile(path, plate.path):
                    continue
                one = _spoken(clip, sound, path, plate.rate or clip.rate, self.handles)
            except LipSyncError as error:
                notes.append(f"line {sound.name}: {error}")
                continue
            spoken.setdefault((one.line.path, one.line.offset), one)
        lines = _named(list(spoken.values()))
        if not lines:
            notes.append("no line is found for it; give path in [[line]]")
        elif len(lines) > 1:
            notes.append(f"{len(lines)} lines are heard: give face or face_at in each [[line]]")
        return lines, notes

    def _own_name(self, name: str) -> str:
        base = "".join(c if c.isalnum() or c in "_-" else "_" for c in Path(name).stem or name).strip("_") or "event"
        name, count = base, 1
        while name.lower() in self.named:
            count += 1
            name = f"{base}_{count}"
        self.named.add(name.lower())
        return name


@dataclass(frozen=True)
class Spoken:
    line: Line
    performer: str


def frames_of(clip: Clip, plate: Found) -> tuple[int, int, str]:
    """First and last frame of the plate that a clip shows, and what was taken for granted.

    By timecode where the plate has one; else by what the edit says of the media; else the source times are frame
    numbers, or count from the plate's first. Raises: InputError where none of them leads into the plate.
    """
    rate = plate.rate or clip.rate
    length, start = _at_rate(clip.length, clip, rate), _at_rate(clip.start, clip, rate)
    ways: list[tuple[int, str]] = []
    code = counted(plate.timecode, rate)
    if code is not None:
        ways.append((plate.frames[0] + start - code, ""))
    if clip.zero is not None:
        begins = plate.frames[0] if clip.first is None else clip.first
        ways.append((begins + start - _at_rate(clip.zero, clip, rate), ""))
    guessed = "no timecode leads into the plate: source times are taken as"
    ways += [(start, f"{guessed} its frame numbers")] if plate.kind == "sequence" else []
    ways.append((plate.frames[0] + start, f"{guessed} counted from its first frame"))
    for first, told in ways:
        if min(plate.frames) <= first and first + length - 1 <= max(plate.frames):
            return first, first + length - 1, told
    told = f" from {plate.timecode}" if plate.timecode else ""
    raise InputError(
        f"wants {length} frames from source frame {start} on, and {plate.path} has "
        f"{min(plate.frames)}-{max(plate.frames)}{told}; check the media's timecode and length"
    )


def _at_rate(frames: int, clip: Clip, rate: Rate) -> int:
    """24 and 23.976 count the same frames; other rates are brought over by time."""
    return frames if round(clip.rate) == round(rate) else round(Fraction(frames) / clip.rate * rate)


def _spoken(clip: Clip, sound: Clip, path: str, rate: Rate, handles: int) -> Spoken:
    """A sound under a clip, on the clip's clock; what is said over other clips, handles apart, is not this one's."""
    import soundfile

    try:
        length_s: float | None = soundfile.info(path).duration
    except (RuntimeError, OSError):
        length_s = None
    zero = sound.zero or 0
    into_s = Fraction(sound.start - zero) / sound.rate
    if length_s is not None and into_s >= Fraction(length_s):
        raise InputError(
            f"is used from {float(into_s):.2f} s on, and {path} lasts {length_s:.2f} s; give its start in the edit"
        )
    begins_s = max(sound.at_s - clip.at_s, -handles / rate)
    ends_s = min(sound.end_s, clip.end_s + handles / rate) - clip.at_s
    used_s = float(ends_s - begins_s)
    whole = into_s == 0 and length_s is not None and used_s >= length_s - 0.05
    performer = sound.noted("ACTOR", "PERFORMER")
    line = Line(
        name=_label(performer), path=path, offset=_offset(sound.at_s - clip.at_s - into_s, rate),
        heard=None if whole else (_offset(begins_s, rate), _offset(ends_s, rate)),
        language=sound.noted("LANG", "LANGUAGE"),
    )  # fmt: skip
    return Spoken(line, performer)


def _named(spoken: list[Spoken]) -> list[Spoken]:
    """Several people need names of their own."""
    if len(spoken) < 2:
        return spoken
    taken: set[str] = set()
    found = []
    for one in spoken:
        base = one.line.name or _label(Path(one.line.path).stem) or "line"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        found.append(replace(one, line=replace(one.line, name=name)))
    return found


def _label(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in name.lower())


def _offset(seconds: Fraction, rate: Rate) -> str:
    """In whole frames where it is, else in ms."""
    frames = seconds * rate
    if not frames:
        return "0"
    return f"{int(frames)}f" if frames.denominator == 1 else f"{float(seconds * 1000):.3f}ms"


def _described(path: str, plate: Plate) -> Found:
    info = plate.info
    if info.kind == "still":
        raise InputError(f"{path}: is one picture, expected a movie or a sequence")
    suffix = Path(path).suffix if info.kind == "movie" else f".####{Path(path).suffix}"
    rate = None if info.rate_from == "default" else plate.rate
    return Found(path, plate.frames, rate, info.timecode, info.kind, suffix)


def _is_sequence(path: str) -> bool:
    from ofx_lipsync.media.pattern import Pattern

    pattern = Pattern.parse(path)
    return pattern is not None and bool(pattern.scan())
