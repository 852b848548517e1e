# SPDX-License-Identifier: Apache-2.0
"""Blender opens the glTF (and the USD, where it was built with it) and plays the curves: LIPSYNC_BLENDER names it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.take import Take

BLENDER = os.environ.get("LIPSYNC_BLENDER", "")
"""A blender, or the Python of an environment that has the bpy package."""
FRAMES = (0, 10, 44, 52, 120, 200)
READ = """
import bpy, json, sys
import numpy
numpy.bool = bool  # Debian's Blender 3.4 names it so, and Debian's NumPy 1.24 no longer does
path, out = sys.argv[-2:]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene, glb = bpy.context.scene, path.endswith(".glb")
scene.render.fps = 60
if glb:
    bpy.ops.import_scene.gltf(filepath=path)
elif bpy.app.build_options.usd:
    bpy.ops.wm.usd_import(filepath=path)
else:
    json.dump(None, open(out, "w"))
    sys.exit()
(face,) = [thing for thing in bpy.data.objects if thing.type == "MESH"]
keys, read = face.data.shape_keys, {}
for frame in FRAMES:
    # glTF counts from 0 s; USD from the stage's first time code, 1
    scene.frame_set(frame if glb else frame + 1)
    read[frame] = {key.name: key.value for key in keys.key_blocks[1:]}
json.dump(read, open(out, "w"))
"""


@pytest.mark.host
@pytest.mark.parametrize("name", ["gltf", "usd"])
def test_blender_plays_the_curves(name: str, taken: Callable[..., Take], tmp_path: Path) -> None:
    program = shutil.which(BLENDER)
    if program is None:
        pytest.skip("LIPSYNC_BLENDER names no blender (Debian: blender and python3-numpy; or a Python that has bpy)")
    take = taken(name)
    path, script, out = (tmp_path / file for file in (f"a{FORMATS[name].suffix}", "read.py", "read.json"))
    path.write_bytes(FORMATS[name].encoded(take))
    script.write_text(READ.replace("FRAMES", str(FRAMES)))
    run = [program, script] if "python" in program else [program, "-b", "--factory-startup", "--python", script, "--"]
    done = subprocess.run([*run, path, out], capture_output=True, text=True, timeout=300)
    assert out.is_file(), done.stdout[-2000:] + done.stderr[-2000:]
    read = json.loads(out.read_text())
    if read is None:
        pytest.skip("this Blender was built without USD")
    for frame in FRAMES:
        assert list(read[str(frame)]) == list(take.curves.names)
        np.testing.assert_allclose(list(read[str(frame)].values()), take.curves.values[frame], atol=2e-5)
