# SPDX-License-Identifier: Apache-2.0
"""Nuke's files, as text: the LipSync group, and a script for each use.

A .gizmo that holds a Group puts the four nodes themselves into the artist's script: a farm then needs the plug-in and
nothing else, and what is inside is saved with the script. Node syntax as Nuke writes it: a node takes its inputs from
a stack, the first from the top; a choice is saved by its label, which is its id with us.
"""

from __future__ import annotations

import json
from typing import Any

from ofx_lipsync import __version__
from ofx_lipsync.core.params import Param
from ofx_lipsync.export.knobs import CLIPS, Button, knobs, nuke_class
from ofx_lipsync.export.uses import ABOUT, TOP, USES

HEADER = "#! Nuke, made by ofx_lipsync for every version from 13: SPDX-License-Identifier: Apache-2.0\n"
CHAIN = ("FaceDetect", "AudioFeature", "MouthGenerate")
"""In this order from Source to Blend's mouth; AudioFeature passes the picture on."""
PASSES = {"AudioFeature": {"view": "source"}}
MODULE = "lipsync_gizmo"
CHANGED = (
    "import importlib.util\n"
    f"if importlib.util.find_spec('{MODULE}'):\n"
    f"    import {MODULE}\n"
    f"    {MODULE}.changed(nuke.thisNode(), nuke.thisKnob())"
)
COLOUR = 0x5A3D6EFF
STEP_PX = 90


def gizmo() -> str:
    """LipSync.gizmo: inputs Source and Holdout, the artist's knobs on top."""
    inside = [
        _node("Input", name="Holdout", inputs=0, number=1, xpos=220, ypos=-STEP_PX),
        _node("Input", name="Source", inputs=0, xpos=0, ypos=-STEP_PX),
        *_chain({}, len(CLIPS["Blend"])),
        _node("Output", name="Output1", xpos=0, ypos=4 * STEP_PX),
    ]
    return HEADER + _group() + "".join(_indented(part) for part in inside) + "end_group\n"


def toolset(use: str) -> str:
    """The nodes for a use, in the open: Read, the chain, Write, and a note that says what to do."""
    note = f"LipSync: {use}\n{ABOUT[use]}\n1 name plate, line and analysis file\n2 Analyse: {', '.join(CHAIN)}"
    parts = [
        _node("StickyNote", inputs=0, name="LipSyncNote", label=note, note_font_size=16, xpos=-320, ypos=-60),
        _node("Read", inputs=0, name="Plate", label="plate", xpos=0, ypos=-STEP_PX),
        *_chain(USES[use], 2),
        _node("Write", name="Dub", file_type="exr", datatype="16 bit half", metadata="all metadata",
              create_directories=True, xpos=0, ypos=4 * STEP_PX),
    ]  # fmt: skip
    return HEADER + "".join(parts)


def _chain(settings: dict[str, dict[str, Any]], inputs: int) -> list[str]:
    """Source -> FaceDetect -> AudioFeature -> MouthGenerate -> Blend, which takes Source and, where `inputs` is 3, what
    lies on the stack below it as the holdout."""
    parts = ["set Nsource [stack 0]\n"]
    for row, name in enumerate(CHAIN):
        parts.append(_ofx(name, settings, xpos=-110, ypos=row * STEP_PX))
    parts.append("push $Nsource\n")
    return [*parts, _ofx("Blend", settings, inputs=inputs, xpos=0, ypos=3 * STEP_PX)]


def _ofx(name: str, settings: dict[str, dict[str, Any]], **placed: int) -> str:
    """Every value is written, so that a later default changes no shot that is in work."""
    values = {n: p.default for n, p in knobs(name).items() if not isinstance(p, Button)}
    values.update({**PASSES.get(name, {}), **settings.get(name, {})})
    return _node(nuke_class(name), **values, name=f"{name}1", **placed)


def _group() -> str:
    lines = [f"name LipSync1\n tile_color {COLOUR:#x}", 'label "\\[value view]"', f"knobChanged {_quoted(CHANGED)}"]
    lines += _user_knobs()
    return "Group {\n" + "".join(f" {line}\n" for line in lines) + "}\n"


def _user_knobs() -> list[str]:
    view = knobs("Blend")["view"]
    lines = ["addUserKnob {20 LipSync}", _link("Blend", "view", view), *_preset(), *_analyse()]
    for heading, entries in TOP.items():
        lines.append(f"addUserKnob {{20 {heading.lower()}_group l {heading} n 1}}")
        lines += [_link(name, knob, knobs(name)[knob]) for name, knob in entries]
        lines.append(f"addUserKnob {{20 {heading.lower()}_end n -1}}")
    return [*lines, *_info()]


def _link(name: str, knob: str, param: Param) -> str:
    label = _quoted(knob.replace("_", " "))
    return f"addUserKnob {{41 {knob} l {label} t {_quoted(param.help)} T {name}1.{knob}}}"


def _preset() -> list[str]:
    script = f"import {MODULE}; {MODULE}.apply_preset(nuke.thisNode())"
    return [
        f'addUserKnob {{4 preset l preset t "Settings for a use." M {{{" ".join(USES)}}}}}',
        f'addUserKnob {{22 apply_preset l Apply t "Sets what the preset is about." -STARTLINE T {_quoted(script)}}}',
    ]


def _analyse() -> list[str]:
    script = f"import {MODULE}; {MODULE}.analyse(nuke.thisNode())"
    tip = "Looks at the shot and hears the line, in order; needs an analysis file and a line."
    return [f"addUserKnob {{22 analyse l Analyse t {_quoted(tip)} +STARTLINE T {_quoted(script)}}}"]


def _info() -> list[str]:
    text = (
        f"LipSync {__version__}, ofx_lipsync, Apache-2.0\n"
        "1 name the analysis file and the line\n2 press Analyse\n3 view the result\n"
        "Open the group for every knob of its four nodes.\n"
        "Holdout: white where something in front of the face stays."
    )
    return [
        "addUserKnob {20 info l Info}",
        f'addUserKnob {{26 about l "" +STARTLINE T {_quoted(text)}}}',
        f'addUserKnob {{1 lipsync_version l version t "The version that made this group." T {__version__} +INVISIBLE}}',
    ]


def _node(kind: str, **values: Any) -> str:
    return f"{kind} {{\n" + "".join(f" {name} {_value(value)}\n" for name, value in values.items()) + "}\n"


def _value(value: Any) -> str:
    """As Nuke saves it: words bare, text with anything else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    return value if value and value.replace("_", "").isalnum() else _quoted(value)


def _quoted(text: str) -> str:
    """A TCL string: what it would run or replace is escaped."""
    quoted = json.dumps(text, ensure_ascii=True)
    return quoted.replace("[", "\\[").replace("$", "\\$")


def _indented(part: str) -> str:
    return "".join(f" {line}\n" for line in part.splitlines())
