# SPDX-License-Identifier: Apache-2.0
"""Live Link Face's CSV: 61 columns in its own order, a row a frame, with timecode, as Unreal and MetaHuman read it."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.export.curves.take import Take, whole_seconds

_EYES = "Blink LookDown LookIn LookOut LookUp Squint Wide"
_FACE = """
JawForward JawRight JawLeft JawOpen MouthClose MouthFunnel MouthPucker MouthRight MouthLeft MouthSmileLeft
MouthSmileRight MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight
MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight MouthLowerDownLeft
MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft
BrowOuterUpRight CheekPuff CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut HeadYaw HeadPitch
HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll RightEyeYaw RightEyePitch RightEyeRoll
"""
COLUMNS = tuple(f"Eye{what}{side}" for side in ("Left", "Right") for what in _EYES.split()) + tuple(_FACE.split())
"""In Live Link Face's order: JawRight before JawLeft, MouthRight before MouthLeft."""


def encoded(take: Take) -> bytes:
    """Raises: UsageError for curves that the format has no column for."""
    places = {name[0].upper() + name[1:]: column for column, name in enumerate(take.curves.names)}
    unknown = sorted(set(places) - set(COLUMNS))
    if unknown:
        raise UsageError(
            f"arkit: rig {take.rig} has curves that Live Link Face has no column for ({', '.join(unknown[:4])}); "
            "use the rig arkit or one based on it, or write json"
        )
    values = np.zeros((len(take.curves), len(COLUMNS)), np.float32)
    for column, name in enumerate(COLUMNS):
        if name in places:
            values[:, column] = take.curves.values[:, places[name]]
    fps = float(take.curves.rate)
    rows = [",".join(("Timecode", "BlendShapeCount", *COLUMNS))]
    for frame, row in enumerate(values):
        rows.append(f"{timecode(frame, fps)},{len(COLUMNS)}," + ",".join(f"{value:.8f}" for value in row.tolist()))
    return ("\n".join(rows) + "\n").encode()


def timecode(frame: int, fps: float) -> str:
    """HH:MM:SS:FF.sss from zero, the last being thousandths of a frame; whole frames, never dropped.

    >>> timecode(61, 60)   # "00:00:01:01.000"
    """
    count = whole_seconds(fps)
    seconds, within = divmod(frame, count)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{within:02d}.000"
