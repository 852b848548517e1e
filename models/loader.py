# SPDX-License-Identifier: Apache-2.0
"""One loader for all weights: safetensors with metadata, a checksum beside them, and nothing fetched or unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping

import numpy as np
from safetensors import SafetensorError, safe_open

from ofx_lipsync.core.errors import ModelError, OutputError

FORMAT = 1
SEARCH_PATH = "OFX_LIPSYNC_MODEL_PATH"
SHIPPED = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Weights:
    """tensors: name -> float32 array. dims: what the network is built from. sha256: of the file, for metadata of
    renders. card: version, licence, data and scores as text."""

    name: str
    sha256: str
    dims: dict[str, Any]
    card: dict[str, str]
    tensors: dict[str, np.ndarray]

    def fit(self, expected: Mapping[str, tuple[int, ...]]) -> None:
        """Checks every name and shape.  Raises: ModelError listing what is missing, unexpected or of another shape."""
        missing = sorted(set(expected) - set(self.tensors))
        unexpected = sorted(set(self.tensors) - set(expected))
        if missing or unexpected:
            raise ModelError(
                f"{self.name}: weights do not fit the network (missing {_listed(missing)}; "
                f"unexpected {_listed(unexpected)}); use weights of this network and version"
            )
        for key, shape in expected.items():
            if self.tensors[key].shape != tuple(shape):
                raise ModelError(
                    f"{self.name}: {key} has another shape (got {self.tensors[key].shape}, expected {tuple(shape)}); "
                    "use weights whose dims are those of the file"
                )


def find(name: str, suffix: str = ".safetensors") -> Path:
    """The file of some weights: folders of OFX_LIPSYNC_MODEL_PATH in order, then the ones shipped."""
    folders = [Path(part) for part in os.environ.get(SEARCH_PATH, "").split(os.pathsep) if part] + [SHIPPED]
    for folder in folders:
        if (folder / f"{name}{suffix}").is_file():
            return folder / f"{name}{suffix}"
    looked = ", ".join(map(str, folders))
    raise ModelError(f"{name}: no {name}{suffix} (looked in {looked}); set {SEARCH_PATH} to the folder that has it")


def load(name: str) -> Weights:
    """The weights of that name, checked, as float32.  Raises: ModelError."""
    path = find(name)
    stat = path.stat()
    return _load(path, stat.st_size, stat.st_mtime_ns)


def load_file(path: Path) -> Weights:
    """Weights that lie anywhere, checked as shipped ones are.  Raises: ModelError."""
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); name a .safetensors file that is there") from None
    return _load(path, stat.st_size, stat.st_mtime_ns)


def load_given(given: str) -> Weights:
    """Weights by name, or by path where it has a folder or ends in .safetensors.  Raises: ModelError."""
    by_path = given.endswith(".safetensors") or os.sep in given
    return load_file(Path(given)) if by_path else load(given)


def save(path: Path, tensors: Mapping[str, np.ndarray], dims: Mapping[str, Any], card: Mapping[str, str]) -> None:
    """Writes weights and the checksum beside them, whole or not at all."""
    from safetensors.numpy import save as encoded

    metadata = {"format": str(FORMAT), "dims": json.dumps(dict(dims), sort_keys=True), **card}
    content = encoded(dict(tensors), metadata)
    digest = hashlib.sha256(content).hexdigest()
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.safetensors")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
        path.with_suffix(".sha256").write_text(f"{digest}  {path.name}\n")
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose a folder that can") from None


@lru_cache(maxsize=8)
def _load(path: Path, size: int, changed_ns: int) -> Weights:
    digest = _checked_digest(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key).astype(np.float32) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path}: not whole safetensors ({error}); fetch or train it again") from None
    dims = _dims(path, metadata)
    broken = sorted(key for key, value in tensors.items() if not np.isfinite(value).all())
    if broken:
        raise ModelError(f"{path}: NaN or Inf in {_listed(broken)}; train it again or take an earlier file")
    for value in tensors.values():
        value.setflags(write=False)
    return Weights(path.stem, digest, dims, metadata, tensors)


def _checked_digest(path: Path) -> str:
    """sha256 of the file, which must be the one written beside it."""
    sidecar = path.with_suffix(".sha256")
    if not sidecar.is_file():
        raise ModelError(f"{path}: no checksum {sidecar.name} beside it; copy both files, or write it with sha256sum")
    expected = (sidecar.read_text().split() or [""])[0]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != expected:
        raise ModelError(
            f"{path}: damaged or changed (got sha256 {digest[:12]}, expected {expected[:12]}); fetch it again"
        )
    return digest


def _dims(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """Dimensions out of the metadata, which they leave."""
    if metadata.pop("format", None) != str(FORMAT):
        raise ModelError(f"{path}: metadata is not of format {FORMAT}; take weights made for this version")
    try:
        dims = json.loads(metadata.pop("dims"))
    except (KeyError, ValueError):
        raise ModelError(f'{path}: metadata "dims" is missing or unreadable; save it again with its trainer') from None
    if not isinstance(dims, dict):
        raise ModelError(f'{path}: metadata "dims" is {type(dims).__name__}, expected a table; save it again')
    return dims


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") if names else "none"
