# SPDX-License-Identifier: Apache-2.0
"""The PyPlug in Natron itself. LIPSYNC_NATRON names a NatronRenderer that runs; the plug-in's bundle must be built."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.analysis import read_parts
from ofx_lipsync.cli.main import VERBS, main
from ofx_lipsync.export.knobs import CLIPS
from ofx_lipsync.export.uses import SEEN, SHARED, TOP, USES
from ofx_lipsync.graph import NODES

CHECKOUT = Path(__file__).resolve().parents[2]
FRAMES = range(1001, 1009)
DUB = """
import json, os
host = globals().get("app1") or app
plate = host.createReader(os.path.join(FOLDER, "plate.####.exr"))
group = host.createNode("org.ofxlipsync.pyplug")
group.connectInput(0, plate)
group.getParam("analysis").setValue(os.path.join(FOLDER, "shot.lipsync"))
group.getParam("line").setValue(LINE)
group.getParam("first_frame").setValue(FIRST)
group.getParam("last_frame").setValue(LAST)
group.getParam("analyse").trigger()

def key_time(param, number):
    told = param.getKeyTime(number, 0)
    return told[-1] if isinstance(told, (list, tuple)) else told  # builds differ: with a yes before it, or without

found = {name: group.getNode("FaceDetect").getParam(name) for name in ("found_x", "found_y", "found_height")}
with open(os.path.join(FOLDER, "keys.json"), "w") as out:
    json.dump({name: [[key_time(param, i), param.getValueAtTime(key_time(param, i))] for i in range(param.getNumKeys())]
               for name, param in found.items()}, out)
writer = host.createWriter(os.path.join(FOLDER, "natron.####.exr"))
writer.connectInput(0, group)
depth = writer.getParam("bitDepth")
depth.setValue([depth.getOption(i) for i in range(depth.getNumOptions())].index("32f"))
host.render(writer, FIRST, LAST)
"""
BUNDLE = Path("ofx_lipsync") / "plugin" / "LipSync.ofx.bundle"
FACTS = """
import json, os
host = globals().get("app1") or app
group = host.createNode("org.ofxlipsync.pyplug")
node = group.getNode

def inputs(name):
    found = [node(name).getInput(i) for i in range(node(name).getMaxInputCount())]
    return [other.getLabel() for other in found if other is not None]

facts = {"inputs": {name: inputs(name) for name in NAMES}}
facts["defaults"] = {f"{n}.{k}": [group.getParam(k).getValue(), node(n).getParam(k).getValue()] for n, k in TOP}
group.getParam("analysis").setValue("shot.lipsync")
facts["shared"] = [node(name).getParam("analysis").getValue() for name in NAMES]
group.getParam("preset").setValue(USES.index("subtle"))
group.getParam("apply_preset").trigger()
facts["strength"] = node("MouthGenerate").getParam("strength").getValue()
facts["smoothing"] = node("MouthGenerate").getParam("smoothing").getValue()
facts["views"] = []
for number in range(VIEWS):
    group.getParam("view").setValue(number)
    shown = node("Output1").getInput(0)
    facts["views"].append([shown.getLabel(), shown.getParam("view").getOption(shown.getParam("view").getValue())])
facts["saved"] = host.saveProject(os.path.join(FOLDER, "shot.ntp"))
with open(os.path.join(FOLDER, "facts.json"), "w") as out:
    json.dump(facts, out)
"""


def natron(script: Path, plugins: Path, timeout_s: float) -> str:
    """What it printed. Its exit code says nothing: builds crash on the way out, after all is done and written."""
    renderer = os.environ.get("LIPSYNC_NATRON")
    if not renderer:
        pytest.skip("LIPSYNC_NATRON names no NatronRenderer")
    theirs = os.environ.get("OFX_PLUGIN_PATH", "")
    paths = {
        "HOME": str(script.parent),
        "OFX_PLUGIN_PATH": os.pathsep.join(filter(None, (str(plugins), theirs))),
        "NATRON_PLUGIN_PATH": str(CHECKOUT / "nuke_scripts" / "natron"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [renderer, "-t", str(script)], env={**os.environ, **paths}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=timeout_s,
    )  # fmt: skip
    return done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not (CHECKOUT / BUNDLE).is_dir():
        pytest.skip(f"{BUNDLE} is not built")
    folder = tmp_path_factory.mktemp("natron")
    top = [entry for entries in TOP.values() for entry in entries]
    told = {"NAMES": list(NODES), "TOP": top, "USES": list(USES), "VIEWS": len(SEEN), "FOLDER": str(folder)}
    script = folder / "facts.py"
    script.write_text("".join(f"{name} = {value!r}\n" for name, value in told.items()) + FACTS)
    said = natron(script, (CHECKOUT / BUNDLE).parent, 120)
    assert (folder / "facts.json").is_file(), said
    return dict(json.loads((folder / "facts.json").read_text()))


@pytest.mark.host
def test_the_chain_is_wired(facts: dict[str, Any]) -> None:
    assert facts["inputs"]["Blend"] == ["Source", "MouthGenerate", "Holdout"]
    assert len(facts["inputs"]["Blend"]) == len(CLIPS["Blend"])
    assert facts["inputs"]["MouthGenerate"] == ["AudioFeature"]
    assert facts["saved"]


@pytest.mark.host
def test_no_default_is_lost(facts: dict[str, Any]) -> None:
    for name, (top, inner) in facts["defaults"].items():
        assert top == inner, name
    for knob in ("MouthGenerate.strength", "Blend.mix", "Blend.move_jaw"):
        assert facts["defaults"][knob][0] == 1


@pytest.mark.host
def test_buttons_presets_and_views_work(facts: dict[str, Any]) -> None:
    assert "analysis" in SHARED
    assert facts["shared"] == ["shot.lipsync"] * len(NODES)
    assert facts["strength"] == USES["subtle"]["MouthGenerate"]["strength"]
    assert facts["smoothing"] == USES["subtle"]["MouthGenerate"]["smoothing"]
    assert facts["views"] == [list(seen) for seen in SEEN.values()]


@pytest.mark.host
@pytest.mark.skipif("OCIO" not in os.environ, reason="OCIO must name the config that Natron has, for the same colours")
def test_the_pyplug_gives_the_pixels_of_lipsync_dub(tmp_path: Path, sample_portrait: Path, sample_line: Path) -> None:
    """Analyse by its button, then every frame. Natron needs a reader and a writer of EXR on OFX_PLUGIN_PATH."""
    if "install" not in VERBS:
        pytest.skip("there is no lipsync install to put the plug-in with its worker where Natron finds it")
    rgb = oiio.ImageBuf(str(sample_portrait)).get_pixels(oiio.FLOAT)[:, :, :3] ** 2.2
    for frame in FRAMES:
        image = oiio.ImageBuf(oiio.ImageSpec(rgb.shape[1], rgb.shape[0], 3, "float"))
        image.set_pixels(oiio.ROI.All, np.roll(rgb, frame % 3, axis=1))
        image.write(str(tmp_path / f"plate.{frame}.exr"))
    assert main(["install", "--dir", str(tmp_path / "ofx")]) == 0
    told = {"FOLDER": str(tmp_path), "LINE": str(sample_line), "FIRST": FRAMES[0], "LAST": FRAMES[-1]}
    script = tmp_path / "dub.py"
    script.write_text("".join(f"{name} = {value!r}\n" for name, value in told.items()) + DUB)
    said = natron(script, tmp_path / "ofx", 300)
    plate, out = tmp_path / "plate.####.exr", tmp_path / "cli.####.exr"
    assert main(["dub", str(plate), str(sample_line), str(out), "--progress", "none"]) == 0
    assert_keys_follow_the_face(json.loads((tmp_path / "keys.json").read_text()), tmp_path / "shot.lipsync")
    changed = 0
    for frame in FRAMES:
        shot, ours, theirs = (read(tmp_path / f"{name}.{frame}.exr", said) for name in ("plate", "cli", "natron"))
        np.testing.assert_array_equal(theirs, ours)
        changed += int((ours != shot).any())
    assert changed > len(FRAMES) / 2


def assert_keys_follow_the_face(keys: dict[str, list], analysis: Path) -> None:
    """What Natron has of Analyse's keyframes: y up, a key a frame."""
    parts = read_parts(str(analysis))
    assert parts.faces is not None
    track = parts.faces.chosen_track()
    assert track is not None
    middle = track.landmarks[..., :2].mean(axis=1)
    wanted = {
        "found_x": middle[:, 0],
        "found_y": parts.display[3] - middle[:, 1],
        "found_height": track.face_height_px(),
    }
    for name, values in wanted.items():
        assert [time for time, _ in keys[name]] == track.frames.tolist(), name
        np.testing.assert_allclose([value for _, value in keys[name]], values, atol=0.01, err_msg=name)


def read(path: Path, said: str) -> np.ndarray:
    assert path.is_file(), said
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)[:, :, :3])
