# SPDX-License-Identifier: Apache-2.0
"""SyncNets of other people: their layouts key by key, and what happens to weights that are not theirs."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models import syncnet_color, syncnet_original
from ofx_lipsync.models.loader import SEARCH_PATH, save

LAYOUTS = (syncnet_original, syncnet_color)
PARAMETERS = {"syncnet_original": (102, 13_631_616), "syncnet_color": (217, 16_435_072)}
"""Keys, and numbers that are learned, of the public checkpoints."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path))
    return tmp_path


def kept(layout: ModuleType, folder: Path, **changed: np.ndarray | None) -> str:
    tensors = {name: np.zeros(shape, np.float16) for name, shape in layout.shapes().items()}
    for name, value in changed.items():
        key = name.replace("__", ".")
        if value is None:
            del tensors[key]
        else:
            tensors[key] = value
    save(folder / "theirs.safetensors", tensors, {"layout": layout.LAYOUT}, {})
    return "theirs"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_is_the_network_s_own(layout: ModuleType, folder: Path) -> None:
    network = layout.load(kept(layout, folder))
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == layout.shapes()
    assert (len(layout.shapes()), sum(p.numel() for p in network.parameters())) == PARAMETERS[layout.LAYOUT]


def test_codes_have_the_sizes_their_makers_say() -> None:
    torch.manual_seed(1)
    original = syncnet_original.SyncNetOriginal().eval()
    assert original.seen(torch.zeros(1, 3, 6, 224, 224)).shape == (1, 2, 1024)
    assert original.heard(torch.zeros(2, 1, 13, 20)).shape == (2, 1024)
    color = syncnet_color.SyncNetColor().eval()
    seen, heard = color.seen(torch.rand(2, 15, 48, 96)), color.heard(torch.rand(2, 1, 80, 16))
    assert seen.shape == heard.shape == (2, 512)
    assert (seen >= 0).all()
    assert torch.allclose(seen.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everything_that_is_wrong_is_listed_at_once(layout: ModuleType, folder: Path) -> None:
    gone, odd = list(layout.shapes())[:2]
    name = kept(layout, folder, **{
        gone.replace(".", "__"): None, odd.replace(".", "__"): np.zeros(3, np.float32), "more": np.zeros(1, np.float32),
    })  # fmt: skip
    with pytest.raises(ModelError) as told:
        layout.load(name)
    for part in (f"1 missing: {gone}", "1 unexpected: more", f"1 of another shape: {odd} (3,)"):
        assert part in str(told.value)
    assert "\n" not in str(told.value)


def test_another_layout_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"layout is 'syncnet_color', expected 'syncnet_original'"):
        syncnet_original.load(kept(syncnet_color, folder))


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('it ran')",))


def test_a_pickle_with_code_in_it_does_not_run(folder: Path) -> None:
    content = pickle.dumps(Bomb())
    (folder / "theirs.safetensors").write_bytes(content)
    (folder / "theirs.sha256").write_text(hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="not whole safetensors"):
        syncnet_original.load("theirs")
