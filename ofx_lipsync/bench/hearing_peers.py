# SPDX-License-Identifier: Apache-2.0
"""Other people's recognisers on the same sentences: cherry-lip-sync, pocketsphinx's phone loop, Rhubarb."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Callable

import numpy as np
import soundfile

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.phones import ADOBE, LABELS_HZ, PHONES, adobe
from ofx_lipsync.models.bands import RATE_HZ
from ofx_lipsync.train.speech.alphabets import ARPABET, sound

Shown = Callable[[np.ndarray], np.ndarray]
"""samples [N] float32 at 16 kHz -> [T] index into ADOBE per 10 ms."""

CHERRY = ("Aa", "D", "Ee", "F", "L", "M", "Neutral", "Oh", "R", "S", "Uh", "W-Oo")
"""Its outputs, which are named after Adobe's mouths as well."""
CHERRY_AHEAD = 3
RHUBARB = {"A": "M", "B": "S", "C": "Ee", "D": "Aa", "E": "Oh", "F": "W-Oo", "G": "F", "H": "L", "X": "Neutral"}
"""Its nine drawings by the mouth of ours that is drawn alike; no two share one, so that a fitted map loses nothing."""


def cherry(folder: Path) -> Shown | None:
    """None where its weights are not there. Log-mel of 13 bands and their slopes, two GRUs of 80; told 30 ms late.

    Source: nwhitehead/cherry-lip-sync (MIT or Apache-2.0), docs/model.md.
    """
    import torch
    from torch import nn

    weights = folder / "cherry_model.pt"
    if not weights.is_file():
        return None
    state = torch.load(weights, weights_only=True, map_location="cpu")
    bank = torch.load(folder / "cherry_melbank.pt", weights_only=True, map_location="cpu")["test"].numpy()
    first, second = nn.GRU(26, 80, batch_first=True), nn.GRU(80, 80, batch_first=True)
    norm, told = nn.BatchNorm1d(26).eval(), nn.Linear(80, 12)
    for name, module in (("net.1.", norm), ("net.4.", first), ("net.7.", second), ("net.9.", told)):
        module.load_state_dict({key.removeprefix(name): v for key, v in state.items() if key.startswith(name)})
    order = np.array([ADOBE.index(name) for name in CHERRY])

    def shown(samples: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(_cherry_features(samples, bank))
        with torch.no_grad():
            x = norm(x)[None]
            logits = told(second(first(x)[0])[0])[0].numpy()
        return order[logits.argmax(axis=1)][CHERRY_AHEAD:]

    return shown


def _cherry_features(samples: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """[T, 26] float32."""
    padded = np.pad(samples, (0, 400))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][: len(samples) // 160]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
    level = 10 * np.log10(np.maximum(power @ bank, 1e-10))
    near = np.pad(level, ((2, 1), (0, 0)))
    slope = 0.5 * (near[2:-1] + near[3:] - near[:-3] - near[1:-2])
    return np.concatenate([level, slope], axis=1).astype(np.float32)


def pocketsphinx() -> Shown | None:
    """None where it is not installed. Its own English model and phone bigrams over the whole sentence: not live."""
    try:
        from pocketsphinx import Decoder, get_model_path
    except ImportError:
        return None
    decoder: Any = Decoder(allphone=get_model_path("en-us/en-us-phone.lm.bin"), lw=2.0, beam=1e-20, pbeam=1e-20,
                           lm=None, loglevel="FATAL")  # fmt: skip
    of_phone = adobe().of_phone

    def shown(samples: np.ndarray) -> np.ndarray:
        peak = float(np.abs(samples).max()) or 1.0
        decoder.start_utt()
        decoder.process_raw((samples / peak * 20000).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        mouths = np.full(len(samples) * LABELS_HZ // RATE_HZ, ADOBE.index("Neutral"))
        for segment in decoder.seg():
            parts = sound(ARPABET, segment.word.lower()) or (("sil", 1.0),)
            edges = np.cumsum([0.0, *(share for _, share in parts)])
            at = np.rint(segment.start_frame + edges * (segment.end_frame + 1 - segment.start_frame)).astype(int)
            for (phone, _), first, last in zip(parts, at[:-1], at[1:], strict=True):
                mouths[first:last] = of_phone[PHONES.index(phone)]
        return mouths

    return shown


def rhubarb() -> Shown | None:
    """None where no `rhubarb` is on the PATH. Its phonetic recogniser, which any language is given to, then its rules
    of animation with all nine shapes; needs the whole sentence: not live.

    B is teeth together, for s and most consonants and ee as well, and looks like S; C is half open, for eh and ae, and
    looks like Ee; E is half rounded like Oh. It has no D, R and Uh. Source: DanielSWolf/rhubarb-lip-sync (MIT), README
    and animationRules.cpp.
    """
    program = shutil.which("rhubarb")
    if program is None:
        return None

    def shown(samples: np.ndarray) -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            spoken = Path(folder) / "line.wav"
            soundfile.write(spoken, samples, RATE_HZ, subtype="PCM_16")
            told = _told_by([program, "-q", "-r", "phonetic", "-f", "json", "--extendedShapes", "GHX", str(spoken)])
        return rhubarb_mouths(told, len(samples) * LABELS_HZ // RATE_HZ)

    return shown


def _told_by(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if ended.returncode != 0:
        reason = " ".join(ended.stderr.split()) or "nothing"
        raise MediaError(f"rhubarb: gave no mouths (said {reason}); mend it, or take it off the PATH to go without")
    return ended.stdout


def rhubarb_mouths(told: str, count: int) -> np.ndarray:
    """Its JSON -> [count] index into ADOBE per 10 ms, which is its own grid too; at rest where it tells nothing."""
    mouths = np.full(count, ADOBE.index("Neutral"))
    for cue in json.loads(told)["mouthCues"]:
        first, last = (round(cue[edge] * LABELS_HZ) for edge in ("start", "end"))
        mouths[first:last] = ADOBE.index(RHUBARB[cue["value"]])
    return mouths


def at_its_best(labels: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """[12]: for each mouth a peer shows, ours that it stands for most often: fitted on what is measured, so generous to
    a peer whose convention differs."""
    together = np.zeros((len(ADOBE), len(ADOBE)), int)
    np.add.at(together, (shown, labels), 1)
    return together.argmax(axis=1)
