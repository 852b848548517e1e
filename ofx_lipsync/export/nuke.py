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
from ofx_lipsync.core.params import Choice, Param
from ofx_lipsync.export.knobs import CLIPS, knobs, nuke_class
from ofx_lipsync.export.uses import ABOUT, SEEN, TOP, USES
from ofx_lipsync.plugin.shot_params import Button

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


class Expression(str):
    """A knob's value that Nuke works out."""


class Keyed(str):
    """A knob's value in Nuke's own words, as an animation."""


COLOUR = 0x5A3D6EFF
STEP_PX = 90


def gizmo() -> str:
    """LipSync.gizmo: inputs Source and Holdout, the artist's knobs on top."""
    inside = [
        node_text("Input", name="Holdout", inputs=0, number=1, xpos=220, ypos=-STEP_PX),
        node_text("Input", name="Source", inputs=0, xpos=0, ypos=-STEP_PX),
        *_chain(_seen(), len(CLIPS["Blend"])),
        *_switch(),
        node_text("Output", name="Output1", xpos=0, ypos=5 * STEP_PX),
    ]
    return HEADER + _group() + "".join(_indented(part) for part in inside) + "end_group\n"


def toolset(use: str) -> str:
    """The nodes for a use, in the open: Read, the chain, Write, and a note that says what to do."""
    note = f"LipSync: {use}\n{ABOUT[use]}\n1 name plate, line and analysis file\n2 Analyse: {', '.join(CHAIN)}"
    parts = [
        node_text("StickyNote", inputs=0, name="LipSyncNote", label=note, note_font_size=16, xpos=-320, ypos=-60),
        node_text("Read", inputs=0, name="Plate", label="plate", xpos=0, ypos=-STEP_PX),
        *_chain(USES[use], 2),
        node_text("Write", name="Dub", file_type="exr", datatype="16 bit half", metadata="all metadata",
              create_directories=True, xpos=0, ypos=4 * STEP_PX),
    ]  # fmt: skip
    return HEADER + "".join(parts)


def _chain(settings: dict[str, dict[str, Any]], inputs: int) -> list[str]:
    """Source -> FaceDetect -> AudioFeature -> MouthGenerate -> Blend, which takes Source and, where `inputs` is 3, what
    lies on the stack below it as the holdout."""
    parts = ["set Nsource [stack 0]\n"]
    for row, name in enumerate(CHAIN):
        parts += [_ofx(name, settings, xpos=-110, ypos=row * STEP_PX), f"set N{name} [stack 0]\n"]
    parts.append("push $Nsource\n")
    return [*parts, _ofx("Blend", settings, inputs=inputs, xpos=0, ypos=3 * STEP_PX)]


def _ofx(name: str, settings: dict[str, dict[str, Any]], **placed: int) -> str:
    """Every value is written, so that a later default changes no shot that is in work."""
    values = {n: p.default for n, p in knobs(name).items() if not isinstance(p, Button)}
    values.update({**PASSES.get(name, {}), **settings.get(name, {})})
    return node_text(nuke_class(name), **values, name=f"{name}1", **placed)


def _seen() -> dict[str, dict[str, Any]]:
    """Each node's view, as it follows from the view on top; an expression, so that a farm needs no script of ours."""
    found: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(name for name, _ in SEEN.values()):
        options = _options(name)
        wanted = {place: options.index(own) for place, (of, own) in enumerate(SEEN.values()) if of == name}
        found[name] = {"view": _picked(wanted)}
    return found


def _switch() -> list[str]:
    """Blend, or the node whose view is asked for."""
    names = list(dict.fromkeys(name for name, _ in SEEN.values()))
    which = _picked({place: names.index(name) for place, (name, _) in enumerate(SEEN.values())})
    pushes = [f"push $N{name}\n" for name in reversed(names)]
    switch = node_text("Switch", inputs=len(names), which=which, name="View", xpos=0, ypos=4 * STEP_PX)
    return ["set NBlend [stack 0]\n", *pushes, switch]


def _options(name: str) -> tuple[str, ...]:
    view = knobs(name)["view"]
    assert isinstance(view, Choice)
    return view.options


def _picked(wanted: dict[int, int]) -> Expression:
    """Place of the view on top -> number, 0 for any other."""
    text = "0"
    for place, number in reversed(wanted.items()):
        text = f"parent.view == {place} ? {number} : {text}" if number else text
    return Expression(text)


def _group() -> str:
    lines = [f"name LipSync1\n tile_color {COLOUR:#x}", 'label "\\[value view]"', f"knobChanged {_quoted(CHANGED)}"]
    lines += _user_knobs()
    return "Group {\n" + "".join(f" {line}\n" for line in lines) + "}\n"


def _user_knobs() -> list[str]:
    view = f'addUserKnob {{4 view l view t "What is shown." M {{{" ".join(SEEN)}}}}}'
    lines = ["addUserKnob {20 LipSync}", view, *_preset(), *_analyse()]
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
    tip = "Sets what the preset is about; press Analyse after it."
    return [
        f'addUserKnob {{4 preset l preset t "Settings for a use." M {{{" ".join(USES)}}}}}',
        f"addUserKnob {{22 apply_preset l Apply t {_quoted(tip)} -STARTLINE T {_quoted(script)}}}",
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


def node_text(kind: str, **values: Any) -> str:
    return f"{kind} {{\n" + "".join(f" {name} {_value(value)}\n" for name, value in values.items()) + "}\n"


def _value(value: Any) -> str:
    """As Nuke saves it: words bare, text with anything else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    if isinstance(value, Keyed):
        return str(value)
    if isinstance(value, Expression):
        return f'{{{{"{value}"}}}}'
    return value if value and value.replace("_", "").isalnum() else _quoted(value)


def _quoted(text: str) -> str:
    """A TCL string: what it would run or replace is escaped."""
    quoted = json.dumps(text, ensure_ascii=True)
    return quoted.replace("[", "\\[").replace("$", "\\$")


def _indented(part: str) -> str:
    return "".join(f" {line}\n" for line in part.splitlines())
