# SPDX-License-Identifier: Apache-2.0
"""Colour spaces by the names that Nuke saves, in a config that knows them or does not."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.media.colour import PINNED, Colour
from ofx_lipsync.nk.script import parse_script
from ofx_lipsync.nk.spaces import colour_for, space_named
from ofx_lipsync.nk.values import Values


def named(knobs: str, root: str = "", suffix: str = ".exr") -> str | None:
    values = Values(parse_script(f"Root {{\n{root} inputs 0\n}}\nRead {{\n inputs 0\n{knobs} name R\n}}\n", "ab.nk"))
    return space_named(values, values.script.nodes[1], Colour.load(), suffix)


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("scene_linear", "ACEScg"),
        ('"scene_linear (ACEScg)"', "ACEScg"),
        ('"compositing_log (ACEScct)"', "ACEScct"),
        ('"some_role_of_ours (ACES2065-1)"', "ACES2065-1"),
        ("ACES/ACEScg", "ACEScg"),
        ("linear", "ACEScg"),
        ("sRGB", "sRGB Encoded Rec.709 (sRGB)"),
        ('"default (sRGB - Texture)"', "sRGB Encoded Rec.709 (sRGB)"),
        ("default", None),
        ('"default (AlexaV3LogC)"', "ARRI LogC3 (EI800)"),
        ('"default (NobodysLog)"', None),
    ],
)
def test_names(name, space):
    assert named(f" colorspace {name}\n") == space


def test_defaults_by_the_kind_of_file():
    assert named("", ' logLut ACEScct\n floatLut "ACES2065-1"\n', ".dpx") == "ACEScct"
    assert named("", ' floatLut "ACES2065-1"\n') == "ACES2065-1"
    assert named("", " floatLut linear\n") is None
    assert named("", " floatLut scene_linear\n int8Lut sRGB\n", ".png") is None


def test_a_name_that_nobody_has_is_an_error_naming_node_and_config():
    with pytest.raises(ColourError, match=r"R\.colorspace.*Panalog.*--colour"):
        named(" colorspace Panalog\n")


@pytest.mark.parametrize(
    ("root", "config"),
    [
        ("", PINNED),
        (" colorManagement OCIO\n OCIO_config nuke-default\n", PINNED),
        (" colorManagement OCIO\n OCIO_config fn-nuke_cg-config-v1.0.0_aces-v1.3_ocio-v2.1\n",
         "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"),
        (" colorManagement OCIO\n OCIO_config studio-config-v2.2.0_aces-v1.3_ocio-v2.4\n",
         "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"),
    ],
)  # fmt: skip
def test_the_config_of_a_script(root, config, monkeypatch):
    monkeypatch.delenv("OCIO", raising=False)
    values = Values(parse_script(f"Root {{\n{root} inputs 0\n}}\nDot {{\n}}\n"))
    assert colour_for(values, None)[0].name == config
    assert colour_for(values, "cg-config-v2.1.0_aces-v1.3_ocio-v2.3")[1] == "--colour"
    monkeypatch.setenv("OCIO", "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3")
    assert colour_for(values, None)[1] == "$OCIO"
