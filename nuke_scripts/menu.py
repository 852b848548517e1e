# SPDX-License-Identifier: Apache-2.0
"""The LipSync menu: the group, the nodes, and a toolset for each use."""

import os

import lipsync_tables
import nuke

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ToolSets", "LipSync")


def build():
    menu = nuke.menu("Nodes").addMenu("LipSync", icon="LipSync.png")
    menu.addCommand("LipSync Group", "nuke.createNode('LipSync')", icon="LipSync.png")
    for name, ofx_class in lipsync_tables.CLASSES.items():
        command = f"nuke.createNode({ofx_class!r})"
        menu.addCommand(name, command, icon=name + ".png")
    for use in [*lipsync_tables.USES, "elements"]:
        path = os.path.join(FOLDER, use + ".nk").replace(os.sep, "/")
        menu.addCommand("Toolsets/" + use, f"nuke.loadToolset({path!r})", icon="LipSync.png")


def add_presets():
    """The uses as node presets too, for who wires the nodes by hand."""
    for use, nodes in lipsync_tables.PRESETS.items():
        for name, values in nodes.items():
            nuke.setPreset(lipsync_tables.CLASSES[name], use, values)


build()
add_presets()
