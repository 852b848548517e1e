# SPDX-License-Identifier: Apache-2.0
"""Listens to the line: its mel spectrogram, where somebody speaks, and how lips and jaw should move, frame by frame.

The line is brought to one speech level and heard as a whole: sounds first, in any language, then what lips and jaw do
for them. It is sampled at the shot's frame times, so that 24000/1001 and 60 frames a second see the same mouth. With
its text the sounds are the text's own, found in the line. Before the line starts and after it ends the mouth rests. It
does not time-shift, smooth or exaggerate: MouthGenerate does, for one actor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.mouth import ARTICULATION, AudioAnalysis, MouthCurve
from ofx_lipsync.core.params import Float, ParamSet, Text
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.media.sound import resample
from ofx_lipsync.models.hearing_listener import Heard
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loudness import SPEECH_DB, speech_gain
from ofx_lipsync.models.mel import RATE_HZ, mel_spectrogram
from ofx_lipsync.models.transcript import Transcript

ID = "AudioFeature"
VERSION = 1
INPUTS = ("line",)

QUIET_DB = -120.0
LIPS = (0.30, 0.15, 0.12)
"""Seconds: lips part this long before a voice is heard, shut this long after it, and take so long to do it."""
CORNERS = (0.30, 0.30, 0.30)
"""The same for width and pucker: corners of the mouth settle later than lips shut."""
CLOSING = (0.06, 0.08, 0.04)
"""The same for lips shut on a sound: what is shut earlier is rest, and gives way to the breath before a phrase."""
PHRASE_S, DYNAMICS, LOUDEST_DB = 0.4, 0.02, (-20.0, 12.0)
"""Vowels open by 1.7 (FACEGOOD) to 2.3 % (free speech) more for each decibel that 0.4 s round them are louder."""
OPENING = [ARTICULATION.index(name) for name in ("open", "jaw", "lower")]
SETTLING = tuple(CORNERS if name in ("width", "pucker") else LIPS for name in ARTICULATION)


class Params(ParamSet):
    owner = ID
    level = Float(
        1.0, lo=0, hi=1, slider=(0, 1), unit="share", group="Sound", analysed=True, animates=False,
        help="How far the line is brought to one speech level before it is heard; 0 hears it as it was recorded.",
    )  # fmt: skip
    gain = Float(
        0.0, lo=-40, hi=40, slider=(-12, 12), unit="dB", group="Sound", analysed=True, animates=False,
        help="Raises or lowers the voice as the network hears it, after levelling; the delivered sound is not touched.",
    )  # fmt: skip
    dynamics = Float(
        1.0, lo=0, hi=3, slider=(0, 2), unit="times", group="Sound", analysed=True, animates=False,
        help="How much further louder speech opens the mouth: 1 as people do, 0 as far for a whisper as for a shout.",
    )  # fmt: skip
    silence = Float(
        0.5, lo=0, hi=1, slider=(0, 1), unit="share", group="Silence", analysed=True, animates=False,
        help="How sure it must be that somebody speaks; below this the lips rest. Raise it for noisy lines; 0 is off.",
    )  # fmt: skip
    pause = Float(
        0.3, lo=0, hi=10, slider=(0, 2), unit="s", group="Silence", analysed=True, animates=False,
        help="Pauses shorter than this keep the mouth as the network hears it; in longer ones the lips close.",
    )  # fmt: skip
    transcript = Text(
        "", group="Transcript", analysed=True,
        help="The words of this line as they are spoken, for the lips to follow. Empty goes by ear, in any language.",
    )  # fmt: skip
    language = Text(
        "en", group="Transcript", analysed=True,
        help="The transcript's language as espeak-ng names it: en, de, fr, es, it, ru, ja (in kana), zh (in pinyin).",
    )  # fmt: skip
    style = Text(
        "", group="Network", analysed=True,
        help="Whose way of moving the lips: empty is nobody's in particular, or a person the weights know, such as s1.",
    )  # fmt: skip
    network = Text(
        "articulation", group="Network", analysed=True,
        help="Name of the articulation weights: the shipped ones, or yours in a folder of OFX_LIPSYNC_MODEL_PATH.",
    )  # fmt: skip


def analyse(
    sound: Sound, frames: Sequence[int], rate: Fraction, params: Params, *, times_s: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AudioAnalysis:  # fmt: skip
    """frames: the shot's, ascending; the first one is at 0 s of the shot's clock. rate: frames per second.
    times_s: [F] float64, when each frame is shown, for footage whose frames last unequal times.
    progress: called with (done, total) frames, at least once a second of work; what it raises stops the hearing.

    Raises: UsageError for a transcript that cannot be said or is too long for the line; ModelError for the weights, or
    where a transcript needs espeak-ng.
    """
    steps = Steps.of(progress, len(frames))
    steps(0)
    line = listen(sound, params, steps=steps)
    times_s = frame_times_s(frames, rate) if times_s is None else times_s
    mels = mel_spectrogram(line.sound.samples[0], steps.part(0.9, 1))
    loud = loudness_db(line.sound, times_s, float(1 / rate))
    return AudioAnalysis(mels, loud, sampled(line.curve, times_s), float(line.sound.start_s))


@dataclass(frozen=True)
class Line:
    """A line as it was heard. sound: mono, 16 kHz, at its own level. curve: lips and jaw, at rest in silence. by_ear:
    its phones as heard, a hundred times a second from the sound's start; told: the same set right by the transcript."""

    sound: Sound
    curve: MouthCurve
    by_ear: Heard
    told: Heard


def listen(sound: Sound, params: Params, listener: ArticulationListener | None = None, steps: Steps = NO_STEPS) -> Line:
    """The line heard once. listener: one that is kept for many lines; else params.network's.  Raises: as `analyse`."""
    heard = at_network_rate(sound)
    steps(0.05)
    gain = speech_gain(heard.samples[0]) ** params.level * 10 ** (params.gain / 20)
    levelled = Sound(heard.samples * np.float32(gain), heard.rate_hz, heard.start_s)
    transcript = Transcript(params.transcript, params.language) if params.transcript.strip() else None
    kept: list[Heard] = []

    def told(by_ear: Heard, steps: Steps) -> Heard:
        kept.extend((by_ear, transcript(by_ear, steps) if transcript else by_ear))
        return kept[1]

    listener = listener or ArticulationListener.named(params.network)
    curve = listener.hear(levelled, told, params.style, steps.part(0.1, 0.9))
    curve = resting_in_silence(with_dynamics(curve, levelled, params.dynamics), params.silence, params.pause)
    return Line(heard, curve, *kept)


def mel(sound: Sound) -> np.ndarray:
    """[80, T] float32, -4..4, 80 columns a second from the sound's first sample: what Wav2Lip's networks expect."""
    return mel_spectrogram(at_network_rate(sound).samples[0])


def at_network_rate(sound: Sound) -> Sound:
    """Mono at 16 kHz.  Raises: MediaError for samples that are not numbers."""
    if not np.isfinite(sound.samples).all():
        raise MediaError(f"{ID}: the line has samples that are not numbers (NaN or Inf); export the sound again")
    return resample(Sound(sound.mono()[None], sound.rate_hz, sound.start_s), RATE_HZ)


def frame_times_s(frames: Sequence[int], rate: Fraction) -> np.ndarray:
    """[F] float64: where frames lie on the shot's clock."""
    return np.array([float((frame - frames[0]) / rate) for frame in frames], np.float64)


def sampled(curve: MouthCurve, times_s: np.ndarray) -> MouthCurve:
    """The curve at other times; outside of it the mouth rests with its lips closed."""
    if not len(curve.times_s):
        rest = np.zeros((len(times_s), curve.values.shape[1]), np.float32)
        return MouthCurve(times_s, rest, np.ones(len(times_s), np.float32), np.zeros(len(times_s), np.float32))
    values = np.stack([_at(times_s, curve.times_s, channel, 0.0) for channel in curve.values.T], axis=1)
    closure = _at(times_s, curve.times_s, curve.closure, 1.0)
    return MouthCurve(times_s, values, closure, _at(times_s, curve.times_s, curve.voice, 0.0))


def with_dynamics(curve: MouthCurve, sound: Sound, dynamics: float) -> MouthCurve:
    """The mouth opened further, or less far, where the voice is louder than the line's speech level.

    The network has heard how loud it is; this adds to that, (dynamics - 1) times DYNAMICS a decibel, over phrases.
    """
    if dynamics == 1 or not len(curve.times_s):
        return curve
    over_db = np.clip(loudness_db(sound, curve.times_s, PHRASE_S) - SPEECH_DB, *LOUDEST_DB)
    values = curve.values.copy()
    values[:, OPENING] *= np.maximum(1 + (dynamics - 1) * DYNAMICS * over_db, 0)[:, None]
    return replace(curve, values=values.astype(np.float32))


def resting_in_silence(curve: MouthCurve, silence: float, pause_s: float) -> MouthCurve:
    """Lips at rest where nobody speaks for `pause_s`, eased in and out beside the voice."""
    if not len(curve.times_s) or silence == 0:
        return curve
    spoken = curve.voice >= silence
    gates = {timing: _near_voice(curve.times_s, spoken, pause_s, *timing) for timing in (LIPS, CORNERS)}
    values = curve.values * np.stack([gates[timing] for timing in SETTLING], axis=1)
    closing = curve.closure * _near_voice(curve.times_s, spoken, pause_s, *CLOSING)
    return MouthCurve(curve.times_s, values, np.maximum(closing, 1 - gates[LIPS]), curve.voice)


def _near_voice(
    times_s: np.ndarray, spoken: np.ndarray, pause_s: float, lead_s: float, tail_s: float, ease_s: float
) -> np.ndarray:
    """[T] float32: 1 from lead_s before each stretch of voice to tail_s after, eased to 0; short pauses are bridged."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], spoken, [False]]).astype(np.int8))).reshape(-1, 2)
    spans = [(times_s[first] - lead_s, times_s[last - 1] + tail_s) for first, last in edges]
    gate = np.zeros(len(times_s))
    for start_s, end_s in _joined(spans, max(0.0, pause_s - lead_s - tail_s)):
        away_s = np.maximum(np.maximum(start_s - times_s, times_s - end_s), 0)
        gate = np.maximum(gate, 0.5 + 0.5 * np.cos(np.pi * np.minimum(away_s / ease_s, 1)))
    return gate.astype(np.float32)


def loudness_db(sound: Sound, times_s: np.ndarray, window_s: float) -> np.ndarray:
    """[F] float32: mean square of the sound round each time, in dB re full scale; -120 where there is none."""
    total = np.concatenate([[0.0], np.cumsum(np.square(sound.samples[0], dtype=np.float64))])
    half = max(window_s, 0.04) / 2
    first, last = (
        np.clip(np.rint((times_s + side - sound.start_s) * sound.rate_hz), 0, len(total) - 1).astype(np.int64)
        for side in (-half, half)
    )
    power = (total[last] - total[first]) / (2 * half * sound.rate_hz)
    return (10 * np.log10(np.maximum(power, 10 ** (QUIET_DB / 10)))).astype(np.float32)


def _at(times_s: np.ndarray, known_s: np.ndarray, known: np.ndarray, outside: float) -> np.ndarray:
    return np.interp(times_s, known_s, known, left=outside, right=outside).astype(np.float32)


def _joined(spans: list[tuple[float, float]], gap_s: float) -> list[tuple[float, float]]:
    """Spans with shorter gaps closed."""
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= gap_s:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
