# SPDX-License-Identifier: Apache-2.0
"""A mesh of the user's comes back with the animation in it, and is otherwise what it was."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.own_mesh import _glb, _read
from ofx_lipsync.export.curves.take import Take


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


@pytest.fixture
def hero(taken: Callable[..., Take], tmp_path: Path) -> Path:
    """Another order, spelling and number of targets, an animation that was there, and a node without a face."""
    document, content = parts(FORMATS["gltf"].encoded(taken("gltf")))
    mesh = document["meshes"][0]
    targets = {name: mesh["primitives"][0]["targets"][k] for k, name in enumerate(mesh["extras"]["targetNames"])}
    mesh["extras"]["targetNames"] = ["Mouth_Pucker", "smirk", "JAWOPEN"]
    mesh["primitives"][0]["targets"] = [targets["mouthPucker"], targets["mouthSmileLeft"], targets["jawOpen"]]
    mesh["weights"] = [0, 0.25, 0]
    document["nodes"].insert(0, {"name": "root", "children": [1]})
    document["scenes"][0]["nodes"] = [0]
    document["animations"] = []
    path = tmp_path / "hero.glb"
    path.write_bytes(_glb(json.dumps(document).encode(), content))
    return path


def test_pygltflib_reads_the_curves_bound_by_name(hero: Path, taken: Callable[..., Take], tmp_path: Path) -> None:
    pytest.importorskip("pygltflib", reason="pip install ofx-lipsync[interchange]")
    from pygltflib import GLTF2

    take = replace(taken("gltf"), mesh=str(hero))
    (tmp_path / "a.glb").write_bytes(FORMATS["gltf"].encoded(take))
    read = GLTF2().load(str(tmp_path / "a.glb"))
    (animation,) = read.animations
    assert (animation.name, animation.channels[0].target.node) == ("english", 1)
    view = read.bufferViews[read.accessors[animation.samplers[0].output].bufferView]
    weights = np.frombuffer(read.binary_blob(), "<f4", len(take.curves) * 3, view.byteOffset).reshape(-1, 3)
    np.testing.assert_array_equal(weights[:, 0], take.curves["mouthPucker"])
    np.testing.assert_array_equal(weights[:, 1], 0.25)
    np.testing.assert_array_equal(weights[:, 2], take.curves["jawOpen"])


def test_everything_else_is_as_it_was(hero: Path, taken: Callable[..., Take]) -> None:
    before, content = parts(hero.read_bytes())
    after, more = parts(FORMATS["gltf"].encoded(replace(taken("gltf"), mesh=str(hero))))
    assert more[: len(content)] == content
    for part in ("meshes", "nodes", "scenes", "asset"):
        assert after[part] == before[part]
    for part in ("accessors", "bufferViews"):
        assert after[part][: len(before[part])] == before[part]
    assert after["buffers"][0]["byteLength"] <= len(more)


def test_a_mesh_that_has_none_of_the_names_says_so(hero: Path, taken: Callable[..., Take]) -> None:
    with pytest.raises(InputError, match=r"no morph target is named as a curve of rig ovr \(sil, PP, FF, TH, \.\.\.\)"):
        FORMATS["gltf"].encoded(replace(taken("gltf", rig="ovr"), mesh=str(hero)))


@given(st.binary(max_size=60), st.integers(0, 3))
def test_what_is_no_glb_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: int) -> None:
    path = tmp_path_factory.mktemp("any") / "a.glb"
    path.write_bytes([content, b"glTF" + content, _glb(content, b""), _glb(b"[" * 3000, b"")][kind])
    with pytest.raises(InputError, match=r"is not a \.glb that can be animated"):
        _read(str(path))
