# SPDX-License-Identifier: Apache-2.0
"""The sync network: what goes in and comes out, what it does not care about, and its weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models import sync_face
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loader import SEARCH_PATH, SHIPPED, find, save
from ofx_lipsync.models.mfcc import mfcc
from ofx_lipsync.models.sync import Dimensions, Sync, on_clock
from ofx_lipsync.models.sync_sound import INPUTS, hear


@pytest.fixture(scope="module")
def network() -> Sync:
    return Sync.named()


def test_codes_are_of_length_one_and_as_many_as_steps(network: Sync) -> None:
    torch.manual_seed(1)
    seen = network.see(torch.rand(9, 3, 48, 64))
    assert seen.shape == (9, network.dims.seen)
    for codes in (
        network.pictured(seen[None]),
        network.shaped(torch.randn(1, 9, sync_face.SHAPE)),
        network.heard(torch.randn(1, 9, INPUTS)),
    ):
        assert codes.shape == (1, network.dims.code, 9)
        assert torch.allclose(codes.norm(dim=1), torch.ones(1, 9), atol=1e-5)


def test_a_lamp_and_a_dimmer_change_nothing(network: Sync) -> None:
    torch.manual_seed(1)
    picture = torch.rand(1, 3, 48, 64)
    near = torch.nn.functional.cosine_similarity(network.see(picture), network.see(picture * 0.6 + 0.1))
    assert near > 0.98


def test_what_is_far_away_in_time_is_not_seen(network: Sync) -> None:
    rows = torch.zeros(1, 60, sync_face.SHAPE)
    changed = rows.clone()
    changed[:, 40:] = 1
    assert torch.allclose(network.shaped(rows)[..., :34], network.shaped(changed)[..., :34], atol=1e-6)


def test_gradients_reach_the_pixels(network: Sync) -> None:
    pictures = torch.rand(5, 3, sync_face.HEIGHT, sync_face.WIDTH, requires_grad=True)
    network.pictured(network.see(pictures)[None])[0, 0].sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0


def test_the_clock_reads_between_frames() -> None:
    rows = torch.arange(4.0)[None, :, None]
    assert on_clock(rows, torch.tensor([[-1.0, 0.5, 2.25, 9.0]]))[0, :, 0].tolist() == [0.0, 0.5, 2.25, 3.0]
    assert on_clock(rows[:, :1], torch.tensor([[0.0, 3.0]])).shape == (1, 2, 1)


def test_shapes_are_the_same_for_a_larger_nearer_tilted_face() -> None:
    rng = np.random.default_rng(1)
    face = rng.normal(size=(2, 478, 3)).astype(np.float32) * 100
    turn = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    placed = (2.5 * face @ turn.T + (40, -7, 0)).astype(np.float32)
    a, b = sync_face.shape_rows(face), sync_face.shape_rows(placed)
    assert np.allclose(a, b, atol=0.02 * np.abs(a).max())
    assert sync_face.shape_rows(face[:0]).shape == (0, sync_face.SHAPE)


def test_a_line_is_heard_alike_at_any_level(sample_line: Path) -> None:
    from ofx_lipsync.media.sound import read_sound, resample

    sound = resample(read_sound(str(sample_line)), 16000)
    listener = ArticulationListener.named()
    loud, soft = (hear(Sound(sound.samples * np.float32(g), 16000), listener).rows for g in (1.0, 0.1))
    assert loud.shape == (-(-sound.samples.shape[1] // 160 // 2), INPUTS)
    assert np.abs(loud - soft).mean() < 0.02
    assert hear(Sound(np.zeros((1, 0), np.float32), 16000), listener).rows.shape == (0, INPUTS)
    with pytest.raises(UsageError, match="16000"):
        hear(Sound(np.zeros((1, 100), np.float32), 44100), listener)


def test_the_shipped_weights_say_what_they_are() -> None:
    card = (SHIPPED / "sync.md").read_text()
    for word in ("GRID", "CC BY 4.0", "Held out", "lipsync train sync", "Limits", "seed"):
        assert word in card
    with safe_open(find("sync"), framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["licence"]
    assert set(json.loads(metadata["dims"])) == set(Dimensions.__dataclass_fields__)
    assert find("sync").stat().st_size < 2_000_000


def test_weights_of_other_sizes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path))
    network = Sync(Dimensions())
    tensors = {key: value.numpy() for key, value in network.state_dict().items()}
    dims = {**Dimensions().__dict__}
    save(tmp_path / "a.safetensors", tensors, {**dims, "code": 32}, {})
    with pytest.raises(ModelError, match="another shape"):
        Sync.named("a")
    save(tmp_path / "b.safetensors", tensors, {"wide": 3}, {})
    with pytest.raises(ModelError, match="use weights of the sync network"):
        Sync.named("b")
    save(tmp_path / "c.safetensors", {**tensors, "heard_mean": np.full(INPUTS, np.nan, np.float32)}, dims, {})
    with pytest.raises(ModelError, match="NaN or Inf in heard_mean"):
        Sync.named("c")


def test_weights_cut_short_renamed_or_swapped_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path))
    content, digest = find("sync").read_bytes(), find("sync", ".sha256").read_text()
    (tmp_path / "short.safetensors").write_bytes(content[:-100])
    (tmp_path / "short.sha256").write_text(digest)
    with pytest.raises(ModelError, match="damaged or changed"):
        Sync.named("short")
    (tmp_path / "renamed.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=r"no checksum renamed\.sha256"):
        Sync.named("renamed")


def test_louder_is_another_first_cepstrum_and_nothing_else() -> None:
    noise = (0.1 * np.random.default_rng(1).normal(size=16000)).astype(np.float32)
    soft, loud = mfcc(noise), mfcc(noise * 2)
    assert soft.shape == (13, 99)
    assert np.allclose(loud[0] - soft[0], np.log(4), atol=1e-3)  # the first is the log energy
    assert np.allclose(loud[1:], soft[1:], atol=1e-3)
    assert np.isfinite(mfcc(np.zeros(500, np.float32))).all()
    assert mfcc(noise[:0]).shape == (13, 0)
