# SPDX-License-Identifier: Apache-2.0
"""mouths.toml: what a set of drawings does not say by its names.

family = "Rhubarb"          # Character Animator, Preston Blair, Rhubarb or OVR; by default seen by the names
canvas = [1920, 1080]       # px; by default the head's size, or the largest drawing's
mouth = [960, 700]          # px, where the middle of drawings smaller than the canvas lies
space = "srgb_texture"      # the drawings' colour space, as the OCIO config names it
ignore = ["guide"]          # drawings to leave out
[names]                     # drawing = the mouth, or part, that it shows
shouting = "Aa"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.media.mouth_names import FAMILIES, Family, named_family

LARGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class MouthNotes:
    family: Family | None = None
    canvas: tuple[int, int] | None = None
    mouth: tuple[float, float] | None = None
    space: str | None = None
    ignore: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def read_notes(path: Path) -> MouthNotes:
    """The notes, or none where there is no such file.  Raises: MediaError naming what is wrong in it."""
    if not path.is_file():
        return MouthNotes()
    if path.stat().st_size > LARGEST_BYTES:
        raise MediaError(f"{path}: is {path.stat().st_size} bytes, expected a short text")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MediaError(f"{path}: is not TOML ({error}); see docs/character.md") from None
    known = {"family", "canvas", "mouth", "space", "ignore", "names"}
    for name in given:
        if name not in known:
            raise MediaError(f"{path}: there is no entry {name!r}; there are {', '.join(sorted(known))}")
    names = given.get("names", {})
    if not isinstance(names, dict) or not all(isinstance(value, str) for value in names.values()):
        raise MediaError(f'{path}: [names] has {names!r}, expected drawing = "mouth" in each line')
    return MouthNotes(
        _family(path, given.get("family")), _two(path, "canvas", given.get("canvas"), int, 1),
        _two(path, "mouth", given.get("mouth"), (int, float), -(10**6)), _text(path, "space", given.get("space")),
        tuple(map(str, given.get("ignore", ()))), names,
    )  # fmt: skip


def _family(path: Path, name: Any) -> Family | None:
    found = named_family(name) if isinstance(name, str) else None
    if name is not None and found is None:
        raise MediaError(f"{path}: family is {name!r}, expected {' or '.join(f.name for f in FAMILIES)}")
    return found


def _two(path: Path, name: str, value: Any, kind: Any, least: int) -> Any:
    if value is None:
        return None
    fits = (
        isinstance(value, list) and len(value) == 2 and all(isinstance(v, kind) and least <= v <= 10**6 for v in value)
    )
    if not fits:
        raise MediaError(f"{path}: {name} is {value!r}, expected two numbers in px, as {name} = [1920, 1080]")
    return tuple(value)


def _text(path: Path, name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise MediaError(f"{path}: {name} is {value!r}, expected text in quotes")
    return value
