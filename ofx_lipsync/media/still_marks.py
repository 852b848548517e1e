# SPDX-License-Identifier: Apache-2.0
"""What a picture says of itself, in headers that have little room for it.

EXR holds any attribute. PNG holds texts only. TIFF has a description, which gets one line of JSON below what stands
there. DPX has a hundred letters for who created the file; the rest stands in the sidecar.
"""

from __future__ import annotations

import json
from typing import Any, Mapping

PREFIX = "lipsync/"
DPX_LETTERS = 99
"""Of the field Creator, SMPTE 268M, without its closing zero."""
_LINE = "lipsync {"
_MODIFIED = "AI-modified"


def say(header: Any, kind: str, marks: Mapping[str, Any]) -> None:
    """Write marks, names as `lipsync/software`, into an OpenImageIO header. kind: exr | png | tiff | dpx."""
    if not marks:
        return
    if kind == "tiff":
        header.attribute("Software", str(marks.get(f"{PREFIX}software", "ofx_lipsync")))
        header.attribute("ImageDescription", _described(header.get_string_attribute("ImageDescription"), marks))
    elif kind == "dpx" and f"{PREFIX}ai_modified" in marks:
        header.attribute("Software", _short(marks))
    elif kind != "dpx":
        for name, value in marks.items():
            header.attribute(name, str(value) if kind == "png" else value)


def said(header: Any) -> dict[str, Any]:
    """What `say` wrote, names without their prefix; empty where nothing was."""
    found = {field.name[len(PREFIX) :]: field.value for field in header.extra_attribs if field.name.startswith(PREFIX)}
    line = _own_line(header.get_string_attribute("ImageDescription"))
    created = header.get_string_attribute("Software")
    if line:
        found |= json.loads(line.removeprefix("lipsync "))
    elif not found and _MODIFIED in created:
        software, _, rest = created.partition(f" {_MODIFIED} ")
        found = {"software": software, "ai_modified": 1, "ai_region": " ".join(rest.split()[:4])}
    return found


def _described(own: str, marks: Mapping[str, Any]) -> str:
    before = own.replace(_own_line(own), "").rstrip("\n") if _own_line(own) else own
    told = json.dumps({name.removeprefix(PREFIX): value for name, value in marks.items()}, sort_keys=True)
    return f"{before}\nlipsync {told}".lstrip("\n")


def _own_line(text: str) -> str:
    return next((line for line in text.split("\n") if line.startswith(_LINE)), "")


def _short(marks: Mapping[str, Any]) -> str:
    """software, that it was modified, where, and the agreement, which may be cut."""
    told = {name.removeprefix(PREFIX): str(value) for name, value in marks.items()}
    modified = f" {_MODIFIED} {told.get('ai_region', '')}" if told.get("ai_modified") == "1" else ""
    return f"{told.get('software', 'ofx_lipsync')}{modified} consent {told.get('consent_ref', 'none')}"[:DPX_LETTERS]
