# SPDX-License-Identifier: Apache-2.0
"""Face curves of 200 lines in four languages: lines a second and core, killed half-way and gone on with; doubts of
lines given in the right and in a wrong language; and a plot of one English and one Russian line.

Lines come from the speech that `lipsync train corpus` gathers, where it lies in work-data/speech, or else are said by
espeak-ng.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np
import soundfile

from ofx_lipsync.bench.curve_plot import plot
from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.train.speech.espeak import LANGUAGES as VOICES
from ofx_lipsync.train.speech.espeak import Espeak
from ofx_lipsync.train.speech.prompts import endless

LANGUAGES = ("en", "ru", "es", "it")
LINES, SHORTEST_S, LONGEST_S = 200, 1.5, 8.0
SPEECH = Path("work-data") / "speech"
WRONG_EVERY = 5
FORMATS = "arkit,gltf,rhubarb,json"


def main(args: argparse.Namespace) -> int:
    """args as cli/bench.py declares them; --data may name the folder of the speech, --clips lines a language."""
    count = args.clips or LINES
    folder = Path(args.keep or tempfile.mkdtemp(prefix="curves-"))
    speech = Path(args.data) if args.data else SPEECH
    for language in LANGUAGES:
        given = _gathered(speech, language, count) if (speech / "manifest.jsonl").is_file() else _said(language, count)
        _put(folder / "lines" / language, given)
    right, wrong = _manifest(folder, 0), _manifest(folder, 1, every=WRONG_EVERY)
    total = count * len(LANGUAGES)
    before = _stopped(right, folder / "out", total // 2)
    began_s = time.monotonic()
    told = _run(right, folder / "out")
    print(
        f"{total} lines ({count} x {', '.join(LANGUAGES)}), killed after {before} of them, then gone on with:\n{told}"
    )
    figures: dict[str, Any] = {"lines": total, "killed_after": before, "second_run_s": time.monotonic() - began_s}
    _run(wrong, folder / "wrong", "rhubarb")
    for name, out in (("doubted", "out"), ("doubted_wrong", "wrong")):
        figures[name] = _doubted(folder / out / "summary.csv")
    for name, text in (("doubted", "their own language"), ("doubted_wrong", "the language of the next")):
        shares = ", ".join(f"{language} {share:.0%}" for language, share in figures[name].items())
        print(f"doubted, given as of {text}: {shares}")
    figure = folder / "curves.png"
    plot([sorted((folder / "lines" / language).iterdir())[3] for language in ("en", "ru")], figure)
    print(f"wrote {figure}")
    if args.json:
        Path(args.json).write_text(json.dumps(figures | {"told": told}, indent=1))
    return 0


def _gathered(speech: Path, language: str, count: int) -> Iterator[tuple[np.ndarray, int]]:
    """Lines of the corpus, real ones first, every source in turn."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for text in (speech / "manifest.jsonl").open(encoding="utf-8"):
        row = json.loads(text)
        if row["language"] == language and SHORTEST_S <= row["duration_s"] <= LONGEST_S:
            by_source[row["source"]].append(row["path"])
    paths = [path for turn in range(count) for rows in by_source.values() for path in rows[turn : turn + 1]][:count]
    if len(paths) < count:
        raise MediaError(
            f"{speech}: has {len(paths)} lines of {language}, expected {count}; gather more, or fewer --clips"
        )
    return (soundfile.read(speech / path, dtype="float32") for path in paths)


def _said(language: str, count: int) -> Iterator[tuple[np.ndarray, int]]:
    engine, texts = Espeak(), endless(language, 1)
    for number in range(count):
        words = " ".join(next(texts).split()[:9])
        yield engine.say(words, VOICES[language], 140 + number % 40, 35 + number % 30)[0], 16000


def _put(folder: Path, lines: Iterator[tuple[np.ndarray, int]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (samples, rate_hz) in enumerate(lines):
        soundfile.write(folder / f"line_{number:03d}.wav", samples, rate_hz)


def _manifest(folder: Path, shift: int, every: int = 1) -> Path:
    """The lines as of their own language, or of the next one; all, or one of so many."""
    path = folder / f"lines_{shift}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("id", "sound", "language", "out"))
        for place, language in enumerate(LANGUAGES):
            claimed = LANGUAGES[(place + shift) % len(LANGUAGES)]
            for line in sorted((folder / "lines" / language).iterdir())[::every]:
                table.writerow((line.stem, f"lines/{language}/{line.name}", claimed, f"{language}/{line.stem}"))
    return path


def _command(manifest: Path, out: Path, formats: str = FORMATS) -> Sequence[str]:
    words = ["curves", str(manifest), "--to", formats, str(out), "--progress", "none"]
    return [sys.executable, "-m", "ofx_lipsync.cli.main", *words]


def _run(manifest: Path, out: Path, formats: str = FORMATS) -> str:
    done = subprocess.run(_command(manifest, out, formats), capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise MediaError(f"curves: {done.stderr.strip().splitlines()[0]}; run the command by hand")
    return done.stdout.strip()


def _stopped(manifest: Path, out: Path, after: int) -> int:
    """How many lines were whole when the batch was killed, without warning."""
    running = subprocess.Popen(_command(manifest, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and _whole(out) < after:
        time.sleep(0.1)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    return _whole(out)


def _whole(out: Path) -> int:
    return sum(1 for _ in out.rglob("*.curves.json"))


def _doubted(summary: Path) -> dict[str, float]:
    """Share of the lines of each language that are doubtful; the language is the one that is spoken."""
    statuses: dict[str, list[bool]] = defaultdict(list)
    with summary.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            statuses[Path(row["sound"]).parent.name].append(row["status"] == "doubtful")
    return {language: sum(found) / len(found) for language, found in statuses.items()}
