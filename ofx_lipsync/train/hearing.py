# SPDX-License-Identifier: Apache-2.0
"""Trains the hearing network: sound to phones and lips, streaming and offline at once.

lipsync train hearing --corpus work-data/speech --steps 8000 --checkpoint work-data/hearing.pt
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

from ofx_lipsync.core.phones import LIPS, PHONES, UNKNOWN, adobe, members
from ofx_lipsync.models.hearing import Dimensions, Hearing
from ofx_lipsync.models.loader import save
from ofx_lipsync.train.coarticulation import keep, rate_at, resume
from ofx_lipsync.train.speech.lessons import Batches, Lessons, shares
from ofx_lipsync.train.speech.utterance import read_manifest

LIPS_WEIGHT, MOUTHS_WEIGHT = 0.4, 0.5
RAREST = 0.005
"""Share of time that a corpus without such a sound is taken to have of it."""
SEEN_WEIGHT = 1.5
"""How much more the sounds count that a viewer sees: lips shut, on the teeth, rounded."""


class Teacher:
    """What a batch should have said, and how far off it was."""

    def __init__(self, spoken: np.ndarray) -> None:
        """spoken: [P], each phone's share of time."""
        belongs = np.stack([members(group) for group in LIPS])  # [3, P]
        self.belongs = torch.from_numpy(belongs.astype(np.float32))
        share = np.maximum(belongs @ spoken, RAREST)
        self.balance = torch.from_numpy(((1 - share) / share) ** 0.75).float()
        seen = np.where(belongs.any(axis=0), SEEN_WEIGHT, 1.0)
        self.phone_weight = torch.from_numpy(seen).float()
        self.mouths = torch.from_numpy(adobe().posteriors(np.eye(len(PHONES), dtype=np.float32)))  # [P, V]

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


def train(lessons: Lessons, options: argparse.Namespace) -> Hearing:
    """One network; resumes from the checkpoint if there is one."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    network = Hearing(
        Dimensions(width=options.width, back=options.back, phones=len(PHONES), lips=len(LIPS)), options.dropout
    )
    batches = Batches(lessons, options.batch, options.length, options.seed)
    teacher = Teacher(shares(lessons, len(PHONES)))
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.01)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    first = resume(options.checkpoint, network, average, optimiser, batches)
    started = report_s = time.monotonic()
    figures: dict[str, float] = {}
    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rate_at(step / options.steps)
        x, phones = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            live, whole = network(x)
        live, whole = live.float(), whole.float()
        loss = teacher.loss(live, phones) + teacher.loss(whole, phones)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        now = {"loss": loss.item(), "live": _right(live, phones), "whole": _right(whole, phones)}
        figures = {name: 0.98 * figures.get(name, value) + 0.02 * value for name, value in now.items()}
        if time.monotonic() - report_s > options.report_s or step == options.steps - 1:
            report_s = time.monotonic()
            pace = (report_s - started) / (step + 1 - first)
            told = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
            print(f"step {step + 1}/{options.steps}  {pace * 1000:.0f} ms  {told}", flush=True)
            keep(options.checkpoint, step + 1, network, average, optimiser, batches)
    network.load_state_dict(average.module.state_dict())
    return network.eval()


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
    taught = [u for u in read_manifest(options.corpus) if u.split == "train"]
    lessons = Lessons(taught, options.corpus)
    print(f"{len(taught)} sentences, {len(lessons.phones) / 6000:.0f} min", flush=True)
    started = time.monotonic()
    network = train(lessons, options)
    card = {"version": "1", "licence": "Apache-2.0", "seed": str(options.seed), "steps": str(options.steps),
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
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=32, help="crops in a step")
    parser.add_argument("--length", type=int, default=200, help="frames of 10 ms in a crop")
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate at its highest")
    parser.add_argument("--width", type=int, default=256, help="states of the forward LSTM")
    parser.add_argument("--back", type=int, default=160, help="states of the backward LSTM, for lines as a whole")
    parser.add_argument("--bf16", action="store_true", help="multiply in bfloat16, where the processor can")
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report-s", type=float, default=20.0, help="seconds between lines of progress")
    return parser.parse_args(argv)
