# SPDX-License-Identifier: Apache-2.0
"""Plain JSON of a line: curves by name and mouths with their times. The schema stands in docs/formats.md."""

from __future__ import annotations

import json

from ofx_lipsync.export.curves.take import Take, decimal

FORMAT, VERSION = "ofx_lipsync.curves", 1


def encoded(take: Take) -> bytes:
    rate = take.curves.rate
    head = {
        "format": FORMAT, "version": VERSION, "name": take.name, "sound": take.sound,
        "duration_s": round(take.duration_s, 6), "fps": float(rate), "rate": f"{rate.numerator}/{rate.denominator}",
        "first_frame": take.first_frame, "frames": len(take.curves), "rig": take.rig, "mouths": take.mouths,
        "made_by": dict(take.notes),
        "cues": [{"start": round(c.start_s, 3), "end": round(c.end_s, 3), "value": c.shape} for c in take.cues],
    }  # fmt: skip
    text = json.dumps(head, ensure_ascii=False, indent=1)
    curves = ",\n  ".join(
        f"{json.dumps(name, ensure_ascii=False)}: [{', '.join(decimal(value) for value in column)}]"
        for name, column in zip(take.curves.names, take.curves.values.T.tolist(), strict=True)
    )
    return (text[:-2] + ',\n "curves": {\n  ' + curves + "\n }\n}\n").encode()
