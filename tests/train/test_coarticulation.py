# SPDX-License-Identifier: Apache-2.0
"""A training small enough for every run: the loss falls, it resumes where it stopped, and what it writes is heard."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ofx_lipsync.core.phones import CLOSURE, PHONES, index, members
from ofx_lipsync.models import loader
from ofx_lipsync.models.coarticulation import Coarticulation
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.sound_lips import SoundLips
from ofx_lipsync.models.spoken import INPUTS
from ofx_lipsync.train import coarticulation as trainer
from ofx_lipsync.train.coarticulate import given_lips, learn, said, true_lesson
from ofx_lipsync.train.corpus import Take
from ofx_lipsync.train.lesson import CROP_STEPS, Lesson, between, crops, in_steps
from ofx_lipsync.train.lines import Ear, Lessons, lessons

SMALL = ["--width", "16", "--dilations", "1", "2", "--batch", "4", "--report-s", "0", "--seed", "3"]
SIL, A, P = index("sil"), index("a"), index("p")


def take(name: str, person: str, seed: int, weight: float = 1.0) -> Take:
    """Three seconds in which every loud a opens the mouth and every p shuts it."""
    rng = np.random.default_rng(seed)
    phones = np.repeat(rng.choice([SIL, A, P], 30), 10).astype(np.int8)
    bands = np.where(phones == A, -30, -60)[:, None] + np.zeros((300, 48), np.float32)
    values = np.repeat((phones == A)[:, None], 6, axis=1).astype(np.float32)
    closure, voice = (phones != A).astype(np.float32), (phones != SIL).astype(np.float32)
    mel, believed = np.zeros((80, 240), np.float32), np.full((300, 6), weight, np.float32)
    return Take(name, person, False, bands.astype(np.float32), mel, values, believed, closure, voice, phones)


FILMED = [take(f"s1_{i}", "s1", i) for i in range(6)]
VOICE = take("so1", "voice", 9, weight=0.0)
TAUGHT = Lessons({"s1": [in_steps(t, said(t), 0) for t in FILMED]}, ("s1",))


def trained(steps: int, *more: str) -> Coarticulation:
    torch.set_num_threads(1)
    return trainer.train(TAUGHT, trainer.arguments([*SMALL, "--steps", str(steps), *more]))


def test_loss_falls_and_the_mouth_opens(capsys: pytest.CaptureFixture[str]) -> None:
    trained(60)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    first, last = (float(line.split("curve ")[1].split()[0]) for line in (lines[0], lines[-1]))
    assert last < 0.6 * first


def test_resumes_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ["--checkpoint", str(tmp_path / "kept.pt")]
    trained(4, *kept)
    network = trained(8, *kept)
    assert "resumed at step 4" in capsys.readouterr().out
    again = trained(8, *kept)
    for one, two in zip(network.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, two)


def test_same_seed_same_network() -> None:
    one, two = (trained(3).state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_what_is_written_is_what_was_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = trained(3)
    trainer.write(tmp_path / "mine.safetensors", [network, network], {"licence": "Apache-2.0"})
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    x = np.random.default_rng(0).normal(size=(50, INPUTS)).astype(np.float32)
    with torch.no_grad():
        wanted = network(torch.from_numpy(x.T[None].copy()), torch.tensor([1]))[0].numpy().T
    np.testing.assert_allclose(SoundLips(loader.load("mine")).outputs(x), wanted, atol=0.02)


def test_a_crop_holds_labels_of_its_own_time() -> None:
    steps = np.arange(400, dtype=np.float32)
    rows = np.repeat(steps[:, None], 6, axis=1)
    lesson = Lesson(np.repeat(steps[:, None], INPUTS, axis=1), rows, rows * 0 + 1, steps, steps, 3)
    rng = np.random.default_rng(1)
    for _ in range(20):
        crop = crops([lesson], rng, people=7)
        np.testing.assert_allclose(crop["x"][0], crop["values"][0])
        assert np.abs(crop["x"][0] - crop["closure"]).max() <= 0.51
        assert crop["x"].shape == (INPUTS, CROP_STEPS)
        assert crop["who"] in (3, 7)
    short = Lesson(*(part[:20] for part in (lesson.x, rows, rows * 0 + 1, steps, steps)), -1)
    crop = crops([short], rng, people=7)
    assert crop["who"] == 7
    outside = crop["closure"] == -1
    assert outside.sum() > 100
    assert (crop["weight"][:, outside] == 0).all()
    assert between(np.array([[0.0], [2.0]]), np.array([-1.0, 0.5, 3.0])).ravel().tolist() == [0.0, 1.0, 2.0]


def test_phones_give_lips_to_a_voice_without_a_face() -> None:
    torch.set_num_threads(1)
    network = learn([[true_lesson(t, 0) for t in FILMED]], people=1, steps=60)
    stranger = given_lips(network, VOICE, 0)
    opened = stranger.values[:, 0]
    assert opened[stranger.phones == A].mean() > opened[stranger.phones == P].mean() + 0.4
    assert (opened[members(CLOSURE)[stranger.phones]] <= 0).all()
    assert 0 < stranger.weight.max() < 1


def test_lessons_are_of_every_kind_and_nobody_held_out_is_among_them() -> None:
    torch.set_num_threads(1)
    held = [take("s31_x", "s31", 5)]
    held[0] = Take(**{**vars(held[0]), "held_out": True})
    takes = [*FILMED[:2], take("fg", "facegood", 4), VOICE, *held]
    found = lessons(takes, Ear(Hearing.named(), 1, takes, None), versions=2, steps=5)
    assert found.people == ("facegood", "s1")
    assert {name: len(group) for name, group in found.groups.items()} == {
        "s1": 4, "artist": 2, "voices": 1, "nobody": 60}  # fmt: skip
    clean, changed = (found.groups["s1"][i].x for i in (0, 1))
    assert np.abs(clean - changed).max() > 0.1
    rest = found.groups["nobody"][0]
    assert rest.who == -1
    assert not rest.values.any()
    assert rest.closure.all()
    assert not rest.voice.any()
    assert PHONES[SIL] == "sil"
