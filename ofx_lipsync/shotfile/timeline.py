# SPDX-License-Identifier: Apache-2.0
"""Clips of an edit (OTIO, EDL), in exact times: what is seen, what is heard, and what the cutting room noted."""

from __future__ import annotations

import os
import re
import urllib.parse
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Iterator

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.timing import Rate

_NOTE = re.compile(
    r"\b(ACTOR|PERFORMER|LANG|LANGUAGE)\s*[:=]\s*(.*?)\s*(?=[,;|\n]|\b(?:ACTOR|PERFORMER|LANG|LANGUAGE)\s*[:=]|\Z)",
    re.IGNORECASE,
)

RETIMED = "is retimed in the edit; dub the plate at its own speed, and retime the result"
NESTED = "is an edit within the edit; export it flat"


@dataclass(frozen=True)
class Clip:
    """A clip as it is cut in. Times of the edit are seconds; source times are frames at `rate`.

    names: what its media may be called, best first. paths: where the edit says it is. start, length: the part used.
    zero: the source time of the media's first frame, where the edit says it. first: that frame's number. wrong: why no
    shot can be made of it.
    """

    name: str
    names: tuple[str, ...]
    paths: tuple[str, ...]
    at_s: Fraction
    start: int
    length: int
    rate: Rate
    zero: int | None = None
    first: int | None = None
    wrong: str = ""
    notes: tuple[str, ...] = ()

    @property
    def end_s(self) -> Fraction:
        return self.at_s + self.length / self.rate

    def noted(self, *words: str) -> str:
        """What the cutting room wrote after one of these words, as in ACTOR=Anna LANG=fr."""
        found = [match[2] for note in self.notes for match in _NOTE.finditer(note) if match[1].upper() in words]
        return found[0].strip("\"' ") if found else ""


def read_timeline(path: str, rate: Rate) -> tuple[list[Clip], list[Clip]]:
    """(what is seen, what is heard), in the order of the edit. rate: of an EDL, which does not say it.

    Raises: InputError where the file is missing or is no edit, UsageError where OpenTimelineIO is not installed.
    """
    try:
        import opentimelineio as otio
    except ImportError:
        raise UsageError(f'{path}: reading edits needs OpenTimelineIO; pip install "ofx-lipsync[timeline]"') from None
    if not Path(path).exists():
        raise InputError(f"{path}: there is no such file")
    options = {"rate": float(rate)} if path.lower().endswith(".edl") else {}
    try:
        timeline = otio.adapters.read_from_file(path, **options)
    except Exception as error:  # adapters raise whatever their parsers do
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path}: is no edit that OpenTimelineIO can read ({text})") from None
    if not isinstance(timeline, otio.schema.Timeline):
        raise InputError(f"{path}: holds a {type(timeline).__name__}, expected a timeline")
    folder = os.path.dirname(path)
    try:
        seen = [clip for track in timeline.video_tracks() for clip in _clips(track, folder)]
        heard = [clip for track in timeline.audio_tracks() for clip in _clips(track, folder)]
    except (ValueError, ArithmeticError, otio.exceptions.OTIOError) as error:
        raise InputError(f"{path}: has times that cannot be ({error}); export the edit again") from None
    return sorted(seen, key=lambda clip: clip.at_s), sorted(heard, key=lambda clip: clip.at_s)


def exact_rate(rate: float) -> Rate:
    """23.976 and 23.976023976 are 24000/1001."""
    whole = round(rate)
    for near in (Rate(whole), Rate(whole * 1000, 1001)):
        if whole > 0 and abs(float(near) - rate) < 0.005:
            return near
    return Rate(rate).limit_denominator(1001)


def _clips(track: Any, folder: str) -> Iterator[Clip]:
    import opentimelineio as otio

    # An EDL's track begins with its first event, and keeps in its own range how far into the edit that is.
    begins_s = Fraction(0) if track.source_range is None else _seconds(track.source_range.start_time)
    for item in track:
        if isinstance(item, otio.schema.Clip) and item.enabled:
            used, span = item.source_range or item.available_range(), item.range_in_parent()
            yield _clip(item, used, _seconds(span.start_time) - begins_s, folder, _track_notes(track, span))
        elif isinstance(item, otio.core.Composition):
            span = item.range_in_parent()
            at_s, rate = _seconds(span.start_time) - begins_s, exact_rate(span.duration.rate)
            yield Clip(item.name, (), (), at_s, 0, round(span.duration.value), rate, wrong=NESTED)


def _clip(item: Any, used: Any, at_s: Fraction, folder: str, notes: tuple[str, ...]) -> Clip:
    import opentimelineio as otio

    media, extra = item.media_reference, dict(item.metadata.get("cmx_3600", {}))
    known = getattr(media, "available_range", None)
    paths, first = _where(media, folder), None
    if isinstance(media, otio.schema.ImageSequenceReference):
        first = int(media.start_frame)
    names = [os.path.basename(path) for path in paths] + [item.name, str(extra.get("reel", ""))]
    comments = [str(comment) for comment in extra.get("comments", ())]
    own = [str(f"{key}={value}") for key, value in item.metadata.items() if isinstance(value, str)]
    rate = exact_rate(used.start_time.rate)
    return Clip(
        item.name or str(extra.get("reel", "")), tuple(dict.fromkeys(filter(None, names))), paths, at_s,
        round(used.start_time.value), round(used.duration.rescaled_to(used.start_time.rate).value), rate,
        None if known is None else round(known.start_time.rescaled_to(used.start_time.rate).value), first,
        RETIMED if any(isinstance(effect, otio.schema.TimeEffect) for effect in item.effects) else "",
        (*notes, *comments, *own, *(_text(marker) for marker in item.markers)),
    )  # fmt: skip


def _where(media: Any, folder: str) -> tuple[str, ...]:
    """The paths of a media reference; a sequence's as plate.####.exr."""
    import opentimelineio as otio

    if isinstance(media, otio.schema.ImageSequenceReference):
        name = f"{media.name_prefix}{'#' * max(1, media.frame_zero_padding)}{media.name_suffix}"
        return (os.path.join(folder, _local(media.target_url_base), name),)
    url = getattr(media, "target_url", "")
    return (os.path.join(folder, _local(url)),) if url else ()


def _local(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.unquote(parts.path) if parts.scheme == "file" else url


def _track_notes(track: Any, span: Any) -> tuple[str, ...]:
    """Markers of the track that lie on a clip."""
    return tuple(_text(marker) for marker in track.markers if span.contains(marker.marked_range.start_time))


def _text(marker: Any) -> str:
    more = [f"{key}={value}" for key, value in marker.metadata.items() if isinstance(value, str)]
    return "; ".join(filter(None, [marker.name, getattr(marker, "comment", ""), *more]))


def _seconds(time: Any) -> Fraction:
    return Fraction(time.value).limit_denominator(10**6) / exact_rate(time.rate)
