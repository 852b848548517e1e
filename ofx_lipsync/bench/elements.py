# SPDX-License-Identifier: Apache-2.0
"""lipsync bench elements: does a plain over of the layer give the comp, and what is the ST map off by?

Plates of filmed people as EXR, with lights of 60, negatives of -0.2, NaN and Inf all over their faces. The over is made
by NumPy and by OpenImageIO; the map is tried by OpenCV's linear remap (its cubic itself moves a picture by 0.04 px),
and what is left of a shift between that and the moved jaw is measured tile by tile (least squares on gradients, Lucas
and Kanade 1981).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour

CLIPS = (("s1/bbaf2n", "s1/bbaf3s"), ("s26/*", "s1/bbaf4p"))
"""Plates and the lines they are to say."""
KINDS = {"half ACEScg": "half", "float ACEScg": "float", "half ACES2065-1": "half"}
FRAMES, LARGER, TILE_PX = 25, 3, 16
TEXTURED = 2e-6
"""Tiles whose gradients are weaker tell nothing of a shift."""


@dataclass
class Found:
    """What came of one plate. overs: largest difference of each program's over to the comp. moved_px: how far tiles of
    the jaw had moved; left_px: how far they are off when the plate is read through the map."""

    plate: str
    frames: int
    pixels: int
    overs: dict[str, float]
    moved_px: list[float]
    left_px: list[float]


def main(args: argparse.Namespace) -> int:
    grid, found = shared_folder(args.data) / "grid", []
    for plate, line in CLIPS[: args.clips]:
        clip = next(iter(sorted(grid.glob(f"{plate}.mkv"))), None)
        if clip is None:
            raise InputError(f"bench elements: there is no {plate}.mkv in {grid}; give --data DIR")
        for kind in KINDS:
            with tempfile.TemporaryDirectory(prefix="lipsync-elements-") as folder:
                found.append(tried(clip, grid / f"{line}.mkv", kind, Path(folder)))
            _print(found[-1])
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(one) for one in found], indent=1))
    return 0


def tried(clip: Path, line: Path, kind: str, folder: Path) -> Found:
    from ofx_lipsync.cli.main import main as lipsync

    write_plate(clip, kind, folder)
    words = ["dub", f"{folder}/plate.####.exr", str(line), f"{folder}/comp.####.exr"]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = lipsync([*words, "--elements", f"{folder}/elements.####.exr", "--progress", "none"])
    if code:
        raise InputError(f"bench elements: {clip} cannot be dubbed (exit code {code})")
    found = Found(f"{clip.parent.name}/{clip.stem} {kind}", 0, 0, {"NumPy": 0.0, "OpenImageIO": 0.0}, [], [])
    for path in sorted(folder.glob("elements.*.exr")):
        _look(path, found)
    return found


def write_plate(clip: Path, kind: str, folder: Path) -> None:
    """The clip enlarged, scene-linear, with pixels in it that nothing may clamp or spread."""
    import cv2
    import OpenImageIO as oiio

    from ofx_lipsync.media.source import open_plate
    from ofx_lipsync.media.still_writer import write_file

    colour = Colour.load()
    space = kind.split()[1]
    with open_plate(str(clip), colour=colour) as plate:
        for frame in list(plate.frames)[:FRAMES]:
            rgb = colour.from_working(plate.crop(frame, plate.display).pixels, space).transpose(1, 2, 0)
            rgb = cv2.resize(rgb, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
            rgb[20::97, 10::83] = [60.0, -0.2, 1e-7]
            rgb[60::194, 50::166] = [np.nan, np.inf, -np.inf]
            spec = oiio.ImageSpec(rgb.shape[1], rgb.shape[0], 3, KINDS[kind])
            spec.attribute("oiio:ColorSpace", "lin_ap1_scene" if space == "ACEScg" else "lin_ap0_scene")
            spec.attribute("compression", "zips")
            write_file(folder / f"plate.{frame:04d}.exr", [spec], [rgb])


def _look(path: Path, found: Found) -> None:
    plate, window, kind, _ = _read(path.with_name(path.name.replace("elements", "plate")))
    comp = _read(path.with_name(path.name.replace("elements", "comp")))[0]
    layers, region, _, names = _read(path)
    at = region.slices_in(window)
    rgba, mouth = layers[..., [names.index(n) for n in "RGBA"]], layers[..., names.index("matte.A")]
    # Under an opaque mouth a broken pixel is hidden, which 0 x NaN cannot.
    broken = np.zeros(plate.shape[:2], bool)
    broken[at] = rgba[..., 3] == 1
    broken &= ~np.isfinite(plate).all(axis=2)
    for name, over in (("NumPy", _numpy_over), ("OpenImageIO", _oiio_over)):
        made = over(plate, window, rgba, region, kind)
        differ = (made != comp) & ~(np.isnan(made) & np.isnan(comp)) & ~broken[..., None]
        worst = float(np.abs(made - comp)[differ].max()) if differ.any() else 0.0
        found.overs[name] = max(found.overs[name], worst)
    found.frames, found.pixels = found.frames + 1, found.pixels + int((rgba[..., 3] > 0).sum())
    ground = layers[..., [names.index(f"ground.{n}") for n in "RGBA"]]
    places = [layers[..., names.index(f"stmap.{n}")] for n in "uv"]
    sure = (ground[..., 3] == 1) & (mouth == 0)
    still, warped = plate[at], _warped(plate, *places)
    for picture, figures in ((still, found.moved_px), (warped, found.left_px)):
        figures += tile_shifts(picture, ground[..., :3], sure)


def _read(path: Path) -> tuple[np.ndarray, Region, str, list[str]]:
    import OpenImageIO as oiio

    image = oiio.ImageBuf(str(path))
    spec = image.spec()
    region = Region(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)
    pixels: Any = image.get_pixels(oiio.FLOAT)
    return pixels, region, str(spec.format), list(spec.channelnames)


def _numpy_over(plate: np.ndarray, window: Region, rgba: np.ndarray, region: Region, kind: str) -> np.ndarray:
    comp, at = plate.copy(), region.slices_in(window)
    with np.errstate(invalid="ignore"):
        comp[at] = rgba[..., :3] + comp[at] * (1 - rgba[..., 3:])
    return comp.astype(np.float16).astype(np.float32) if kind == "half" else comp


def _oiio_over(plate: np.ndarray, window: Region, rgba: np.ndarray, region: Region, kind: str) -> np.ndarray:
    import OpenImageIO as oiio

    def buffer(pixels: np.ndarray, box: Region) -> Any:
        spec = oiio.ImageSpec(box.width, box.height, 4, kind)
        spec.x, spec.y, spec.alpha_channel, spec.channelnames = box.x0, box.y0, 3, tuple("RGBA")
        made = oiio.ImageBuf(spec)
        made.set_pixels(spec.roi, np.ascontiguousarray(pixels))
        return made

    opaque = np.concatenate([plate, np.ones((*plate.shape[:2], 1), np.float32)], axis=2)
    over = oiio.ImageBufAlgo.over(buffer(rgba, region), buffer(opaque, window))
    pixels: Any = over.get_pixels(oiio.FLOAT)
    comp: np.ndarray = pixels[..., :3]
    return comp


def _warped(plate: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    import cv2

    height, width = plate.shape[:2]
    x, y = u * width - np.float32(0.5), (1 - v) * height - np.float32(0.5)
    warped: np.ndarray = cv2.remap(plate, x, y, cv2.INTER_LINEAR)
    return warped


def tile_shifts(one: np.ndarray, other: np.ndarray, sure: np.ndarray) -> list[float]:
    """Px between two pictures [H, W, 3], of every textured tile that lies in `sure` [H, W] and has plain pixels."""
    import cv2

    light = [picture.mean(axis=2) for picture in (one, other)]
    odd = ~((light[0] >= 0) & (light[0] < 2) & (light[1] >= 0) & (light[1] < 2))
    # Round a planted pixel cubics ring by two pixels: that is no shift.
    plain = sure & (cv2.dilate(odd.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0)
    first, second = (np.sqrt(np.maximum(picture, 0)) for picture in light)
    shifts = []
    for y in range(0, sure.shape[0] - TILE_PX, TILE_PX):
        for x in range(0, sure.shape[1] - TILE_PX, TILE_PX):
            tile = slice(y, y + TILE_PX), slice(x, x + TILE_PX)
            if plain[tile].all() and (shift := _shift(first[tile], second[tile])) is not None:
                shifts.append(shift)
    return shifts


def _shift(one: np.ndarray, other: np.ndarray) -> float | None:
    down, across = np.gradient((one + other) / 2)
    slopes = np.stack([across.ravel(), down.ravel()], axis=1)
    power = slopes.T @ slopes
    if np.linalg.eigvalsh(power)[0] < TEXTURED * TILE_PX**2:
        return None
    return float(np.linalg.norm(np.linalg.solve(power, slopes.T @ (other - one).ravel())))


def _print(found: Found) -> None:
    overs = ", ".join(f"{name} {worst:g}" for name, worst in found.overs.items())
    print(f"{found.plate}: {found.frames} frames, {found.pixels} pixels; largest difference of an over: {overs}")
    for name, figures in (("jaw and cheeks moved", found.moved_px), ("off through the map", found.left_px)):
        values = np.array(figures or [0.0])
        middle, most = np.quantile(values, [0.5, 0.95])
        tiles = f"{len(figures)} tiles"
        print(f"  {name}: {middle:.3f} px in the middle, 95 % within {most:.3f}, at most {values.max():.3f} ({tiles})")
