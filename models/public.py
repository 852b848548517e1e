# SPDX-License-Identifier: Apache-2.0
"""Public checkpoints that a user brings, read without running anything in them, and kept as safetensors.

A .pth file is a pickle, and a pickle may hold code. Here it is read as tensors and plain containers alone
(torch's weights_only); whatever else is in it ends the reading. Which network it is of is told by its keys.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.loader import save

MODULES = {
    "wav2lip": "wav2lip",
    "wav2lip_disc": "wav2lip_discriminator",
    "syncnet_color": "syncnet_color",
    "syncnet_original": "syncnet_original",
}
LAYOUTS = {k: m for k, m in MODULES.items() if importlib.util.find_spec(f"ofx_lipsync.models.{m}") is not None}
"""Layout -> module of models/ in this version, whose shapes() names every key and its shape."""


def convert(checkpoint: Path, folder: Path) -> tuple[Path, str]:
    """Writes the checkpoint's weights, with their checksum, into a folder; returns the file and the layout.

    Raises: ModelError, naming every key and shape that is wrong; then nothing is written.
    """
    tensors = read(checkpoint)
    layout = layout_of(checkpoint, tensors)
    check(checkpoint, layout, tensors)
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    card = {"source": checkpoint.name, "source_sha256": digest, "licence": "its authors' own"}
    path = folder / f"{checkpoint.stem}.safetensors"
    save(path, tensors, {"layout": layout}, card)
    return path, layout


def read(checkpoint: Path) -> dict[str, np.ndarray]:
    """Name -> array, from a file {"state_dict": ...} or a bare state dict; a `module.` before every name goes."""
    state = _loaded(checkpoint)
    found = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(found, dict) or not found or not all(hasattr(value, "detach") for value in found.values()):
        raise ModelError(f"{checkpoint}: holds no state_dict (got {type(found).__name__}); bring a file of weights")
    prefix = "module." if all(key.startswith("module.") for key in found) else ""
    return {key.removeprefix(prefix): _array(value) for key, value in found.items()}


def _loaded(checkpoint: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it doubts, it refuses
            return torch.load(checkpoint, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{checkpoint}: cannot be read ({error.strerror}); name a file that is there") from None
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or "Unsupported" in str(error):
            raise ModelError(
                f"{checkpoint}: holds more than weights, and code in a file is never run; bring a file of weights alone"
            ) from None
        raise ModelError(f"{checkpoint}: no checkpoint, or a damaged one; fetch it again") from None
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ModelError(f"{checkpoint}: no checkpoint, or a truncated one; fetch it again") from None


def _array(value: Any) -> np.ndarray:
    value = value.detach()
    plain: np.ndarray = (value.float() if value.is_floating_point() else value).contiguous().numpy()
    return plain


def layout_of(checkpoint: Path, tensors: dict[str, np.ndarray]) -> str:
    """The layout that shares most keys.  Raises: ModelError where none shares half."""
    shared = {layout: len(set(shapes(layout)) & set(tensors)) for layout in LAYOUTS}
    best = max(shared, key=lambda layout: shared[layout])
    if shared[best] < len(shapes(best)) / 2:
        raise ModelError(
            f"{checkpoint}: of no network known here (its {len(tensors)} keys begin with {min(tensors)!r}, expected "
            f"those of {' or '.join(LAYOUTS)}); bring a checkpoint of one of these"
        )
    return best


def shapes(layout: str) -> dict[str, tuple[int, ...]]:
    """Every key of a layout, and its shape."""
    found: dict[str, tuple[int, ...]] = importlib.import_module(f"ofx_lipsync.models.{LAYOUTS[layout]}").shapes()
    return found


def check(checkpoint: Path, layout: str, tensors: dict[str, np.ndarray]) -> None:
    """Raises: ModelError with every missing and unexpected key, every wrong shape, and NaN."""
    expected = shapes(layout)
    wrong = [f"missing {key}" for key in sorted(set(expected) - set(tensors))]
    wrong += [f"unexpected {key}" for key in sorted(set(tensors) - set(expected))]
    wrong += [
        f"{key} is {tensors[key].shape}, expected {shape}"
        for key, shape in sorted(expected.items())
        if key in tensors and tensors[key].shape != shape
    ]
    wrong += [f"NaN or Inf in {key}" for key, value in sorted(tensors.items()) if not np.isfinite(value).all()]
    if wrong:
        raise ModelError(
            f"{checkpoint}: does not fit {layout} in {len(wrong)} places: {'; '.join(wrong)}. Nothing is written; "
            f"bring a checkpoint of {layout}"
        )
