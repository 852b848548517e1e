# SPDX-License-Identifier: Apache-2.0
"""A take's sound laid out anew: pieces copied or brought to another tempo, joined without clicks, holes filled with
room tone. What is not stretched is copied bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.nodes._room_tone import room_tone
from ofx_lipsync.nodes._tempo import at_tempo, best_lag

NATURAL = 1e-4
"""A tempo nearer to 1 is 1: in ten seconds the sound slips by a millisecond."""
MATCH_S = 0.006
"""Where a piece goes on from another, it may move by so much to meet its waveform."""
LOOSE_S = 0.03
"""A piece at another tempo has each moment within so much of its place, and must not run into the end of the take."""
SAME_S = 0.002
"""Pieces whose sound differs by less where they meet go on from each other; else it is a cut."""
DEAD_S = 0.01
"""Digital silence that lasts so long is a hole in a recording."""


@dataclass(frozen=True)
class Piece:
    """Samples begin to end of the result. source_s: where in the take the piece begins, None for room tone."""

    begin: int
    end: int
    source_s: float | None
    tempo: float = 1.0

    def heard_s(self, at: int, rate_hz: int) -> float:
        assert self.source_s is not None
        return self.source_s + (at - self.begin) / rate_hz * self.tempo


def laid_out(
    played: Sequence[tuple[float, float, float, float]], samples: np.ndarray, rate_hz: int, start_s: float, count: int,
    fade_s: float, dropouts: bool,
) -> list[Piece]:  # fmt: skip
    """Pieces that cover samples 0 to count. played: (picture from, to, sound from, tempo), in seconds of the shot's
    clock. start_s: the take's first sample on that clock."""
    length_s, found = samples.shape[1] / rate_hz, []
    dead = _dead(samples, rate_hz) if dropouts else []
    for begin_s, end_s, sound_s, tempo in played:
        tempo = 1.0 if abs(tempo - 1) < NATURAL else tempo
        margin_s = fade_s / 2 + (LOOSE_S if tempo != 1 else MATCH_S)
        for from_s, to_s in _alive(sound_s - start_s, sound_s - start_s + (end_s - begin_s) * tempo, length_s, dead):
            # where the take begins or ends, or was dead, its own sound must reach over the fade
            first_s = from_s + margin_s if from_s > sound_s - start_s else from_s
            last_s = to_s - margin_s if to_s < sound_s - start_s + (end_s - begin_s) * tempo else to_s
            begin = round((begin_s + (first_s - sound_s + start_s) / tempo) * rate_hz)
            end = round((begin_s + (last_s - sound_s + start_s) / tempo) * rate_hz)
            begin, end = max(0, begin), min(count, end)
            if end - begin > 2 * fade_s * rate_hz:
                exact_s = sound_s - start_s + (begin / rate_hz - begin_s) * tempo
                found.append(Piece(begin, end, exact_s, tempo))
    return _joined(_with_tone(found, count, rate_hz, round(fade_s * rate_hz)), rate_hz)


def played_out(pieces: Sequence[Piece], samples: np.ndarray, rate_hz: int, fade_s: float, seed: int) -> np.ndarray:
    """[C, count] float32: the pieces one after the other. Between pieces that go on from each other amplitudes are
    shared out, between others powers, so that neither a dip nor a swell is heard."""
    count = pieces[-1].end if pieces else 0
    out = np.zeros((len(samples), count), np.float32)
    fade = round(fade_s * rate_hz) // 2 * 2
    tail: np.ndarray | None = None
    for number, piece in enumerate(pieces):
        before = pieces[number - 1] if number else None
        after = pieces[number + 1] if number + 1 < len(pieces) else None
        lead, trail = (_half(fade, piece, other) for other in (before, after))
        goes_on = before is not None and _goes_on(before, piece, rate_hz)
        match = tail if goes_on else None
        made = _made(piece, samples, rate_hz, lead, trail, match, seed)
        made[:, : 2 * lead] *= _ramp(2 * lead, goes_on)
        follows = after is not None and _goes_on(piece, after, rate_hz)
        tail = made[:, made.shape[1] - 2 * trail :].copy() if follows else None
        if trail:
            made[:, -2 * trail :] *= _ramp(2 * trail, follows)[::-1]
        at = piece.begin - lead
        out[:, at : at + made.shape[1]] += made
    return out


def _half(fade: int, piece: Piece, other: Piece | None) -> int:
    """Half of the cross-fade between two pieces, in samples; none where the sound begins or ends."""
    if other is None:
        return 0
    return min(fade // 2, (piece.end - piece.begin) // 3, (other.end - other.begin) // 3)


def _made(
    piece: Piece, samples: np.ndarray, rate_hz: int, lead: int, trail: int, match: np.ndarray | None, seed: int
) -> np.ndarray:
    """[C, lead + length + trail] of a piece, moved by up to MATCH_S to go on from `match` [C, 2 lead]."""
    count = lead + piece.end - piece.begin + trail
    if piece.source_s is None:
        middle = round((piece.begin + piece.end) / 2)
        return room_tone(samples, rate_hz, count, min(middle, samples.shape[1]), seed)
    reach = round(MATCH_S * rate_hz) if match is not None and lead else 0
    made = _read(piece, samples, rate_hz, piece.begin - lead - reach, count + 2 * reach)
    if match is None or not reach:
        return made
    moved, _ = best_lag(made.mean(axis=0)[: 2 * lead + 2 * reach], match.mean(axis=0))
    return made[:, moved : moved + count].copy()


def _read(piece: Piece, samples: np.ndarray, rate_hz: int, at: int, count: int) -> np.ndarray:
    source_s = piece.heard_s(at, rate_hz)
    if piece.tempo != 1:
        return at_tempo(samples, rate_hz, source_s, piece.tempo, count)
    first = round(source_s * rate_hz)
    out = np.zeros((len(samples), count), np.float32)
    begin, end = max(0, first), min(samples.shape[1], first + count)
    if end > begin:
        out[:, begin - first : end - first] = samples[:, begin:end]
    return out


def _ramp(count: int, shared: bool) -> np.ndarray:
    part = (np.arange(count) + 0.5) / max(count, 1)
    return (part if shared else np.sin(part * np.pi / 2)).astype(np.float32)


def _goes_on(left: Piece, right: Piece, rate_hz: int) -> bool:
    if left.source_s is None or right.source_s is None or left.end != right.begin:
        return False
    return abs(left.heard_s(left.end, rate_hz) - right.source_s) < SAME_S


def _with_tone(found: Sequence[Piece], count: int, rate_hz: int, least: int) -> list[Piece]:
    """The pieces, with room tone wherever none is; a hole too short for two fades is closed by the piece before it."""
    pieces: list[Piece] = []
    at = 0
    for piece in found:
        begin = max(piece.begin, at)
        if piece.end - begin < least:
            continue
        if 0 < begin - at < least and pieces and pieces[-1].source_s is not None:
            pieces[-1] = Piece(pieces[-1].begin, begin, pieces[-1].source_s, pieces[-1].tempo)
        elif begin > at:
            pieces.append(Piece(at, begin, None))
        pieces.append(Piece(begin, piece.end, piece.heard_s(begin, rate_hz), piece.tempo))
        at = piece.end
    if at < count:
        pieces.append(Piece(at, count, None))
    return pieces


def _joined(pieces: Sequence[Piece], rate_hz: int) -> list[Piece]:
    """Pieces that go on from each other at one tempo, made one: nothing is joined that was never cut."""
    kept: list[Piece] = []
    for piece in pieces:
        left = kept[-1] if kept else None
        if left and left.tempo == piece.tempo and _goes_on(left, piece, rate_hz):
            kept[-1] = Piece(left.begin, piece.end, left.source_s, left.tempo)
        else:
            kept.append(piece)
    return kept


def _dead(samples: np.ndarray, rate_hz: int) -> list[tuple[float, float]]:
    """Seconds from, to of digital silence in the take; none where most of it is so, as in a clean synthetic line."""
    silent = (samples == 0).all(axis=0)
    if silent.mean() > 0.5:
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8))).reshape(-1, 2)
    return [(a / rate_hz, b / rate_hz) for a, b in edges if b - a >= DEAD_S * rate_hz]


def _alive(
    from_s: float, to_s: float, length_s: float, dead: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Parts of from_s to to_s in which the take has sound."""
    at, found = max(0.0, from_s), []
    end_s = min(to_s, length_s)
    for begin, end in dead:
        if end <= at or begin >= end_s:
            continue
        if begin > at:
            found.append((at, begin))
        at = end
    if at < end_s:
        found.append((at, end_s))
    return found
