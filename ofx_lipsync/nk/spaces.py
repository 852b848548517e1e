# SPDX-License-Identifier: Apache-2.0
"""Colour spaces by the names that Nuke saves, and the OCIO config that a script works in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.media.colour import LOOK, PINNED, Colour
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.values import Values

_LINEAR = (".exr", ".sxr", ".hdr")
_LOG = (".dpx", ".cin")
_WITH_NAME = re.compile(r"([\w .-]+?) \((.+)\)")
_NUKES_OWN: dict[str, tuple[str, ...]] = {
    "linear": (SCENE_LINEAR,),
    "srgb": LOOK,
    "rec709": ("rec709_scene", "Camera Rec.709", "Utility - Rec.709 - Camera", "Rec.709"),
    "raw": ("data", "Raw"),
    "gamma1.8": ("g18_rec709_scene", "Gamma 1.8 Rec.709 - Texture"),
    "gamma2.2": ("g22_rec709_scene", "Gamma 2.2 Rec.709 - Texture"),
    "gamma2.4": ("g24_rec709_scene", "Gamma 2.4 Rec.709 - Texture"),
    "alexav3logc": ("arri_logc3", "ARRI LogC3 (EI800)", "Input - ARRI - V3 LogC (EI800) - Wide Gamut"),
}
"""Names of Nuke's own colour management -> what OCIO configs call the same curve."""
_BUILT_IN = {
    "fn-nuke_cg-config-v1.0.0_aces-v1.3_ocio-v2.1": "cg-config-v1.0.0_aces-v1.3_ocio-v2.1",
    "fn-nuke_studio-config-v1.0.0_aces-v1.3_ocio-v2.1": "studio-config-v1.0.0_aces-v1.3_ocio-v2.1",
}
"""Configs that come with Nuke 14 and later -> the public ones that they were made from."""


def config_of(values: Values) -> tuple[str | None, str]:
    """(config to load, why), None being $OCIO or the pinned one. What $OCIO says counts first, as in Nuke."""
    root = values.script.root
    if os.environ.get("OCIO"):
        return None, "$OCIO"
    if values.text(root, "colorManagement", "Nuke") != "OCIO":
        return None, "Nuke's own colour management, by the nearest names of the pinned config"
    name = values.text(root, "OCIO_config", "nuke-default")
    custom = values.path(root, "customOCIOConfigPath")
    if name == "custom" and custom:
        return custom, "customOCIOConfigPath"
    plain = _BUILT_IN.get(name, name)
    if plain.startswith(("cg-config-", "studio-config-")):
        return plain, "OCIO_config"
    return None, f"{name} comes with Nuke alone; the pinned config stands for it"


def config_name(config: str | None) -> str:
    return config or os.environ.get("OCIO") or PINNED


def space_named(values: Values, node: Node, colour: Colour, suffix: str) -> str | None:
    """The config's name of a `colorspace` knob, or None where nobody names one."""
    knob = next((k for k in ("colorspace", "ocioColorspace") if values.has(node, k)), None)
    name = values.text(node, knob).strip() if knob else ""
    if not name or name == "default":
        return _default(values, colour, suffix)
    found = _found(name, colour)
    if found is None and name.startswith("default ("):
        return _default(values, colour, suffix)
    if found is None:
        raise ColourError(
            f"{values.script.path}: {node.full_name}.{knob}: there is no space {name!r} in {colour.name}; give the "
            "config that the script was made with, --colour CONFIG or $OCIO"
        )
    return found


def _default(values: Values, colour: Colour, suffix: str) -> str | None:
    """By the kind of file, where the project says; otherwise the file's own header does."""
    root = values.script.root
    knob = "floatLut" if suffix in _LINEAR else "logLut" if suffix in _LOG else ""
    if not knob or not values.has(root, knob):
        return None
    found = _found(values.text(root, knob).strip(), colour)
    # A linear default only says what every EXR is; its header knows the primaries.
    return None if found is None or colour.find(SCENE_LINEAR) == found else found


def _found(name: str, colour: Colour) -> str | None:
    """`ACEScg`, `scene_linear (ACEScg)`, `default (ACEScg)`, `ACES/ACEScg`, `linear`."""
    match = _WITH_NAME.fullmatch(name)
    names = [name, *((match[1], match[2]) if match and match[1] != "default" else (match[2],) if match else ())]
    names += [part.rsplit("/", 1)[-1] for part in names if "/" in part]
    for one in names:
        found = colour.find(one, *_NUKES_OWN.get(one.lower(), ()))
        if found is not None:
            return found
    return None


def colour_for(values: Values, given: str | None) -> tuple[Colour, str]:
    """(colour, why). given: --colour.  Raises: ColourError."""
    if given:
        return Colour.load(given), "--colour"
    config, why = config_of(values)
    if config is not None and "/" in config and not Path(config).is_file():
        raise ColourError(
            f"{values.script.path}: its OCIO config {config} is not there; mount it, or give --colour CONFIG"
        )
    return Colour.load(config), why
