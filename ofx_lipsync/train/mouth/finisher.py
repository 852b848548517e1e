# SPDX-License-Identifier: Apache-2.0
"""Trains the mouth finisher: from the plate engine's guess at a mouth to the mouth as it was filmed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher
from ofx_lipsync.models.wav2lip import fast_bf16
from ofx_lipsync.train.coarticulation import keep, rate_at, resume
from ofx_lipsync.train.mouth.batches import MAPS, TRUTH, WEIGHT, Batches
from ofx_lipsync.train.mouth.critic import Critic, fooled, judged

EDGES = 1.0
"""Weight of differences between neighbours beside those of the pixels: teeth are edges."""
AVERAGED = 0.998
"""Share of the average that stays at each step."""
PRACTICE = 60
"""Steps during which a new critic learns and has no say yet."""
BROAD = 0.5
"""Weight of the picture at half and a quarter of its size: the broad colour must be right."""


@dataclass(frozen=True)
class Course:
    """How a training goes. minutes: in all, however often it is taken up again. critic_from: progress from which a
    critic's word counts, critic_weight times as much as the mistakes; 1 for never."""

    minutes: float = 60.0
    steps: int = 10**9
    batch: int = 32
    rate: float = 1e-3
    critic_from: float = 1.0
    critic_weight: float = 0.6
    seed: int = 1
    device: str = "cpu"
    bf16: bool = True
    checkpoint: Path | None = None
    every_s: float = 60.0


def multiplies_bf16(device: str) -> bool:
    """Whether bf16 is the faster way there."""
    return device != "cpu" or fast_bf16()


def finished(guess: Tensor, correction: Tensor, weight: Tensor) -> Tensor:
    """The mouth: corrected within the zone. weight: [B, 1, 64, 64], above 0 there."""
    return guess + correction * weight.clamp(max=1.0)


def mistakes(made: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """What a batch is wrong by: pixels, edges and broad colour, most of it within the mouth."""
    wrong = made - truth
    loss = _mean(wrong.abs(), weight)
    across, down = wrong[..., 1:] - wrong[..., :-1], wrong[..., 1:, :] - wrong[..., :-1, :]
    loss = loss + EDGES * (_mean(across.abs(), weight[..., 1:]) + _mean(down.abs(), weight[..., 1:, :]))
    for _ in range(2):
        wrong, weight = functional.avg_pool2d(wrong, 2), functional.avg_pool2d(weight, 2)
        loss = loss + BROAD * _mean(wrong.abs(), weight)
    return loss


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / (weight.sum() * values.shape[1] + 1e-6)


def train(
    network: MouthFinisher, batches: Batches, course: Course, shown: Callable[[MouthFinisher, int], None] | None = None
) -> tuple[MouthFinisher, int]:
    """The average of the network over its last steps, and how many there were. Resumes from the checkpoint.

    shown: called with the average every now and then, to draw a sheet of what it makes.
    """
    torch.manual_seed(course.seed)
    torch.set_num_threads(1)
    network = network.to(course.device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=_averaged)
    if course.device != "cpu":
        network.compile()
    optimiser = torch.optim.Adam(network.parameters(), lr=course.rate)
    rival = Rival(course)
    first = resume(course.checkpoint, network, average, optimiser, None)
    clock = Clock(course, first)
    step = first
    while (progress := clock.progress(step)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = course.rate * rate_at(progress)
        rows = batches.batch(step).to(course.device)
        with torch.autocast(course.device, torch.bfloat16, enabled=course.bf16):
            correction = network(rows[:, :9])
        truth, weight = rows[:, TRUTH], rows[:, WEIGHT]
        made = finished(rows[:, :3], correction.float(), weight)
        loss = mistakes(made, truth, weight)
        told = {"loss": loss.item(), "guess": mistakes(rows[:, :3], truth, weight).item()}
        if progress >= course.critic_from:
            word = rival.word(made, truth, rows[:, MAPS], weight, told)
            if rival.steps > PRACTICE:
                loss = loss + course.critic_weight * balance(loss, word, network.out.weight) * word
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        step += 1
        if clock.due(step, told):
            keep(course.checkpoint, step, network, average, optimiser, None)
            clock.keep()
            if shown:
                shown(average.module, step)
    keep(course.checkpoint, step, network, average, optimiser, None)
    clock.keep()
    return average.module.cpu().eval(), step


def balance(loss: Tensor, word: Tensor, last: Tensor) -> Tensor:
    """How much stronger mistakes pull at the last layer than the critic's word does. After Esser et al., "Taming
    transformers for high-resolution image synthesis" (2021), eq. 7."""
    by_loss, by_word = (torch.autograd.grad(part, last, retain_graph=True)[0].norm() for part in (loss, word))
    return (by_loss / (by_word + 1e-6)).clamp(max=10.0).detach()


@torch.no_grad()
def _averaged(average: Sequence[Tensor], now: Sequence[Tensor], steps: Tensor | int) -> None:
    """Moves the average towards the network, in place: fast at first, so that a short training counts as well."""
    kept = min(AVERAGED, (1 + int(steps)) / (10 + int(steps)))
    for mean, value in zip(average, now, strict=True):
        mean.lerp_(value, 1 - kept)


class Rival:
    """The critic and its own learning. It begins anew where a training is taken up again."""

    def __init__(self, course: Course) -> None:
        self.course, self.steps = course, 0
        self.critic = Critic().to(course.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.critic.parameters(), lr=6e-4, betas=(0.5, 0.99))

    def word(self, made: Tensor, truth: Tensor, maps: Tensor, weight: Tensor, told: dict[str, float]) -> Tensor:
        """How easily the critic tells made from filmed; it learns first."""
        self.steps += 1
        inside = weight.clamp(max=1.0)
        real, fake = (torch.cat([picture * inside, maps], 1) for picture in (truth, made))
        with torch.autocast(self.course.device, torch.bfloat16, enabled=self.course.bf16):
            loss = judged(self.critic(real), self.critic(fake.detach()), weight)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        told["critic"] = loss.item()
        with torch.autocast(self.course.device, torch.bfloat16, enabled=self.course.bf16):
            return fooled(self.critic(fake), weight)


class Clock:
    """How far a training is, over every time it ran: by its steps, or by its minutes where these are over sooner."""

    def __init__(self, course: Course, step: int) -> None:
        self.course, self.first = course, step
        self.file = course.checkpoint.with_suffix(".time") if course.checkpoint else None
        known = self.file is not None and self.file.exists() and step > 0
        self.before_s = float(json.loads(self.file.read_text())) if known and self.file else 0.0
        self.began = self.told = time.monotonic()
        self.means = dict[str, float]()

    def spent_s(self) -> float:
        return self.before_s + time.monotonic() - self.began

    def progress(self, step: int) -> float:
        """0 .. 1."""
        return min(1.0, max(step / self.course.steps, self.spent_s() / 60 / self.course.minutes))

    def due(self, step: int, now: dict[str, float]) -> bool:
        """Takes the figures of a step, and says them when it is time to."""
        self.means = {name: 0.98 * self.means.get(name, value) + 0.02 * value for name, value in now.items()}
        if time.monotonic() - self.told < self.course.every_s:
            return False
        self.told = time.monotonic()
        pace_ms = (self.told - self.began) / max(step - self.first, 1) * 1000
        told = "  ".join(f"{name} {value:.4f}" for name, value in self.means.items())
        print(f"step {step}  {self.progress(step):.0%}  {pace_ms:.0f} ms  {told}", flush=True)
        return True

    def keep(self) -> None:
        if self.file is not None:
            self.file.write_text(json.dumps(self.spent_s()))


def weights_of(network: MouthFinisher) -> dict[str, np.ndarray]:
    """Tensors for use, as float16."""
    return {
        key: value.detach().float().contiguous().numpy().astype(np.float16)
        for key, value in network.state_dict().items()
    }


def begun(tensors: dict[str, np.ndarray] | None, dims: Dimensions) -> MouthFinisher:
    """A network that begins with some weights, or with none."""
    network = MouthFinisher(dims)
    if tensors is not None:
        network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in tensors.items()})
    return network
