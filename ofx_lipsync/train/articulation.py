# SPDX-License-Identifier: Apache-2.0
"""Trains the articulation network: sound to lips and jaw.

python -m ofx_lipsync.train.articulation --grid GRID --facegood FACEGOOD --speech SPEECHOCEAN
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.models.articulation import Articulation, Dimensions
from ofx_lipsync.models.loader import save
from ofx_lipsync.train.align import LABELS_HZ, PHONES
from ofx_lipsync.train.batches import Batches, group_of
from ofx_lipsync.train.coarticulate import given_lips, learn
from ofx_lipsync.train.corpus import Take, believed, facegood_takes, grid_takes, speech_takes
from ofx_lipsync.train.track import track_folder

CHANNEL_WEIGHT = (2.0, 1.0, 1.0, 0.5, 1.0, 0.5)


class Student(nn.Module):
    """The network and a phone head, which only training needs: sounds of many voices shape the same trunk."""

    def __init__(self, dims: Dimensions, dropout: float) -> None:
        super().__init__()
        self.network = Articulation(dims, dropout)
        self.phones = nn.Conv1d(dims.width, len(PHONES), 1)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        heard = self.network.trunk(mel)
        return self.network.head(heard), self.phones(heard)


def losses(out: Tensor, phone_logits: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each part of the loss: curves, their motion, their likeness (1 - r), closure, voice, phones."""
    channels = batch["values"].shape[1]
    curves, closure, voice = out[:, :channels], out[:, channels], out[:, channels + 1]
    weight = batch["weight"] * out.new_tensor(CHANNEL_WEIGHT)[:, None]
    error = curves - batch["values"]
    motion = error[:, :, 1:] - error[:, :, :-1]
    # lips that should be shut are seen first: shut and open frames count the same in sum
    shut_known = batch["closure"] >= 0
    shut_share = (batch["closure"] * shut_known).sum() / shut_known.sum().clamp(min=1)
    balance = torch.where(
        batch["closure"] > 0.5, 0.5 / shut_share.clamp(0.1, 0.9), 0.5 / (1 - shut_share).clamp(0.1, 0.9)
    )
    return {
        "curve": _mean(functional.smooth_l1_loss(curves, batch["values"], reduction="none", beta=0.3), weight),
        "motion": _mean(motion.square(), weight[:, :, 1:]),
        "unlike": _unlike(curves, batch["values"], batch["weight"]),
        "closure": _mean(_bce(closure, batch["closure"]), balance * shut_known),
        "voice": _mean(_bce(voice, batch["voice"]), (batch["voice"] >= 0).float()),
        "phones": functional.cross_entropy(phone_logits, batch["phones"], ignore_index=-1, label_smoothing=0.05),
    }


LOSS_WEIGHT = {"curve": 1.0, "motion": 2.0, "unlike": 0.5, "closure": 0.3, "voice": 0.1, "phones": 0.15}


def train(takes: Sequence[Take], options: argparse.Namespace) -> Student:
    """One network; resumes from the checkpoint beside the weights if there is one of the same options."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    dims = Dimensions(width=options.width, dilations=tuple(options.dilations))
    student, shares = Student(dims, options.dropout), {"s1": options.s1, "people": options.people,
                                                      "facegood": options.artist, "speech": options.voices}  # fmt: skip
    batches = Batches(takes, shares, options.batch, options.seed, options.augment)
    optimiser = torch.optim.AdamW(student.parameters(), lr=options.rate, weight_decay=0.02)
    average = torch.optim.swa_utils.AveragedModel(
        student, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    first = resume(options.checkpoint, student, average, optimiser, batches)
    started = report_s = time.monotonic()
    sums: dict[str, float] = {}
    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rate_at(step / options.steps)
        batch = next(batches)
        curves, phones = student(batch["mel"])
        parts = losses(curves, phones, batch)
        optimiser.zero_grad()
        torch.stack([LOSS_WEIGHT[name] * part for name, part in parts.items()]).sum().backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(student)
        sums = {name: 0.98 * sums.get(name, part.item()) + 0.02 * part.item() for name, part in parts.items()}
        if time.monotonic() - report_s > options.report_s or step == options.steps - 1:
            report_s = time.monotonic()
            pace = (report_s - started) / (step + 1 - first)
            figures = "  ".join(f"{name} {value:.3f}" for name, value in sums.items())
            left_min = pace * (options.steps - step) / 60
            print(
                f"step {step + 1}/{options.steps}  {pace * 1000:.0f} ms  left {left_min:.0f} min  {figures}", flush=True
            )
            keep(options.checkpoint, step + 1, student, average, optimiser, batches)
    student.load_state_dict(average.module.state_dict())
    return student.eval()


def rate_at(progress: float) -> float:
    """Warm up over 3 %, then a half cosine to a hundredth."""
    return min(progress / 0.03 + 0.01, 1.0) * (0.505 + 0.495 * float(np.cos(np.pi * progress)))


def keep(path: Path | None, step: int, student: nn.Module, average: nn.Module, optimiser: Any, batches: Any) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"step": step, "student": student.state_dict(), "average": average.state_dict(),
             "optimiser": optimiser.state_dict(), "rng": json.dumps(batches.rng.bit_generator.state)}  # fmt: skip
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def resume(path: Path | None, student: nn.Module, average: nn.Module, optimiser: Any, batches: Any) -> int:
    """The step to go on from."""
    if path is None or not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    student.load_state_dict(state["student"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    batches.rng.bit_generator.state = json.loads(state["rng"])
    print(f"resumed at step {state['step']} from {path}")
    return int(state["step"])


def lessons(takes: Sequence[Take]) -> list[Take]:
    """What may be learned from: nothing held out, people weighted, and voices without a face given lips."""
    open_takes = [take for take in takes if not take.held_out]
    filmed = [believed(take) for take in open_takes if group_of(take) in ("s1", "people")]
    voices = [take for take in open_takes if group_of(take) == "speech"]
    if filmed and voices:
        mouths = learn(filmed)
        voices = [given_lips(mouths, take) for take in voices]
    return filmed + voices + [take for take in open_takes if group_of(take) == "facegood"]


def write(path: Path, members: Sequence[Articulation], card: dict[str, str]) -> None:
    """Weights for use, as float16, several networks in one file."""
    dims = asdict(members[0].dims) | {"members": len(members)}
    tensors = {f"{m}.{key}": value.detach().numpy().astype(np.float16)
               for m, network in enumerate(members) for key, value in network.state_dict().items()}  # fmt: skip
    save(path, tensors, dims, card)


def read_corpus(options: argparse.Namespace) -> list[Take]:
    tracks = options.cache / "tracks"
    if options.grid:
        track_folder(options.grid, tracks)
    takes = grid_takes(tracks, options.cache / "aligned.npz") if tracks.is_dir() else []
    takes += facegood_takes(options.facegood) if options.facegood else []
    takes += speech_takes(options.speech) if options.speech else []
    return takes


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lipsync train articulation", description=__doc__)
    parser.add_argument("--grid", type=Path, help="folder of GRID clips, one sub-folder a person")
    parser.add_argument("--facegood", type=Path, help="folder of FACEGOOD takes (flac + npz)")
    parser.add_argument("--speech", type=Path, help="folder of speechocean sentences (flac + lab)")
    parser.add_argument("--cache", type=Path, default=Path("work-data"), help="folder for tracks and alignments")
    parser.add_argument("--out", type=Path, default=Path("work-data/articulation.safetensors"), help="weights to write")
    parser.add_argument("--checkpoint", type=Path, help="file to resume from and keep progress in")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=16, help="crops of 3 s in a step")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="learning rate at its highest")
    parser.add_argument("--width", type=int, default=160, help="channels of the network")
    parser.add_argument("--dilations", type=int, nargs="+", default=[1, 2, 4, 8, 1, 2, 4, 8])
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--augment", type=float, default=1.0, help="strength of augmentation, 0 none")
    parser.add_argument("--s1", type=float, default=0.5, help="share of crops from GRID's speaker s1")
    parser.add_argument("--people", type=float, default=0.2, help="share from GRID's other people")
    parser.add_argument("--artist", type=float, default=0.1, help="share from FACEGOOD")
    parser.add_argument("--voices", type=float, default=0.2, help="share from speechocean")
    parser.add_argument("--members", type=int, default=1, help="networks trained with seeds one apart and averaged")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report-s", type=float, default=20.0, help="seconds between lines of progress")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    takes = read_corpus(options)
    torch.set_num_threads(options.threads)
    taught = lessons(takes)
    print(f"{len(taught)} takes, {sum(len(t.phones) for t in taught) / LABELS_HZ / 60:.0f} min; "
          f"{len(takes) - len(taught)} held out", flush=True)  # fmt: skip
    started, members, checkpoint, seed = time.monotonic(), [], options.checkpoint, options.seed
    for member in range(options.members):
        options.seed = seed + member
        options.checkpoint = checkpoint and checkpoint.with_suffix(f".{member}.pt")
        members.append(train(taught, options).network)
    card = {"version": "1", "licence": "Apache-2.0", "seed": str(seed), "steps": str(options.steps),
            "trained_on": "GRID (CC BY 4.0), FACEGOOD (MIT), speechocean762",
            "minutes": f"{(time.monotonic() - started) / 60:.0f}"}  # fmt: skip
    write(options.out, members, card)
    print(f"wrote {options.out}")
    return 0


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


def _bce(logits: Tensor, wanted: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, wanted.clamp(0, 1), reduction="none")


def _unlike(curves: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """1 - correlation over each crop, of opening and width."""
    parts = []
    for channel in (0, 1):
        w = weight[:, channel]
        total = w.sum(1, keepdim=True).clamp(min=1e-6)
        a, b = (x[:, channel] - (x[:, channel] * w).sum(1, keepdim=True) / total for x in (curves, wanted))
        r = (w * a * b).sum(1) / ((w * a * a).sum(1) * (w * b * b).sum(1) + 1e-4).sqrt()
        parts.append(_mean(1 - r, (w.sum(1) > 0.3 * w.shape[1]).float()))
    return parts[0] + 0.5 * parts[1]


if __name__ == "__main__":
    sys.exit(main())
