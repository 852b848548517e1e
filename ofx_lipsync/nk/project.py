# SPDX-License-Identifier: Apache-2.0
"""A script with all that is needed to work it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ofx_lipsync.nk.params import read_overrides
from ofx_lipsync.nk.reads import Reads
from ofx_lipsync.nk.script import read_script
from ofx_lipsync.nk.shots import Shots
from ofx_lipsync.nk.spaces import colour_for
from ofx_lipsync.nk.values import Values
from ofx_lipsync.nk.walk import Walk


@dataclass
class Project:
    """why_colour: where the OCIO config comes from."""

    values: Values
    reads: Reads
    walk: Walk
    shots: Shots
    why_colour: str


def open_project(path: str, sets: Sequence[str] = (), config: str | None = None) -> Project:
    """sets: NODE.KNOB=VALUE texts. config: an OCIO config over the script's.

    Raises: InputError for a file that is no script, UsageError for a text of `sets`, ColourError for the config.
    """
    script = read_script(path)
    overrides = read_overrides(sets, script)
    values = Values(script)
    colour, why = colour_for(values, config)
    reads = Reads(values, colour)
    walk = Walk(values, reads.format)
    return Project(values, reads, walk, Shots(walk, reads, overrides), why)
