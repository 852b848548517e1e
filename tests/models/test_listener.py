# SPDX-License-Identifier: Apache-2.0
"""The NumPy listener is the trained network: same numbers as torch, same bits every time."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models import loader
from ofx_lipsync.models.listener import ArticulationListener, expected_shapes

DIMS = {"bands": 80, "width": 12, "dilations": [1, 4], "channels": 6, "members": 2}


def tiny_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = expected_shapes(2, 80, 12, 2, 6)
    return {key: (rng.normal(size=shape) * 0.2).astype(np.float32) for key, shape in shapes.items()}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArticulationListener:
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    loader.save(tmp_path / "tiny.safetensors", tiny_tensors(), DIMS, {})
    return ArticulationListener.named("tiny")


@pytest.mark.parametrize("columns", [1, 2, 7, 240, 241])
def test_same_as_torch(tiny: ArticulationListener, columns: int) -> None:
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


def test_clock_and_ranges(tiny: ArticulationListener) -> None:
    samples = np.random.default_rng(2).normal(size=(1, 16100)).astype(np.float32) * 0.1
    curve = tiny.hear(Sound(samples, 16000, start_s=-0.5))
    assert curve.values.shape == (41, 6)
    np.testing.assert_allclose(curve.times_s, -0.5 + np.arange(41) / 40)
    for channel in (curve.closure, curve.voice):
        assert channel.dtype == np.float32
        assert (channel >= 0).all()
        assert (channel <= 1).all()


def test_same_bits_twice(tiny: ArticulationListener) -> None:
    sound = Sound(np.random.default_rng(2).normal(size=(1, 20000)).astype(np.float32) * 0.1, 16000)
    assert tiny.hear(sound).values.tobytes() == tiny.hear(sound).values.tobytes()


def test_wrong_rate(tiny: ArticulationListener) -> None:
    with pytest.raises(UsageError, match="48000 Hz, expected 16000"):
        tiny.hear(Sound(np.zeros((1, 10), np.float32), 48000))


def test_weights_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(loader.SEARCH_PATH, str(tmp_path))
    loader.save(tmp_path / "other.safetensors", {"a": np.ones(1, np.float32)}, {"size": 3}, {})
    with pytest.raises(ModelError, match="other: dims lack 'members'"):
        ArticulationListener.named("other")
    loader.save(tmp_path / "other.safetensors", {"a": np.ones(1, np.float32)}, DIMS, {})
    with pytest.raises(ModelError, match=r"missing 0\.blocks.*and \d+ more; unexpected a"):
        ArticulationListener.named("other")


def test_shipped_weights_load_without_torch() -> None:
    code = (
        "import sys; from ofx_lipsync.models.listener import ArticulationListener as A; A.named();"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_shipped_weights_are_small_and_say_what_they_are() -> None:
    path = loader.SHIPPED / "articulation.safetensors"
    assert path.stat().st_size < 5_000_000
    card = loader.load("articulation").card
    assert {"version", "licence", "trained_on", "seed", "steps"} <= set(card)
    assert "CC BY 4.0" in (loader.SHIPPED / "articulation.md").read_text()
