# SPDX-License-Identifier: Apache-2.0
"""The mouth generator learns, goes on where it was stopped, and is given the same lessons again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher
from ofx_lipsync.train.mouth.batches import TRUTH, WEIGHT, Batches, varied
from ofx_lipsync.train.mouth.critic import Critic, judged
from ofx_lipsync.train.mouth.finisher import Course, begun, finished, mistakes, train, weights_of
from ofx_lipsync.train.mouth.score import score
from ofx_lipsync.train.mouth.sheet import sheet

SMALL = Dimensions(widths=(8, 8, 8, 8))


@pytest.fixture
def file(tmp_path):
    """Lessons whose guess is too dark in the middle."""
    rows = np.random.default_rng(1).random((12, 13, 64, 64)).astype(np.float16)
    rows[:, TRUTH] = rows[:, :3] + np.float16(0.3)
    rows[:, WEIGHT] = 0
    rows[:, WEIGHT, 16:48, 16:48] = 1
    np.save(tmp_path / "lessons.npy", rows)
    return tmp_path / "lessons.npy"


def test_what_is_right_is_no_mistake_and_outside_of_the_zone_nothing_is() -> None:
    truth, weight = torch.rand(2, 3, 64, 64), torch.zeros(2, 1, 64, 64)
    weight[..., 20:40, 20:40] = 3
    assert mistakes(truth, truth, weight).item() == 0
    outside = truth.clone()
    outside[..., :10, :] += 1
    assert mistakes(outside, truth, weight).item() == 0
    assert mistakes(truth + 0.1, truth, weight).item() == pytest.approx(0.2, abs=1e-3)
    assert torch.equal(finished(truth, torch.ones_like(truth), weight)[..., :10, :], truth[..., :10, :])


def test_it_learns_and_goes_on_where_it_stopped(file, tmp_path) -> None:
    torch.manual_seed(0)
    course = Course(steps=20, batch=4, rate=2e-3, bf16=False, checkpoint=tmp_path / "a.pt", every_s=1e9)
    network, steps = train(begun(None, SMALL), Batches([file], 4, 1), course)
    assert steps == 20
    rows = np.load(file).astype(np.float32)
    first = score(MouthFinisher(SMALL), rows)
    assert first.psnr_db == pytest.approx(first.guess_db)
    shown: list[int] = []
    longer = replace(course, steps=60, critic_from=0.9, every_s=0.0)
    network, steps = train(begun(None, SMALL), Batches([file], 4, 1), longer, lambda n, s: shown.append(s))
    assert shown == list(range(21, 61))
    assert score(network, rows).psnr_db > first.psnr_db + 0.5
    again = begun({k: v.astype(np.float32) for k, v in weights_of(network).items()}, SMALL)
    assert score(again, rows).psnr_db == pytest.approx(score(network, rows).psnr_db, abs=0.1)


def test_a_batch_follows_from_its_number(file) -> None:
    batches = Batches([file, file], 4, 1)
    assert torch.equal(batches.batch(7), Batches([file, file], 4, 1).batch(7))
    assert not torch.equal(batches.batch(7), batches.batch(8))


def test_a_lesson_is_varied_in_all_its_pictures_alike() -> None:
    row = np.ones((13, 64, 64), np.float32) * 0.5
    row[:, :, :32] = 0.25
    out = varied(row.copy(), np.random.default_rng(3))
    np.testing.assert_array_equal(out[:3], out[TRUTH])
    np.testing.assert_array_equal(out[:3], out[3:6])
    assert not np.array_equal(out[:3], row[:3])


def test_a_critic_learns_to_tell() -> None:
    torch.manual_seed(0)
    critic, real, fake = Critic(), torch.rand(4, 6, 64, 64), torch.rand(4, 6, 64, 64) * 0.3
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3)
    everywhere = torch.ones(4, 1, 64, 64)
    first = judged(critic(real), critic(fake), everywhere).item()
    for _ in range(8):
        loss = judged(critic(real), critic(fake), everywhere)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < first


def test_a_sheet_is_drawn(file, tmp_path) -> None:
    sheet(MouthFinisher(SMALL), np.load(file)[:5], tmp_path / "new" / "sheet.png")
    from PIL import Image

    with Image.open(tmp_path / "new" / "sheet.png") as drawn:
        assert drawn.size == (5 * 64 * 3, 4 * 64 * 3)
