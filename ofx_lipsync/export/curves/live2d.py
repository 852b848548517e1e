# SPDX-License-Identifier: Apache-2.0
"""Live2D Cubism's motion3.json: a curve a parameter, straight lines between frames.

Source: Live2D CubismSpecs, FileFormats/motion3.json.md: first point, then (identifier 0, time, value) a segment.
"""

from __future__ import annotations

import json

from ofx_lipsync.export.curves.take import Take, decimal

LINEAR = "0"


def encoded(take: Take) -> bytes:
    times = [decimal(time_s) for time_s in take.curves.times_s.tolist()]
    curves = [
        f'{{"Target":"Parameter","Id":{json.dumps(name)},"Segments":[{_segments(times, column)}]}}'
        for name, column in zip(take.curves.names, take.curves.values.T.tolist(), strict=True)
    ]
    segments = len(curves) * (len(times) - 1)
    meta = {
        "Duration": float(times[-1]), "Fps": float(take.curves.rate), "Loop": False, "AreBeziersRestricted": True,
        "CurveCount": len(curves), "TotalSegmentCount": segments, "TotalPointCount": segments + len(curves),
        "UserDataCount": 0, "TotalUserDataSize": 0,
    }  # fmt: skip
    joined = ",\n  ".join(curves)
    return f'{{\n "Version": 3,\n "Meta": {json.dumps(meta)},\n "Curves": [\n  {joined}\n ]\n}}\n'.encode()


def _segments(times: list[str], values: list[float]) -> str:
    points = [f"{time},{decimal(value)}" for time, value in zip(times, values, strict=True)]
    return f",{LINEAR},".join(points)
