# SPDX-License-Identifier: Apache-2.0
"""A character's drawn mouths: a folder of pictures or SVGs, or a PSD with layers, sorted by what each one shows.

A folder may hold drawings (the expression `neutral`) and folders of drawings (an expression each); a PSD's layers say
theirs before a slash, as `happy/Aa`. Beside mouths a set may have a head, eyes and brows, and in-between drawings named
`Aa_to_M` or `Aa_to_M_1`, `Aa_to_M_2`. `mouths.toml` beside them names what the families of `mouth_names` do not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import Drawing, Layer, read_picture, read_psd, read_svg, resized
from ofx_lipsync.media.mouth_names import (
    FAMILIES,
    PARTS,
    Family,
    family_of,
    is_known,
    plain,
    stand_ins,
    without_shared_beginning,
)
from ofx_lipsync.media.mouth_toml import MouthNotes, read_notes

NEUTRAL = "neutral"
PICTURES = (".png", ".tif", ".tiff", ".exr", ".webp", ".tga", ".jxl")
_BETWEEN = re.compile(r"(.+)_to_(.+?)(?:_(\d+))?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class MouthSet:
    """mouths: expression -> mouth of `alphabet` -> drawing; every mouth is there, after stand-ins.
    between: (expression, from, to) -> in-between drawings. parts: (expression, part of mouth_names.PARTS) -> drawing.
    stands_in: (expression, mouth) -> the mouth whose drawing is shown. unknown: names that say nothing."""

    path: str
    canvas: Region
    alphabet: tuple[str, ...]
    family: str
    mouths: Mapping[str, Mapping[str, Drawing]]
    between: Mapping[tuple[str, str, str], tuple[Drawing, ...]] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], Drawing] = field(default_factory=dict)
    stands_in: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def expressions(self) -> tuple[str, ...]:
        return tuple(self.mouths)

    def part(self, name: str, expression: str) -> Drawing | None:
        """A part as this expression has it, or as the first one does."""
        return self.parts.get((expression, name), self.parts.get((self.expressions[0], name)))

    @property
    def mouth_region(self) -> Region:
        """Where on the canvas mouths are drawn."""
        box = Region(0, 0, 0, 0)
        for drawings in self.mouths.values():
            for drawing in drawings.values():
                box = box.union(drawing.region)
        return box


def read_mouth_set(path: str, colour: Colour, *, height_px: int | None = None, space: str | None = None) -> MouthSet:
    """height_px: of the canvas; by default what the drawings have. space: of the drawings, over what their files say.

    Raises: MediaError where nothing is a mouth, sizes do not fit together or a file cannot be read; ColourError."""
    where = Path(path)
    if not where.exists():
        raise MediaError(f"{path}: there is no such folder or file; give a folder of drawings or a layered PSD")
    notes = read_notes((where if where.is_dir() else where.parent) / "mouths.toml")
    space = space or notes.space
    layers = _folder(where, colour, space, height_px) if where.is_dir() else _file(where, colour, space)
    found = {key: layer for key, layer in layers.items() if key[1] not in notes.ignore}
    canvas = _canvas(path, found, notes)
    to = canvas if height_px is None else Region.of_size(round(canvas.width * height_px / canvas.height), height_px)
    drawings = {key: resized(_on_canvas(path, key, layer, canvas, notes), canvas, to) for key, layer in found.items()}
    return _sorted(path, to, drawings, notes)


def _file(path: Path, colour: Colour, space: str | None) -> dict[tuple[str, str], Layer]:
    if path.suffix.lower() not in (".psd", ".psb"):
        raise MediaError(f"{path}: is one file; give a folder of drawings, or a PSD with a layer for each mouth")
    layers: dict[tuple[str, str], Layer] = {}
    for layer in read_psd(path, colour, space):
        expression, _, name = layer.name.rpartition("/")
        key = (expression.strip().lower() or NEUTRAL, name.strip())
        if key in layers and is_known(name):
            raise MediaError(
                f"{path}: two layers are named {layer.name!r}; groups are not read, so name the second one happy/{name}"
            )
        while key in layers:  # a puppet's other layers may be named as they like
            key = (key[0], f"{key[1]}'")
        layers[key] = layer
    return layers


def _folder(path: Path, colour: Colour, space: str | None, height_px: int | None) -> dict[tuple[str, str], Layer]:
    layers: dict[tuple[str, str], Layer] = {}
    folders = [(NEUTRAL, path), *((f.name.lower(), f) for f in sorted(path.iterdir()) if f.is_dir())]
    for expression, folder in folders:
        files = [f for f in sorted(folder.iterdir()) if f.suffix.lower() in (".svg", *PICTURES) and f.is_file()]
        names = without_shared_beginning([f.stem for f in files])
        for file, name in zip(files, names, strict=True):
            if (expression, name) in layers:
                raise MediaError(f"{file}: there is another drawing {name!r} for {expression}; keep one of them")
            is_svg = file.suffix.lower() == ".svg"
            layers[expression, name] = (
                read_svg(file, colour, height_px) if is_svg else read_picture(file, colour, space)
            )
    if not layers:
        raise MediaError(f"{path}: holds no drawings; it needs files such as Aa.png or Aa.svg, see docs/character.md")
    return layers


def _canvas(path: str, layers: Mapping[tuple[str, str], Layer], notes: MouthNotes) -> Region:
    """What most drawings are as large as, or the head; mouths.toml has the last word."""
    if notes.canvas is not None:
        return Region.of_size(*notes.canvas)
    heads = [layer.canvas for (_, name), layer in layers.items() if plain(name) in PARTS["head"]]
    sizes = heads or [layer.canvas for layer in layers.values()]
    return Region.of_size(*max(((s.width, s.height) for s in sizes), key=lambda size: (size[0] * size[1], size)))


def _on_canvas(path: str, key: tuple[str, str], layer: Layer, canvas: Region, notes: MouthNotes) -> Drawing:
    if layer.canvas.shape == canvas.shape:
        return layer.drawing
    if notes.mouth is None:
        raise MediaError(
            f"{path}: {key[1]} is {layer.canvas.width} x {layer.canvas.height} px, expected the set's {canvas.width} x "
            f"{canvas.height}; export all at one size, or say where mouths lie with mouth = [x, y] in mouths.toml"
        )
    dx, dy = (round(at - size / 2) for at, size in zip(notes.mouth, layer.canvas.shape[::-1], strict=True))
    return Drawing(layer.drawing.pixels, layer.drawing.region.shift(dx, dy))


def _sorted(path: str, canvas: Region, drawings: Mapping[tuple[str, str], Drawing], notes: MouthNotes) -> MouthSet:
    names = {key: plain(notes.names.get(key[1], key[1])) for key in drawings}
    family = notes.family or family_of(list(names.values()))
    if family is None:
        got, known = ", ".join(sorted(key[1] for key in drawings))[:200], ", ".join(f.name for f in FAMILIES)
        raise MediaError(
            f"{path}: no drawing's name is a mouth's (got {got}; known are those of {known}); name them in mouths.toml"
        )
    mouths: dict[str, dict[str, Drawing]] = {}
    parts: dict[tuple[str, str], Drawing] = {}
    between: dict[tuple[str, str, str], dict[int, Drawing]] = {}
    unknown: list[str] = []
    taken = {(expression, name) for (expression, _), name in names.items()}
    for key, drawing in drawings.items():
        shown = _shown_by(names[key], family)
        part = next((part for part, aliases in PARTS.items() if names[key] in map(plain, aliases)), None)
        pair = _pair(key[1], family, notes)
        if shown:
            best = {m: drawing for m, better in shown.items() if not taken & {(key[0], name) for name in better}}
            mouths.setdefault(key[0], {}).update(best)
        elif part is not None:
            parts[key[0], part] = drawing
        elif pair is not None:
            between.setdefault((key[0], pair[0], pair[1]), {})[pair[2]] = drawing
        else:
            unknown.append("/".join(key))
    whole, stands_in = _filled(path, family, mouths)
    steps = {key: tuple(found[step] for step in sorted(found)) for key, found in between.items()}
    return MouthSet(path, canvas, family.alphabet, family.name, whole, steps, parts, stands_in, tuple(unknown))


def _shown_by(name: str, family: Family) -> dict[str, tuple[str, ...]]:
    """Mouths that a drawing of this name shows -> names that would show each better."""
    direct = {plain(mouth): mouth for mouth in family.alphabet}
    known = {mouth: aliases[: aliases.index(name)] for mouth, aliases in family.drawn.items() if name in aliases}
    return known or ({direct[name]: ()} if name in direct else {})


def _pair(name: str, family: Family, notes: MouthNotes) -> tuple[str, str, int] | None:
    match = _BETWEEN.match(name)
    if match is None:
        return None
    ends = [next(iter(_shown_by(plain(notes.names.get(end, end)), family)), None) for end in match.groups()[:2]]
    return None if None in ends else (str(ends[0]), str(ends[1]), int(match[3] or 1))


def _filled(
    path: str, family: Family, mouths: Mapping[str, Mapping[str, Drawing]]
) -> tuple[dict[str, dict[str, Drawing]], dict[tuple[str, str], str]]:
    """Every expression with every mouth: its own, or else its own nearest."""
    whole: dict[str, dict[str, Drawing]] = {}
    stands_in: dict[tuple[str, str], str] = {}
    first = sorted(mouths, key=lambda name: name != NEUTRAL)
    for expression in first:
        own = mouths[expression]
        whole[expression] = {}
        for mouth in family.alphabet:
            shown = next((m for m in (mouth, *stand_ins(family.alphabet, mouth)) if m in own), None)
            if shown is None or len(own) < 2:
                raise MediaError(
                    f"{path}: {expression} has no drawing for {mouth} and none that may stand in for it (it has "
                    f"{', '.join(own)}); it needs at least {family.alphabet[0]} and one open mouth"
                )
            whole[expression][mouth] = own[shown]
            if shown != mouth:
                stands_in[expression, mouth] = shown
    return whole, stands_in


def describe(mouths: MouthSet) -> list[str]:
    """The set in lines: family, sizes, which drawing stands in for which mouth, what was not understood."""
    size = f"{mouths.canvas.width} x {mouths.canvas.height}"
    lines = [f"{mouths.path}: {mouths.family}, canvas {size} px, expressions {', '.join(mouths.expressions)}"]
    for expression in mouths.expressions:
        own = [m for m in mouths.alphabet if (expression, m) not in mouths.stands_in]
        lines.append(f"{expression}: {' '.join(own)}")
        missing = [f"{m} <- {s}" for (e, m), s in mouths.stands_in.items() if e == expression]
        if missing:
            lines.append(f"{expression}, not drawn, stand-ins: {', '.join(missing)}")
    if mouths.parts:
        lines.append(f"parts: {', '.join(f'{e}/{p}' for e, p in mouths.parts)}")
    if mouths.between:
        lines.append(f"in-betweens: {', '.join(f'{a} to {b} ({len(s)})' for (_, a, b), s in mouths.between.items())}")
    if mouths.unknown:
        lines.append(f"not understood, and left out: {', '.join(mouths.unknown)}")
    return lines
