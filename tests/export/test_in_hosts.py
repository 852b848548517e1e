# SPDX-License-Identifier: Apache-2.0
"""The scripts run against hosts that only record: what they make, name and press. No Nuke or Natron is at hand here."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Iterator

import pytest

from ofx_lipsync.core.params import Choice, File, Float, Int, Param
from ofx_lipsync.export.knobs import identifier, knobs, nuke_class
from ofx_lipsync.export.uses import SEEN, SHARED, TOP, USES
from ofx_lipsync.graph import NODES
from ofx_lipsync.plugin.shot_params import LABELS

TYPES = {"float": "Double", "int": "Int", "bool": "Boolean", "choice": "Choice", "text": "String", "file": "File"}
LOADED = ("nuke", "lipsync_tables", "lipsync_gizmo", "LipSyncExt")


@pytest.fixture
def scripts(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = checkout / "nuke_scripts"
    monkeypatch.syspath_prepend(str(folder / "python"))
    monkeypatch.syspath_prepend(str(folder / "natron"))
    yield folder
    for name in LOADED:
        sys.modules.pop(name, None)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Knob:
    def __init__(self, name: str, value: Any, log: list[str], owner: str) -> None:
        self._name, self._value, self.log, self.owner = name, value, log, owner

    def name(self) -> str:
        return self._name

    def value(self) -> Any:
        return self._value

    def setValue(self, value: Any) -> None:  # noqa: N802
        self._value = value

    def execute(self) -> None:
        self.log.append(f"{self.owner}.{self._name}")


class Group:
    """The LipSync group in Nuke: four nodes with their declared knobs, and what stands on top."""

    def __init__(self) -> None:
        self.pressed: list[str] = []
        self.failing = ""
        self.nodes = {name + "1": self.inside(name) for name in NODES}
        self.top = {knob: self.nodes[name + "1"][knob] for entries in TOP.values() for name, knob in entries}
        self.top["preset"] = Knob("preset", "subtle", [], "")

    def inside(self, name: str) -> Any:
        found = {n: Knob(n, p.default, self.pressed, name) for n, p in knobs(name).items()}
        node = SimpleNamespace(hasError=lambda: name == self.failing)
        return type("Node", (), {"__getitem__": lambda _, k: found[k], "hasError": lambda _: node.hasError()})()

    def __getitem__(self, knob: str) -> Knob:
        return self.top[knob]

    def node(self, name: str) -> Any:
        return self.nodes.get(name)

    def name(self) -> str:
        return "LipSync1"


@pytest.fixture
def nuke(monkeypatch: pytest.MonkeyPatch) -> Any:
    said: dict[str, list] = {"paths": [], "commands": [], "presets": [], "messages": [], "apart": []}
    menu = SimpleNamespace(addCommand=lambda name, command, icon: said["commands"].append((name, command, icon)))
    fake = ModuleType("nuke")
    fake.said = said  # type: ignore[attr-defined]
    fake.ofxAddPluginAliasExclusion = said["apart"].append  # type: ignore[attr-defined]
    fake.pluginAddPath = said["paths"].append  # type: ignore[attr-defined]
    fake.menu = lambda name: SimpleNamespace(addMenu=lambda label, icon: menu)  # type: ignore[attr-defined]
    fake.setPreset = lambda *given: said["presets"].append(given)  # type: ignore[attr-defined]
    fake.message = said["messages"].append  # type: ignore[attr-defined]
    fake.Undo = SimpleNamespace(begin=lambda name: None, end=lambda: None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nuke", fake)
    return fake


def test_init_adds_paths_and_nothing_else(scripts: Path, nuke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OFX_PLUGIN_PATH", raising=False)
    monkeypatch.delenv("LIPSYNC_OFX_DIR", raising=False)
    load(scripts / "init.py")
    assert [Path(path).name for path in nuke.said["paths"]] == ["python", "gizmos", "icons"]
    assert all(Path(path).is_dir() for path in nuke.said["paths"])
    assert nuke.said["apart"] == [nuke_class(name) for name in LABELS]
    assert not nuke.said["commands"]
    assert "OFX_PLUGIN_PATH" not in os.environ


def test_init_names_the_plug_in_once(scripts: Path, nuke: Any, monkeypatch: Any, tmp_path: Path) -> None:
    (tmp_path / "LipSync.ofx.bundle").mkdir()
    monkeypatch.setenv("LIPSYNC_OFX_DIR", str(tmp_path))
    monkeypatch.setenv("OFX_PLUGIN_PATH", "/opt/ofx")
    for _ in range(2):
        load(scripts / "init.py")
    assert os.environ["OFX_PLUGIN_PATH"] == f"{tmp_path}{os.pathsep}/opt/ofx"


def test_the_menu_has_the_group_the_nodes_and_the_toolsets(scripts: Path, nuke: Any) -> None:
    load(scripts / "menu.py")
    names = [name for name, _, _ in nuke.said["commands"]]
    assert names == ["LipSync Group", *LABELS, *(f"Toolsets/{use}" for use in [*USES, "elements"])]
    for name, command, icon in nuke.said["commands"]:
        assert (scripts / "icons" / icon).is_file(), f"{name} has no icon"
        compile(command, name, "eval")
        if "loadToolset" in command:
            assert Path(command.split("'")[1]).is_file()
    assert len(nuke.said["presets"]) == sum(len(nodes) for nodes in USES.values())


def test_analyse_presses_the_three_in_order_and_shares_what_is_set_once(scripts: Path, nuke: Any) -> None:
    gizmo, group = load(scripts / "python" / "lipsync_gizmo.py"), Group()
    group["analysis"].setValue("shot.lipsync")
    group["line"].setValue("line.wav")
    group["first_frame"].setValue(1001)
    assert gizmo.analyse(group) is True
    assert group.pressed == ["FaceDetect.analyse", "AudioFeature.analyse", "MouthGenerate.analyse"]
    for name in NODES:
        assert group.node(name + "1")["analysis"].value() == "shot.lipsync"
    assert group.node("MouthGenerate1")["first_frame"].value() == 1001


def test_analyse_asks_for_what_is_missing(scripts: Path, nuke: Any) -> None:
    gizmo, group = load(scripts / "python" / "lipsync_gizmo.py"), Group()
    assert gizmo.analyse(group) is False
    assert nuke.said["messages"] == ["LipSync: analysis is empty; name an analysis file, such as shot.lipsync, first"]
    assert group.pressed == []


def test_analyse_stops_at_the_first_that_fails(scripts: Path, nuke: Any) -> None:
    gizmo, group = load(scripts / "python" / "lipsync_gizmo.py"), Group()
    group["analysis"].setValue("shot.lipsync")
    group["line"].setValue("line.wav")
    group.failing = "AudioFeature"
    assert gizmo.analyse(group) is False
    assert group.pressed == ["FaceDetect.analyse", "AudioFeature.analyse"]
    assert "AudioFeature could not analyse" in nuke.said["messages"][0]


def test_a_preset_sets_its_knobs(scripts: Path, nuke: Any) -> None:
    gizmo, group = load(scripts / "python" / "lipsync_gizmo.py"), Group()
    gizmo.apply_preset(group)
    assert group["strength"].value() == USES["subtle"]["MouthGenerate"]["strength"]
    assert group["feather"].value() == USES["subtle"]["Blend"]["feather"]


class NatronParam:
    """A param as Natron's Python sees it: its class's name is its type, and an alias must be of the same."""

    def __init__(self, name: str, value: Any = None, options: tuple[str, ...] = ()) -> None:
        self.name, self.value, self.options, self.alias, self.pressed = name, value, options, None, 0
        self.ruled = False

    def getScriptName(self) -> str:  # noqa: N802
        return self.name

    def getValue(self) -> Any:  # noqa: N802
        return self.value

    def setValue(self, value: Any) -> None:  # noqa: N802
        assert not isinstance(self, CHOICE) or isinstance(value, int)
        if self.ruled:
            return
        self.value = value
        if isinstance(self.alias, NatronParam):
            self.alias.value = value

    def setAsAlias(self, other: NatronParam) -> bool:  # noqa: N802
        """As Natron does: the alias rules from now on, with whatever value it has."""
        self.alias, self.options, other.value = other, other.options, self.value
        other.ruled = True
        return type(self) is type(other)

    def trigger(self) -> None:
        self.pressed += 1

    def __getattr__(self, name: str) -> Any:
        if name in ("setHelp", "addParam", "setEnabled", "setDefaultValue", "setEvaluateOnChange"):
            return lambda *given: None
        raise AttributeError(name)


KINDS = {kind: type(f"{kind}Param", (NatronParam,), {}) for kind in (*TYPES.values(), "Button", "Page", "Separator")}
CHOICE = KINDS["Choice"] = type(
    "ChoiceParam",
    (NatronParam,),
    {
        "getNumOptions": lambda self: len(self.options),
        "getOption": lambda self, index: self.options[index],
        "setOptions": lambda self, pairs: setattr(self, "options", tuple(name for name, _ in pairs)),
    },
)


def natron_param(param: Param) -> NatronParam:
    kind = "Button" if param.kind == "button" else TYPES[param.kind]
    if isinstance(param, Choice):
        return CHOICE(param.name, param.options.index(param.default), param.options)
    return KINDS[kind](param.name, param.default)


class NatronNode:
    def __init__(self, kind: str) -> None:
        self.kind, self.inputs, self.name = kind, {}, ""
        names = {identifier(name): name for name in NODES}
        self.params = {n: natron_param(p) for n, p in knobs(names[kind]).items()} if kind in names else {}
        if kind.endswith("Input"):
            self.params["optional"] = KINDS["Boolean"]("optional", False)

    def setScriptName(self, name: str) -> None:  # noqa: N802
        self.name = name

    def getLabel(self) -> str:  # noqa: N802
        return self.name

    def disconnectInput(self, index: int) -> None:  # noqa: N802
        del self.inputs[index]

    def connectInput(self, index: int, node: NatronNode) -> None:  # noqa: N802
        self.inputs[index] = node.name

    def getParam(self, name: str) -> NatronParam | None:  # noqa: N802
        return self.params.get(name)

    def __getattr__(self, name: str) -> Any:
        if name in ("setLabel", "setPosition", "setPagesOrder", "refreshUserParamsGUI"):
            return lambda *given: None
        kind = name.removeprefix("create").removesuffix("Param")
        if name.startswith("create") and kind in KINDS:
            return lambda script_name, label: self.params.setdefault(script_name, KINDS[kind](script_name))
        raise AttributeError(name)


class NatronGroup(NatronNode):
    def __init__(self) -> None:
        super().__init__("group")
        self.inside: list[NatronNode] = []
        self.params["onParamChanged"] = KINDS["String"]("onParamChanged", "")

    def getNode(self, name: str) -> NatronNode:  # noqa: N802
        return next(node for node in self.inside if node.name == name)

    def createNode(self, kind: str, version: int, group: NatronGroup) -> NatronNode:  # noqa: N802
        self.inside.append(NatronNode(kind))
        return self.inside[-1]


@pytest.fixture
def pyplug(scripts: Path) -> tuple[ModuleType, NatronGroup]:
    module, group = load(scripts / "natron" / "LipSync.py"), NatronGroup()
    module.createInstance(group, group)
    return module, group


def test_the_pyplug_makes_the_chain(pyplug: tuple[ModuleType, NatronGroup]) -> None:
    _, group = pyplug
    assert group.getNode("FaceDetect").inputs == {0: "Source"}
    assert group.getNode("AudioFeature").inputs == {0: "FaceDetect"}
    assert group.getNode("MouthGenerate").inputs == {0: "AudioFeature"}
    assert group.getNode("Blend").inputs == {0: "Source", 1: "MouthGenerate", 2: "Holdout"}
    assert group.getNode("Output1").inputs == {0: "Blend"}
    assert group.params["onParamChanged"].value == "LipSync.paramChanged"


def test_what_is_on_top_of_the_pyplug_is_the_nodes_own(pyplug: tuple[ModuleType, NatronGroup]) -> None:
    _, group = pyplug
    for name, knob in [entry for entries in TOP.values() for entry in entries]:
        inner = group.getNode(name).params[knob]
        assert group.params[knob].alias is inner, knob
        assert inner.value == natron_param(knobs(name)[knob]).value, f"{knob} lost its default"


def test_the_pyplugs_buttons(pyplug: tuple[ModuleType, NatronGroup]) -> None:
    module, group = pyplug
    group.params["analysis"].setValue("shot.lipsync")
    module.paramChanged(group.params["analyse"], group, group, None, True)
    for name in module.ext.CHAIN:
        assert group.getNode(name).params["analyse"].pressed == 1
        assert group.getNode(name).params["analysis"].value == "shot.lipsync"
    group.params["preset"].value = list(USES).index("subtle")
    module.paramChanged(group.params["apply_preset"], group, group, None, True)
    assert group.getNode("MouthGenerate").params["strength"].value == USES["subtle"]["MouthGenerate"]["strength"]


@pytest.mark.parametrize("view", SEEN)
def test_the_pyplugs_views(pyplug: tuple[ModuleType, NatronGroup], view: str) -> None:
    module, group = pyplug
    group.params["view"].value = list(SEEN).index(view)
    module.paramChanged(group.params["view"], group, group, None, True)
    name, own = SEEN[view]
    assert group.getNode("Output1").inputs == {0: name}
    shown = group.getNode(name).params["view"]
    assert shown.options[shown.value] == own


def test_shared_knobs_are_of_the_kinds_that_can_be_copied() -> None:
    kinds = {type(knobs(name)[knob]) for knob in SHARED for name in NODES if knob in knobs(name)}
    assert not kinds & {Float}
    assert kinds >= {File, Int, Choice}
