# SPDX-License-Identifier: Apache-2.0
"""What differs between two analyses of a shot, in pixels, frames and shares, largest first where it matters."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from ofx_lipsync.analysis import Parts
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.mouth import ARTICULATION, AudioAnalysis
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.timing import FrameRange

Row = tuple[str, str]
"""(what differs, how far)."""


def compared(a: Parts, b: Parts) -> list[Row]:
    """Rows of everything that differs; none where both say the same, bit for bit."""
    rows = [*_keys(a.key, b.key), *_frames("frames", a.frames, b.frames)]
    rows += [(name, f"{x} | {y}") for name in ("rate", "display") if (x := getattr(a, name)) != (y := getattr(b, name))]
    for name, how in (("faces", _faces), ("audio", _audio), ("plan", _plan), ("sync", _rest), ("fill", _rest)):
        one, other = getattr(a, name), getattr(b, name)
        if one is None or other is None:
            rows += [] if one is other else [(name, f"only in the {'second' if one is None else 'first'}")]
        else:
            rows += how(name, one, other)
    # what no row above speaks of, such as a mel that is longer by silence
    return rows or [("content", f"differs in {name}") for name in _unequal(a, b, "")]


def _keys(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Row]:
    """What they were made from; params one by one."""
    for name in dict.fromkeys([*a, *b]):
        one, other = a.get(name, ""), b.get(name, "")
        if one == other:
            continue
        if name.endswith(" params"):
            yield from _params(name.removesuffix(" params"), one, other)
        else:
            yield f"made from another {name}", f"{one[:12] or 'none'} | {other[:12] or 'none'}"


def _params(node: str, one: str, other: str) -> Iterator[Row]:
    x, y = (json.loads(text) if text else {} for text in (one, other))
    for name in (name for name in dict.fromkeys([*x, *y]) if x.get(name) != y.get(name)):
        yield f"{node}.{name}", f"{json.dumps(x.get(name))} | {json.dumps(y.get(name))}"


def _frames(what: str, a: np.ndarray, b: np.ndarray) -> list[Row]:
    """Frames that only one has."""
    rows = []
    for name, ours, theirs in (("first", a, b), ("second", b, a)):
        only = np.setdiff1d(ours, theirs)
        rows += [(what, f"{len(only)} only in the {name}: {_brief(only.tolist())}")] if len(only) else []
    return rows


def _faces(name: str, a: FaceAnalysis, b: FaceAnalysis) -> Iterator[Row]:
    if len(a.tracks) != len(b.tracks):
        yield "people", f"{len(a.tracks)} | {len(b.tracks)}"
    if a.cuts != b.cuts:
        yield "cuts", f"{_brief(a.cuts)} | {_brief(b.cuts)}"
    for one, other in _pairs(a.tracks, b.tracks):
        yield from _track(f"person {one.identity}", one, other)
    ours, theirs = a.chosen_track(), b.chosen_track()
    if ours is None or theirs is None:
        same = ours is theirs
    else:
        same = _alike(ours, theirs)
    if not same:
        yield "person to dub", f"another one: {a.chosen} | {b.chosen}"


def _pairs(a: Sequence[FaceTrack], b: Sequence[FaceTrack]) -> Iterator[tuple[FaceTrack, FaceTrack]]:
    """Each of the first with whoever of the second is nearest, where frames are shared: numbers may have changed."""
    for one in a:
        near = [(distance, n) for n, other in enumerate(b) if (distance := _apart(one, other)) is not None]
        if near:
            yield one, b[min(near)[1]]


def _apart(one: FaceTrack, other: FaceTrack) -> float | None:
    """Mean distance over the frames that both have, px."""
    _, rows, others = np.intersect1d(one.frames, other.frames, return_indices=True)
    if not len(rows):
        return None
    return float(np.linalg.norm((one.landmarks[rows] - other.landmarks[others])[..., :2], axis=-1).mean())


def _alike(one: FaceTrack, other: FaceTrack) -> bool:
    """Whether both are the same person: nearer than half a face."""
    apart = _apart(one, other)
    return apart is not None and apart < 0.5 * float(one.face_height_px().mean())


def _track(what: str, one: FaceTrack, other: FaceTrack) -> Iterator[Row]:
    yield from _frames(f"{what} is seen", one.frames, other.frames)
    yield from _by_frame(what, one, other, {"landmarks": "px", "presence": "", "blendshapes": ""})


def _audio(part: str, a: AudioAnalysis, b: AudioAnalysis) -> Iterator[Row]:
    if len(a.curve.times_s) != len(b.curve.times_s):
        yield "curve", f"{len(a.curve.times_s)} samples | {len(b.curve.times_s)}"
        return
    apart = np.abs(a.curve.values - b.curve.values)
    for channel, name in enumerate(ARTICULATION):
        yield from _largest(f"curve {name}", apart[:, channel], a.curve.times_s, "", "s")
    for name in ("closure", "voice"):
        yield from _largest(
            f"curve {name}", np.abs(getattr(a.curve, name) - getattr(b.curve, name)), a.curve.times_s, "", "s"
        )
    yield from _largest("curve times", np.abs(a.curve.times_s - b.curve.times_s), a.curve.times_s, " s", "s")
    if a.mel.shape != b.mel.shape or not np.array_equal(a.mel, b.mel):
        yield "line as it is heard", "another mel spectrogram"


def _plan(part: str, a: MouthPlan, b: MouthPlan) -> Iterator[Row]:
    yield from _frames("frames with a new mouth", a.frames, b.frames)
    units = {"here": "px", "target": "px", "source": "px", "cross": "", "built": "", "strength": "", "confidence": ""}
    yield from _by_frame("mouth", a, b, {**units, "face_height_px": "px"})
    _, rows, others = np.intersect1d(a.frames, b.frames, return_indices=True)
    for name in ("source_clip", "source_frame"):
        moved = (getattr(a, name)[rows] != getattr(b, name)[others]).any(axis=1)
        if moved.any():
            yield f"mouth {name}", f"another in {moved.sum()} of {len(rows)} frames ({100 * moved.mean():.0f} %)"


def _rest(name: str, a: Any, b: Any) -> Iterator[Row]:
    """Parts that no dub needs: whether they differ, and in what."""
    differ = sorted(_unequal(a, b, ""))
    if differ:
        yield name, f"differs in {', '.join(differ[:6])}"


def _unequal(a: Any, b: Any, where: str) -> Iterator[str]:
    if is_dataclass(a) and type(a) is type(b):
        for field in fields(a):
            yield from _unequal(getattr(a, field.name), getattr(b, field.name), f"{where}.{field.name}".lstrip("."))
    elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        equal = a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        yield from [] if equal else [where]
    elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        for one, other in zip(a, b, strict=True):
            yield from _unequal(one, other, where)
    elif a != b:
        yield where


def _by_frame(what: str, one: Any, other: Any, units: Mapping[str, str]) -> Iterator[Row]:
    """The largest difference of arrays with a row a frame, where both have the frame."""
    frames, rows, others = np.intersect1d(one.frames, other.frames, return_indices=True)
    for name, unit in units.items():
        apart = np.abs(getattr(one, name)[rows].astype(np.float64) - getattr(other, name)[others])
        if unit == "px" and apart.ndim > 1:
            apart = np.linalg.norm(apart[..., :2], axis=-1)
        apart = apart.reshape(len(rows), -1).max(axis=1) if len(rows) else np.zeros(0)
        yield from _largest(f"{what} {name}", apart, frames, f" {unit}" if unit else "", "frame")


def _largest(what: str, apart: np.ndarray, at: np.ndarray, unit: str, clock: str) -> Iterator[Row]:
    """How far apart at most, and where. apart: [N], NaN counts as far."""
    apart = np.nan_to_num(apart.astype(np.float64), nan=np.inf)
    if not len(apart) or apart.max() == 0:
        return
    row = int(apart.argmax())
    place = f"frame {at[row]}" if clock == "frame" else f"{at[row]:.2f} s"
    part = 100 * (apart > 0).mean()
    yield what, f"up to {apart[row]:.4g}{unit} at {place}; mean {apart.mean():.3g}{unit}; {part:.0f} % of frames differ"


def _brief(frames: Sequence[int]) -> str:
    text = str(FrameRange(frames)) or "none"
    return text if len(text) <= 60 else f"{text[:57]}..."
