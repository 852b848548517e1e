# SPDX-License-Identifier: Apache-2.0
"""Trains the hearing network: sound to phones and lips, streaming and offline at once.

lipsync train hearing --corpus work-data/speech --steps 8000 --checkpoint work-data/hearing.pt
lipsync train hearing --device cuda --workers 14 --batch 256 --length 300 --steps 100000 --minutes 9
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from ofx_lipsync.core.phones import LIPS, PHONES, UNKNOWN, adobe, members
from ofx_lipsync.models.hearing import Dimensions, Hearing
from ofx_lipsync.models.loader import load, save
from ofx_lipsync.train.coarticulation import keep, rate_at, resume
from ofx_lipsync.train.speech.lessons import Batches, Lessons, shares
from ofx_lipsync.train.speech.utterance import read_manifest

LIPS_WEIGHT, MOUTHS_WEIGHT = 0.4, 0.5
BEHIND_WEIGHT = 0.5
"""Of the line as a whole, which knows better than doubtful labels, in what is learned live. After Yu et al., "Dual-mode
ASR", 2021."""
RAREST = 0.005
"""Share of time that a corpus without such a sound is taken to have of it."""
SEEN_WEIGHT = 1.5
"""How much more the sounds count that a viewer sees: lips shut, on the teeth, rounded."""


class Teacher:
    """What a batch should have said, and how far off it was."""

    def __init__(self, spoken: np.ndarray, device: str = "cpu") -> None:
        """spoken: [P], each phone's share of time."""
        belongs = np.stack([members(group) for group in LIPS])  # [3, P]
        self.belongs = torch.from_numpy(belongs.astype(np.float32)).to(device)
        share = np.maximum(belongs @ spoken, RAREST)
        self.balance = torch.from_numpy(((1 - share) / share) ** 0.75).float().to(device)
        seen = np.where(belongs.any(axis=0), SEEN_WEIGHT, 1.0)
        self.phone_weight = torch.from_numpy(seen).float().to(device)
        mouths = adobe().posteriors(np.eye(len(PHONES), dtype=np.float32))
        self.mouths = torch.from_numpy(mouths).to(device)  # [P, V]

    def loss(self, logits: Tensor, phones: Tensor) -> Tensor:
        """logits: [B, T, P + 3], phones: [B, T]."""
        told = phones != UNKNOWN
        logits, phones = logits[told], phones[told]
        named = functional.cross_entropy(logits[:, : len(PHONES)], phones, self.phone_weight, label_smoothing=0.05)
        # a p taken for a b is no mistake: mouths are asked for as well, as sums of their phones
        mouths = (logits[:, : len(PHONES)].softmax(1) @ self.mouths).clamp(min=1e-5)
        shown = self.mouths[phones].argmax(1)
        seen = functional.nll_loss(mouths.log(), shown, reduction="none")
        seen = (seen * self.phone_weight[phones]).sum() / self.phone_weight[phones].sum()
        wanted = self.belongs.T[phones]
        lips = functional.binary_cross_entropy_with_logits(logits[:, len(PHONES) :], wanted, pos_weight=self.balance)
        return named + LIPS_WEIGHT * lips + MOUTHS_WEIGHT * seen

    def behind(self, live: Tensor, whole: Tensor) -> Tensor:
        """How far what is heard live, [B, T, P + 3], is from what the line as a whole is heard as."""
        live, whole = (logits[..., : len(PHONES)].flatten(0, 1).log_softmax(1) for logits in (live, whole.detach()))
        return BEHIND_WEIGHT * functional.kl_div(live, whole, reduction="batchmean", log_target=True)


class Schedule:
    """How far a training has come: by its steps, or by its minutes where these are over sooner."""

    def __init__(self, steps: int, minutes: float) -> None:
        self.steps, self.minutes, self.started = steps, minutes, time.monotonic()

    def progress(self, step: int) -> float:
        """0 .. 1."""
        return min(1.0, max(step / self.steps, (time.monotonic() - self.started) / 60 / self.minutes))


def train(lessons: Lessons, options: argparse.Namespace) -> tuple[Hearing, int]:
    """One network and the steps it took; resumes from the checkpoint if there is one."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    dims = Dimensions(width=options.width, back=options.back, phones=len(PHONES), lips=len(LIPS))
    network = Hearing(dims, options.dropout)
    if options.start:
        network.load_state_dict(started(options))
    network = network.to(options.device)
    teacher = Teacher(shares(lessons, len(PHONES)), options.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.01)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    first = resume(options.checkpoint, network, average, optimiser, None)
    schedule, figures = Schedule(options.steps, options.minutes), Figures(options.report_s)
    step = first
    for step, (x, phones) in enumerate(_batches(lessons, options, first), first + 1):
        progress = schedule.progress(step - 1)
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rate_at(progress)
        x, phones = (rows.to(options.device, non_blocking=True) for rows in (x, phones))
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bf16):
            live, whole = network(x)
        live, whole = live.float(), whole.float()
        loss = teacher.loss(live, phones) + teacher.loss(whole, phones) + teacher.behind(live, whole)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        over = step >= options.steps or progress >= 1
        figures.add({"loss": loss.item(), "live": _right(live, phones), "whole": _right(whole, phones)})
        if figures.due() or over:
            figures.tell(step, step - first, progress)
            keep(options.checkpoint, step, network, average, optimiser, None)
        if over:
            break
    network.load_state_dict(average.module.state_dict())
    return part_way(network.cpu(), options).eval(), step


def part_way(network: Hearing, options: argparse.Namespace) -> Hearing:
    """From the weights that were begun with, a share of the way to what was learned: better than either on voices that
    neither knows. After Wortsman et al., "Robust fine-tuning of zero-shot models", 2022."""
    if options.start and options.share < 1:
        begun, learned = started(options), network.state_dict()
        network.load_state_dict({name: begun[name].lerp(learned[name], options.share) for name in learned})
    return network


def started(options: argparse.Namespace) -> dict[str, Tensor]:
    """The weights to begin with."""
    return {name: torch.from_numpy(value.astype(np.float32)) for name, value in load(options.start).tensors.items()}


def _batches(lessons: Lessons, options: argparse.Namespace, first: int) -> DataLoader[tuple[Tensor, Tensor]]:
    """From the first step that is still to be done; made ahead by other processes, if there are to be any."""
    batches = Batches(lessons, options.batch, options.length, options.seed)
    ahead = {"prefetch_factor": 4, "pin_memory": options.device != "cpu"} if options.workers else {}
    steps = range(first, options.steps)
    return DataLoader(batches, batch_size=None, sampler=steps, num_workers=options.workers, **ahead)


class Figures:
    """What a training says of itself every now and then."""

    def __init__(self, every_s: float) -> None:
        self.every_s, self.means = every_s, dict[str, float]()
        self.started = self.told = time.monotonic()

    def add(self, now: dict[str, float]) -> None:
        self.means = {name: 0.98 * self.means.get(name, value) + 0.02 * value for name, value in now.items()}

    def due(self) -> bool:
        return time.monotonic() - self.told > self.every_s

    def tell(self, step: int, done: int, progress: float) -> None:
        self.told = time.monotonic()
        pace_ms = (self.told - self.started) / max(done, 1) * 1000
        told = "  ".join(f"{name} {value:.3f}" for name, value in self.means.items())
        print(f"step {step}  {progress:.0%}  {pace_ms:.0f} ms  {told}", flush=True)


def _right(logits: Tensor, phones: Tensor) -> float:
    """Share of told frames whose phone is named."""
    told = phones != UNKNOWN
    return float((logits[..., : len(PHONES)].argmax(-1) == phones)[told].float().mean())


def write(path: Path, network: Hearing, card: dict[str, str]) -> None:
    """Weights for use, as float16."""
    tensors = {key: value.detach().numpy().astype(np.float16) for key, value in network.state_dict().items()}
    save(path, tensors, asdict(network.dims), card)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    taught = [u for u in read_manifest(options.corpus) if u.split == "train" and u.source not in options.without]
    lessons = Lessons(taught, options.corpus)
    print(f"{len(taught)} sentences, {len(lessons.phones) / 6000:.0f} min", flush=True)
    started = time.monotonic()
    network, steps = train(lessons, options)
    card = {"version": "1", "licence": "Apache-2.0", "seed": str(options.seed), "steps": str(steps),
            "trained_on": ", ".join(sorted({f"{u.source} ({u.licence})" for u in taught})),
            "minutes": f"{(time.monotonic() - started) / 60:.0f}"}  # fmt: skip
    write(options.out, network, card)
    print(f"wrote {options.out}")
    return 0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="lipsync train hearing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=Path("work-data/speech"), help="folder of lipsync train corpus")
    parser.add_argument("--out", type=Path, default=Path("work-data/hearing.safetensors"), help="weights to write")
    parser.add_argument("--checkpoint", type=Path, help="file to resume from and keep progress in")
    parser.add_argument(
        "--without",
        nargs="*",
        default=["grid"],
        help="sources not to learn from: people whose lips are learned from should sound as strange as any",
    )
    parser.add_argument("--start", help="weights to begin with, by name; the widths must be theirs")
    parser.add_argument("--share", type=float, default=1.0, help="how far from --start to what was learned, 0..1")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, if steps are left")
    parser.add_argument("--batch", type=int, default=32, help="crops in a step")
    parser.add_argument("--length", type=int, default=200, help="frames of 10 ms in a crop")
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate at its highest")
    parser.add_argument("--width", type=int, default=256, help="states of the forward LSTM")
    parser.add_argument("--back", type=int, default=160, help="states of the backward LSTM, for lines as a whole")
    parser.add_argument("--bf16", action="store_true", help="multiply in bfloat16, where the processor can")
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a GPU")
    parser.add_argument(
        "--workers", type=int, default=0, help="processes that make batches ahead; a GPU needs about 12"
    )
    parser.add_argument("--report-s", type=float, default=20.0, help="seconds between lines of progress")
    options = parser.parse_args(argv)
    if not 0 <= options.share <= 1 or (options.share < 1 and not options.start):
        parser.error(f"--share is {options.share:g} (expected 0 to 1, with --start); name the weights to begin with")
    return options
