# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.media import Colour


@pytest.fixture
def wild() -> np.ndarray:
    values = np.random.default_rng(0).normal(0.4, 0.8, (3, 40, 50)).astype(np.float32)
    values[:, 0, 0], values[:, 0, 1], values[0, 0, 2] = np.nan, 1000.0, -5.0
    return values


def test_grey_of_18_percent_is_461_thousandths_in_srgb(colour: Colour) -> None:
    grey = np.full((3, 1, 1), 0.18, np.float32)
    np.testing.assert_allclose(colour.to_look(grey), 0.46135613, atol=2e-6)


@pytest.mark.parametrize(
    "space", ["sRGB - Texture", "lin_rec709_scene", "ACES2065-1", "ACEScct", "Gamma 2.4 Encoded Rec.709"]
)
def test_same_as_ocio_and_back_again(colour: Colour, wild: np.ndarray, space: str) -> None:
    expected = wild.copy()
    processor = colour.config.getProcessor(space, "scene_linear").getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    processor.apply(ocio.PlanarImageDesc(expected[0], expected[1], expected[2], 50, 40))
    if space == "ACEScct":
        wild = wild[:, 1:]
        expected = expected[:, 1:]
    linear = colour.to_working(wild, space)
    np.testing.assert_allclose(linear, expected, rtol=2e-5, atol=1e-6)
    # A pure gamma is infinitely steep at black: float32 cannot come back closer there.
    tolerance = 3e-4 if "Gamma" in space else 1e-5
    np.testing.assert_allclose(colour.from_working(linear, space), wild, rtol=2e-5, atol=tolerance)


def test_the_bits_do_not_depend_on_the_processor() -> None:
    """A farm has machines with and without AVX-512, and NumPy's powers are others there."""
    script = (
        "import hashlib, numpy as np\n"
        "from ofx_lipsync.media import Colour\n"
        "colour, image = Colour.load(), np.random.default_rng(0).random((3, 40, 50), np.float32)\n"
        "for space in ('sRGB - Texture', 'ARRI LogC4', 'ACES2065-1', 'CanonLog3 CinemaGamut D55'):\n"
        "    there = colour.to_working(image, space)\n"
        "    print(hashlib.sha256(there.tobytes() + colour.from_working(image, space).tobytes()).hexdigest())\n"
    )
    old = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"}
    said = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], env={**os.environ, **more}, check=True, capture_output=True
        ).stdout
        for more in ({}, old)
    ]
    assert said[0] == said[1]
    assert len(said[0].split()) == 4


@pytest.mark.parametrize("name", ["ARRI LogC4", "arri_logc4", "compositing_log", "scene_linear", "aces"])
def test_a_plates_space_goes_by_name_alias_or_role(name: str) -> None:
    assert Colour.load().check_plate(name) in ("ARRI LogC4", "ACEScct", "ACEScg", "ACES2065-1")


@pytest.mark.parametrize("space", [s.getName() for s in Colour.load().config.getColorSpaces()])
def test_a_plate_may_be_in_any_space_of_the_studio_config(space: str) -> None:
    assert Colour.load().check_plate(space) == space


@pytest.mark.parametrize(
    "view", ["ACES 1.0 - SDR Video", "sRGB - Display/ACES 1.0 - SDR Video", "aces 1.0 - sdr video (srgb - display)"]
)
def test_a_tone_mapped_view_is_no_space(view: str) -> None:
    with pytest.raises(
        ColourError, match=r"is a view, .*no colour space; give the plate from before .*'sRGB - Display'"
    ):
        Colour.load().check_plate(view)


def test_a_space_that_cannot_be_undone_is_refused() -> None:
    """As older configs have their output transforms: a space, but one that has forgotten its highlights."""
    config = Colour.load().config
    held = ocio.RangeTransform(minInValue=0, maxInValue=1, minOutValue=0, maxOutValue=1)
    config.addColorSpace(ocio.ColorSpace(name="Output - Poster", fromReference=held))
    with pytest.raises(ColourError, match=r"'Output - Poster' cannot be undone \(skin comes back \d+ % off\)"):
        Colour(config, "studio").check_plate("Output - Poster")


def test_working_to_working_is_bit_exact(colour: Colour, wild: np.ndarray) -> None:
    same = colour.to_working(wild, "scene_linear")
    assert same is not wild
    np.testing.assert_array_equal(same.view(np.uint32), wild.view(np.uint32))


def test_a_crop_of_the_colour_is_the_colour_of_the_crop(colour: Colour, wild: np.ndarray) -> None:
    whole = colour.to_working(wild, "sRGB - Texture")
    part = colour.to_working(wild[:, 3:17, 5:31], "sRGB - Texture")
    np.testing.assert_array_equal(whole[:, 3:17, 5:31], part)


def test_look_is_held_to_what_networks_expect(colour: Colour, wild: np.ndarray) -> None:
    look = colour.to_look(wild)
    assert (look >= 0).all()
    assert (look <= 1).all()


def test_unknown_space_names_near_ones(colour: Colour) -> None:
    with pytest.raises(ColourError, match=r"no space 'ACEScgg'.*did you mean 'ACEScg'"):
        colour.check("ACEScgg")


@pytest.mark.parametrize("name", ["ocio://default", "ocio://cg-config-latest", "studio-config-latest"])
def test_moving_configs_are_refused(name: str) -> None:
    with pytest.raises(ColourError, match="name a version"):
        Colour.load(name)


def test_config_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "none.ocio"))
    with pytest.raises(ColourError, match="there is no OCIO config"):
        Colour.load()
    broken = tmp_path / "broken.ocio"
    broken.write_text("not a config")
    with pytest.raises(ColourError, match="cannot read config"):
        Colour.load(str(broken))
    monkeypatch.delenv("OCIO")
    assert Colour.load().name == "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"


def test_a_config_without_srgb_says_so(tmp_path: Path) -> None:
    path = tmp_path / "raw.ocio"
    path.write_text(ocio.Config.CreateRaw().serialize())
    with pytest.raises(ColourError, match="no sRGB texture space"):
        Colour.load(str(path)).to_look(np.zeros((3, 1, 1), np.float32))
