# SPDX-License-Identifier: Apache-2.0
"""How a sync network does on clips it never saw, as figures and as a picture to look at while it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
import torch

from ofx_lipsync.models.sync import Sync, on_clock
from ofx_lipsync.models.sync_sound import STEPS_HZ
from ofx_lipsync.train.sync_batches import FRAME_HZ
from ofx_lipsync.train.sync_clips import Seen

REACH = 30
TOWERS = ("shape", "picture", "both")


def scores(network: Sync, clip: Seen) -> dict[str, np.ndarray]:
    """[T, U] cosines of every moment seen with every moment heard, by each tower and by both."""
    with torch.no_grad():
        count = clip.heard.shape[1]
        position = ((torch.arange(count) + 0.5) / STEPS_HZ * FRAME_HZ)[None]
        pictures = torch.from_numpy(clip.pictures).permute(0, 3, 1, 2).float() / 255
        seen = network.see(pictures)[None]
        shape = torch.from_numpy(clip.shape - clip.shape.mean(axis=0))[None]
        heard = network.heard(torch.from_numpy(clip.heard[0].astype(np.float32))[None])[0]
        shaped = network.shaped(on_clock(shape, position))[0]
        pictured = network.pictured(on_clock(seen - seen.mean(1, keepdim=True), position))[0]
    shape_sim, picture_sim = ((codes.T @ heard).numpy() for codes in (shaped, pictured))
    return {"shape": shape_sim, "picture": picture_sim, "both": (shape_sim + picture_sim) / 2}


def band(sim: np.ndarray, reach: int = REACH) -> np.ndarray:
    """[T, U] -> [T, 2 reach + 1], NaN outside of the sound."""
    rows = np.arange(len(sim))[:, None] + np.arange(-reach, reach + 1)
    inside = (rows >= 0) & (rows < sim.shape[1])
    return np.where(inside, np.take_along_axis(sim, rows.clip(0, sim.shape[1] - 1), axis=1), np.nan)


def figures(network: Sync, clips: Sequence[Seen]) -> str:
    """Of people and sentences apart: windows of 1 s whose best offset is within a frame, per cent."""
    told = []
    for group in ("people", "s1"):
        right: dict[str, list[float]] = {tower: [] for tower in TOWERS}
        for clip in clips:
            if (clip.who == "s1") != (group == "s1"):
                continue
            spoken = np.flatnonzero(clip.heard[0][:, -1] > 0.5)
            for tower, sim in scores(network, clip).items():
                windows = band(sim)[REACH:-REACH]
                means = np.lib.stride_tricks.sliding_window_view(windows, 50, axis=0).mean(axis=2)[::5]
                middle = REACH + 25 + 5 * np.arange(len(means))
                means = means[(middle > spoken[0]) & (middle < spoken[-1])]
                right[tower] += (np.abs(means.argmax(axis=1) - REACH) <= 2).tolist()
        told.append(f"{group} " + " ".join(f"{tower} {100 * np.mean(r):.1f}" for tower, r in right.items() if r))
    return "; ".join(told) + " % of 1 s windows in one frame"


def write_sheet(path: Path, network: Sync, clips: Sequence[Seen]) -> None:
    """A row a clip: cosines over time (across) and offset (up), by shape, picture and both."""
    from PIL import Image

    rows = []
    for clip in clips:
        maps = [np.nan_to_num(band(sim)).T[::-1] for sim in scores(network, clip).values()]
        rows.append(np.concatenate([np.pad(m[:, :148], ((1, 1), (1, 1)), constant_values=1) for m in maps], axis=1))
    sheet = np.clip(np.concatenate(rows) * 127 + 128, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).resize((sheet.shape[1] * 2, sheet.shape[0] * 2)).save(path)
