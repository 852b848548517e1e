# SPDX-License-Identifier: Apache-2.0
"""Character in a host: the drawn character on transparent black, as high as the format and in its middle.

There is nothing to analyse first: the line is heard when the first frame is asked for, and kept.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

from ofx_lipsync.character import DrawnCharacter
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.mouth_set import MouthSet, read_mouth_set
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.plugin.answer import Answer, grey, painted
from ofx_lipsync.plugin.job import Job, spoken
from ofx_lipsync.plugin.workshop import Stamp

NAME = "Character"
_TAIL_FRAMES = 1000
"""A plan goes so far beyond what is asked for, so that the next frames find it made."""
_FARTHEST_FRAMES = 1_000_000


class Cast:
    """A character with the line it says. Renders come from several threads, and its drawings are kept between them."""

    def __init__(self, character: DrawnCharacter) -> None:
        self.character, self.plan = character, character.analyse()
        self._lock = threading.Lock()

    def render(self, frame: int, params: Any) -> Image:
        with self._lock:
            self.character.params = params
            return self.character.render(self.plan, min(max(frame, self.plan.frames[0]), self.plan.frames[-1]))


def render(job: Job) -> Answer:
    params = job.settings[NAME]
    image = cast(job, params).render(job.frame, params)
    canvas, target = image.region, job.place.region(job.out)
    width_px = round(job.display.width * job.place.x_scale)
    region = canvas.shift((width_px - canvas.width) // 2, (job.place.format_px - canvas.height) // 2)
    job.request.check()
    if job.view == "matte":
        return grey(job, image.pixels[3], region)
    inside = region.intersect(target)
    if inside.is_empty:
        return Answer(rows=job.out.empty())
    rows, columns = inside.slices_in(region)
    return Answer(rows=painted(job, image.pixels[:, rows, columns], inside))


def cast(job: Job, params: Any) -> Cast:
    """The character of this node's params, made once.  Raises: UsageError, MediaError."""
    if not params.mouths:
        raise UsageError(f"{NAME}: no drawings are named; name a folder of mouths, or a layered PSD, in mouths")
    first = job.message.integer("p.first_frame", 0) or job.message.integer("first", 1)
    path, offset_s = spoken(job, job.rate, first)
    if not path:
        raise UsageError("line: no file is named; name the dialogue in line")
    height_px = max(1, round((params.height or job.display.height) * job.place.y_scale))
    drawings = _folder_of(params.mouths)
    frames = _frames(job, first)
    stamp = _stamp(drawings)
    what = f"{stamp} {height_px} {params.space}"
    mouths = job.workshop.of_shot(stamp, what, lambda: _read(job, drawings, height_px, params.space))
    timing = f"{job.rate} {frames} {params.transition} {params.digest_text(analysed_only=True)}"
    return job.workshop.of_shot(
        stamp, f"{what} {_stamp(path)} {offset_s} {timing}",
        lambda: Cast(DrawnCharacter(mouths, _heard(path, offset_s), frames, job.rate, params)),
    )  # fmt: skip


def _read(job: Job, path: str, height_px: int, space: str) -> MouthSet:
    return read_mouth_set(path, job.workshop.colour, height_px=height_px, space=space or None)


def _heard(path: str, offset_s: float) -> Sound:
    sound = read_sound(path, start_s=max(0.0, -offset_s))
    return Sound(sound.samples, sound.rate_hz, max(0.0, offset_s))


def _frames(job: Job, first: int) -> range:
    """From the line's first frame on, in steps so large that neighbours share a plan; what follows a line is rest."""
    beyond = job.frame - first
    if abs(beyond) > _FARTHEST_FRAMES:
        raise UsageError(f"{NAME}: frame {job.frame} is far from the line's first, {first}; set first_frame")
    count = (math.floor(max(beyond, 0) / _TAIL_FRAMES) + 2) * _TAIL_FRAMES
    return range(first, first + count)


def _folder_of(path: str) -> str:
    """Hosts let people pick a file: one of the drawings stands for its folder."""
    picked = Path(path)
    return str(picked.parent) if picked.is_file() and picked.suffix.lower() not in (".psd", ".psb") else path


def _stamp(path: str) -> Stamp:
    """The drawings as they are now: another size or time of any is another set."""
    where = Path(path)
    files = sorted(f for f in where.rglob("*") if f.is_file()) if where.is_dir() else [where] if where.exists() else []
    stats = [file.stat() for file in files]
    newest = max((stat.st_mtime_ns for stat in stats), default=0)
    return str(where), sum(stat.st_size for stat in stats), newest, len(stats)
