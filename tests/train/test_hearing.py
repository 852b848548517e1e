# SPDX-License-Identifier: Apache-2.0
"""A tiny corpus of two sounds is learned in seconds, goes on from a checkpoint, and is heard by the NumPy listener."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.phones import PHONES, index
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.loader import load
from ofx_lipsync.train.hearing import Teacher
from ofx_lipsync.train.speech.utterance import RATE_HZ, Shelf, Utterance, write_manifest


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hum for u, hiss for s, nothing for silence."""
    folder, rng = tmp_path_factory.mktemp("corpus"), np.random.default_rng(1)
    shelf = Shelf(folder, "flite")
    for number in range(4):
        names = rng.permutation(["u", "s", "sil"] * 6)
        samples = np.concatenate([said(name, rng) for name in names])
        phones = tuple((str(name), 0.2 * (i + 1)) for i, name in enumerate(names))
        shelf.add(Utterance(shelf.name(str(number)), "flite", "ours", "en", "nobody", "exact", "train",
                            len(samples) / RATE_HZ, phones), samples)  # fmt: skip
    write_manifest(folder)
    return folder


def said(name: str, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(RATE_HZ // 5) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 150 * k * time_s) / k for k in range(1, 6))
    sounds = {"u": 0.2 * hum, "s": 0.1 * np.diff(rng.normal(size=len(time_s) + 1)), "sil": 0 * time_s}
    return np.asarray(sounds[name], np.float32)


def trained(corpus: Path, out: Path, steps: int, *more: str) -> None:
    shape = ["--width", "32", "--batch", "8", "--length", "100", "--rate", "0.02", "--report-s", "0"]
    files = ["--corpus", str(corpus), "--out", str(out), "--checkpoint", str(out.with_suffix(".pt"))]
    assert main(["train", "hearing", *files, *shape, "--steps", str(steps), *more]) == 0


def test_it_learns_goes_on_and_is_heard(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    trained(corpus, tmp_path / "tiny.safetensors", 5)
    capsys.readouterr()
    trained(corpus, tmp_path / "tiny.safetensors", 60)
    told = capsys.readouterr().out
    assert "resumed at step 5" in told
    losses = [float(line.split("loss ")[1].split()[0]) for line in told.splitlines() if "loss " in line]
    assert losses[-1] < 0.7 * losses[0]
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    assert Hearing.named("tiny").line(said("s", np.random.default_rng(2))).phones.shape == (20, len(PHONES))


def test_part_of_the_way_from_other_weights(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    trained(corpus, tmp_path / "first.safetensors", 3)
    for name, share in (("none", "0"), ("half", "0.5"), ("all", "1")):
        trained(corpus, tmp_path / f"{name}.safetensors", 3, "--start", "first", "--share", share)
    first, none, half, whole = (load(name).tensors["told.weight"] for name in ("first", "none", "half", "all"))
    np.testing.assert_array_equal(none, first)
    assert not np.array_equal(whole, first)
    np.testing.assert_allclose(half, (first + whole) / 2, atol=1e-3)


def test_batches_made_ahead_change_nothing_and_minutes_end_it(
    corpus: Path, tmp_path: Path, monkeypatch, capsys
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    trained(corpus, tmp_path / "alone.safetensors", 4)
    trained(corpus, tmp_path / "ahead.safetensors", 4, "--workers", "2")
    for name, value in load("alone").tensors.items():
        np.testing.assert_array_equal(load("ahead").tensors[name], value, err_msg=name)
    capsys.readouterr()
    trained(corpus, tmp_path / "short.safetensors", 1000, "--minutes", "1e-6")
    assert "step 1  100%" in capsys.readouterr().out


def test_what_cannot_be_trained_is_said(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "hearing", "--corpus", str(corpus), "--share", "0.5"])
    assert "--share is 0.5 (expected 0 to 1, with --start)" in capsys.readouterr().err


def test_lips_count_the_same_shut_and_open() -> None:
    import torch

    spoken = np.full(len(PHONES), 1 / len(PHONES))
    teacher = Teacher(spoken)
    assert (teacher.balance > 1).all()
    logits = torch.zeros(1, 2, len(PHONES) + 3)
    known = teacher.loss(logits, torch.tensor([[index("p"), -1]]))
    assert torch.isfinite(known)
    assert known == pytest.approx(float(teacher.loss(logits[:, :1], torch.tensor([[index("p")]]))), rel=1e-5)
