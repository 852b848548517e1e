# SPDX-License-Identifier: Apache-2.0
"""A Nuke script of one NoOp with a keyframed knob a curve, to paste into a comp and link to: `LipSync1.open`."""

from __future__ import annotations

import re

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.export.curves.take import Take, decimal

KNOB = re.compile(r"[A-Za-z_]\w*\Z")
TAB, DOUBLE = 20, 7
"""Nuke's numbers of a tab and of a number with a slider."""


def encoded(take: Take) -> bytes:
    """Raises: UsageError for a curve whose name cannot be a knob's."""
    wrong = [name for name in take.curves.names if not KNOB.match(name)]
    if wrong:
        raise UsageError(
            f"nuke: {wrong[0]!r} cannot name a knob; rename it in the rig's [names], letters and digits only"
        )
    sliders = [f" addUserKnob {{{DOUBLE} {name} R {_range(take, name)}}}" for name in take.curves.names]
    keys = [f" {name} {{{{curve {_keys(take, name)}}}}}" for name in take.curves.names]
    label = re.sub(r'[\\"$\[\]{}\n]', " ", f"{take.name}, {decimal(float(take.curves.rate))} fps")
    return "\n".join([
        "NoOp {", " inputs 0", " name LipSync1", f' label "{label}"', f" addUserKnob {{{TAB} LipSync}}",
        *sliders, *keys, "}", "",
    ]).encode()  # fmt: skip


def _range(take: Take, name: str) -> str:
    low = min(0.0, float(take.curves[name].min()))
    return f"{'-1' if low < 0 else '0'} 1"


def _keys(take: Take, name: str) -> str:
    frames = range(take.first_frame, take.first_frame + len(take.curves))
    return " ".join(f"x{f} {decimal(value)}" for f, value in zip(frames, take.curves[name].tolist(), strict=True))
