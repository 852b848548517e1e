# SPDX-License-Identifier: Apache-2.0
"""The real loader on weights of a few numbers."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as encoded

from ofx_lipsync.core.errors import ModelError, OutputError
from ofx_lipsync.models import loader

DIMS = {"width": 2}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(loader.SEARCH_PATH, os.pathsep.join([str(tmp_path / "nowhere"), str(tmp_path)]))
    return tmp_path


def saved(folder: Path, **tensors: np.ndarray) -> Path:
    loader.save(folder / "tiny.safetensors", tensors or {"a": np.ones(2, np.float16)}, DIMS, {"licence": "Apache-2.0"})
    return folder / "tiny.safetensors"


def signed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.with_suffix(".sha256").write_text(hashlib.sha256(content).hexdigest())


def test_round_trip(folder: Path) -> None:
    path = saved(folder)
    weights = loader.load("tiny")
    assert weights.dims == DIMS
    assert weights.card == {"licence": "Apache-2.0"}
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights.tensors["a"].dtype == np.float32
    assert not weights.tensors["a"].flags.writeable
    weights.fit({"a": (2,)})


def test_changed_weights_are_read_again(folder: Path) -> None:
    saved(folder)
    assert loader.load("tiny").tensors["a"][0] == 1
    saved(folder, a=np.full(3, 2, np.float32))
    assert loader.load("tiny").tensors["a"].tolist() == [2, 2, 2]


def test_missing_says_where_it_looked(folder: Path) -> None:
    with pytest.raises(
        ModelError, match=r"absent: no absent\.safetensors \(looked in .*nowhere.*OFX_LIPSYNC_MODEL_PATH"
    ):
        loader.load("absent")


def test_strict_keys_and_shapes(folder: Path) -> None:
    saved(folder, a=np.ones(2, np.float32), extra=np.ones(1, np.float32))
    weights = loader.load("tiny")
    with pytest.raises(ModelError, match=r"tiny: .*missing b; unexpected extra"):
        weights.fit({"a": (2,), "b": (1,)})
    with pytest.raises(ModelError, match=r"a has another shape \(got \(2,\), expected \(3,\)\)"):
        weights.fit({"a": (3,), "extra": (1,)})


def test_truncated_and_damaged(folder: Path) -> None:
    path = saved(folder)
    content = path.read_bytes()
    path.write_bytes(content[:-3])
    with pytest.raises(ModelError, match="damaged or changed"):
        loader.load("tiny")
    for broken in (content[:-3], content[:5], b"", b"text, not weights"):
        signed(path, broken)
        with pytest.raises(ModelError, match="not whole safetensors") as error:
            loader.load("tiny")
        assert "\n" not in str(error.value)


def test_no_checksum(folder: Path) -> None:
    saved(folder).with_suffix(".sha256").unlink()
    with pytest.raises(ModelError, match=r"no checksum tiny\.sha256"):
        loader.load("tiny")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none(folder: Path, bad: float) -> None:
    saved(folder, good=np.ones(1, np.float32), a=np.array([1, bad], np.float32))
    with pytest.raises(ModelError, match="NaN or Inf in a;"):
        loader.load("tiny")


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({"dims": "{}"}, "not of format 1"),
        ({"format": "2", "dims": "{}"}, "not of format 1"),
        ({"format": "1"}, '"dims" is missing'),
        ({"format": "1", "dims": "{"}, '"dims" is missing or unreadable'),
        ({"format": "1", "dims": json.dumps([1])}, '"dims" is list'),
    ],
)
def test_metadata(folder: Path, metadata: dict[str, str], text: str) -> None:
    signed(folder / "tiny.safetensors", encoded({"a": np.ones(1, np.float32)}, metadata))
    with pytest.raises(ModelError, match=text):
        loader.load("tiny")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        loader.save(tmp_path / "file" / "x.safetensors", {"a": np.ones(1, np.float32)}, DIMS, {})
