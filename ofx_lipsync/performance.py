# SPDX-License-Identifier: Apache-2.0
"""What a face does for a line of dialogue, on one screen: hear it (or read its cues), let the mouths overlap, sample.

A `Performance` knows no frame rate and no rig: `sources` gives what core.rig tables read, at any rate; `cues` gives
drawn mouths of any set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ofx_lipsync.core.blinks import blinks
from ofx_lipsync.core.dominance import dominance
from ofx_lipsync.core.face_curves import Cue, FaceCurves, cues_of, labels_of
from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.core.mouth_letters import BASIC, SETS, MouthLetters
from ofx_lipsync.core.phones import CLOSURE, LABELS_HZ, LIP_TEETH, OVR, PHONES, ROUNDED, members, ovr
from ofx_lipsync.core.rig import SOURCES
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.models.hearing_listener import Heard
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.viseme_choice import VisemeChoice
from ofx_lipsync.nodes.audio_feature import Line, Params, listen

BRIEF = frozenset(("PP", "FF", "shut", "teeth"))
"""Sources that a viewer must see on a frame, however short: sampled at their highest near it."""
SHORTEST_CUE = 4
"""Hundredths of a second; a drawn mouth shown for less is a flicker. Shut lips may be as short as they were."""
GUESS = 0.04
"""How likely what the ear hears may be and still be nothing."""
RAMP_S, EDGE_S = 0.12, 0.03
"""How long silence at a sound's ends takes to come from rest; how far the first and last of a curve hold outwards."""
_LIPS = {
    "sil": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), "PP": (0.05, 0.0, 0.25, 0.0, 0.15, 0.1),
    "FF": (0.2, 0.1, 0.3, 0.3, 0.25, 0.0), "TH": (0.4, 0.1, 0.4, 0.3, 0.45, 0.1),
    "DD": (0.4, 0.2, 0.4, 0.3, 0.45, 0.1), "kk": (0.45, 0.2, 0.45, 0.3, 0.45, 0.1),
    "CH": (0.4, -0.3, 0.3, 0.4, 0.4, 0.5), "SS": (0.35, 0.3, 0.3, 0.35, 0.35, 0.0),
    "nn": (0.4, 0.2, 0.45, 0.3, 0.45, 0.1), "RR": (0.4, -0.2, 0.45, 0.3, 0.45, 0.3),
    "aa": (0.95, 0.2, 0.95, 0.6, 0.95, 0.2), "E": (0.65, 0.4, 0.6, 0.5, 0.65, 0.0),
    "ih": (0.45, 0.5, 0.4, 0.4, 0.45, -0.1), "oh": (0.75, -0.4, 0.8, 0.4, 0.75, 0.5),
    "ou": (0.35, -0.9, 0.45, 0.2, 0.4, 0.9),
}  # fmt: skip
"""core.mouth.ARTICULATION of each viseme, for cues that come without a sound."""


@dataclass(frozen=True)
class Performance:
    """duration_s: of the sound. curve: lips and jaw. told: phones, 100 a second, the first at start_s. line: how the
    sound was heard; None where cues were read, which then are in `read`, with their set."""

    duration_s: float
    curve: MouthCurve
    told: Heard
    start_s: float = 0.0
    line: Line | None = None
    read: tuple[str, tuple[Cue, ...]] | None = None

    def sources(self, rate: Rate, blink_seed: int | None = None) -> FaceCurves:
        """Curves named as core.rig.SOURCES, from 0 s to the end of the sound."""
        times_s = np.arange(max(1, math.ceil(self.duration_s * float(rate) - 1e-6))) / float(rate)
        weights, groups = dominance(ovr().posteriors(certain(self.told.phones))), certain(self.told.lips)
        heard_s = self.start_s + (np.arange(len(weights)) + 0.5) / LABELS_HZ
        found = dict(zip(OVR, weights.T, strict=True))
        found["shut"] = np.maximum(found["PP"], groups[:, 0])
        found["teeth"] = np.maximum(found["FF"], groups[:, 1])
        found["rounded"] = groups[:, 2]
        at = {name: _at(times_s, heard_s, value, name, rate) for name, value in found.items()}
        begun = 1 - at["sil"] * (1 - _ramp(times_s, self.start_s, self.duration_s))
        lips = {
            name: begun * _between(times_s, self.curve.times_s, value)
            for name, value in zip(ARTICULATION, self.curve.values.T, strict=True)
        }
        at |= {"wide": np.maximum(lips["width"], 0), "narrow": np.maximum(-lips["width"], 0)}
        at |= {name: lips[name] for name in ("open", "jaw", "upper", "lower")} | {
            "pushed": np.maximum(lips["pucker"], 0)
        }
        at["voice"] = _between(times_s, self.curve.times_s, certain(self.curve.voice))
        at["blink"] = np.zeros(len(times_s)) if blink_seed is None else blinks(times_s, blink_seed)
        return FaceCurves(rate, SOURCES, np.stack([at[name] for name in SOURCES], axis=1).astype(np.float32))

    def cues(self, mouths: str) -> tuple[Cue, ...]:
        """Drawn mouths of a set, by name: one of core.mouth_letters.SETS, or rhubarb_basic."""
        name, basic, _ = mouths.partition("_basic")
        if self.read is not None and self.read[0] == name:
            cues = self.read[1]
        else:
            labels = VisemeChoice(SETS[name].visemes()).line(self.told).astype(int)
            before = np.zeros(round(self.start_s * LABELS_HZ), int)
            labels = steady(np.concatenate([before, labels]), SETS[name])
            cues = cues_of(labels, SETS[name].names, LABELS_HZ, self.duration_s)
        return _basic(cues) if basic else cues


def spoken(sound: Sound, params: Params, listener: ArticulationListener | None = None) -> Performance:
    """The performance of a line that is heard.  Raises: as AudioFeature.analyse."""
    line = listen(sound, params, listener)
    return Performance(sound.start_s + sound.duration_s, line.curve, line.told, sound.start_s, line)


def drawn(cues: tuple[Cue, ...], mouths: str, duration_s: float) -> Performance:
    """The performance of cues of a set of mouths that somebody has drawn or checked: it keeps to them."""
    count = max(1, math.ceil(duration_s * LABELS_HZ - 1e-6))
    times_s = (np.arange(count) + 0.5) / LABELS_HZ
    labels = labels_of(cues, SETS[mouths].names, times_s)
    phones = SETS[mouths].phones()[labels]
    groups = np.stack([members(group).astype(np.float32) for group in (CLOSURE, LIP_TEETH, ROUNDED)])
    told = Heard(phones, phones @ groups.T)
    weights = dominance(ovr().posteriors(phones))
    values = weights @ np.array([_LIPS[viseme] for viseme in OVR], np.float32)
    voice = 1 - weights[:, OVR.index("sil")]
    curve = MouthCurve(times_s, values.astype(np.float32), told.lips[:, 0], voice)
    return Performance(duration_s, curve, told, read=(mouths, cues))


def certain(heard: np.ndarray) -> np.ndarray:
    """Of [T, N] posteriors, what is more than a guess: a face at rest does not tremble."""
    return np.asarray(np.maximum(heard - GUESS, 0) / (1 - GUESS))


def steady(labels: np.ndarray, mouths: MouthLetters) -> np.ndarray:
    """labels: [T] of a set -> the same without mouths too short to be seen: each gives way to the one before it."""
    shut = int(mouths.visemes().of_phone[PHONES.index("p")])
    kept = labels.copy()
    edges = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)]])
    for first, last in pairwise(edges):
        if first > 0 and last - first < SHORTEST_CUE and labels[first] != shut:
            # after shut lips the next mouth begins early, or the lips would stay shut for too long
            after = labels[last] if last < len(labels) else kept[first - 1]
            kept[first:last] = after if kept[first - 1] == shut else kept[first - 1]
    return kept


def _basic(cues: tuple[Cue, ...]) -> tuple[Cue, ...]:
    joined: list[Cue] = []
    for cue in cues:
        shape = BASIC.get(cue.shape, cue.shape)
        if joined and joined[-1].shape == shape:
            joined[-1] = replace(joined[-1], end_s=cue.end_s)
        else:
            joined.append(replace(cue, shape=shape))
    return tuple(joined)


def _ramp(times_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    """[T] 0 at the sound's ends, 1 further in: a clip that begins in silence begins at rest, breath or not."""
    return np.clip(np.minimum(times_s - start_s, end_s - times_s) / RAMP_S, 0, 1)


def _at(times_s: np.ndarray, known_s: np.ndarray, value: np.ndarray, name: str, rate: Rate) -> np.ndarray:
    """[T] of a source at frame times; before the sound and after it there is silence."""
    if name not in BRIEF:
        return _between(times_s, known_s, value, 1.0 if name == "sil" else 0.0)
    half_s = 0.5 / float(rate)
    near = [_between(times_s + shift_s, known_s, value) for shift_s in np.linspace(-half_s, half_s, 5)]
    return np.asarray(np.max(near, axis=0))


def _between(times_s: np.ndarray, known_s: np.ndarray, value: np.ndarray, outside: float = 0.0) -> np.ndarray:
    if not len(known_s):
        return np.full(len(times_s), outside)
    within = (times_s > known_s[0] - EDGE_S) & (times_s < known_s[-1] + EDGE_S)
    return np.where(within, np.interp(times_s, known_s, value), outside)
