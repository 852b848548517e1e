# SPDX-License-Identifier: Apache-2.0
"""The shot file, shot.toml: a dub written down, so that tomorrow, a farm or a colleague makes the same one.

    shot = read_shot("ab_0010/shot.toml")
    write_shot("ab_0010/shot.toml", shot.with_values("MouthGenerate", opening=1.1))
    with open_shotfile(shot) as opened: ...

schema.py says what may stand in it, once; reading, writing, the template and the docs are made from that.
"""

from __future__ import annotations

from ofx_lipsync.shotfile.opening import OpenShot, open_shotfile
from ofx_lipsync.shotfile.read import read_shot
from ofx_lipsync.shotfile.schema import Colours, Consent, Line, Output, PlateEntry, Policy, ShotFile
from ofx_lipsync.shotfile.write import write_shot

__all__ = [
    "Colours", "Consent", "Line", "OpenShot", "Output", "PlateEntry", "Policy", "ShotFile",
    "open_shotfile", "read_shot", "write_shot",
]  # fmt: skip
