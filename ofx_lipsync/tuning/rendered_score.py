# SPDX-License-Identifier: Apache-2.0
"""How well a rendered stretch of a dub says its line: LSE-C by SyncMeter, on pixels."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Iterator, Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.graph import Dub, Settings, Shot
from ofx_lipsync.measure import measured
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.tuning.planned import DubbedClip

LEAST_S = 0.5
"""Of speech under which lips and sound cannot be told from others'."""


def windows(shot: Shot, frames: Sequence[int], seconds: float) -> Iterator[list[int]]:
    """Stretches of the shot of so many seconds, one a frame, with the frame in the middle where there is room."""
    every = list(shot.frames)
    count = min(len(every), round(max(seconds, LEAST_S) * float(shot.plate.rate)))
    for frame in frames:
        first = min(max(0, every.index(frame) - count // 2), len(every) - count)
        yield every[first : first + count]


def rendered_lse(shot: Shot, settings: Settings, analysis: Analysis, plate: Plate, frames: Sequence[int]) -> float:
    """LSE-C of these frames, rendered for it: how much nearer lips and sound are at their best offset than at others.

    Raises: FrameError where nobody is seen in them.
    """
    dub = Dub(shot, settings)
    dub.prepare(analysis, frames)
    clip = DubbedClip(plate, plate.colour, lambda frame: dub.render(analysis, frame), frames)
    _, report = measured(replace(stretch(shot, frames), plate=clip), settings, faces=chosen_on(analysis.faces, frames))
    return float(report.faces[0].lse_c)


def stretch(shot: Shot, frames: Sequence[int]) -> Shot:
    """A part of the shot, its sound on the part's own clock."""
    assert shot.times_s is not None
    times_s = shot.times_s[np.searchsorted(np.asarray(shot.frames), frames)]
    sound = replace(shot.sound, start_s=shot.sound.start_s - float(times_s[0]))
    return replace(shot, frames=frames, sound=sound, times_s=times_s - times_s[0])


def chosen_on(faces: FaceAnalysis, frames: Sequence[int]) -> FaceAnalysis:
    """The chosen person alone, on these frames.  Raises: FrameError."""
    track = faces.chosen_track()
    kept = np.zeros(0, bool) if track is None else np.isin(track.frames, np.asarray(frames))
    if track is None or not kept.any():
        raise FrameError(f"wedge: nobody is seen in frames {frames[0]}-{frames[-1]}, so that nothing can be measured")
    arrays = {part.name: getattr(track, part.name) for part in fields(track)}
    rows: dict[str, Any] = {name: a[kept] for name, a in arrays.items() if isinstance(a, np.ndarray)}
    return FaceAnalysis((replace(track, **rows),), faces.cuts, 0)
