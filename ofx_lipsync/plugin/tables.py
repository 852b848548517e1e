# SPDX-License-Identifier: Apache-2.0
"""Writes tables.h, from which the shim describes its nodes: `python -m ofx_lipsync.plugin.tables`.

Everything in it comes from the declarations of the nodes and of `shot_params`; the file is committed, so that the shim
builds with a C compiler alone, and a test says when it is stale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from ofx_lipsync.core.params import Choice, Float, Int, Param
from ofx_lipsync.graph import NODES, node
from ofx_lipsync.plugin.shot_params import LIPSYNC, Found, node_params, shot_params

PATH = Path(__file__).with_name("tables.h")
GENERATOR, FILTER, GENERAL = "CONTEXT_GENERATOR", "CONTEXT_FILTER", "CONTEXT_GENERAL"


@dataclass(frozen=True)
class Clip:
    """An input. contexts: where it exists; needed: where the host must connect it."""

    name: str
    contexts: tuple[str, ...]
    needed: bool = True
    matte: bool = False


@dataclass(frozen=True)
class HostNode:
    """One plug-in. patch: it gives RGBA, premultiplied, instead of what Source is; others: its worker may ask the host
    for other frames of Source; region: only the worker knows where it has pixels."""

    label: str
    contexts: tuple[str, ...]
    clips: tuple[Clip, ...]
    hint: str = ""
    patch: bool = False
    others: bool = False
    region: bool = False

    @property
    def id(self) -> str:
        return f"org.ofxlipsync.{self.label.lower()}"


_BOTH = (FILTER, GENERAL)
_SOURCE = Clip("Source", _BOTH)
_HOLDOUT = Clip("Holdout", (GENERAL,), needed=False, matte=True)
HOST_NODES = (
    HostNode("FaceDetect", _BOTH, (_SOURCE,)),
    HostNode("AudioFeature", (GENERATOR, GENERAL), (Clip("Source", (GENERAL,), needed=False),), patch=True),
    HostNode("MouthGenerate", _BOTH, (_SOURCE,), patch=True, others=True, region=True),
    HostNode("Blend", (GENERAL,), (Clip("Source", (GENERAL,)), Clip("Mouth", (GENERAL,)), _HOLDOUT), others=True),
    HostNode(
        LIPSYNC, _BOTH, (_SOURCE, _HOLDOUT), others=True,
        hint="Finds the face, listens to the line, makes the mouth and blends it in: all four nodes in one.",
    ),
    HostNode("Portrait", _BOTH, (_SOURCE,)),
    HostNode("Character", (GENERATOR, GENERAL), (Clip("Source", (GENERAL,), needed=False),), patch=True),
    HostNode("SyncMeter", _BOTH, (_SOURCE,)),
    HostNode(
        "Resync", _BOTH, (_SOURCE,), others=True,
        hint="With fix at picture, every frame shows the plate frame that belongs to its sound, by a curve or by what "
        "SyncMeter measured. Otherwise the picture passes: the sound is delivered by lipsync resync.",
    ),
    HostNode("Fill", _BOTH, (_SOURCE,), others=True),
)  # fmt: skip


def text() -> str:
    """The whole of tables.h."""
    parts = ["/* SPDX-License-Identifier: Apache-2.0 */", "/* Made by ofx_lipsync/plugin/tables.py; edit the nodes. */"]
    parts += ["/* clang-format off */"]
    for host_node in HOST_NODES:
        parts += _params(host_node)
    parts += ["", "const NodeRow NODES[NODE_COUNT] = {", *map(_node, HOST_NODES), "};", ""]
    return "\n".join(parts)


def _params(host_node: HostNode) -> Iterator[str]:
    rows = {**shot_params(host_node.label), **node_params(host_node.label)}
    for name, param in rows.items():
        if isinstance(param, Choice):
            names = ", ".join(map(_c, param.options))
            yield f"static const char *const {host_node.label}_{name}_options[] = {{{names}}};"
    yield ""
    yield f"static const ParamRow {host_node.label}_params[] = {{"
    yield from (_param(host_node, name, param) for name, param in rows.items())
    yield "};"


def _param(host_node: HostNode, name: str, param: Param) -> str:
    fields = {
        "name": _c(name),
        "label": _c(param.name.replace("_", " ").capitalize()),
        "group": _c(_group(host_node, param)),
        "kind": f"KIND_{param.kind.upper()}",
        "animates": int(param.animates),
        "analysed": int(param.analysed),
        "found": int(isinstance(param, Found)),
        **_value(host_node, name, param),
        "hint": _c(_hint(param)),
    }
    return "    {" + ", ".join(f".{key} = {value}" for key, value in fields.items()) + "},"


def _value(host_node: HostNode, name: str, param: Param) -> dict[str, str]:
    if isinstance(param, (Float, Int)):
        low, high = param.slider or (param.lo, param.hi)
        return {
            "initial": _number(param.default), "lo": _number(param.lo), "hi": _number(param.hi),
            "slider_lo": _number(low), "slider_hi": _number(high),
        }  # fmt: skip
    if isinstance(param, Choice):
        options = f"{host_node.label}_{name}_options"
        return {
            "initial": str(param.options.index(param.default)), "options": options,
            "option_count": str(len(param.options)),
        }  # fmt: skip
    if param.kind == "button":
        return {}
    return {"initial": str(int(param.default))} if param.kind == "bool" else {"initial_text": _c(param.default)}


def _group(host_node: HostNode, param: Param) -> str:
    """In the all-in-one node the engine's nodes are told apart by their name in front."""
    return f"{param.owner} {param.group}" if host_node.label == LIPSYNC and param.owner in NODES else param.group


def _hint(param: Param) -> str:
    unit = getattr(param, "unit", "")
    return f"{param.help} In {unit}." if unit else param.help


def _node(host_node: HostNode) -> str:
    hint = host_node.hint or " ".join((node(host_node.label).__doc__ or "").split("\n\n")[0].split())
    clips = ", ".join(
        f"{{{_c(c.name)}, {' | '.join(c.contexts)}, {int(c.needed)}, {int(c.matte)}}}" for c in host_node.clips
    )
    fields = {
        "id": _c(host_node.id),
        "label": _c(host_node.label),
        "hint": _c(hint),
        "contexts": " | ".join(host_node.contexts),
        "clip_count": len(host_node.clips),
        "clips": f"{{{clips}}}",
        "params": f"{host_node.label}_params",
        "param_count": len(shot_params(host_node.label)) + len(node_params(host_node.label)),
        "patch": int(host_node.patch),
        "others": int(host_node.others),
        "region": int(host_node.region),
    }
    return "    {" + ", ".join(f".{key} = {value}" for key, value in fields.items()) + "},"


def _c(value: str) -> str:
    """A C string: JSON's escapes are C's, as long as the text is ASCII."""
    if not value.isascii():
        raise ValueError(f"tables: hosts take ASCII alone in labels and help, got {value!r}")
    return json.dumps(value)


def _number(value: float) -> str:
    return repr(value)


if __name__ == "__main__":
    PATH.write_text(text())
