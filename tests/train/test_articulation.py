# SPDX-License-Identifier: Apache-2.0
"""A training small enough for every run: the loss falls, it resumes where it stopped, and what it writes is heard."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ofx_lipsync.models import loader
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.train import articulation as trainer
from ofx_lipsync.train.batches import Batches, between
from ofx_lipsync.train.coarticulate import curves, given_lips, learn
from ofx_lipsync.train.corpus import Take

SMALL = ["--width", "16", "--dilations", "1", "2", "--batch", "4", "--report-s", "0", "--seed", "3"]


def take(name: str, person: str, seed: int, weight: float = 1.0) -> Take:
    """Three seconds in which every loud vowel (phone 1) opens the mouth and every p (phone 27) shuts it."""
    rng = np.random.default_rng(seed)
    phones = np.repeat(rng.choice([0, 1, 27], 30), 10).astype(np.int8)
    features = np.zeros((240, 80), np.float32) + 0.2
    loud = phones[np.minimum((np.arange(240) * 100) // 80, 299)] == 1
    features[loud] += 1.0
    values = np.repeat((phones == 1)[:, None], 6, axis=1).astype(np.float32)
    closure, voice = (phones != 1).astype(np.float32), (phones > 0).astype(np.float32)
    return Take(name, person, False, features, values, np.full((300, 6), weight, np.float32), closure, voice, phones)


TAKES = [take(f"s1_{i}", "s1", i) for i in range(6)] + [take("so1", "so00001", 9, weight=0.0)]


def trained(tmp_path: Path, steps: int, *more: str) -> tuple[trainer.Student, str]:
    options = trainer.arguments([*SMALL, "--steps", str(steps), *more])
    torch.set_num_threads(1)
    return trainer.train(TAKES, options), ""


def test_loss_falls_and_the_mouth_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained(tmp_path, 60, "--augment", "0")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    first, last = (float(line.split("curve ")[1].split()[0]) for line in (lines[0], lines[-1]))
    assert last < 0.6 * first


def test_resumes_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ["--checkpoint", str(tmp_path / "kept.pt")]
    trained(tmp_path, 4, *kept)
    student, _ = trained(tmp_path, 8, *kept)
    assert "resumed at step 4" in capsys.readouterr().out
    again, _ = trained(tmp_path, 8, *kept)
    for one, two in zip(student.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, two)


def test_same_seed_same_network(tmp_path: Path) -> None:
    one, two = (trained(tmp_path, 3)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_what_is_written_is_what_was_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student, _ = trained(tmp_path, 3)
    trainer.write(tmp_path / "mine.safetensors", [student.network, student.network], {"licence": "Apache-2.0"})
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    mel = np.random.default_rng(0).uniform(-4, 4, (80, 50)).astype(np.float32)
    with torch.no_grad():
        wanted = student.network(torch.from_numpy((mel[None] + 4) / 4))[0].numpy().T
    np.testing.assert_allclose(ArticulationListener.named("mine").outputs(mel), wanted, atol=0.02)


def test_batches_hold_labels_of_their_own_time() -> None:
    batches = Batches(TAKES, {"s1": 1.0}, 1, seed=1, strength=0.0)
    row = batches.augmented(TAKES[0], start_s=0.0, speed=1.0)
    np.testing.assert_array_equal(
        row["phones"], np.r_[TAKES[0].phones[np.minimum(np.rint(np.arange(120) * 2.5), 299).astype(int)]]
    )
    late = batches.augmented(TAKES[0], start_s=-1.0, speed=1.0)
    assert (late["phones"][:40] == -1).all()
    assert (late["weight"][:, :40] == 0).all()
    assert between(np.array([[0.0], [2.0]]), np.array([-1.0, 0.5, 3.0])).ravel().tolist() == [0.0, 1.0, 0.0]


def test_nobody_has_lips_at_rest() -> None:
    row = Batches(TAKES, {"s1": 1.0}, 1, seed=1, strength=1.0).nobody()
    assert not row["values"].any()
    assert row["closure"].all()
    assert not row["voice"].any()


def test_phones_give_lips_to_a_voice_without_a_face() -> None:
    torch.set_num_threads(1)
    filmed = [take(f"s1_{i}", "s1", i) for i in range(8)]
    network = learn(filmed, steps=60)
    stranger = given_lips(network, TAKES[-1])
    opened = stranger.values[:, 0]
    assert opened[stranger.phones == 1].mean() > opened[stranger.phones == 27].mean() + 0.5
    assert (opened[stranger.phones == 27] <= 0).all()
    assert 0 < stranger.weight.max() < 1
    assert curves(network, stranger).shape == (300, 6)
