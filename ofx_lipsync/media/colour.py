# SPDX-License-Identifier: Apache-2.0
"""Colour through OpenColorIO: named spaces of one config in, the scene-linear working space inside.

The config is `$OCIO`, or a built-in config by its full name. `default` and `latest` are refused: they change with
the installed OpenColorIO, and a farm would render two halves of a shot in two colours. For the same reason there is one
road from space to space on every processor, OCIO's lossless one: NumPy's powers differ in their last bits between an
AVX-512 machine and an older one, and a compiler may be there or not.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.core.image import SCENE_LINEAR

PINNED = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"

LOOK = ("srgb_rec709_scene", "sRGB - Texture", "srgb_texture", "Utility - sRGB - Texture", "srgb_tx", "sRGB")
"""Names of sRGB-encoded Rec.709 in the configs people have; the first that the config knows is used."""

LOST = 0.02
"""A space from which skin comes back further off than this share of its light is none that a plate can be in."""


class Colour:
    """Conversions between a plate's space and the working space, in one OCIO config.

    Arrays are [3, H, W] float32 and always come back as new arrays; nothing is held to 0..1 except by `to_look`.
    """

    def __init__(self, config: ocio.Config, name: str) -> None:
        self.config = config
        self.name = name
        self._processors: dict[tuple[str, str], Any] = {}

    @classmethod
    def load(cls, config: str | None = None) -> Colour:
        """The config named or at a path; without one, `$OCIO` if set, else the pinned built-in."""
        name = config or os.environ.get("OCIO") or PINNED
        if "/" not in name and not Path(name).exists() and not name.endswith((".ocio", ".ocioz")):
            name = f"ocio://{name}"
        if name.startswith("ocio://") and ("latest" in name or name == "ocio://default"):
            raise ColourError(f"colour: config {name} changes with every OpenColorIO; name a version such as {PINNED}")
        if not name.startswith("ocio://") and not Path(name).is_file():
            raise ColourError(f"colour: there is no OCIO config at {name}; check $OCIO or --colour")
        try:
            return cls(ocio.Config.CreateFromFile(name), name)
        except ocio.Exception as error:
            raise ColourError(f"colour: OCIO cannot read config {name} ({_line(error)})") from None

    @property
    def cache_id(self) -> str:
        """Changes whenever the config's content does; written into every result."""
        return str(self.config.getCacheID())

    def check(self, space: str) -> str:
        """The config's own name of a space, role or alias. Raises ColourError naming near matches."""
        found = self.find(space)
        if found is None:
            raise ColourError(f"colour: no space {space!r} in {self.name}; {self._near(space)}")
        return found

    def check_plate(self, space: str) -> str:
        """As `check`, for a space that a plate is to be read in and written back in.

        Raises: ColourError for a view, which is a picture of a space and none itself, and for a space that loses skin.
        """
        if self.find(space) is None and (display := self._display_of(space)) is not None:
            raise ColourError(
                f"colour: {space!r} is a view, a tone-mapped picture of the shot, and no colour space; give the plate "
                f"from before the view, or name how its pixels are encoded, as {display!r}"
            )
        name = self.check(space)
        lost = self._lost(name)
        if not lost <= LOST:
            raise ColourError(
                f"colour: {name!r} cannot be undone (skin comes back {100 * lost:.0f} % off); "
                "give the plate from before that conversion, or name how its pixels are encoded"
            )
        return name

    def find(self, *names: str) -> str | None:
        """The config's own name of the first space, role or alias that it knows."""
        for name in names:
            space = self.config.getColorSpace(name)
            if space is not None:
                return str(space.getName())
        return None

    def is_same(self, space: str, other: str = SCENE_LINEAR) -> bool:
        """Whether two spaces hold the same numbers, so that nothing need be converted."""
        return bool(self._processor(space, other).isNoOp())

    def is_linear(self, space: str) -> bool:
        """Whether a space is scene-linear light, so that layers of it comp as those of the working space do."""
        return bool(self.config.isColorSpaceLinear(self.check(space), ocio.REFERENCE_SPACE_SCENE))

    def to_working(self, rgb: np.ndarray, space: str) -> np.ndarray:
        """[3, H, W] float32 in the working space."""
        return self.convert(rgb, space, SCENE_LINEAR)

    def from_working(self, rgb: np.ndarray, space: str) -> np.ndarray:
        """[3, H, W] float32 in `space`."""
        return self.convert(rgb, SCENE_LINEAR, space)

    def to_look(self, rgb: np.ndarray, space: str = SCENE_LINEAR) -> np.ndarray:
        """[3, H, W] float32, sRGB-encoded and held to 0..1 (NaN is black): for networks only, never for output."""
        return np.clip(np.nan_to_num(self.convert(rgb, space, self.look_space), copy=False), 0.0, 1.0)

    @property
    def look_space(self) -> str:
        found = self.find(*LOOK)
        if found is None:
            raise ColourError(f"colour: {self.name} has no sRGB texture space; it needs one named {LOOK[1]!r}")
        return found

    def convert(self, rgb: np.ndarray, source: str, target: str) -> np.ndarray:
        """[3, H, W] float32 from one space to another, by OCIO at its most exact."""
        processor = self._processor(source, target)
        planes = np.array(rgb, dtype=np.float32, order="C")
        if planes.size and not processor.isNoOp():
            height, width = planes.shape[1:]
            processor.apply(ocio.PlanarImageDesc(planes[0], planes[1], planes[2], width, height))
        return planes

    def _processor(self, source: str, target: str) -> Any:
        key = (source, target)
        if key not in self._processors:
            self._processors[key] = self._build(self.check(source), self.check(target))
        return self._processors[key]

    def _build(self, source: str, target: str) -> Any:
        try:
            return self.config.getProcessor(source, target).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
        except ocio.Exception as error:
            raise ColourError(f"colour: {self.name} cannot go from {source!r} to {target!r} ({_line(error)})") from None

    def _lost(self, space: str) -> float:
        """How far light round skin's comes back off from a space, as a share of itself."""
        there = self.convert(_SKIN, SCENE_LINEAR, space)
        with np.errstate(all="ignore"):
            return float(np.max(np.abs(self.convert(there, space, SCENE_LINEAR) / _SKIN - 1)))

    def _display_of(self, text: str) -> str | None:
        """The display whose view a text names, as `view`, `display/view` or `view (display)`."""
        for display in self.config.getDisplays():
            for view in self.config.getViews(display):
                if text.lower() in (n.lower() for n in (view, f"{display}/{view}", f"{view} ({display})")):
                    return str(display)
        return None

    def _near(self, space: str) -> str:
        known = {n.lower(): n for n in self._all_names()}
        near = difflib.get_close_matches(space.lower(), list(known), n=4, cutoff=0.4)
        if near:
            return "did you mean " + ", ".join(repr(known[n]) for n in near)
        studio = self.name.replace("cg-config", "studio-config").removeprefix("ocio://")
        more = f"; camera logs are in --colour {studio}" if self.name.startswith("ocio://cg-config") else ""
        return "it has " + ", ".join(repr(s.getName()) for s in self.config.getColorSpaces()) + more

    def _all_names(self) -> list[str]:
        names = [role for role, _ in self.config.getRoles()]
        for space in self.config.getColorSpaces():
            names += [space.getName(), *space.getAliases()]
        return names


def _lights() -> np.ndarray:
    """[3, N, 1] scene-linear: greys from shadow to highlight, and the same a fifth redder, greener and bluer."""
    grey = np.geomspace(0.02, 2.0, 8)
    tints = np.array([(1, 1, 1), (1.2, 1, 1), (1, 1.2, 1), (1, 1, 1.2), (1.2, 1, 0.8)])
    return np.ascontiguousarray((grey[:, None, None] * tints).reshape(-1, 3).T[:, :, None], dtype=np.float32)


_SKIN = _lights()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
