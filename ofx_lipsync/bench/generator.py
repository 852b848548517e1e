# SPDX-License-Identifier: Apache-2.0
"""Mouths made for people and sentences that no network learned from, beside the plate engine, a frozen face, the truth.

one mouth known   every frame of a clip out of one frame with shut lips, from another sentence where there is one: a
                  portrait that talks
many known        random mouths out of random others, by how different the two are
The wanted shape is the filmed one, so that the pixels alone are judged: PSNR and SSIM in the zone of the lips, how far
the lips are from where the face tracker sees them in the truth, and LSE-D and LSE-C where a sync network is installed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np

from ofx_lipsync.bench import mouths
from ofx_lipsync.bench.generator_sync import lse
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.loader import find, load_given
from ofx_lipsync.nodes.mouth.lips import SLIT
from ofx_lipsync.train.mouth.lessons import HEIGHT_PX, Person, draw, people

FACES = Path("work-data/faces")
ENGINES = ("frozen", "plate", "neural", "auto")
DRAWS = 300
UNLIKE = (0.0, 0.3, 0.7, 1.2, 9.0)
"""Edges of how different two gaps are (natural log of their ratio, as MouthGenerate counts it)."""
PUBLISHED_MS, LARGEST_MB = 45.0, 40.0


def main(args: argparse.Namespace) -> int:
    """Print the tables and the bars; returns 0 whether or not a bar is met."""
    if not any(FACES.glob("*.npy")):
        raise InputError(
            f"{FACES}: holds no faces; make them with python -m ofx_lipsync.train.faces GRID work-data/tracks {FACES}"
        )
    from ofx_lipsync.models.mouth_generator import generator

    networks = {"neural": generator("mouth")}
    known = people(FACES, held_out=True)
    figures: dict[str, Any] = {"one mouth known": one_known(known, networks, args.clips or 2, args.keep)}
    figures["many known"] = many_known(known, networks)
    figures["cpu_ms"] = speed()
    figures["weights_mb"] = find("mouth").stat().st_size / 1e6
    judged(figures)
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0


def one_known(known: dict[str, Person], networks: dict[str, Any], clips: int, keep: str | None) -> dict[str, Any]:
    """Means over people of the figures of each engine."""
    mesh = FaceNetworks.load().mesh
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in (*ENGINES, "truth")}
    for who, person in known.items():
        for clip in range(min(clips, len(person.talkers))):
            found = sequence(person, clip, networks)
            for name in rows:
                rows[name].append(judge(person, clip, found, name, mesh))
            if keep:
                strip(found, Path(keep) / f"{who}-{clip}.png")
        print(f"{who}: done, load average {os.getloadavg()[0]:.1f}", flush=True)
    table = {name: {k: float(np.mean([r[k] for r in part])) for k in part[0]} for name, part in rows.items()}
    print("\none mouth known           PSNR    SSIM   lips % of face height   LSE-D   LSE-C")
    for name, row in table.items():
        lips = f"{row['lips']:14.2f} {row['lse_d']:16.2f} {row['lse_c']:7.2f}"
        print(f"{name:<22} {row['psnr']:7.2f} {row['ssim']:7.3f} {lips}")
    return table


def sequence(person: Person, clip: int, networks: dict[str, Any]) -> list[tuple[int, mouths.Made]]:
    """Every frame of a clip out of one shut mouth."""
    own = np.flatnonzero(person.clip == clip)
    others = np.flatnonzero(person.clip != clip)
    shut = others if len(others) else own
    source = int(shut[np.argsort(person.gap[shut], kind="stable")[len(shut) // 50]])
    return [(int(k), mouths.made(person, int(k), source, source, 1.0, networks)) for k in own]


def judge(
    person: Person, clip: int, found: Sequence[tuple[int, mouths.Made]], name: str, mesh: Any
) -> dict[str, float]:
    """Figures of one engine over one clip."""
    pictures = [made.truth if name == "truth" else made.pictures[name] for _, made in found]
    near = [mouths.scores(made, name) for _, made in found] if name != "truth" else [(float("nan"), 1.0)]
    talker = person.talkers[clip]
    apart = []
    for (k, made), picture in list(zip(found, pictures, strict=True))[::3]:
        points = talker.points[person.row[k]]
        seen, true = (mouths.lip_points(mesh, p, points) for p in (picture, made.truth))
        apart.append(100 * np.linalg.norm(seen - true, axis=1).mean() / HEIGHT_PX)
    distance, confidence = lse(np.stack(pictures), talker, person.row[[k for k, _ in found]], mesh)
    psnr, ssim = np.mean(near, axis=0)
    lips = float(np.mean(apart))
    return {"psnr": float(psnr), "ssim": float(ssim), "lips": lips, "lse_d": distance, "lse_c": confidence}


def many_known(known: dict[str, Person], networks: dict[str, Any]) -> dict[str, Any]:
    """PSNR and SSIM of each engine by how different the library mouth is from the wanted one."""
    rng, found = np.random.default_rng(5), []
    everybody = list(known.values())
    for n in range(DRAWS):
        person = everybody[n % len(everybody)]
        drawn = draw(person, rng)
        made = mouths.made(person, drawn.target, drawn.source, drawn.widest, 0.0, networks)
        unlike = abs(float(np.log((made.gaps[1] + SLIT) / (made.gaps[0] + SLIT))))
        found.append((unlike, {name: mouths.scores(made, name) for name in ENGINES}))
    table: dict[str, Any] = {}
    print("\nmany known: PSNR dB / SSIM by how different the gaps are (log of ratio)")
    for low, high in itertools.pairwise(UNLIKE):
        rows = [scores for unlike, scores in found if low <= unlike < high]
        if rows:
            means = {name: np.mean([row[name] for row in rows], axis=0) for name in ENGINES}
            table[f"{low:g}-{high:g}"] = {name: [float(v) for v in pair] for name, pair in means.items()}
            text = "  ".join(f"{name} {pair[0]:.2f} / {pair[1]:.3f}" for name, pair in means.items())
            print(f"{low:3.1f} to {high:3.1f} ({len(rows):3d})  {text}")
    return table


def speed() -> dict[str, float]:
    """CPU milliseconds a frame: the published layout at batch 16, folded and channels last, and ours one by one."""
    import torch

    from ofx_lipsync.models.mouth_generator import generator
    from ofx_lipsync.models.wav2lip import Wav2Lip, fast_bf16, for_use

    torch.set_num_threads(1)
    mel, face = torch.randn(16, 1, 80, 16), torch.rand(16, 6, 96, 96).contiguous(memory_format=torch.channels_last)
    tensors = {key: value.numpy() for key, value in Wav2Lip().state_dict().items()}
    found = {}
    for kind in (torch.float32, torch.bfloat16)[: 2 if fast_bf16() else 1]:
        network = for_use(tensors, bf16=kind is torch.bfloat16)
        a, b = mel.to(kind), face.to(kind)
        with torch.inference_mode():
            found[f"published, {str(kind).removeprefix('torch.')}"] = _cpu_ms(lambda n=network, a=a, b=b: n(a, b)) / 16  # type: ignore[misc]
    ours, x = generator("mouth"), np.random.default_rng(1).random((9, 64, 64), np.float32)
    found["ours"] = _cpu_ms(lambda: ours.correct(x), 20)
    for name, ms in found.items():
        print(f"CPU ms a frame, {name}: {ms:.1f}")
    return found


def _cpu_ms(call: Callable[[], object], times: int = 3) -> float:
    """The least of some calls, after one to warm up."""
    call()
    spent = []
    for _ in range(times):
        began = time.process_time()
        call()
        spent.append(time.process_time() - began)
    return 1000 * min(spent)


def judged(figures: dict[str, Any]) -> None:
    """The bars, and which of them are met."""
    one, quickest = figures["one mouth known"], min(v for k, v in figures["cpu_ms"].items() if k != "ours")
    bars = [
        ("PSNR above the plate engine's, dB", one["neural"]["psnr"] - one["plate"]["psnr"], 0.0, True),
        ("PSNR above the frozen face's, dB", one["neural"]["psnr"] - one["frozen"]["psnr"], 0.0, True),
        ("CPU ms a frame at 96 px, batch 16", quickest, PUBLISHED_MS, False),
        ("weights, MB", figures["weights_mb"], LARGEST_MB, False),
    ]
    print(f"\nweights {load_given('mouth').sha256[:12]}; load average {os.getloadavg()[0]:.1f}")
    for name, value, bar, more in bars:
        met = value > bar if more else value <= bar
        print(f"{name}: {value:.2f}  bar {bar:g}: {'met' if met else 'MISSED'}")


def strip(found: Sequence[tuple[int, mouths.Made]], path: Path) -> None:
    """A sheet: every sixth frame, a row an engine, the truth last."""
    from PIL import Image as Picture

    names = (*ENGINES, "truth")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = np.s_[:, 88:152, 48:112]
    rows = [
        np.concatenate([(made.truth if name == "truth" else made.pictures[name])[part] for _, made in found[::6]], 2)
        for name in names
    ]
    picture = (np.concatenate(rows, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    high, wide = picture.shape[:2]
    Picture.fromarray(picture).resize((wide * 2, high * 2), Picture.Resampling.BICUBIC).save(path)
