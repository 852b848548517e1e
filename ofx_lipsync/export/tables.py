# SPDX-License-Identifier: Apache-2.0
"""What the Natron PyPlug, and menu and buttons in Nuke, need to know: Python modules that import nothing."""

from __future__ import annotations

import pprint
from typing import Any

from ofx_lipsync import __version__
from ofx_lipsync.export.knobs import CLIPS, buttons, identifier, knobs, nuke_class
from ofx_lipsync.export.nuke import CHAIN, PASSES
from ofx_lipsync.export.uses import ABOUT, SEEN, SHARED, TOP, USES
from ofx_lipsync.graph import NODES
from ofx_lipsync.plugin.shot_params import LABELS

HEAD = '# SPDX-License-Identifier: Apache-2.0\n"""{about} Made by `make scripts`: edit ofx_lipsync/export instead."""\n'


def tables() -> str:
    """lipsync_tables.py: what the menu and the LipSync group's buttons in Nuke need."""
    return _module(
        "The LipSync group's nodes, knobs and presets.",
        VERSION=__version__,
        NODES=list(NODES),
        CLASSES={name: nuke_class(name) for name in LABELS},
        ANALYSE=buttons("analyse"),
        SHARED=shared(),
        USES=list(USES),
        PRESETS=USES,
        ABOUT=ABOUT,
    )


def extension() -> str:
    """LipSyncExt.py: the same for the PyPlug, with ids, inputs and what stands on top."""
    return _module(
        "The LipSync PyPlug's nodes, params and presets.",
        VERSION=__version__,
        NODES=[[name, identifier(name), list(CLIPS[name])] for name in NODES],
        CHAIN=list(CHAIN),
        PASSES=PASSES,
        TOP=[
            [heading, [[name, knob, knobs(name)[knob].help] for name, knob in found]] for heading, found in TOP.items()
        ],
        SHARED=shared(),
        SEEN=SEEN,
        PRESETS=USES,
        ABOUT=ABOUT,
    )


def shared() -> dict[str, list[str]]:
    """Knob -> nodes that have it; the first is the one on top."""
    return {knob: [name for name in NODES if knob in knobs(name)] for knob in SHARED}


def _module(about: str, **tables: Any) -> str:
    lines = [HEAD.format(about=about)]
    lines += [f"{name} = {pprint.pformat(table, width=118, sort_dicts=False)}\n" for name, table in tables.items()]
    return "\n".join(lines)
