# SPDX-License-Identifier: Apache-2.0
"""The NumPy network is the trained one: same numbers as torch, for strangers and for people it knows."""

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.models import loader
from ofx_lipsync.models.sound_lips import SoundLips, expected_shapes
from ofx_lipsync.models.spoken import INPUTS

DIMS = {"inputs": INPUTS, "width": 12, "dilations": [1, 4], "channels": 6, "style": 3, "people": 2, "members": 2}


def tiny_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {key: (rng.normal(size=shape) * 0.2).astype(np.float32) for key, shape in expected_shapes(DIMS, 2).items()}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoundLips:
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    loader.save(tmp_path / "tiny.safetensors", tiny_tensors(), DIMS, {"people": "ann, bob"})
    return SoundLips(loader.load("tiny"))


@pytest.mark.parametrize("steps", [1, 2, 7, 240])
@pytest.mark.parametrize("who", [None, 0])
def test_same_as_torch(tiny: SoundLips, steps: int, who: int | None) -> None:
    torch = pytest.importorskip("torch")
    from ofx_lipsync.models.coarticulation import Coarticulation, Dimensions

    x = np.random.default_rng(1).normal(size=(steps, INPUTS)).astype(np.float32)
    members = []
    for number in range(2):
        network = Coarticulation(Dimensions(width=12, dilations=(1, 4), style=3, people=2)).eval()
        own = {k.removeprefix(f"{number}."): v for k, v in tiny_tensors().items() if k.startswith(f"{number}.")}
        network.load_state_dict({key: torch.from_numpy(value) for key, value in own.items()})
        with torch.no_grad():
            told = network(torch.from_numpy(x.T[None].copy()), torch.tensor([2 if who is None else who]))
        members.append(told[0].numpy().T)
    np.testing.assert_allclose(tiny.outputs(x, who), np.mean(members, axis=0), atol=2e-5)


def test_people_have_styles(tiny: SoundLips) -> None:
    x = np.random.default_rng(1).normal(size=(9, INPUTS)).astype(np.float32)
    assert tiny.people == ("ann", "bob")
    assert (tiny.person("bob"), tiny.person("")) == (1, None)
    assert np.abs(tiny.outputs(x, 0) - tiny.outputs(x, 1)).max() > 0.01
    with pytest.raises(UsageError, match="'carl' is not known to these weights; they know ann, bob"):
        tiny.person("carl")


def test_weights_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    loader.save(tmp_path / "other.safetensors", {"a": np.ones(1, np.float32)}, {"size": 3}, {})
    with pytest.raises(ModelError, match="other: dims lack 'inputs'"):
        SoundLips(loader.load("other"))
    loader.save(tmp_path / "other.safetensors", {"a": np.ones(1, np.float32)}, DIMS, {})
    with pytest.raises(ModelError, match=r"missing 0\.blocks.*and \d+ more; unexpected a"):
        SoundLips(loader.load("other"))
