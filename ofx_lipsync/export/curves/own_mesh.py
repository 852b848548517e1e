# SPDX-License-Identifier: Apache-2.0
"""The animation of a line put onto a mesh of the user's: a .glb goes in, the same comes out and plays.

Curves are bound to morph targets by mesh.extras.targetNames, letters and digits alone, in any case: `jawOpen` is
`JawOpen` and `jaw_open`. Targets that no curve is named for keep the weight that the mesh gives them.
"""

from __future__ import annotations

import json
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator

import numpy as np

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.export.curves.take import Take

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
FLOAT = 5126


def encoded(take: Take) -> bytes:
    """Raises: InputError where take.mesh is no .glb, or has no morph target of a name that the rig has."""
    document, content = _read(take.mesh)
    document = json.loads(json.dumps(document))
    curves = {_plain(name): take.curves.values[:, k] for k, name in enumerate(take.curves.names)}
    growing = bytearray(content)
    times = _add(document, growing, take.curves.times_s.astype(np.float32), bounds=True)
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []
    for node, mesh in _faces(document):
        weights = _weights(mesh, curves, len(take.curves))
        if weights is not None:
            channels.append({"sampler": len(samplers), "target": {"node": node, "path": "weights"}})
            output = _add(document, growing, weights.reshape(-1))
            samplers.append({"input": times, "output": output, "interpolation": "LINEAR"})
    if not channels:
        wanted = ", ".join(take.curves.names[:4])
        raise InputError(
            f"{take.mesh}: no morph target is named as a curve of rig {take.rig} ({wanted}, ...); name them so in the "
            "mesh's targetNames, or rename the curves in a --rig of yours"
        )
    document.setdefault("animations", []).append({"name": take.name, "channels": channels, "samplers": samplers})
    document.setdefault("buffers", [{}])[0]["byteLength"] = len(growing)
    return _glb(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), bytes(growing))


@lru_cache(maxsize=2)
def _read(path: str) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary part of a .glb."""
    try:
        content = Path(path).read_bytes()
        magic, version, length = struct.unpack_from("<III", content)
        if magic != MAGIC or version != 2 or length != len(content):
            raise ValueError("it does not begin as a whole glTF 2.0 binary does")
        chunks: dict[int, bytes] = {}
        at = 12
        while at + 8 <= length:
            size, kind = struct.unpack_from("<II", content, at)
            chunks.setdefault(kind, content[at + 8 : at + 8 + size])
            at += 8 + size
        document = json.loads(chunks[JSON_CHUNK])
        if any("uri" in buffer for buffer in document.get("buffers", [])[:1]):
            raise ValueError("its data lie in another file")
        faces = [mesh for _, mesh in _faces(document)]
        if not faces:
            raise ValueError("it has no mesh with morph targets that are named")
        for mesh in faces:
            targets = mesh["primitives"][0]["targets"]
            if len(mesh.get("weights", targets)) != len(targets):
                raise ValueError("a mesh has another number of weights than of morph targets")
        return document, bytes(chunks.get(BIN_CHUNK, b""))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise InputError(
            f"{path}: is not a .glb that can be animated ({error}); export it as glTF binary again"
        ) from None


def _faces(document: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Nodes whose mesh has named morph targets."""
    for number, node in enumerate(document.get("nodes", [])):
        mesh = document["meshes"][node["mesh"]] if "mesh" in node else {}
        if mesh.get("extras", {}).get("targetNames") and mesh["primitives"][0].get("targets"):
            yield number, mesh


def _weights(mesh: dict[str, Any], curves: dict[str, np.ndarray], frames: int) -> np.ndarray | None:
    """[T, targets] float32, or None where no target has a curve."""
    names = mesh["extras"]["targetNames"]
    weights = np.zeros((frames, len(mesh["primitives"][0]["targets"])), np.float32)
    weights[:] = mesh.get("weights", 0.0)
    bound = [(k, curves[_plain(name)]) for k, name in enumerate(names[: weights.shape[1]]) if _plain(name) in curves]
    for k, curve in bound:
        weights[:, k] = curve
    return weights if bound else None


def _add(document: dict[str, Any], growing: bytearray, array: np.ndarray, bounds: bool = False) -> int:
    growing += b"\0" * (-len(growing) % 4)
    views, accessors = document.setdefault("bufferViews", []), document.setdefault("accessors", [])
    views.append({"buffer": 0, "byteOffset": len(growing), "byteLength": array.nbytes})
    growing += array.astype("<f4").tobytes()
    accessor = {"bufferView": len(views) - 1, "componentType": FLOAT, "count": len(array), "type": "SCALAR"}
    accessors.append(accessor | ({"min": [float(array.min())], "max": [float(array.max())]} if bounds else {}))
    return len(accessors) - 1


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _glb(text: bytes, content: bytes) -> bytes:
    text, content = text + b" " * (-len(text) % 4), content + b"\0" * (-len(content) % 4)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text + struct.pack("<II", len(content), BIN_CHUNK) + content
    return struct.pack("<III", MAGIC, 2, 12 + len(chunks)) + chunks
