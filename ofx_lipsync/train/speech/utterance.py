# SPDX-License-Identifier: Apache-2.0
"""One spoken sentence with its sounds and times, the manifest of all of them, and who is never trained on."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterable, Sequence

import numpy as np
import soundfile

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.ipa import Sound
from ofx_lipsync.core.phones import LABELS_HZ, PHONES, SILENCE, UNKNOWN

RATE_HZ = 16000
MANIFEST = "manifest.jsonl"

HELD_OUT_FLITE = "rms"
HELD_OUT_RUSSIAN = 60
"""The last sentences of festvox-ru in order of name."""
HELD_OUT_LEARNERS = 4
"""Every fourth speaker of speechocean, in order of number: 31 of 124."""


@dataclass(frozen=True)
class Utterance:
    """path: the sound, relative to the manifest or absolute. labels: where times come from (exact: the synthesiser's
    own; stamped: corrected event times; aligned: a recogniser's). phones: [name, end in s], the first starts at 0."""

    path: str
    source: str
    licence: str
    language: str
    speaker: str
    labels: str
    split: str
    duration_s: float
    phones: tuple[tuple[str, float], ...]

    def frames(self) -> np.ndarray:
        """[T] int8: the phone at the centre of each 10 ms; UNKNOWN where none is told."""
        ends_s = np.array([end for _, end in self.phones])
        names = np.array([PHONES.index(name) if name else UNKNOWN for name, _ in self.phones] + [UNKNOWN], np.int8)
        centres_s = (np.arange(int(self.duration_s * LABELS_HZ)) + 0.5) / LABELS_HZ
        return names[np.searchsorted(ends_s, centres_s, side="right")]

    def samples(self, folder: Path) -> np.ndarray:
        """[N] float32, mono, 16 kHz."""
        from ofx_lipsync.core.sound import Sound as Heard
        from ofx_lipsync.media.sound import resample

        path = folder / self.path
        try:
            samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise MediaError(f"{path}: cannot be read ({error}); run lipsync train corpus again") from None
        return resample(Heard(np.ascontiguousarray(samples.T), rate_hz), RATE_HZ).mono()


def split_of(source: str, speaker: str, number: int = 0, count: int = 0) -> str:
    """`train` or `test`: fixed by who speaks, and for the one Russian by the sentence's number out of `count`."""
    held_out = {
        "festvox-ru": number >= count - HELD_OUT_RUSSIAN,
        "flite": speaker == f"flite-{HELD_OUT_FLITE}",
        "speechocean": number % HELD_OUT_LEARNERS == HELD_OUT_LEARNERS - 1,
    }
    return "test" if held_out.get(source, False) else "train"


def timed(sounds: Iterable[tuple[Sound | None, float]]) -> tuple[tuple[str, float], ...]:
    """(sound, end in s) of a tool -> (phone, end in s); glides divided, glottal stops given to the phone before, and
    sounds that nobody knows kept as ''."""
    phones: list[tuple[str, float]] = []
    start = 0.0
    for parts, end in sounds:
        if parts == () and phones:
            phones[-1] = (phones[-1][0], end)
        elif not parts:
            phones.append(("", end))
        else:
            edges = start + np.cumsum([share for _, share in parts]) / sum(share for _, share in parts) * (end - start)
            phones += [(phone, float(edge)) for (phone, _), edge in zip(parts, edges, strict=True)]
        start = end
    return tuple((name, round(end, 4)) for name, end in phones)


def silent_stretches(samples: np.ndarray, phones: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Phones with what is truly silent (48 dB under the peak for 120 ms or more) called so: synthesisers count pauses
    and drawn-out endings to their neighbours."""
    step = RATE_HZ // LABELS_HZ
    count = len(samples) // step
    power = np.square(samples[: count * step], dtype=np.float64).reshape(count, step).mean(axis=1)
    quiet = np.concatenate([[False], power < power.max(initial=0.0) * 10**-4.8, [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8))).reshape(-1, 2)
    spans = [(a / LABELS_HZ, b / LABELS_HZ) for a, b in edges if b - a >= 12]
    kept: list[tuple[str, float]] = []
    start = 0.0
    for name, end in phones:
        at = start
        for first, last in spans:
            first, last = max(first, start), min(last, end)
            if last - first < 0.06:
                continue
            kept += [(name, first)] if first > at else []
            kept.append((PHONES[SILENCE], last))
            at = last
        kept += [(name, end)] if end > at + 1e-9 else []
        start = end
    return tuple((name, round(end, 4)) for name, end in kept)


class Shelf:
    """A folder of one source's sentences, filled a little at a time: what is listed is not made again."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.source = folder, source
        self.listing = folder / f"{source}.jsonl"
        self.known = {u.path: u for u in read_listing(self.listing)} if self.listing.exists() else {}
        (folder / source).mkdir(parents=True, exist_ok=True)

    def minutes(self) -> float:
        return sum(u.duration_s for u in self.known.values()) / 60

    def name(self, *parts: str) -> str:
        """A sentence's path below the folder."""
        return f"{self.source}/{re.sub(r'[^A-Za-z0-9+_-]+', '-', '-'.join(parts))}.flac"

    def add(self, utterance: Utterance, samples: np.ndarray | None = None) -> None:
        """Lists it after its sound is written, so that what is listed is whole."""
        if samples is not None:
            soundfile.write(self.folder / utterance.path, np.clip(samples, -1, 1), RATE_HZ, format="FLAC")
        with self.listing.open("a", encoding="utf-8") as listing:
            listing.write(json.dumps(asdict(utterance), ensure_ascii=False) + "\n")
        self.known[utterance.path] = utterance


def read_listing(path: Path) -> list[Utterance]:
    """Utterances of a manifest; a last line cut off by a killed run is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
            phones = tuple((name, float(end)) for name, end in fields.pop("phones"))
            found.append(Utterance(**fields, phones=phones))
        except (ValueError, TypeError, KeyError):
            continue
    return found


def read_manifest(folder: Path) -> list[Utterance]:
    """Every source's utterances.  Raises: MediaError where there is no corpus."""
    path = folder / MANIFEST
    if not path.is_file():
        raise MediaError(f"{folder}: has no {MANIFEST}; make it with lipsync train corpus --out {folder}")
    return read_listing(path)


def write_manifest(folder: Path) -> list[Utterance]:
    """One manifest of all sources' listings, replaced as a whole."""
    utterances = [u for path in sorted(folder.glob("*.jsonl")) if path.name != MANIFEST for u in read_listing(path)]
    unfinished = folder / f".{MANIFEST}"
    lines = (json.dumps(asdict(u), ensure_ascii=False) for u in utterances)
    unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    unfinished.replace(folder / MANIFEST)
    return utterances
