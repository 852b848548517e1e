# SPDX-License-Identifier: Apache-2.0
"""Rhubarb Lip Sync's three files of mouth cues: tsv, xml and json, as its own readers expect them."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from ofx_lipsync.export.curves.take import Take

REST = "X"


def tsv(take: Take) -> bytes:
    """A line a cue, and one more at the end of the sound, which shuts the mouth."""
    rows = [f"{cue.start_s:.2f}\t{cue.shape}" for cue in take.cues]
    return ("\n".join([*rows, f"{_end_s(take):.2f}\t{_rest(take)}"]) + "\n").encode()


def xml(take: Take) -> bytes:
    cues = [f'    <mouthCue start="{c.start_s:.2f}" end="{c.end_s:.2f}">{c.shape}</mouthCue>' for c in take.cues]
    return "\n".join([
        '<?xml version="1.0" encoding="utf-8"?>', "<rhubarbResult>", "  <metadata>",
        f"    <soundFile>{escape(take.sound)}</soundFile>", f"    <duration>{_end_s(take):.2f}</duration>",
        "  </metadata>", "  <mouthCues>", *cues, "  </mouthCues>", "</rhubarbResult>", "",
    ]).encode()  # fmt: skip


def as_json(take: Take) -> bytes:
    metadata = f'    "soundFile": {json.dumps(take.sound)},\n    "duration": {_end_s(take):.2f}'
    cues = ",\n".join(
        f'    {{ "start": {c.start_s:.2f}, "end": {c.end_s:.2f}, "value": {json.dumps(c.shape)} }}' for c in take.cues
    )
    return f'{{\n  "metadata": {{\n{metadata}\n  }},\n  "mouthCues": [\n{cues}\n  ]\n}}\n'.encode()


def _end_s(take: Take) -> float:
    return take.cues[-1].end_s if take.cues else take.duration_s


def _rest(take: Take) -> str:
    """Only the basic six drawn: the mouth shuts as A."""
    return "A" if take.mouths.endswith("basic") else REST
