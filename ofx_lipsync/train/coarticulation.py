# SPDX-License-Identifier: Apache-2.0
"""Trains the coarticulation network: sounds to lips and jaw.

lipsync train coarticulation --grid GRID --facegood FACEGOOD --corpus work-data/speech
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.core.phones import LABELS_HZ
from ofx_lipsync.models.coarticulation import Coarticulation, Dimensions
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.loader import save
from ofx_lipsync.train.coarticulate import brought_to_one
from ofx_lipsync.train.corpus import Take, facegood_takes, grid_takes, voice_take
from ofx_lipsync.train.lesson import crops
from ofx_lipsync.train.lines import GROUPS, Ear, Lessons, lessons
from ofx_lipsync.train.speech.music import known_music
from ofx_lipsync.train.speech.utterance import read_manifest
from ofx_lipsync.train.track import track_folder

CHANNEL_WEIGHT = (2.0, 1.0, 1.0, 0.5, 1.0, 0.5)
VOICES = {"speechocean": 500, "asterisk": 700, "festvox-ru": 150, "flite": 100, "festival": 150, "espeak": 300,
          "gcin": 300}  # fmt: skip
"""Sentences of each source that lips are made for."""
JITTER = 0.15
"""Spread of the noise on the inputs, in their own spreads: what is heard of a stranger is never quite right."""


class Batches:
    """Endless batches of crops, groups by their shares; draws come from one generator, whose state may be kept."""

    def __init__(self, lessons: Lessons, shares: dict[str, float], size: int, seed: int) -> None:
        self.lessons, self.size = lessons, size
        self.rng = np.random.default_rng(seed)
        self.names = [name for name in GROUPS if name in lessons.groups and shares[name] > 0]
        self.odds = np.array([shares[name] for name in self.names]) / sum(shares[name] for name in self.names)

    def __next__(self) -> dict[str, Tensor]:
        chosen = self.rng.choice(self.names, size=self.size, p=self.odds)
        people = len(self.lessons.people)
        rows = [crops(self.lessons.groups[name], self.rng, people, name) for name in chosen]
        batch = {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}
        shape = (self.size, batch["x"].shape[1], 1)
        batch["gain"], batch["shift"] = (
            torch.from_numpy(self.rng.normal(size=shape).astype(np.float32) * JITTER) for _ in range(2)
        )
        return batch


def losses(out: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each part of the loss: curves, their motion, their likeness (1 - r), closure, voice."""
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
    }


LOSS_WEIGHT = {"curve": 1.0, "motion": 2.0, "unlike": 0.5, "closure": 0.3, "voice": 0.1}


def train(taught: Lessons, options: argparse.Namespace) -> Coarticulation:
    """One network; resumes from the checkpoint beside the weights if there is one of the same options."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    dims = Dimensions(width=options.width, dilations=tuple(options.dilations), people=len(taught.people))
    network = Coarticulation(dims, options.dropout)
    brought_to_one(network, [lesson for group in taught.groups.values() for lesson in group])
    batches = Batches(taught, {name: getattr(options, name) for name in GROUPS}, options.batch, options.seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.05)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    first = resume(options.checkpoint, network, average, optimiser, batches.rng)
    started = report_s = time.monotonic()
    sums: dict[str, float] = {}
    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rate_at(step / options.steps)
        batch = next(batches)
        spread = 1 / network.scale[:, None]
        x = network.mean[:, None] + (batch["x"] - network.mean[:, None]) * (1 + batch["gain"]) + spread * batch["shift"]
        parts = losses(network(x, batch["who"]), batch)
        optimiser.zero_grad()
        torch.stack([LOSS_WEIGHT[name] * part for name, part in parts.items()]).sum().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        sums = {name: 0.98 * sums.get(name, part.item()) + 0.02 * part.item() for name, part in parts.items()}
        if time.monotonic() - report_s > options.report_s or step == options.steps - 1:
            report_s = time.monotonic()
            pace = (report_s - started) / (step + 1 - first)
            figures = "  ".join(f"{name} {value:.3f}" for name, value in sums.items())
            left_min = pace * (options.steps - step) / 60
            print(
                f"step {step + 1}/{options.steps}  {pace * 1000:.0f} ms  left {left_min:.0f} min  {figures}", flush=True
            )
            keep(options.checkpoint, step + 1, network, average, optimiser, batches.rng)
    network.load_state_dict(average.module.state_dict())
    return network.eval()


def rate_at(progress: float) -> float:
    """Warm up over 3 %, then a half cosine to a hundredth."""
    return min(progress / 0.03 + 0.01, 1.0) * (0.505 + 0.495 * float(np.cos(np.pi * progress)))


def keep(path: Path | None, step: int, student: nn.Module, average: nn.Module, optimiser: Any, draws: Any) -> None:
    """draws: the generator of the batches, or None where a batch follows from its number."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"step": step, "student": student.state_dict(), "average": average.state_dict(),
             "optimiser": optimiser.state_dict(), "rng": json.dumps(draws and draws.bit_generator.state)}  # fmt: skip
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def resume(path: Path | None, student: nn.Module, average: nn.Module, optimiser: Any, draws: Any) -> int:
    """The step to go on from."""
    if path is None or not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location=next(student.parameters()).device)
    student.load_state_dict(state["student"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    if draws is not None:
        draws.bit_generator.state = json.loads(state["rng"])
    print(f"resumed at step {state['step']} from {path}")
    return int(state["step"])


def write(path: Path, members: Sequence[Coarticulation], card: dict[str, str]) -> None:
    """Weights for use, as float16, several networks in one file."""
    dims = asdict(members[0].dims) | {"members": len(members)}
    tensors = {f"{m}.{key}": value.detach().numpy().astype(np.float16)
               for m, network in enumerate(members) for key, value in network.state_dict().items()}  # fmt: skip
    save(path, tensors, dims, card)


def read_takes(options: argparse.Namespace) -> list[Take]:
    tracks = options.cache / "tracks"
    if options.grid:
        track_folder(options.grid, tracks)
    takes = grid_takes(tracks, options.cache / "aligned.npz") if tracks.is_dir() else []
    takes += facegood_takes(options.facegood) if options.facegood else []
    return takes + (voices(options.corpus) if options.corpus else [])


def voices(folder: Path) -> list[Take]:
    """Sentences spread over every source, nobody held out among them."""
    utterances = [u for u in read_manifest(folder) if u.split == "train"]
    takes = []
    for source, count in VOICES.items():
        found = [u for u in utterances if u.source == source]
        takes += [voice_take(u, folder) for u in found[:: max(1, len(found) // count)][:count]]
    return [take for take in takes if len(take.phones) > 1]


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="lipsync train coarticulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grid", type=Path, help="folder of GRID clips, one sub-folder a person")
    parser.add_argument("--facegood", type=Path, help="folder of FACEGOOD takes (flac + npz)")
    parser.add_argument("--corpus", type=Path, help="folder of lipsync train corpus, for voices without a face")
    parser.add_argument("--hearing", default="hearing", help="name of the hearing weights that lines are heard with")
    parser.add_argument("--cache", type=Path, default=Path("work-data"), help="folder for tracks and alignments")
    parser.add_argument(
        "--out", type=Path, default=Path("work-data/coarticulation.safetensors"), help="weights to write"
    )
    parser.add_argument("--checkpoint", type=Path, help="file to resume from and keep progress in")
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--batch", type=int, default=24, help="crops of 3 s in a step")
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate at its highest")
    parser.add_argument("--width", type=int, default=80, help="channels of the network")
    parser.add_argument("--dilations", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--versions", type=int, default=3, help="how often each filmed take is heard, changed but once")
    for name, share in zip(GROUPS, (0.3, 0.2, 0.2, 0.25, 0.05), strict=True):
        parser.add_argument(f"--{name}", type=float, default=share, help=f"share of crops from {name}")
    parser.add_argument("--members", type=int, default=2, help="networks trained with seeds one apart and averaged")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report-s", type=float, default=20.0, help="seconds between lines of progress")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    torch.set_num_threads(options.threads)
    takes = read_takes(options)
    minutes = sum(len(take.phones) for take in takes if not take.held_out) / LABELS_HZ / 60
    print(f"{sum(not take.held_out for take in takes)} takes, {minutes:.0f} min; "
          f"{sum(take.held_out for take in takes)} held out", flush=True)  # fmt: skip
    music = known_music(options.corpus) if options.corpus else None
    ear = Ear(Hearing.named(options.hearing), options.seed, [t for t in takes if not t.held_out], music)
    started, taught, members = time.monotonic(), lessons(takes, ear, options.versions), []
    print(f"heard in {time.monotonic() - started:.0f} s", flush=True)
    checkpoint, seed = options.checkpoint, options.seed
    for member in range(options.members):
        options.seed = seed + member
        options.checkpoint = checkpoint and checkpoint.with_suffix(f".{member}.pt")
        members.append(train(taught, options))
    card = {"version": "1", "licence": "Apache-2.0", "seed": str(seed), "steps": str(options.steps),
            "people": ", ".join(taught.people), "trained_on": "GRID (CC BY 4.0), FACEGOOD (MIT), the speech corpus",
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
