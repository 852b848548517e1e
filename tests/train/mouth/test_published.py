# SPDX-License-Identifier: Apache-2.0
"""The published generator is taught with the windows it is used with, and one step of it can be taken."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.mel import mel_spectrogram
from ofx_lipsync.models.wav2lip import Wav2Lip
from ofx_lipsync.models.wav2lip_discriminator import Wav2LipDiscriminator
from ofx_lipsync.train.faces import Talker
from ofx_lipsync.train.mouth import published


@pytest.fixture(scope="module")
def talker() -> Talker:
    rng = np.random.default_rng(4)
    pictures = rng.integers(0, 256, (30, 160, 160, 3), np.uint8)
    pictures[:, 0, 0] = np.arange(30)[:, None] * 8
    samples = rng.normal(0, 0.1, 30 * 640).astype(np.float32)
    return Talker("a", pictures, np.zeros((30, 478, 2), "f4"), np.ones(30, "f4"), np.arange(30) / 25, samples)


def test_a_frame_is_taught_the_sound_that_it_is_given_in_use() -> None:
    mel = np.arange(200, dtype=np.float32)[None].repeat(80, 0)
    for frame in range(20):
        assert published.mel_of(mel, frame)[0, 0] == int(frame * 80 / 25), "the sound of five frames begins with them"
    assert published.mel_of(mel, 60)[0, -1] == 199


def test_a_window_is_five_frames_without_their_mouths_and_five_others(talker) -> None:
    faces, mels, heard, truth = published.window(talker, mel_spectrogram(talker.samples), np.random.default_rng(2))
    assert faces.shape == (6, 5, 96, 96)
    assert truth.shape == (3, 5, 96, 96)
    assert mels.shape == (5, 1, 80, 16)
    np.testing.assert_array_equal(faces[:3, :, :48], truth[:, :, :48])
    assert not faces[:3, :, 48:].any()
    assert not np.array_equal(faces[3:], truth)
    np.testing.assert_array_equal(mels[1], heard)  # a frame's own sound begins one frame before it


def test_pictures_are_blue_first() -> None:
    red = np.zeros((1, 160, 160, 3), np.uint8)
    red[..., 0] = 255
    assert published.small(red)[:, 0, 5, 5].tolist() == [0, 0, 1]


class Deaf:
    """A sync expert to whom all is a little out of time."""

    def seen(self, faces: torch.Tensor) -> torch.Tensor:
        assert faces.shape[1:] == (15, 48, 96)
        return torch.nn.functional.normalize(faces.flatten(1)[:, :512] + 1e-3, dim=1)

    def heard(self, mel: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(torch.ones(len(mel), 512), dim=1)


def test_losses_are_shared_out_as_published(talker) -> None:
    torch.manual_seed(1)
    parts = published.window(talker, mel_spectrogram(talker.samples), np.random.default_rng(2))
    seen = published.Window(*(torch.from_numpy(part[None].copy()) for part in parts))
    judge = Wav2LipDiscriminator()
    loss, told = published.Teacher(judge, None).loss(seen.truth, seen)
    assert told["l1"] == 0
    assert loss.item() == pytest.approx(0.07 * told["judged"], rel=1e-5)
    teacher = published.Teacher(judge, Deaf())
    loss, told = teacher.loss(seen.truth * 0.5, seen)
    assert teacher.sync_share == 0.03
    whole = 0.03 * told["sync"] + 0.07 * told["judged"] + 0.90 * told["l1"]
    assert loss.item() == pytest.approx(whole, rel=1e-5)


@pytest.mark.slow
def test_one_step_can_be_taken(talker) -> None:
    torch.manual_seed(1)
    parts = published.window(talker, mel_spectrogram(talker.samples), np.random.default_rng(2))
    seen = published.Window(*(torch.from_numpy(part[None].copy()) for part in parts))
    network, judge = Wav2Lip(), Wav2LipDiscriminator()
    optimisers = [torch.optim.Adam(part.parameters(), lr=1e-4) for part in (network, judge)]
    before = network.output_block[1].weight.detach().clone()
    told = published.step(network, published.Teacher(judge, None), optimisers, seen, bf16=False)
    assert np.isfinite(list(told.values())).all()
    assert not torch.equal(before, network.output_block[1].weight)


def test_an_expert_that_is_not_there_is_one_line() -> None:
    assert published.expert_of(None) is None
    with pytest.raises(ModelError):
        published.expert_of("nobody")
