# SPDX-License-Identifier: Apache-2.0
"""The glTF as pygltflib reads it, and as a viewer would move it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.take import Take


def test_pygltflib_reads_the_weights_that_were_written(taken: Callable[..., Take], tmp_path: Path) -> None:
    pytest.importorskip("pygltflib", reason="pip install ofx-lipsync[interchange]")
    from pygltflib import GLTF2

    take = taken("gltf")
    (tmp_path / "a.glb").write_bytes(FORMATS["gltf"].encoded(take))
    read = GLTF2().load(str(tmp_path / "a.glb"))
    content = read.binary_blob()

    def values(index: int) -> np.ndarray:
        accessor = read.accessors[index]
        view = read.bufferViews[accessor.bufferView]
        kind = np.uint16 if accessor.componentType == 5123 else np.float32
        width = {"SCALAR": 1, "VEC3": 3}[accessor.type]
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        return np.frombuffer(content, kind, accessor.count * width, start).reshape(-1, width)

    (animation,), (mesh,) = read.animations, read.meshes
    (sampler,), (channel,) = animation.samplers, animation.channels
    assert channel.target.path == "weights"
    assert mesh.extras["targetNames"] == list(take.curves.names)
    assert len(mesh.primitives[0].targets) == len(mesh.weights) == 52
    np.testing.assert_allclose(values(sampler.input)[:, 0], take.curves.times_s, atol=1e-6)
    np.testing.assert_array_equal(values(sampler.output).reshape(-1, 52), take.curves.values)
    points, triangles = values(mesh.primitives[0].attributes.POSITION), values(mesh.primitives[0].indices)
    assert triangles.max() == len(points) - 1
    for accessor in read.accessors:
        if accessor.max and accessor.bufferView is not None:
            np.testing.assert_allclose(values(read.accessors.index(accessor)).max(axis=0), accessor.max, atol=1e-7)


def test_the_container_is_as_the_specification_says(taken: Callable[..., Take]) -> None:
    content = FORMATS["gltf"].encoded(taken("gltf"))
    magic, version, length, json_length, json_kind = struct.unpack("<4sIIII", content[:20])
    assert (magic, version, length, json_kind) == (b"glTF", 2, len(content), 0x4E4F534A)
    assert json_length % 4 == 0
    bin_length, bin_kind = struct.unpack("<II", content[20 + json_length : 28 + json_length])
    assert (bin_kind, 28 + json_length + bin_length) == (0x004E4942, len(content))
    assert content == FORMATS["gltf"].encoded(taken("gltf"))
