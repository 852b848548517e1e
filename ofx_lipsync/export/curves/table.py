# SPDX-License-Identifier: Apache-2.0
"""A plain table: time in seconds, then a column a curve. OVR's fifteen visemes are written so."""

from __future__ import annotations

from ofx_lipsync.export.curves.take import Take, decimal


def encoded(take: Take) -> bytes:
    rows = [",".join(("Time", *take.curves.names))]
    for time_s, row in zip(take.curves.times_s.tolist(), take.curves.values.tolist(), strict=True):
        rows.append(",".join((f"{time_s:.6f}", *(decimal(value) for value in row))))
    return ("\n".join(rows) + "\n").encode()
