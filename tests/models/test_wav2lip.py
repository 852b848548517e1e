# SPDX-License-Identifier: Apache-2.0
"""The published generator and its judge: size, shapes, and nothing lost when batch norms are folded."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ofx_lipsync.models import wav2lip, wav2lip_discriminator


@pytest.fixture(scope="module")
def network() -> wav2lip.Wav2Lip:
    torch.manual_seed(3)
    made = wav2lip.Wav2Lip().eval()
    for name, value in made.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(0, 0.1)
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
    return made


@pytest.fixture(scope="module")
def seen() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(4)
    return torch.randn(2, 1, 80, 16, generator=rng), torch.rand(2, 6, 96, 96, generator=rng)


def test_it_has_the_published_number_of_weights_and_keys(network) -> None:
    assert sum(value.numel() for value in network.parameters()) == 36_298_035
    assert len(wav2lip.shapes()) == 352
    assert wav2lip.shapes()["face_decoder_blocks.3.0.conv_block.0.weight"] == (768, 384, 3, 3)
    assert wav2lip.shapes()["audio_encoder.6.conv_block.1.num_batches_tracked"] == ()


def test_its_judge_has_them_too() -> None:
    judge = wav2lip_discriminator.Wav2LipDiscriminator()
    assert sum(value.numel() for value in judge.parameters()) == 14_113_793
    assert len(wav2lip_discriminator.shapes()) == 28
    assert judge(torch.rand(2, 3, 48, 96)).shape == (2, 1)


@torch.no_grad()
def test_folding_batch_norms_changes_nothing_but_rounding(network, seen) -> None:
    folded = wav2lip.for_use({name: value.numpy() for name, value in network.state_dict().items()})
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in folded.modules())
    np.testing.assert_allclose(folded(*seen).numpy(), network(*seen).numpy(), atol=2e-5)


@torch.no_grad()
def test_a_window_of_frames_is_its_frames(network, seen) -> None:
    mel, face = seen
    both = network(mel[None], face.transpose(0, 1)[None])
    assert both.shape == (1, 3, 2, 96, 96)
    np.testing.assert_allclose(both[0].transpose(0, 1).numpy(), network(mel, face).numpy(), atol=1e-5)


@torch.no_grad()
def test_bf16_is_near(network, seen) -> None:
    quick = wav2lip.for_use({name: value.numpy() for name, value in network.state_dict().items()}, bf16=True)
    made = quick(*(part.bfloat16() for part in seen)).float()
    assert (made - network(*seen)).abs().max() < 0.05
