# SPDX-License-Identifier: Apache-2.0
"""Teaches the mouth generator one actor, from any footage of that face alone; minutes of talking are enough.

lipsync train actor anna_1.mov anna_2.mov --out actor_anna.safetensors --minutes 20
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.loader import load_given, save
from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher
from ofx_lipsync.train.faces import Talker, cut_clip
from ofx_lipsync.train.mouth import lessons
from ofx_lipsync.train.mouth.batches import Batches
from ofx_lipsync.train.mouth.finisher import Course, begun, multiplies_bf16, train, weights_of
from ofx_lipsync.train.mouth.score import Score, score
from ofx_lipsync.train.mouth.sheet import sheet
from ofx_lipsync.train.track import LOST, track_clip

LEAST_FRAMES = 100
"""Four seconds: with less there are no two mouths to learn one from the other."""
SCORED = 0.1
"""Share of every clip, its end, that is not learned from but scored."""
LESSONS_A_MINUTE = 200
"""Written for every minute of training, so that making them takes a fifth of the time."""


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lipsync-actor-") as scratch:
        folder = options.work or Path(scratch)
        talkers = [talker(movie, folder) for movie in options.reel]
        learned, kept = apart(talkers)
        count = int(options.lessons or max(200, LESSONS_A_MINUTE * options.minutes))
        file = folder / "lessons.npy"
        if not file.exists() or len(np.load(file, mmap_mode="r")) != count:
            lessons.write(folder, [learned], [1.0], count, options.seed)
        weights = load_given(options.start)
        dims = Dimensions.of(weights.dims)
        left = max(options.minutes - (time.monotonic() - began) / 60, 0.05)
        course = Course(
            minutes=left, steps=options.steps, batch=16, rate=options.rate, critic_from=options.critic_from,
            seed=options.seed, device=options.device, bf16=multiplies_bf16(options.device),
            checkpoint=options.checkpoint, every_s=options.report_s,
        )  # fmt: skip
        drawn = seen_of(kept, options.seed)

        def shown(network: MouthFinisher, step: int) -> None:
            if options.sheets and len(drawn):
                sheet(network, drawn[:14], options.sheets / f"{options.out.stem}_{step:06d}.png")

        network = begun(dict(weights.tensors), dims)
        before = score(network, drawn)
        network, steps = train(network, Batches([file], course.batch, options.seed), course, shown)
        shown(network, steps)
        after = score(network, drawn)
    tell(before, after)
    card = {
        "licence": "yours: it holds the likeness of the actor", "begun_with": f"{weights.name} {weights.sha256[:12]}",
        "minutes": f"{(time.monotonic() - began) / 60:.0f}", "steps": str(steps), "seed": str(options.seed),
        "frames": str(len(learned.row)), "scores": f"{before.text()} -> {after.text()}",
    }  # fmt: skip
    save(options.out, weights_of(network), dims.as_dict(), card)
    print(f"wrote {options.out}; use it with --set MouthGenerate.engine=auto --set MouthGenerate.weights={options.out}")
    return 0


def talker(movie: Path, folder: Path) -> Talker:
    """A movie's face, cut out; kept in a folder, so that a training taken up again need not look for it again.

    Raises: InputError where there is no movie, or nobody in it.
    """
    if not movie.is_file():
        raise InputError(f"{movie}: is not there; name movies of the actor")
    folder.mkdir(parents=True, exist_ok=True)
    faces, track = folder / f"{movie.stem}.npy", folder / f"{movie.stem}.track.npz"
    if not faces.exists():
        found = track_clip(movie, FaceNetworks.load())
        if not (found["presence"] > LOST).any():
            raise InputError(f"{movie}: no face is found in it; name movies in which the actor's face is seen")
        with track.open("wb") as file:
            np.savez(file, **found)  # type: ignore[arg-type]
        pictures, rest = cut_clip(movie, track)
        np.savez(faces.with_suffix(".npz"), **rest)  # type: ignore[arg-type]
        np.save(faces, pictures)
        print(f"{movie.name}: {len(pictures)} frames, the face in {(rest['presence'] > LOST).sum()}", flush=True)
    return Talker.open(folder, movie.stem)


def apart(talkers: Sequence[Talker]) -> tuple[lessons.Person, lessons.Person]:
    """What is learned from, and the ends of the clips that are not.  Raises: InputError where there is too little."""
    cut = [int(len(t.presence) * (1 - SCORED)) for t in talkers]
    first, last = (
        [part(t, slice(None, c) if early else slice(c, None)) for t, c in zip(talkers, cut, strict=True)]
        for early in (True, False)
    )
    frames = sum(int((t.presence > LOST).sum()) for t in first)
    if frames < LEAST_FRAMES:
        raise InputError(
            f"train actor: the face is seen on {frames} frames (expected {LEAST_FRAMES} or more); give more of it"
        )
    return lessons.Person.of(first), lessons.Person.of(last)


def part(whole: Talker, rows: slice) -> Talker:
    return Talker(
        whole.name, whole.pictures[rows], whole.points[rows], whole.presence[rows], whole.times_s[rows], whole.samples
    )


def seen_of(person: lessons.Person, seed: int, count: int = 60) -> np.ndarray:
    """[N, 13, 64, 64] lessons to score, or none where the ends are too short to make any."""
    rng = np.random.default_rng(seed)
    usable = [k for k in range(len(person.row)) if len(person.elsewhere(k))]
    if len(usable) < LEAST_FRAMES // 10:
        return np.zeros((0, 13, 64, 64), np.float32)
    made = [lessons.lesson(person, lessons.draw(person, rng)) for _ in range(count)]
    return np.stack([np.concatenate([x, truth, weight[None]]) for x, truth, weight in made]).astype(np.float32)


def tell(before: Score, after: Score) -> None:
    print(f"frames it did not learn from: {before.text()} before, {after.text()} after", flush=True)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="lipsync train actor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reel", type=Path, nargs="+", help="movies of the actor's face alone")
    parser.add_argument("--out", type=Path, default=Path("actor.safetensors"), help="weights to write")
    parser.add_argument("--minutes", type=float, default=20.0, help="all that it may take, looking for faces included")
    parser.add_argument("--steps", type=int, default=10**9, help="stop after so many, if minutes are left")
    parser.add_argument("--start", default="mouth", help="weights to begin with, by name or path")
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate at its highest")
    parser.add_argument("--critic-from", type=float, default=1.0, help="progress from which a critic's word counts")
    parser.add_argument("--lessons", type=int, help="how many different lessons (default: by the minutes)")
    parser.add_argument("--work", type=Path, help="keep faces and lessons in this folder, to go on from")
    parser.add_argument("--checkpoint", type=Path, help="file to resume from and keep progress in")
    parser.add_argument("--sheets", type=Path, help="draw sheets of what it makes into this folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a GPU")
    parser.add_argument("--report-s", type=float, default=30.0, help="seconds between lines of progress")
    return parser.parse_args(argv)
