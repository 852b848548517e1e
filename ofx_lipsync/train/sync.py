# SPDX-License-Identifier: Apache-2.0
"""Trains the sync network: does this mouth say this sound, and when.

lipsync train sync --tracks work-data/tracks --faces work-data/faces --checkpoint work-data/sync.pt
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

from ofx_lipsync.models.loader import save
from ofx_lipsync.models.sync import Dimensions, Sync, on_clock
from ofx_lipsync.train.coarticulation import keep, rate_at, resume
from ofx_lipsync.train.sync_batches import Batch, Batches
from ofx_lipsync.train.sync_clips import Seen, prepare
from ofx_lipsync.train.sync_sheet import figures, write_sheet

REACH = 32
"""Steps of 20 ms that a window is told apart from its neighbours within: a little more than 15 frames of 24."""
WINDOWS = (25, 50)
"""Steps of the windows that are compared as a whole, besides single steps."""
NEAR = 1.0
"""Steps: how sharp a moment in a mouth's movement can be."""
STRANGERS = 48
"""Moments of the other clips in a batch that each step is told apart from as well."""
SILENT = 0.05
"""What a step without a voice near it counts."""


class Lesson(nn.Module):
    """The network, and how sharply its cosines are read: of steps and of windows."""

    def __init__(self, network: Sync) -> None:
        super().__init__()
        self.network = network
        self.sharpness = nn.Parameter(torch.full((3, 1 + len(WINDOWS)), 2.5))

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Each part of the loss."""
        net = self.network
        seen = net.see(batch.pictures.flatten(0, 1)).unflatten(0, batch.pictures.shape[:2])
        pictured = net.pictured(on_clock(seen - seen.mean(1, keepdim=True), batch.position)).float()
        shaped = net.shaped(on_clock(batch.shape, batch.position)).float()
        heard = net.heard(batch.heard).float()
        weight = functional.max_pool1d(batch.voice[:, None], 21, 1, 10)[:, 0].clamp(min=SILENT)
        parts = {}
        sims = [torch.einsum("bet,beu->btu", codes, heard) for codes in (shaped, pictured)]
        for row, (name, sim, codes) in enumerate(
            (("shape", sims[0], shaped), ("picture", sims[1], pictured), ("both", (sims[0] + sims[1]) / 2, None))
        ):
            sharp = self.sharpness[row].exp()
            others = None if codes is None else _strangers(codes, heard)
            parts[f"{name} step"] = _steps(sim, sharp[0], weight, others)
            for window, s in zip(WINDOWS, sharp[1:], strict=True):
                parts[f"{name} {window}"] = _windows(sim, window, s, weight)
        return parts


def _strangers(codes: Tensor, heard: Tensor) -> Tensor:
    """[B, T, STRANGERS]: cosines with moments of the next clips in the batch."""
    picked = heard[:, :, torch.randint(heard.shape[2], (STRANGERS // 4,))]
    moments = torch.cat([picked.roll(k, 0) for k in range(1, 5)], dim=2)
    return torch.einsum("bet,bes->bts", codes, moments)


def _steps(sim: Tensor, sharp: Tensor, weight: Tensor, others: Tensor | None) -> Tensor:
    """Every step against all moments of its clip, the nearest as nearly right, and of other clips; both ways."""
    away = torch.arange(sim.shape[1])
    right = torch.exp(-0.5 * ((away[:, None] - away) / NEAR) ** 2)
    right = right / right.sum(1, keepdim=True)
    logits = sharp * sim
    forth = logits if others is None else torch.cat([logits, sharp * others], dim=2)
    forth = -(functional.log_softmax(forth, 2)[:, :, : sim.shape[2]] * right).sum(2)
    back = -(functional.log_softmax(logits, 1) * right).sum(1)
    return _mean((forth + back) / 2, weight)


def _windows(sim: Tensor, window: int, sharp: Tensor, weight: Tensor) -> Tensor:
    """Every window against itself with the sound shifted, as `measure` reads it."""
    scores = _band(sim)  # [B, T - 2 REACH, 2 REACH + 1]
    scores = functional.avg_pool1d(scores.transpose(1, 2), window, 4).transpose(1, 2)
    weight = functional.avg_pool1d(weight[:, REACH:-REACH][:, None], window, 4)[:, 0]
    away = torch.arange(-REACH, REACH + 1)
    right = torch.exp(-0.5 * (away / NEAR) ** 2)
    told = functional.log_softmax(sharp * window**0.5 * scores, 2)
    return _mean(-(told * right / right.sum()).sum(2), weight)


def _band(sim: Tensor) -> Tensor:
    """sim: [B, T, U] -> [B, T - 2 REACH, 2 REACH + 1]: each step with the sound -REACH .. REACH later."""
    steps = sim.shape[1]
    rows = torch.arange(REACH, steps - REACH)
    return sim[:, rows[:, None], rows[:, None] + torch.arange(-REACH, REACH + 1)]


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


def train(clips: Sequence[Seen], options: argparse.Namespace) -> tuple[Sync, int]:
    """One network and the steps it took; resumes from the checkpoint if there is one."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    taught, scored = [c for c in clips if not c.held_out], [c for c in clips if c.held_out]
    network = Sync(Dimensions(), options.dropout)
    _bring_to_one(network, taught)
    lesson = Lesson(network).to(options.device)
    batches = Batches(taught, options.batch, options.seed)
    optimiser = torch.optim.AdamW(lesson.parameters(), lr=options.rate, weight_decay=0.05)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    first = resume(options.checkpoint, lesson, average, optimiser, batches.rng)
    began_s, told_s, sums = time.process_time(), time.monotonic(), dict[str, float]()
    step = first
    for step in range(first + 1, options.steps + 1):
        spent_min = (time.process_time() - began_s) / 60
        progress = max(step / options.steps, spent_min / options.minutes)
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rate_at(progress)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bf16):
            parts = lesson(_on(next(batches), options.device))
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        nn.utils.clip_grad_norm_(lesson.parameters(), 2.0)
        optimiser.step()
        average.update_parameters(network)
        sums = {name: 0.98 * sums.get(name, part.item()) + 0.02 * part.item() for name, part in parts.items()}
        over = step == options.steps or progress >= 1
        if time.monotonic() - told_s > options.report_s or over:
            told_s = time.monotonic()
            text = "  ".join(f"{name} {value:.2f}" for name, value in sums.items())
            print(f"step {step}/{options.steps}  {60000 * spent_min / (step - first):.0f} CPU-ms  "
                  f"{spent_min:.1f} min  {text}", flush=True)  # fmt: skip
            keep(options.checkpoint, step, lesson, average, optimiser, batches.rng)
            print(f"  held out: {figures(average.module.eval(), scored)}", flush=True)
            if options.sheet:
                write_sheet(options.sheet, average.module, scored[:6])
            write(options.out, average.module, {"version": "0", "trained_on": f"half trained, step {step}"})
        if over:
            break
    network.load_state_dict(average.module.state_dict())
    return network.cpu().eval(), step


def _on(batch: Batch, device: str) -> Batch:
    return Batch(**{name: value.to(device) for name, value in vars(batch).items()})


def _bring_to_one(network: Sync, clips: Sequence[Seen]) -> None:
    """What is heard to zero mean and one spread, over everybody alike."""
    rows = np.concatenate([clip.heard[0][::4].astype(np.float32) for clip in clips])
    network.heard_mean.copy_(torch.from_numpy(rows.mean(axis=0)))
    network.heard_scale.copy_(torch.from_numpy(1 / np.maximum(rows.std(axis=0), 0.05)))


def write(path: Path, network: Sync, card: dict[str, str]) -> None:
    """Weights for use, as float16."""
    tensors = {key: value.detach().cpu().numpy().astype(np.float16) for key, value in network.state_dict().items()}
    save(path, tensors, asdict(network.dims), card)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="lipsync train sync", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracks", type=Path, default=Path("work-data/tracks"), help="folder of train/track.py")
    parser.add_argument("--faces", type=Path, default=Path("work-data/faces"), help="folder of train/faces.py")
    parser.add_argument("--cache", type=Path, default=Path("work-data/sync"), help="folder to keep what is prepared in")
    parser.add_argument("--out", type=Path, default=Path("work-data/sync.safetensors"), help="weights to write")
    parser.add_argument("--checkpoint", type=Path, help="file to resume from and keep progress in")
    parser.add_argument("--sheet", type=Path, help="picture of held-out clips' scores, written now and then")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="of processor time; stop then")
    parser.add_argument("--batch", type=int, default=16, help="crops of 2.6 s in a step")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="learning rate at its highest")
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--bf16", action="store_true", help="multiply in bfloat16, where the processor can")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a GPU")
    parser.add_argument("--report-s", type=float, default=60.0, help="seconds between lines of progress")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    clips = [Seen.open(file) for file in prepare(options.tracks, options.faces, options.cache, options.seed)]
    taught = [clip for clip in clips if not clip.held_out]
    print(f"{len(taught)} clips of {len({c.who for c in taught})} people; {len(clips) - len(taught)} held out")
    began_s = time.process_time()
    network, steps = train(clips, options)
    card = {"version": "1", "licence": "Apache-2.0", "seed": str(options.seed), "steps": str(steps),
            "trained_on": "GRID (CC BY 4.0), people: " + ", ".join(sorted({clip.who for clip in taught})),
            "minutes": f"{(time.process_time() - began_s) / 60:.0f}"}  # fmt: skip
    write(options.out, network, card)
    print(f"wrote {options.out}")
    return 0
