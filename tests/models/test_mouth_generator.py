# SPDX-License-Identifier: Apache-2.0
"""The mouth generator: same bits every time, and weights that do not fit are one clear line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.loader import save
from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher, expected_shapes, generator

SMALL = Dimensions(widths=(8, 8, 8, 8))


def written(path, dims=None, **changed):
    torch.manual_seed(1)
    network = MouthFinisher(SMALL)
    torch.nn.init.normal_(network.out.weight, std=0.1)
    tensors = {key: value.numpy() for key, value in network.state_dict().items()} | changed
    save(path, tensors, dims or SMALL.as_dict(), {})
    return str(path)


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(2).random((9, 64, 64), np.float32)


def test_the_same_picture_gives_the_same_bits(tmp_path, x) -> None:
    network = generator(written(tmp_path / "a.safetensors"))
    first = network.correct(x)
    network.correct(x[::-1].copy())
    assert first.shape == (3, 64, 64)
    assert first.tobytes() == network.correct(x).tobytes()


def test_an_untrained_network_corrects_nothing() -> None:
    with torch.no_grad():
        assert not MouthFinisher(SMALL)(torch.rand(1, 9, 64, 64)).any()


def test_its_shapes_are_those_of_the_network() -> None:
    assert expected_shapes(SMALL) == {k: tuple(v.shape) for k, v in MouthFinisher(SMALL).state_dict().items()}


def test_weights_of_another_network_are_refused(tmp_path) -> None:
    with pytest.raises(ModelError, match="got layout 'wav2lip', expected 'mouth_finisher'"):
        generator(written(tmp_path / "a.safetensors", {"layout": "wav2lip"}))
    with pytest.raises(ModelError, match="dims lack 'widths'"):
        generator(written(tmp_path / "b.safetensors", {"layout": "mouth_finisher", "pictures": 6, "maps": 3}))
    with pytest.raises(ModelError, match=r"out\.bias has another shape"):
        generator(written(tmp_path / "c.safetensors", **{"out.bias": np.zeros(4, np.float32)}))


def test_damaged_files_are_one_line(tmp_path) -> None:
    path = tmp_path / "a.safetensors"
    written(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(ModelError, match="damaged or changed"):
        generator(str(path))
    path.write_bytes(whole)
    path.rename(tmp_path / "renamed.safetensors")
    with pytest.raises(ModelError, match=r"no checksum renamed\.sha256 beside it"):
        generator(str(tmp_path / "renamed.safetensors"))
    with pytest.raises(ModelError, match="cannot be read"):
        generator(str(path))
    written(path, **{"out.bias": np.full(3, np.nan, np.float32)})
    with pytest.raises(ModelError, match=r"NaN or Inf in out\.bias"):
        generator(str(path))
