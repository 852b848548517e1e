# SPDX-License-Identifier: Apache-2.0
"""What the coarticulation network learns from: takes with sound and labels on one 100 Hz clock.

GRID gives lips (tracked) and sounds (aligned); FACEGOOD gives an artist's curves of Mandarin; the speech corpus gives
the sounds of many voices and languages, and by them where lips must be shut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.mouth import ARTICULATION, TWO_WAY, reach_of
from ofx_lipsync.core.phones import CLOSURE, LABELS_HZ, LIPS, PHONES, SILENCE, UNKNOWN, VOWELS, members
from ofx_lipsync.models.bands import RATE_HZ, line_db
from ofx_lipsync.models.loudness import speech_gain
from ofx_lipsync.models.mel import mel_spectrogram
from ofx_lipsync.train import align
from ofx_lipsync.train.speech.alphabets import ARPABET, sound
from ofx_lipsync.train.speech.utterance import Utterance, timed
from ofx_lipsync.train.split import HELD_OUT_TAKES, is_held_out, person
from ofx_lipsync.train.track import LOST

SHUT = 0.012
"""Inner lips nearer than this share of face height are shut: the mesh leaves that much between pressed lips."""
LIVELY = 0.4
"""A channel that moves less than this share of other people's range takes theirs."""
LIPS_OF = np.stack([members(group) for group in LIPS], axis=1).astype(np.float32)
"""[P, 3]: what the hearing network's lips should say of each phone."""
BEFORE, AFTER = 50, 25
"""Frames of silence before speech in which lips part already (GRID's people and free talkers alike draw breath through
them 0.2 to 0.5 s before they are heard), and after it in which they shut."""


@dataclass(frozen=True)
class Take:
    """bands: [L, 48] float32 dB and mel: [80, M] (models/mel.py), both at speech level. values: [L, 6] articulation and
    weight: [L, 6] how far each is believed; closure, voice: [L] 0..1, or -1 unknown; phones: [L] index into
    core.phones.PHONES or UNKNOWN. Row i is the middle of i * 10 ms .. (i + 1) * 10 ms."""

    name: str
    person: str
    held_out: bool
    bands: np.ndarray
    mel: np.ndarray
    values: np.ndarray
    weight: np.ndarray
    closure: np.ndarray
    voice: np.ndarray
    phones: np.ndarray


@dataclass(frozen=True)
class Range:
    """Raw articulation of a person: closed: [6] with lips shut, reach: [6] from there to the 95th percentile."""

    closed: np.ndarray
    reach: np.ndarray

    def relative(self, raw: np.ndarray) -> np.ndarray:
        return (raw - self.closed) / self.reach


def person_range(raw: np.ndarray, others: Range | None = None) -> Range:
    """raw: [N, 6] of all frames of a person, in face heights. others: what is typical."""
    shut = raw[:, 0] <= max(SHUT, float(np.quantile(raw[:, 0], 0.05)))
    closed = np.median(raw[shut], axis=0)
    own = reach_of(raw, closed)
    if others is not None:
        own = np.where(own > LIVELY * others.reach, own, others.reach)
    return Range(closed, own)


def levelled(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[L, 48] bands and [80, M] mel of the voice at speech level."""
    samples = samples * np.float32(speech_gain(samples))
    return line_db(samples), mel_spectrogram(samples)


def grid_takes(tracks: Path, aligned: Path) -> list[Take]:
    """GRID clips from the cache of track.py; `aligned` caches phones."""
    clips = {}
    for path in sorted(tracks.glob("*_*.npz")):
        folder, stem = path.stem.split("_", 1)
        with np.load(path) as clip:
            seen = clip["presence"] > LOST
            raw = np.full((len(seen), len(ARTICULATION)), np.nan, np.float32)
            raw[seen] = articulation(clip["landmarks"][seen])
            clips[folder, stem] = (clip["samples"], clip["times_s"], raw)
    ranges = people_ranges({key: raw for key, (_, _, raw) in clips.items()})
    phones = _aligned({key: samples for key, (samples, _, _) in clips.items()}, aligned)
    takes = []
    for (folder, stem), (samples, times_s, raw) in clips.items():
        who = person(folder, stem)
        takes.append(_grid_take(f"{folder}_{stem}", who, is_held_out(folder, stem), samples, times_s,
                                raw, ranges[who], phones[folder, stem]))  # fmt: skip
    return takes


def believed(take: Take) -> Take:
    """A GRID take weighted for teaching, by what each person teaches best.

    s1's lips in speech are many and clean, so opening and jaw are mostly his. How wide a mouth is differs from person
    to person, most of all in silence (one smiles while talking, another while not): there the others count more. Their
    opening far from speech is not taught: mouths hang open, and a dub wants them shut.
    """
    silent = ~near_speech(take.phones != SILENCE)[:, None]
    if take.person == "s1":
        share = np.where(TWO_WAY, np.where(silent, 0.024, 0.12), np.where(silent, 0.1, 1.0))
    else:
        share = np.where(TWO_WAY, np.where(silent, 1.5, 2.5), np.where(silent, 0.0, 0.5))
    return replace(take, weight=(take.weight * share).astype(np.float32))


def near_speech(spoken: np.ndarray) -> np.ndarray:
    """[L] bool: speech, the time before it in which people draw breath and part their lips, and a little after."""
    steps = np.zeros(len(spoken) + 1, np.int64)
    for frame in np.flatnonzero(spoken).tolist():
        steps[max(0, frame - BEFORE)] += 1
        steps[min(len(spoken), frame + AFTER)] -= 1
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def natural_take(track: Path) -> Take:
    """A tracked clip of somebody talking freely: for scoring only; what is said is not known."""
    with np.load(track) as clip:
        seen = clip["presence"] > LOST
        raw = np.full((len(seen), len(ARTICULATION)), np.nan, np.float32)
        raw[seen] = articulation(clip["landmarks"][seen])
        samples, times_s = clip["samples"], clip["times_s"]
    unknown = np.full(len(samples) * LABELS_HZ // RATE_HZ, UNKNOWN, np.int8)
    return _grid_take(track.stem, "natural", True, samples, times_s, raw, person_range(raw[seen]), unknown)


def people_ranges(raw: dict[tuple[str, str], np.ndarray]) -> dict[str, Range]:
    """Each person's range, over all of their clips."""
    by_person: dict[str, list[np.ndarray]] = {}
    for (folder, stem), values in raw.items():
        by_person.setdefault(person(folder, stem), []).append(values[np.isfinite(values).all(axis=1)])
    joined = {who: np.concatenate(values) for who, values in by_person.items()}
    each = [person_range(values) for values in joined.values()]
    typical = Range(*(np.median([getattr(r, name) for r in each], axis=0) for name in ("closed", "reach")))
    return {who: person_range(values, typical) for who, values in joined.items()}


def _grid_take(
    name: str, who: str, held_out: bool, samples: np.ndarray, times_s: np.ndarray, raw: np.ndarray, span: Range,
    phones: np.ndarray,
) -> Take:  # fmt: skip
    clock_s = clock(samples)
    phones = phones[: len(clock_s)]
    seen = np.isfinite(raw).all(axis=1)
    values = resampled(times_s[seen], span.relative(raw[seen]), clock_s)
    shut = np.interp(clock_s, times_s[seen], raw[seen, 0]) < SHUT
    believed = (np.interp(clock_s, times_s, seen.astype(np.float32)) > 0.99) & (clock_s <= times_s[-1])
    silent = phones == SILENCE
    # lips at rest may hang open; a dub wants them shut there, so only speech and the breath before it tell of open ones
    closure = np.where(shut, 1, np.where(silent & ~near_speech(~silent), -1, 0)).astype(np.float32)
    voice = np.where(phones == UNKNOWN, -1, ~silent).astype(np.float32)
    weight = np.repeat(believed[:, None], len(ARTICULATION), axis=1).astype(np.float32)
    return Take(name, who, held_out, *levelled(samples), values, weight, np.where(believed, closure, -1), voice, phones)


def facegood_takes(folder: Path) -> list[Take]:
    """FACEGOOD's artist curves, mapped to articulation; shapes other than the jaw's are believed less."""
    import soundfile

    takes = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as take:
            shapes = dict(zip(take["names"].tolist(), take["values"].T, strict=True))
            rate_hz = int(take["rate_hz"])
        samples, sound_hz = soundfile.read(path.with_suffix(".flac"), dtype="float32")
        if sound_hz != RATE_HZ:
            raise ValueError(f"{path}: sound is at {sound_hz} Hz, expected {RATE_HZ}")
        clock_s = clock(samples)
        raw = facegood_articulation(shapes)
        values = resampled(np.arange(len(raw)) / rate_hz, raw, clock_s)
        weight = np.tile(np.array([0.7, 0.3, 1.0, 0.3, 0.5, 0.3], np.float32), (len(clock_s), 1))
        unknown = np.full(len(clock_s), -1, np.float32)
        voice = energy_voice(samples, len(clock_s))
        phones = np.full(len(clock_s), UNKNOWN, np.int8)
        takes.append(Take(path.stem, "facegood", path.stem in HELD_OUT_TAKES, *levelled(samples), values, weight,
                          unknown, voice, phones))  # fmt: skip
    return takes


def facegood_articulation(shapes: dict[str, np.ndarray]) -> np.ndarray:
    """[T, 6] from named shapes [T] 0..1.

    The jaw is mouth_stretch_c. Lips part with it, and by their own raising, lowering and funnel; rounding (oh, oo,
    pucker, funnel) narrows and pushes forward; corners pulled or stretched widen. Divisors are the take's person's
    95th percentiles, and for width what leaves it with the spread that tracked people show.
    """

    def both(name: str) -> np.ndarray:
        return (shapes[f"{name}_l"] + shapes[f"{name}_r"]) / 2

    jaw, oh, oo = shapes["mouth_stretch_c"], shapes["mouth_oh_c"], shapes["mouth_oo_c"]
    funnel_up, funnel_down = shapes["mouth_funnel_ul"], shapes["mouth_funnel_dl"]
    depress, lift, press = both("mouth_lowerLipDepress"), both("mouth_upperLipRaise"), both("mouth_press")
    rounding = 0.7 * oh + oo + both("mouth_pucker") + 0.5 * funnel_up
    upper = lift + 0.4 * funnel_up
    lower = 0.7 * jaw + depress + 0.5 * funnel_down
    channels = {
        "open": (0.8 * jaw + 0.6 * depress + 0.5 * lift + 0.4 * funnel_down - press) / 0.42,
        "width": (2 * both("mouth_lipCornerPull") + both("mouth_lipStretch") + 0.1 * jaw - rounding) / 0.25,
        "jaw": jaw / 0.39,
        "upper": upper / 0.17,
        "lower": lower / 0.40,
        "pucker": rounding / 0.45,
    }
    return np.stack([channels[name] for name in ARTICULATION], axis=1).astype(np.float32)


def voice_take(utterance: Utterance, folder: Path) -> Take:
    """A sentence of the speech corpus: p b m and silence shut the lips, vowels open them, the rest is unknown."""
    (bands, mel), phones = levelled(utterance.samples(folder)), utterance.frames()
    bands, phones = bands[: len(phones)], phones[: len(bands)]
    shut = (members(CLOSURE) | (np.arange(len(PHONES)) == SILENCE))[phones]
    known = phones != UNKNOWN
    closure = np.where(known & shut, 1, np.where(known & members(VOWELS)[phones], 0, -1)).astype(np.float32)
    closure[(phones == SILENCE) & near_speech(known & (phones != SILENCE))] = -1
    voice = np.where(known, phones != SILENCE, -1).astype(np.float32)
    nothing = np.zeros((len(phones), len(ARTICULATION)), np.float32)
    return Take(utterance.path, "voice", False, bands, mel, nothing, nothing, closure, voice, phones)


def clock(samples: np.ndarray) -> np.ndarray:
    """[L] float64: the middle of every whole 10 ms, in s."""
    return (np.arange(len(samples) * LABELS_HZ // RATE_HZ) + 0.5) / LABELS_HZ


def resampled(known_s: np.ndarray, known: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """known: [N, C] at known_s, on a cubic through every point: straight lines would blunt 25 Hz curves."""
    from scipy.interpolate import CubicSpline

    inside = np.clip(times_s, known_s[0], known_s[-1])
    return CubicSpline(known_s, known, axis=0)(inside).astype(np.float32)


def energy_voice(samples: np.ndarray, labels: int) -> np.ndarray:
    """[labels] 0 or 1 per 10 ms of clean speech: within 30 dB of the loudest, gaps up to 150 ms counted in."""
    from scipy.ndimage import binary_closing

    step = RATE_HZ // LABELS_HZ
    power = np.square(samples[: labels * step]).reshape(labels, step).mean(axis=1)
    smooth = np.convolve(power, np.full(3, 1 / 3), "same")
    spoken = smooth > np.quantile(smooth, 0.99) * 1e-3
    return binary_closing(np.pad(spoken, 20), np.ones(15))[20:-20].astype(np.float32)


def _aligned(sounds: dict[tuple[str, str], np.ndarray], cache: Path) -> dict[tuple[str, str], np.ndarray]:
    known: dict[str, np.ndarray] = {}
    if cache.exists():
        with np.load(cache) as file:
            known = {key: file[key] for key in file.files}
    aligner, before = align.Aligner(), len(known)
    for (folder, stem), samples in sounds.items():
        if f"{folder}_{stem}" not in known:
            known[f"{folder}_{stem}"] = aligner.phones(samples, align.sentence(stem))
    if len(known) != before:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, **known)  # type: ignore[arg-type]
    return {(folder, stem): in_any_language(known[f"{folder}_{stem}"]) for folder, stem in sounds}


def in_any_language(labels: np.ndarray) -> np.ndarray:
    """[L] int8: the aligner's English phones as core.phones.PHONES, glides divided."""
    ends = np.flatnonzero(np.append(np.diff(labels) != 0, True))
    parts = (None if p == align.UNKNOWN else sound(ARPABET, align.PHONES[p].lower()) for p in labels[ends])
    told = timed(zip(parts, ((ends + 1) / LABELS_HZ).tolist(), strict=True))
    return Utterance("", "", "", "", "", "", "", len(labels) / LABELS_HZ, told).frames()
