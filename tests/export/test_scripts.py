# SPDX-License-Identifier: Apache-2.0
"""nuke_scripts/ is fresh, holds the declared names and no others, and an independent parser reads it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Callable

import nkparser
import pytest

from ofx_lipsync.core.params import Bool, Choice, Float, Int
from ofx_lipsync.export import nuke
from ofx_lipsync.export.knobs import identifier, knobs, nuke_class
from ofx_lipsync.export.scripts import files
from ofx_lipsync.export.uses import ABOUT, SEEN, SHARED, TOP, USES
from ofx_lipsync.graph import NODES
from ofx_lipsync.plugin.shot_params import Button

RunScript = Callable[[str], list]
PLACED = {"inputs", "name", "xpos", "ypos"}
CHECKOUT = Path(__file__).resolve().parents[2]
MODULES = sorted((CHECKOUT / "nuke_scripts").rglob("*.py"))


def parsed(text: str) -> nkparser.Script:
    """By nkparser, which looks for a group's nodes inside its braces, where Nuke never puts them."""
    script = nkparser.Script.from_string(text)
    known = {"unclosed-group"} if "end_group" in text else set()
    errors = [
        e
        for e in script.diagnostics
        if e.severity.value == "error" and e.code not in known and "'end_group'" not in e.message
    ]
    assert not errors
    return script


def nuke_texts() -> dict[str, str]:
    """Those with our nodes in them; elements need none."""
    return {name: text for name, text in files().items() if name.endswith((".nk", ".gizmo")) and "elements" not in name}


def plain(value: str) -> str:
    return value[1:-1] if value.startswith('"') else value


@pytest.mark.parametrize("name", files())
def test_no_file_is_stale(name: str, checkout: Path) -> None:
    assert (checkout / "nuke_scripts" / name).read_text() == files()[name], "run: make scripts"


@pytest.mark.parametrize("name", nuke_texts())
def test_every_node_holds_exactly_the_declared_knobs(name: str) -> None:
    found = {node.class_name: node for node in parsed(nuke_texts()[name]).all_nodes()}
    for node_id in NODES:
        written = {knob.name for knob in found[nuke_class(node_id)].knobs} - PLACED
        assert written == {n for n, p in knobs(node_id).items() if not isinstance(p, Button)}, node_id


@pytest.mark.parametrize("name", nuke_texts())
def test_every_value_is_one_that_the_param_takes(name: str) -> None:
    found = {node.class_name: node for node in parsed(nuke_texts()[name]).all_nodes()}
    for node_id in NODES:
        for knob, param in knobs(node_id).items():
            if isinstance(param, (Float, Int, Bool, Choice)):
                value = plain(found[nuke_class(node_id)].get(knob))
                if not value.startswith("{{"):
                    param.read(value)


@pytest.mark.parametrize("name", nuke_texts())
def test_the_chain_is_wired(name: str, run_script: RunScript) -> None:
    """Run as what it is, a Tcl script: the plate, MouthGenerate and the holdout go into Blend, in that order."""
    found = {node.name: node.inputs for node in run_script(nuke_texts()[name])}
    plate, holdout, last = ("Source", ["Holdout"], "Output1") if "gizmo" in name else ("Plate", [], "Dub")
    assert found["FaceDetect1"] == [plate]
    assert found["AudioFeature1"] == ["FaceDetect1"]
    assert found["MouthGenerate1"] == ["AudioFeature1"]
    assert found["Blend1"] == [plate, "MouthGenerate1", *holdout]
    assert found[last] == (["View"] if "gizmo" in name else ["Blend1"])
    assert found.get("View", []) == (["Blend1", "FaceDetect1", "MouthGenerate1"] if "gizmo" in name else [])


@pytest.mark.parametrize("view", SEEN)
def test_a_view_on_top_shows_that_view_of_its_node(view: str, run_script: RunScript) -> None:
    """The expressions are worked out as Nuke would: its `a ? b : c` is Tcl's."""
    tcl = pytest.importorskip("tkinter").Tcl()
    nodes = {node.name: node for node in run_script(nuke.gizmo())}

    def value(name: str, knob: str) -> int:
        text = nodes[name].knobs[knob].strip('{}"').replace("parent.view", str(list(SEEN).index(view)))
        return int(tcl.eval(f"expr {{{text}}}"))

    name, own = SEEN[view]
    assert nodes["View"].inputs[value("View", "which")] == f"{name}1"
    assert knobs(name)["view"].options[value(f"{name}1", "view")] == own
    for other in {"Blend", "FaceDetect", "MouthGenerate"} - {name}:
        assert value(f"{other}1", "view") == 0


def test_inputs_of_the_group_are_numbered(run_script: RunScript) -> None:
    numbers = {n.name: n.knobs.get("number", "0") for n in run_script(nuke.gizmo()) if n.kind == "Input"}
    assert numbers == {"Source": "0", "Holdout": "1"}


def test_the_buttons_scripts_come_out_of_tcl_as_python(run_script: RunScript) -> None:
    (group,) = (node for node in run_script(nuke.gizmo()) if node.kind == "Group")
    ast.parse(group.knobs["knobChanged"], feature_version=(3, 7))
    assert group.knobs["label"] == "[value view]"


def test_the_knobs_on_top_lead_to_declared_ones() -> None:
    links = [line.rsplit(" T ", 1)[1].rstrip("}") for line in nuke.gizmo().splitlines() if "addUserKnob {41 " in line]
    assert len(links) == len(set(links)) == sum(len(entries) for entries in TOP.values())
    for link in links:
        node, knob = link.split(".")
        assert knob in knobs(node.removesuffix("1")), link


def test_no_two_knobs_on_top_have_one_name() -> None:
    lines = [line for line in nuke.gizmo().splitlines() if "addUserKnob {" in line]
    names = [line.split("addUserKnob {")[1].split()[1].rstrip("}") for line in lines]
    assert len(names) == len(set(names))


def test_only_the_artists_knobs_are_on_top() -> None:
    everything = sum(len(knobs(name)) for name in NODES)
    assert sum(len(entries) for entries in TOP.values()) < everything / 2


def test_every_use_sets_declared_values_and_the_same_ones() -> None:
    for use, settings in USES.items():
        assert ABOUT[use]
        assert {(n, k) for n, v in settings.items() for k in v} == {(n, k) for n, v in USES["dub"].items() for k in v}
        for node, values in settings.items():
            for knob, value in values.items():
                knobs(node)[knob].check(value)


def test_what_is_shared_is_on_top_once() -> None:
    on_top = [knob for entries in TOP.values() for _, knob in entries]
    assert all(on_top.count(knob) == 1 for knob in SHARED)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_module_is_of_python_3_7(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 7))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_needs_more_than_the_host_has(path: Path) -> None:
    own = {p.stem for p in MODULES if p.parent == path.parent or p.parent.name == "python"}
    allowed = {*sys.stdlib_module_names, "nuke", "NatronEngine", *own}
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            assert {alias.name.partition(".")[0] for alias in found.names} <= allowed, path
        elif isinstance(found, ast.ImportFrom):
            assert (found.module or "").partition(".")[0] in allowed, path


def test_the_classes_are_what_nuke_makes_of_the_identifiers() -> None:
    assert identifier("MouthGenerate") == "org.ofxlipsync.mouthgenerate"
    assert nuke_class("MouthGenerate") == "OFXorg.ofxlipsync.mouthgenerate_v1"


def test_a_text_that_tcl_would_run_is_escaped() -> None:
    assert nuke._quoted('say [exit] for $5 "now"') == r'"say \[exit] for \$5 \"now\""'
