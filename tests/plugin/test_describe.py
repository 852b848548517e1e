# SPDX-License-Identifier: Apache-2.0
"""What a host is told about the nodes."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from ofx_lipsync.plugin import tables
from ofx_lipsync.plugin.host.abi import OK
from ofx_lipsync.plugin.host.effect import Effect
from ofx_lipsync.plugin.host.host import BINARY, Host
from ofx_lipsync.plugin.shot_params import LABELS, VIEWS, Found, node_params, shot_params

CONTEXTS = {
    "FaceDetect": {"Filter", "General"}, "AudioFeature": {"General", "Generator"},
    "MouthGenerate": {"Filter", "General"}, "Blend": {"General"}, "LipSync": {"Filter", "General"},
    "Portrait": {"Filter", "General"},
    "Character": {"General", "Generator"},
    "SyncMeter": {"Filter", "General"},
    "Resync": {"Filter", "General"},
    "Fill": {"Filter", "General"},
}  # fmt: skip
NEW = ("OfxImageEffectPropOpenCLRenderSupported", "OfxImageEffectPropCudaRenderSupported", "OfxPropPluginDescription")
"""Properties that hosts of 2020 refuse."""
KINDS = {
    "float": "OfxParamTypeDouble", "int": "OfxParamTypeInteger", "bool": "OfxParamTypeBoolean",
    "choice": "OfxParamTypeChoice", "text": "OfxParamTypeString", "file": "OfxParamTypeString",
    "button": "OfxParamTypePushButton",
}  # fmt: skip
CHOICES = {
    "FaceDetect.face": ("largest", "most_central", "nearest", "index"),
    "FaceDetect.missing_face": ("pass", "hold", "error"),
    "MouthGenerate.engine": ("plate",),
    "MouthGenerate.library": ("both", "plate", "reel"),
    "Shot.on_error": ("fail", "slate"),
    "Character.style": ("snap", "smooth"),
    "Character.transition": ("morph", "inbetween", "dissolve", "hold"),
    "Character.ease": ("smooth", "linear", "in", "out"),
    "Character.view": ("result", "matte"),
    "FaceDetect.view": ("result", "landmarks", "confidence"),
    "AudioFeature.view": ("result", "source"),
    "MouthGenerate.view": ("result", "matte", "patch", "landmarks", "confidence"),
    "Blend.view": ("result", "matte", "patch", "landmarks", "confidence", "layer", "raw", "stmap"),
    "LipSync.view": ("result", "matte", "patch", "landmarks", "confidence"),
    "Portrait.view": ("result", "matte"),
    "SyncMeter.view": ("over", "strip", "none"),
    "SyncMeter.by": ("both", "shape", "picture"),
    "Resync.fix": ("auto", "sound", "picture", "mouth"),
    "Fill.find": ("all", "listed"),
}
"""As released: hosts save a choice by its place or its name."""


def contexts(host: Host, label: str) -> list[str]:
    return host.plugins[label].descriptor.properties.values["OfxImageEffectPropSupportedContexts"]


def test_the_table_is_fresh() -> None:
    assert tables.PATH.read_text() == tables.text(), "run python -m ofx_lipsync.plugin.tables"


def test_the_nodes_and_their_contexts(host: Host) -> None:
    assert tuple(host.plugins) == LABELS
    for label, plugin in host.plugins.items():
        assert plugin.id == f"org.ofxlipsync.{label.lower()}"
        assert plugin.status == OK
        assert {name.removeprefix("OfxImageEffectContext") for name in contexts(host, label)} == CONTEXTS[label]
        assert plugin.descriptor.properties["OfxImageEffectPluginPropGrouping"] == "LipSync"
        assert plugin.descriptor.properties["OfxImageEffectPropSupportsTiles"] == 0
        assert plugin.descriptor.properties["OfxImageEffectPluginRenderThreadSafety"] == "OfxImageEffectRenderFullySafe"


@pytest.mark.parametrize("label", LABELS)
def test_every_declared_param_is_there_in_every_context(host: Host, label: str) -> None:
    declared = {**shot_params(label), **node_params(label)}
    for context in contexts(host, label):
        described = host.plugins[label].describe(context).params
        for name, param in declared.items():
            assert described[name].kind == KINDS[param.kind]
            told = described[name].properties
            assert param.help in told["OfxParamPropHint"]
            group = described[told["OfxParamPropParent"]]
            assert group.properties["OfxPropLabel"].endswith(param.group)
            if param.kind in ("float", "int"):
                assert told["OfxParamPropDefault"] == param.default
                assert (told["OfxParamPropMin"], told["OfxParamPropMax"]) == (param.lo, param.hi)
                assert (told["OfxParamPropDisplayMin"], told["OfxParamPropDisplayMax"]) == tuple(param.slider)
                assert told["OfxParamPropHint"].endswith(f"In {param.unit}.")
            if param.kind == "choice":
                assert tuple(told.values["OfxParamPropChoiceOption"]) == param.options
                assert param.options[told["OfxParamPropDefault"]] == param.default
            if param.kind != "button":
                assert told["OfxParamPropAnimates"] == param.animates
            assert told.get("OfxParamPropEvaluateOnChange", 1) == (not isinstance(param, Found))
            if param.kind == "file":
                assert told["OfxParamPropStringMode"] == "OfxParamStringIsFilePath"
        extra = {n for n, p in described.items() if not p.kind.endswith(("Group", "Page"))} - set(declared)
        assert extra == {"revision"}
        assert described["revision"].properties["OfxParamPropSecret"] == 1


def test_groups_are_not_torn_apart(host: Host) -> None:
    """A host makes a tab of each: one that comes up twice would be two."""
    for label in LABELS:
        groups = [p.group for p in {**shot_params(label), **node_params(label)}.values()]
        runs = [group for i, group in enumerate(groups) if not i or groups[i - 1] != group]
        assert label == "LipSync" or len(runs) == len(set(runs)), (label, runs)


def test_choices_only_grow() -> None:
    for label in LABELS:
        for name, param in {**shot_params(label), **node_params(label)}.items():
            if param.kind == "choice":
                key = f"{label}.view" if name == "view" else f"{param.owner}.{param.name}"
                released = CHOICES[key]
                assert param.options[: len(released)] == released, f"{key}: hosts saved {released}; append only"


def test_views_are_what_the_all_in_one_node_has_too() -> None:
    for label, views in VIEWS.items():
        assert views[0] == "result"
        assert label == "AudioFeature" or set(views) <= set(VIEWS["LipSync"])


def test_clips(host: Host) -> None:
    general = "OfxImageEffectContextGeneral"
    found = {label: host.plugins[label].describe(general).clips for label in LABELS}
    assert {label: [*clips] for label, clips in found.items()} == {
        "FaceDetect": ["Source", "Output"],
        "AudioFeature": ["Source", "Output"],
        "MouthGenerate": ["Source", "Output"],
        "Blend": ["Source", "Mouth", "Holdout", "Output"],
        "LipSync": ["Source", "Holdout", "Output"],
        "Portrait": ["Source", "Output"],
        "Character": ["Source", "Output"],
        "SyncMeter": ["Source", "Output"],
        "Resync": ["Source", "Output"],
        "Fill": ["Source", "Output"],
    }
    optional = {f"{label}.{c.name}" for label in LABELS for c in found[label].values() if
                c.properties.get("OfxImageClipPropOptional")}  # fmt: skip
    assert optional == {"AudioFeature.Source", "Blend.Holdout", "LipSync.Holdout", "Character.Source"}
    assert list(host.plugins["LipSync"].describe("OfxImageEffectContextFilter").clips) == ["Source", "Output"]


def test_describing_everything_takes_no_time_and_starts_nothing(host: Host, worker) -> None:
    """Measured with a host in Python, which is most of it."""
    times = []
    for _ in range(5):
        began = time.process_time()
        for label, plugin in host.plugins.items():
            assert plugin.act("OfxActionDescribe", Effect()) == OK
            for context in contexts(host, label):
                plugin.describe(context)
        times.append(time.process_time() - began)
    assert min(times) < 0.05
    effect = host.plugins["LipSync"].create()
    assert host.plugins["LipSync"].destroy(effect) == OK
    assert worker.pids == []


def test_a_host_that_knows_less_is_served(worker) -> None:
    host = Host(refused=NEW, without=("OfxMessageSuite", "OfxProgressSuite", "OfxInteractSuite"))
    for plugin in host.plugins.values():
        assert plugin.status == OK
        assert "OfxImageEffectPluginPropOverlayInteractV1" not in plugin.descriptor.properties.values
        plugin.unload()
    host.check()


def test_a_host_without_params_is_told_so(worker) -> None:
    host = Host(without=("OfxParameterSuite",))
    assert [plugin.load() for plugin in host.plugins.values()] == [4] * len(LABELS)


def test_only_the_three_entry_points_are_exported() -> None:
    listed = subprocess.run(["nm", "-D", "--defined-only", BINARY], capture_output=True, text=True, check=True).stdout
    assert {line.split()[-1] for line in listed.splitlines()} == {"OfxGetNumberOfPlugins", "OfxGetPlugin", "OfxSetHost"}


def test_it_needs_nothing_but_the_c_library() -> None:
    told = subprocess.run(["readelf", "-d", BINARY], capture_output=True, text=True, check=True).stdout
    needed = {line.split("[")[1].rstrip("]") for line in told.splitlines() if "NEEDED" in line}
    assert needed <= {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}


def test_every_file_of_the_shim_is_small_and_licensed(checkout: Path) -> None:
    texts = [path for ending in ("*.c", "*.h") for path in (checkout / "ofx_lipsync" / "plugin").glob(ending)]
    for path in texts:
        lines = path.read_text().splitlines()
        assert lines[0] == "/* SPDX-License-Identifier: Apache-2.0 */", path
        assert path.name == "tables.h" or (len(lines) <= 400 and max(map(len, lines)) <= 120), path
