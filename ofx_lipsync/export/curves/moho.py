# SPDX-License-Identifier: Apache-2.0
"""Moho's switch data, which OpenToonz, Papagayo and many scripts read, and Synfig's list of the same.

Frames count from 1, a row where the mouth changes, rest at the end. OpenToonz knows Preston Blair's names.
"""

from __future__ import annotations

from ofx_lipsync.core.mouth_letters import SETS
from ofx_lipsync.export.curves.take import Take, decimal

HEADER = "MohoSwitch1"
PICTURES = "png"


def dat(take: Take) -> bytes:
    return ("\n".join([HEADER, *_rows(take)]) + "\n").encode()


def lst(take: Take) -> bytes:
    """Synfig shows the pictures MOUTH.png that lie beside the list."""
    return ("\n".join([HEADER, f"FPS {decimal(float(take.curves.rate))}", PICTURES, *_rows(take)]) + "\n").encode()


def _rows(take: Take) -> list[str]:
    """A mouth that would last no whole frame is left out, but for shut lips: a viewer misses them."""
    rest, shut = _named(take)
    shown: dict[int, str] = {}
    for cue in take.cues:
        frame = _frame(cue.start_s, take)
        if shown.get(frame) != shut:
            shown[frame] = cue.shape
        elif cue.end_s - cue.start_s > 1 / float(take.curves.rate):
            shown[frame + 1] = cue.shape
    rows, before = [], ""
    for frame, shape in sorted(shown.items()):
        if shape != before:
            rows.append(f"{frame} {shape}")
        before = shape
    end = _frame(take.cues[-1].end_s if take.cues else 0.0, take)
    return [*rows, f"{max(end, *(frame + 1 for frame in shown), 1)} {rest}"]


def _frame(time_s: float, take: Take) -> int:
    return 1 + int(time_s * float(take.curves.rate) + 1e-6)


def _named(take: Take) -> tuple[str, str]:
    """What the set calls rest, and lips shut."""
    if take.mouths.startswith("rhubarb"):
        return ("A" if take.mouths.endswith("basic") else "X"), "A"
    return SETS["preston_blair"].names[0], "MBP"
