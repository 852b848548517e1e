# SPDX-License-Identifier: Apache-2.0
"""The NumPy network is the trained one: same numbers as torch, same bits every time."""

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models import loader
from ofx_lipsync.models.mel_lips import MelLips, expected_shapes

DIMS = {"bands": 80, "width": 12, "dilations": [1, 4], "channels": 6, "members": 2}


def tiny_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = expected_shapes(2, 80, 12, 2, 6)
    return {key: (rng.normal(size=shape) * 0.2).astype(np.float32) for key, shape in shapes.items()}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MelLips:
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    loader.save(tmp_path / "tiny.safetensors", tiny_tensors(), DIMS, {})
    return MelLips(loader.load("tiny"))


@pytest.mark.parametrize("columns", [1, 2, 7, 240, 241])
def test_same_as_torch(tiny: MelLips, columns: int) -> None:
    torch = pytest.importorskip("torch")
    from ofx_lipsync.models.articulation import Articulation, Dimensions

    mel = np.random.default_rng(1).uniform(-4, 4, (80, columns)).astype(np.float32)
    members = []
    for member in range(2):
        network = Articulation(Dimensions(width=12, dilations=(1, 4))).eval()
        own = {k.removeprefix(f"{member}."): v for k, v in tiny_tensors().items() if k.startswith(f"{member}.")}
        network.load_state_dict({key: torch.from_numpy(value) for key, value in own.items()})
        with torch.no_grad():
            members.append(network(torch.from_numpy((mel[None] + 4) / 4))[0].numpy().T)
    np.testing.assert_allclose(tiny.outputs(mel), np.mean(members, axis=0), atol=2e-5)


def test_same_bits_twice(tiny: MelLips) -> None:
    mel = np.random.default_rng(1).uniform(-4, 4, (80, 200)).astype(np.float32)
    assert tiny.outputs(mel).tobytes() == tiny.outputs(mel).tobytes()


def test_weights_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    loader.save(tmp_path / "other.safetensors", {"a": np.ones(1, np.float32)}, {"size": 3}, {})
    with pytest.raises(ModelError, match="other: dims lack 'members'"):
        MelLips(loader.load("other"))
    loader.save(tmp_path / "other.safetensors", {"a": np.ones(1, np.float32)}, DIMS, {})
    with pytest.raises(ModelError, match=r"missing 0\.blocks.*and \d+ more; unexpected a"):
        MelLips(loader.load("other"))
