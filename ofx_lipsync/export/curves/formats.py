# SPDX-License-Identifier: Apache-2.0
"""Every format by its name on the command line: what it is written from, and by which writer."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Callable

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.export.curves.take import Take


@dataclass(frozen=True)
class Format:
    """suffix: of its files. writer: module:function. rig: whose curves it holds unless the user says; "" where it holds
    mouths alone. mouths: which set. fps: unless the user says. opens: where it is read."""

    suffix: str
    writer: str
    rig: str = ""
    mouths: str = ""
    fps: int = 60
    opens: str = ""

    def encoded(self, take: Take) -> bytes:
        """The file's content; the same take gives the same bytes."""
        module, _, function = self.writer.partition(":")
        write: Callable[[Take], bytes] = getattr(importlib.import_module(f"{__package__}.{module}"), function)
        return write(take)

    def rate(self, fps: Rate | None) -> Rate:
        return Rate(self.fps) if fps is None else fps


FORMATS = {
    "arkit": Format(".csv", "livelink:encoded", "arkit", opens="Unreal (Live Link Face), MetaHuman, Blender add-ons"),
    "gltf": Format(".glb", "gltf:encoded", "arkit", opens="Blender, three.js, Godot, Unity, model viewers"),
    "usd": Format(".usda", "usd:encoded", "arkit", opens="usdview, Omniverse, Houdini, Maya, Blender"),
    "ovr": Format(".ovr.csv", "table:encoded", "ovr", opens="avatars with OVR visemes; any spreadsheet"),
    "rhubarb": Format(".tsv", "rhubarb:tsv", mouths="rhubarb", opens="readers of Rhubarb: After Effects, Spine, Godot"),
    "rhubarb-xml": Format(".xml", "rhubarb:xml", mouths="rhubarb", opens="as rhubarb"),
    "rhubarb-json": Format(".rhubarb.json", "rhubarb:as_json", mouths="rhubarb", opens="as rhubarb"),
    "moho": Format(".dat", "moho:dat", mouths="preston_blair", fps=24, opens="Moho, OpenToonz, Papagayo"),
    "synfig": Format(".lst", "moho:lst", mouths="preston_blair", fps=24, opens="Synfig Studio"),
    "live2d": Format(".motion3.json", "live2d:encoded", "live2d", fps=30, opens="Live2D Cubism, VTube Studio"),
    "nuke": Format(".nk", "nuke:encoded", "lips", fps=24, opens="Nuke, by paste or import"),
    "json": Format(".curves.json", "plain:encoded", "arkit", "rhubarb", opens="your own tools: docs/formats.md"),
}  # fmt: skip


def formats_of(text: str) -> tuple[str, ...]:
    """Names from `arkit,gltf`.  Raises: UsageError naming those there are."""
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise UsageError(f"--to: there is no format {', '.join(unknown) or text!r}; there are {', '.join(FORMATS)}")
    return names
