# SPDX-License-Identifier: Apache-2.0
"""Checkpoints that a user brings: what fits is kept, what does not is named in full, and no code runs."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models import public
from ofx_lipsync.models.loader import load_file
from ofx_lipsync.models.wav2lip_discriminator import Wav2LipDiscriminator


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return Wav2LipDiscriminator().state_dict()


def checkpoint(folder: Path, state: dict[str, torch.Tensor]) -> Path:
    path = folder / "disc.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}, "global_step": 3, "optimizer": {}}, path)
    return path


def test_a_public_checkpoint_becomes_safetensors(tmp_path, state) -> None:
    path, layout = public.convert(checkpoint(tmp_path, state), tmp_path / "out")
    assert layout == "wav2lip_disc"
    weights = load_file(path)
    assert weights.dims == {"layout": "wav2lip_disc"}
    assert set(weights.tensors) == set(state)
    np.testing.assert_array_equal(weights.tensors["binary_pred.0.weight"], state["binary_pred.0.weight"].numpy())
    assert len(weights.card["source_sha256"]) == 64


def test_everything_that_is_wrong_is_said_and_nothing_written(tmp_path, state) -> None:
    wrong = dict(state)
    del wrong["binary_pred.0.bias"], wrong["face_encoder_blocks.2.1.conv_block.0.weight"]
    wrong["extra.weight"] = torch.zeros(3)
    wrong["face_encoder_blocks.0.0.conv_block.0.bias"] = torch.zeros(31)
    wrong["face_encoder_blocks.1.0.conv_block.0.bias"] = torch.full((64,), torch.nan)
    with pytest.raises(ModelError) as said:
        public.convert(checkpoint(tmp_path, wrong), tmp_path / "out")
    for part in (
        "does not fit wav2lip_disc in 5 places",
        "missing binary_pred.0.bias",
        "missing face_encoder_blocks.2.1.conv_block.0.weight",
        "unexpected extra.weight",
        "face_encoder_blocks.0.0.conv_block.0.bias is (31,), expected (32,)",
        "NaN or Inf in face_encoder_blocks.1.0.conv_block.0.bias",
    ):
        assert part in str(said.value)
    assert "\n" not in str(said.value)
    assert not (tmp_path / "out").exists()


class Code:
    """A pickle of it makes a file where it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_checkpoint_does_not_run(tmp_path, state, zipped) -> None:
    harm, path = tmp_path / "harm", tmp_path / "bad.pth"
    content = {"state_dict": dict(state), "hook": Code(harm)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match="code in a file is never run"):
        public.convert(path, tmp_path)
    assert not harm.exists()
    torch.load(path, weights_only=False)
    assert harm.exists(), "the test's own code would have run"


def test_a_plain_pickle_with_code_does_not_run(tmp_path) -> None:
    path = tmp_path / "bad.pth"
    path.write_bytes(pickle.dumps({"state_dict": Code(tmp_path / "harm")}))
    with pytest.raises(ModelError, match=r"bad\.pth"):
        public.convert(path, tmp_path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_checkpoint_is_one_line(tmp_path, state, share) -> None:
    path = checkpoint(tmp_path, state)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ModelError, match="fetch it again") as said:
        public.convert(path, tmp_path)
    assert "\n" not in str(said.value)


def test_a_missing_file_and_a_stranger_are_one_line(tmp_path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        public.convert(tmp_path / "no.pth", tmp_path)
    torch.save({"state_dict": {"a.weight": torch.zeros(2)}}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="of no network known here"):
        public.convert(tmp_path / "other.pth", tmp_path)
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ModelError, match="holds no state_dict"):
        public.convert(tmp_path / "list.pth", tmp_path)


def test_every_layout_has_shapes() -> None:
    for layout in public.LAYOUTS:
        assert len(public.shapes(layout)) > 20
