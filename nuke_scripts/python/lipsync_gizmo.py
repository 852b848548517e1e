# SPDX-License-Identifier: Apache-2.0
"""What the LipSync group's buttons do. Renders need none of this: what it sets is saved in the script."""

import lipsync_tables as tables
import nuke

ASKED = (
    ("FaceDetect", "analysis", "an analysis file, such as shot.lipsync,"),
    ("AudioFeature", "line", "a line of dialogue"),
)


def changed(group, knob):
    """A knob on top was touched: the nodes of a shot agree on its file, range and colour."""
    if knob.name() in tables.SHARED:
        share(group)


def share(group):
    """Copies what is set once on top to every node that has it; an expression or keys would not fit a file name."""
    for knob, nodes in tables.SHARED.items():
        value = inner(group, nodes[0])[knob].value()
        for name in nodes[1:]:
            if inner(group, name)[knob].value() != value:
                inner(group, name)[knob].setValue(value)


def analyse(group):
    """Presses Analyse on the nodes in order; stops, and says so, at the first that fails."""
    share(group)
    for name, knob, wanted in ASKED:
        if not inner(group, name)[knob].value():  # a linked knob on top may not tell its value
            nuke.message(f"LipSync: {knob} is empty; name {wanted} first")
            return False
    for name in tables.ANALYSE:
        node = inner(group, name)
        node["analyse"].execute()
        if node.hasError():
            nuke.message(f"LipSync: {name} could not analyse; open the group to read why on that node")
            return False
    return True


def apply_preset(group):
    """Sets the knobs that the chosen use is about, as one step of undo."""
    use = group["preset"].value()
    nuke.Undo.begin(f"LipSync preset {use}")
    try:
        for name, values in tables.PRESETS[use].items():
            for knob, value in values.items():
                inner(group, name)[knob].setValue(value)
    finally:
        nuke.Undo.end()


def inner(group, name):
    """A node inside the group by what it does, as FaceDetect."""
    node = group.node(name + "1")
    if node is None:
        raise RuntimeError(f"LipSync: {name}1 is not inside {group.name()}; make the group again from the menu")
    return node
