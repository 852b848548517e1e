# SPDX-License-Identifier: Apache-2.0
"""glTF 2.0, binary: a mask with a morph target a curve, and an animation of their weights.

The names stand in mesh.extras.targetNames, as Blender, three.js, Godot and Unity's importers read them: an engine binds
the animation to a mesh of your own by those names.   Source: Khronos, glTF 2.0 specification, 3.7.2.2 and 3.11.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from ofx_lipsync.export.curves import own_mesh
from ofx_lipsync.export.curves.head import mesh, morphs
from ofx_lipsync.export.curves.take import Take

FLOAT, UNSIGNED_SHORT = 5126, 5123
ARRAY, ELEMENTS = 34962, 34963
MAGIC, JSON_CHUNK, BIN_CHUNK = b"glTF", 0x4E4F534A, 0x004E4942


class _Buffer:
    """Bytes of one GLB, with the views and accessors into them."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: np.ndarray, kind: str, target: int = 0, bounds: bool = False) -> int:
        """The accessor of an array; one that is zero all over takes no bytes."""
        accessor: dict[str, Any] = {
            "componentType": UNSIGNED_SHORT if array.dtype == np.uint16 else FLOAT, "count": len(array), "type": kind,
        }  # fmt: skip
        if bounds:
            flat = array.reshape(len(array), -1)
            accessor |= {"min": flat.min(axis=0).tolist(), "max": flat.max(axis=0).tolist()}
        if array.any() or not target:
            view = {"buffer": 0, "byteOffset": len(self.content), "byteLength": array.nbytes}
            self.views.append(view | ({"target": target} if target else {}))
            self.content += array.astype(array.dtype.newbyteorder("<")).tobytes()
            self.content += b"\0" * (-len(self.content) % 4)
            accessor["bufferView"] = len(self.views) - 1
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def encoded(take: Take) -> bytes:
    """The mask, or the user's own mesh.  Raises: InputError for a mesh that cannot be animated."""
    if take.mesh:
        return own_mesh.encoded(take)
    points, triangles = mesh()
    names = list(take.curves.names)
    buffer = _Buffer()
    position = buffer.add(points, "VEC3", ARRAY, bounds=True)
    indices = buffer.add(triangles.reshape(-1).astype(np.uint16), "SCALAR", ELEMENTS)
    targets = [{"POSITION": buffer.add(moved, "VEC3", ARRAY, bounds=True)} for moved in morphs(take.curves.names)]
    times = buffer.add(take.curves.times_s.astype(np.float32), "SCALAR", bounds=True)
    weights = buffer.add(np.ascontiguousarray(take.curves.values).reshape(-1), "SCALAR")
    primitive = {"attributes": {"POSITION": position}, "indices": indices, "targets": targets}
    document = {
        "asset": {"version": "2.0", "generator": "ofx_lipsync"},
        "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"name": "Face", "mesh": 0}],
        "meshes": [{
            "name": "Face", "primitives": [primitive], "weights": [0.0] * len(names), "extras": {"targetNames": names},
        }],
        "animations": [{
            "name": take.name,
            "channels": [{"sampler": 0, "target": {"node": 0, "path": "weights"}}],
            "samplers": [{"input": times, "output": weights, "interpolation": "LINEAR"}],
        }],
        "accessors": buffer.accessors, "bufferViews": buffer.views, "buffers": [{"byteLength": len(buffer.content)}],
    }  # fmt: skip
    return _glb(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), bytes(buffer.content))


def _glb(text: bytes, content: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text + struct.pack("<II", len(content), BIN_CHUNK) + content
    return MAGIC + struct.pack("<II", 2, 12 + len(chunks)) + chunks
