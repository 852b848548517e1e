# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.media import Colour
from ofx_lipsync.media.matrix_curve import MatrixCurve


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


def test_srgb_takes_the_fast_road_and_log_does_not(colour: Colour) -> None:
    get = colour.config.getProcessor
    assert MatrixCurve.of(get("sRGB - Texture", "scene_linear")) is not None
    assert MatrixCurve.of(get("ACEScct", "scene_linear")) is None


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
    assert Colour.load().name == "ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4"


def test_a_config_without_srgb_says_so(tmp_path: Path) -> None:
    path = tmp_path / "raw.ocio"
    path.write_text(ocio.Config.CreateRaw().serialize())
    with pytest.raises(ColourError, match="no sRGB texture space"):
        Colour.load(str(path)).to_look(np.zeros((3, 1, 1), np.float32))
