# SPDX-License-Identifier: Apache-2.0
"""The LipSync menu: the group, its four nodes, and a toolset for each use."""

import os

import lipsync_tables
import nuke

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ToolSets", "LipSync")


def build():
    menu = nuke.menu("Nodes").addMenu("LipSync", icon="LipSync.png")
    menu.addCommand("LipSync", "nuke.createNode('LipSync')", icon="LipSync.png")
    for name in lipsync_tables.NODES:
        command = f"nuke.createNode({lipsync_tables.CLASSES[name]!r})"
        menu.addCommand(name, command, icon=name + ".png")
    for use in lipsync_tables.USES:
        path = os.path.join(FOLDER, use + ".nk").replace(os.sep, "/")
        menu.addCommand("Toolsets/" + use, f"nuke.loadToolset({path!r})", icon="LipSync.png")


def add_presets():
    """The uses as node presets too, for who wires the nodes by hand."""
    for use, nodes in lipsync_tables.PRESETS.items():
        for name, values in nodes.items():
            nuke.setPreset(lipsync_tables.CLASSES[name], use, values)


build()
add_presets()
