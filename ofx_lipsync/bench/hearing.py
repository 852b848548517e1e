# SPDX-License-Identifier: Apache-2.0
"""How right the mouths are that are heard from speech alone: speakers never trained on, bars and peers side by side."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.bench import hearing_bars as bars
from ofx_lipsync.bench import voice
from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.bench.hearing_noise import conditions, nobody
from ofx_lipsync.bench.hearing_peers import Shown, at_its_best, cherry, pocketsphinx, rhubarb
from ofx_lipsync.bench.hearing_score import NEUTRAL, Score, table
from ofx_lipsync.core.phones import ADOBE, UNKNOWN, adobe
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.viseme_choice import VisemeChoice
from ofx_lipsync.train.speech.utterance import Utterance, read_manifest

CORPUS = Path("work-data/speech")
SOURCES = ("festvox-ru", "flite", "speechocean")
IN_NOISE = 24
"""Sentences of each set that are heard again under every condition."""
Spoken = list[tuple[str, np.ndarray, np.ndarray]]
"""(name, samples, labels as indices into ADOBE)"""


def streaming(network: Hearing) -> Shown:
    def shown(samples: np.ndarray) -> np.ndarray:
        stream, choice = network.stream(), VisemeChoice()
        return np.concatenate([choice.push(stream.push(samples)), choice.push(stream.finish())])

    return shown


def offline(network: Hearing) -> Shown:
    return lambda samples: VisemeChoice().line(network.line(samples))


def held_out(utterances: Sequence[Utterance], source: str, folder: Path, clips: int | None) -> Spoken:
    """Spread over all of them where only some are wanted: a set is sorted by speaker."""
    found = [u for u in utterances if u.source == source and u.split == "test"]
    chosen = found if clips is None else found[:: max(1, len(found) // clips)][:clips]
    mouths = adobe()
    return [(u.path, u.samples(folder), mouths.labels(u.frames())) for u in chosen]


def scored(spoken: Spoken, shown: Shown) -> Score:
    return counted([(labels, shown(samples)) for _, samples, labels in spoken])


def counted(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Score:
    score = Score()
    for labels, mouths in pairs:
        score.add(labels, mouths)
    return score


def peer_rows(name: str, spoken: Spoken, shown: Shown) -> dict[str, dict[str, float]]:
    """A peer as it is, and with its mouths read as ours by the map that suits it best on these very sentences."""
    pairs = [(labels, shown(samples)) for _, samples, labels in spoken]
    cut = [(a[: len(b)], b[: len(a)]) for a, b in pairs]
    labels, mouths = (np.concatenate(part) for part in zip(*cut, strict=True))
    best = at_its_best(labels[labels != UNKNOWN], mouths[labels != UNKNOWN])
    read = [(a, best[b]) for a, b in pairs]
    return {name: counted(pairs).figures(), f"{name}, best map": counted(read).figures()}


def in_conditions(spoken: Spoken, others: Spoken, shown: Shown) -> dict[str, dict[str, float]]:
    """What each condition costs, in shares; the same noise for the same sentence on every run."""
    clean = scored(spoken, shown).figures()
    rows = {}
    for name, condition in conditions([samples for _, samples, _ in others]).items():
        changed = [(path, condition(samples, np.random.default_rng(zlib.crc32(path.encode()))), labels)
                   for path, samples, labels in spoken]  # fmt: skip
        figures = scored(changed, shown).figures()
        rows[name] = {
            f"{key} lost": clean[key] - figures[key] for key in ("frames", "M found", "F found", "W-Oo found")
        }
        rows[name]["M true"] = figures["M true"]
    return rows


def quiet(shown: Shown) -> dict[str, float]:
    """Share of the time that lips rest where nobody speaks."""
    return {name: float(np.isin(shown(samples), [NEUTRAL, ADOBE.index("M")]).mean())
            for name, samples in nobody(np.random.default_rng(7)).items()}  # fmt: skip


def costs(network: Hearing) -> dict[str, float]:
    """CPU of a 10 ms step, median of ten parts; how much faster than its pace a line is heard; start without torch."""
    samples = np.random.default_rng(1).normal(size=160 * 2000).astype(np.float32) * np.float32(0.05)
    stream, steps_ms = network.stream(), []
    for part in np.split(samples, 10):
        began = time.process_time()
        for start in range(0, len(part), 160):
            stream.push(part[start : start + 160])
        steps_ms.append((time.process_time() - began) / (len(part) / 160) * 1000)
    began = time.process_time()
    network.line(samples)
    faster = 20 / (time.process_time() - began)
    program = ("import time; t = time.process_time(); import sys; from ofx_lipsync.models.hearing_listener import "
               "Hearing; Hearing.named().stream(); print(time.process_time() - t, 'torch' in sys.modules)")  # fmt: skip
    started, torch = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    return {"step ms": float(np.median(steps_ms)), "offline x": faster, "start s": float(started),
            "torch": float(torch == "True")}  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Prints the tables; args as cli/bench.py declares them. The corpus is that of lipsync train corpus."""
    network, utterances = Hearing.named(), read_manifest(CORPUS)
    ours: dict[str, Shown] = {"streaming": streaming(network), "offline": offline(network)}
    rivals: dict[str, Callable[[], Shown | None]] = {
        "cherry-lip-sync": lambda: cherry(shared_folder(args.data) / "models"), "pocketsphinx allphone": pocketsphinx,
        "Rhubarb phonetic": rhubarb,
    }  # fmt: skip
    peers = {name: shown for name, make in rivals.items() if (shown := make()) is not None}
    sets = {source: held_out(utterances, source, CORPUS, args.clips) for source in SOURCES}
    rows: dict[str, dict[str, float]] = {}
    noisy: dict[str, dict[str, float]] = {}
    for source, spoken in ((s, x) for s, x in sets.items() if x):
        for name, shown in ours.items():
            rows[f"{source}, {name}"] = scored(spoken, shown).figures()
        for name, shown in peers.items():
            rows |= peer_rows(f"{source}, {name}", spoken, shown)
        others = sets["flite" if source == "speechocean" else "speechocean"]
        few = spoken[:: max(1, len(spoken) // IN_NOISE)][:IN_NOISE]
        noisy |= {f"{source}, {k}": v for k, v in in_conditions(few, others, ours["streaming"]).items()}
    lips, spent = quiet(ours["streaming"]), costs(network)
    print(table(rows), table(noisy), table({"nobody speaks, lips at rest": lips}), table({"cost": spent}), sep="\n\n")
    filmed = voice.rows(args)
    print("\n" + voice.table(filmed))
    for source in (s for s in SOURCES if sets[s]):
        print(bars.verdict(f"{source}, streaming", bars.streaming(source, rows[f"{source}, streaming"])))
        print(bars.verdict(f"{source}, whole lines and peers", bars.whole(source, rows)))
        print(bars.verdict(f"{source}, conditions", bars.conditions(source, noisy)))
    for name, missed in (("nobody speaking", bars.rest(lips)), ("cost", bars.cost(spent)),
                         ("articulation", bars.articulation(filmed))):  # fmt: skip
        print(bars.verdict(name, missed))
    if args.json:
        Path(args.json).write_text(json.dumps({"clean": rows, "conditions": noisy, "articulation": filmed}, indent=1))
    return 0
