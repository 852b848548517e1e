# SPDX-License-Identifier: Apache-2.0
"""Trains the published 96 px generator with its published losses on our faces. It is slow: 24 GFLOP for every frame.

Source: models/wav2lip.py names the paper; windows, losses and rates are those of its public training code, but for one
frame: there, the mel window of frame f began at frame f - 1 in training and at frame f in use, so that mouths in use
saw 40 ms further ahead than they had learned to. Here both begin at frame f - 1, as public weights have learned it.
"""

from __future__ import annotations

import argparse
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ofx_lipsync.core.errors import InputError, ModelError
from ofx_lipsync.models.loader import save
from ofx_lipsync.models.mel import FRAMES_HZ, generator_window, mel_spectrogram
from ofx_lipsync.models.wav2lip import LAYOUT, MEL_STEPS, SIZE_PX, Wav2Lip
from ofx_lipsync.models.wav2lip_discriminator import Wav2LipDiscriminator
from ofx_lipsync.train.faces import Talker
from ofx_lipsync.train.mouth.finisher import Clock, Course
from ofx_lipsync.train.split import is_held_out

FPS = 25
WINDOW = 5
JUDGED, SYNCED = 0.07, 0.03
"""Shares of the judge's and, from when mouths are in time at all, of the expert's word."""
IN_TIME = 0.75
"""The expert's loss below which its word begins to count."""
RATE, BETAS = 1e-4, (0.5, 0.999)
Optimisers = Sequence[torch.optim.Optimizer]


@dataclass(frozen=True)
class Window:
    """Five frames, B of them at once. faces: [B, 6, T, 96, 96]; mels: [B, T, 1, 80, 16], of each frame; heard:
    [B, 1, 80, 16], of all five; truth: [B, 3, T, 96, 96]. BGR, 0..1."""

    faces: Tensor
    mels: Tensor
    heard: Tensor
    truth: Tensor


def mel_of(mel: np.ndarray, frame: int) -> np.ndarray:
    """[80, 16] of mel [80, M]: the 0.2 s from a frame on, which are those of five frames."""
    start = min(int(frame * FRAMES_HZ / FPS), mel.shape[1] - MEL_STEPS)
    return mel[:, start : start + MEL_STEPS]


def window(talker: Talker, mel: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """faces [6, T, 96, 96], mels [T, 1, 80, 16], heard [1, 80, 16], truth [3, T, 96, 96]; float32."""
    last = len(talker.pictures) - WINDOW
    start = int(rng.integers(last + 1))
    other = int(rng.choice([frame for frame in range(last + 1) if frame != start]))
    truth, reference = (small(talker.pictures[at : at + WINDOW]) for at in (start, other))
    blank = truth.copy()
    blank[:, :, SIZE_PX // 2 :] = 0
    mels = np.stack([generator_window(mel, (start + t) / FPS)[None] for t in range(WINDOW)])
    return np.concatenate([blank, reference]), mels, mel_of(mel, start)[None], truth


def small(pictures: np.ndarray) -> np.ndarray:
    """[3, T, 96, 96] float32 BGR, 0..1, of [T, 160, 160, 3] uint8 RGB."""
    x = torch.from_numpy(np.ascontiguousarray(pictures[..., ::-1])).permute(0, 3, 1, 2).float() / 255
    made = functional.interpolate(x, size=(SIZE_PX, SIZE_PX), mode="area")
    return np.ascontiguousarray(made.transpose(0, 1).numpy())


class Windows:
    """Random windows of the clips of a folder of faces that are for training; a batch follows from its number."""

    def __init__(self, faces: Path, size: int, seed: int) -> None:
        names = [path.stem for path in sorted(faces.glob("[!.]*.npy"))]
        names = [name for name in names if not is_held_out(*name.split("_", 1))]
        if not names:
            raise InputError(f"{faces}: holds no faces to learn from; make some with ofx_lipsync.train.faces")
        self.talkers = [Talker.open(faces, name) for name in names]
        self.size, self.seed = size, seed

    def batch(self, step: int, device: str = "cpu") -> Window:
        rng = np.random.default_rng((self.seed, step))
        rows = []
        for index in rng.integers(len(self.talkers), size=self.size):
            talker = self.talkers[int(index)]
            rows.append(window(talker, mel_spectrogram(talker.samples), rng))
        parts = (torch.from_numpy(np.stack(part)).to(device) for part in zip(*rows, strict=True))
        return Window(*parts)


class Teacher:
    """Published losses: L1 everywhere, the judge's word, and the sync expert's once mouths are nearly in time."""

    def __init__(self, judge: Wav2LipDiscriminator, expert: Any | None) -> None:
        self.judge, self.expert = judge, expert
        self.sync_share = 0.0

    def loss(self, made: Tensor, seen: Window) -> tuple[Tensor, dict[str, float]]:
        """made: [B, 3, T, 96, 96]."""
        near = functional.l1_loss(made, seen.truth)
        word = self.judge(lower(made))
        judged = functional.binary_cross_entropy_with_logits(word, torch.ones_like(word))
        synced = self.sync(made, seen.heard) if self.expert is not None else near.new_zeros(())
        if self.expert is not None and synced.item() < IN_TIME:
            self.sync_share = SYNCED
        share = self.sync_share
        told = {"l1": near.item(), "judged": judged.item(), "sync": synced.item()}
        return share * synced + JUDGED * judged + (1 - share - JUDGED) * near, told

    def sync(self, made: Tensor, heard: Tensor) -> Tensor:
        """BCE of the cosine between what is seen and what is heard; both codes are not negative."""
        assert self.expert is not None
        five = made[:, :, :, SIZE_PX // 2 :].transpose(1, 2).flatten(1, 2)  # [B, 15, 48, 96], frame by frame
        cosine = (self.expert.seen(five) * self.expert.heard(heard)).sum(1).clamp(1e-6, 1 - 1e-6)
        return functional.binary_cross_entropy(cosine, torch.ones_like(cosine))

    def judging(self, made: Tensor, truth: Tensor) -> Tensor:
        """The judge's own loss."""
        real, fake = self.judge(lower(truth)), self.judge(lower(made.detach()))
        return functional.binary_cross_entropy_with_logits(
            real, torch.ones_like(real)
        ) + functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))


def lower(faces: Tensor) -> Tensor:
    """[B * T, 3, 48, 96] of [B, 3, T, 96, 96]."""
    return faces[:, :, :, SIZE_PX // 2 :].transpose(1, 2).flatten(0, 1)


def step(network: Wav2Lip, teacher: Teacher, optimisers: Optimisers, seen: Window, bf16: bool) -> dict[str, float]:
    """One step of the generator and one of the judge; returns the losses."""
    device = seen.faces.device.type
    with torch.autocast(device, torch.bfloat16, enabled=bf16):
        made = network(seen.mels, seen.faces)
    loss, told = teacher.loss(made.float(), seen)
    optimisers[0].zero_grad()
    loss.backward()
    optimisers[0].step()
    judging = teacher.judging(made.float(), seen.truth)
    optimisers[1].zero_grad()
    judging.backward()
    optimisers[1].step()
    return told | {"loss": loss.item(), "judging": judging.item()}


def run(options: argparse.Namespace) -> int:
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    windows = Windows(options.faces, max(1, options.batch // WINDOW), options.seed)
    network, judge = Wav2Lip().to(options.device), Wav2LipDiscriminator().to(options.device)
    expert = expert_of(options.expert)
    if expert is None:
        print("no --expert: mouths learn to look right, and nobody tells them when they are late")
    teacher = Teacher(judge, expert.to(options.device) if expert is not None else None)
    optimisers = [torch.optim.Adam(part.parameters(), lr=RATE, betas=BETAS) for part in (network, judge)]
    first = taken_up(options.checkpoint, network, judge, optimisers)
    course = Course(options.minutes, options.steps, checkpoint=options.checkpoint, every_s=options.report_s)
    clock, now = Clock(course, first), first
    while clock.progress(now) < 1:
        told = step(network, teacher, optimisers, windows.batch(now, options.device), not options.fp32)
        now += 1
        if clock.due(now, told) or clock.progress(now) >= 1:
            put_down(options.checkpoint, now, network, judge, optimisers)
            clock.keep()
    tensors = {key: value.detach().float().cpu().numpy() for key, value in network.state_dict().items()}
    save(options.out, tensors, {"layout": LAYOUT}, {"licence": "Apache-2.0", "steps": str(now)})
    print(f"step {now}: wrote {options.out}")
    return 0


def expert_of(name: str | None) -> Any | None:
    """The published sync expert with weights, by name or path.  Raises: ModelError where it is not installed."""
    if not name:
        return None
    try:
        expert = importlib.import_module("ofx_lipsync.models.syncnet_color")
    except ModuleNotFoundError:
        raise ModelError("--expert: this version has no sync expert; train without it") from None
    return expert.load(name)


def put_down(
    path: Path | None, now: int, network: Wav2Lip, judge: Wav2LipDiscriminator, optimisers: Optimisers
) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"step": now, "network": network.state_dict(), "judge": judge.state_dict(),
             "optimisers": [optimiser.state_dict() for optimiser in optimisers]}  # fmt: skip
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def taken_up(path: Path | None, network: Wav2Lip, judge: Wav2LipDiscriminator, optimisers: Optimisers) -> int:
    """The step to go on from."""
    if path is None or not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    judge.load_state_dict(state["judge"])
    for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(kept)
    return int(state["step"])
