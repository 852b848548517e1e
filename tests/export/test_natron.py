# SPDX-License-Identifier: Apache-2.0
"""The PyPlug in Natron itself. LIPSYNC_NATRON names a NatronRenderer that runs; the plug-in's bundle must be built."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ofx_lipsync.export.knobs import CLIPS
from ofx_lipsync.export.uses import SEEN, SHARED, TOP, USES
from ofx_lipsync.graph import NODES

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


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    checkout = Path(__file__).resolve().parents[2]
    renderer = os.environ.get("LIPSYNC_NATRON")
    if not renderer:
        pytest.skip("LIPSYNC_NATRON names no NatronRenderer")
    if not (checkout / BUNDLE).is_dir():
        pytest.skip(f"{BUNDLE} is not built")
    folder = tmp_path_factory.mktemp("natron")
    top = [entry for entries in TOP.values() for entry in entries]
    told = {"NAMES": list(NODES), "TOP": top, "USES": list(USES), "VIEWS": len(SEEN), "FOLDER": str(folder)}
    script = folder / "facts.py"
    script.write_text("".join(f"{name} = {value!r}\n" for name, value in told.items()) + FACTS)
    paths = {
        "HOME": str(folder),
        "OFX_PLUGIN_PATH": str((checkout / BUNDLE).parent),
        "NATRON_PLUGIN_PATH": str(checkout / "nuke_scripts" / "natron"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [renderer, "-t", str(script)], env={**os.environ, **paths}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    # Its exit code says nothing: builds crash on the way out, after all is done and written.
    assert (folder / "facts.json").is_file(), done.stdout[-2000:] + done.stderr[-2000:]
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
