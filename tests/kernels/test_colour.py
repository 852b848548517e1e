# SPDX-License-Identifier: Apache-2.0
"""colour: OCIO's numbers on every device, from its own shader text."""

import numpy as np
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.core.errors import ColourError, UsageError
from ofx_lipsync.kernels import colour
from ofx_lipsync.kernels.colour import kernel_text, reference
from ofx_lipsync.kernels.launch import prototypes

CONFIG = ocio.Config.CreateFromBuiltinConfig("studio-config-v4.0.0_aces-v2.0_ocio-v2.5")
PLATES = ["sRGB Encoded Rec.709 (sRGB)", "ACEScct", "ARRI LogC4", "ARRI LogC3 (EI800)", "S-Log3 S-Gamut3.Cine"]
MORE = ["Log3G10 REDWideGamutRGB", "V-Log V-Gamut", "Linear P3-D65", "Gamma 2.4 Encoded Rec.709", "ACES2065-1"]
PAIRS = [pair for space in PLATES + MORE for pair in ((space, "ACEScg"), ("ACEScg", space))]
RELATIVE = 1e-3
"""GPU and C++ powers and logarithms differ from OCIO's own in the last bits, which a log curve's inverse multiplies."""


def processor(source: str, target: str) -> ocio.Processor:
    return CONFIG.getProcessor(source, target)


def plate() -> np.ndarray:
    """[3, 4, 90]: -0.05 to 2, then 10^-5 to 10^2."""
    generator = np.random.default_rng(4)
    low, wide = generator.uniform(-0.05, 2, (3, 4, 50)), 10 ** generator.uniform(-5, 2, (3, 4, 40))
    return np.concatenate([low, wide], axis=2).astype(np.float32)


def assert_same_colour(got: np.ndarray, expected: np.ndarray) -> None:
    finite = np.isfinite(expected)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=RELATIVE, atol=RELATIVE * 1e-2)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_equals_reference(device, source, target):
    image, conversion = plate(), processor(source, target)
    assert_same_colour(device.get(colour(device.put(image), conversion)), reference(image, conversion))


def test_the_kernel_is_called_as_its_text_declares():
    text = kernel_text(processor("ARRI LogC4", "ACEScg"))
    assert prototypes(text) == {"colour": ("float *", "const float *", "int", "int", "int")}


def test_grey_in_camera_log_is_the_makers_number(device):
    """18 % grey is 0.2784 in LogC4 (ARRI LogC4 specification 2022) and 0.4105 in S-Log3 (420 / 1023; Sony 2014)."""
    grey = device.put(np.full((3, 1, 1), 0.18, np.float32))
    for space, code in (("ARRI LogC4", 0.2784), ("S-Log3 S-Gamut3", 420 / 1023)):
        np.testing.assert_allclose(device.get(colour(grey, processor("ACEScg", space))), code, atol=1e-4)


def test_highlights_and_negatives_come_back(device):
    image = device.put(plate())
    there = colour(image, processor("ACEScg", "ARRI LogC4"))
    back = device.get(colour(there, processor("ARRI LogC4", "ACEScg")))
    np.testing.assert_allclose(back, plate(), rtol=1e-3, atol=1e-4)


def test_nan_stays_on_its_pixel(device):
    image = plate()
    image[0, 2, 3] = np.nan
    out = device.get(colour(device.put(image), processor("ACEScg", "Linear P3-D65")))
    assert np.isnan(out[:, 2, 3]).any()
    out[:, 2, 3] = 0
    assert np.isfinite(out).all()


def test_the_input_is_left_alone_and_views_are_read(device, same_bits):
    image, conversion = plate(), processor("ACEScg", "ACEScct")
    moved = device.put(image)
    whole = device.get(colour(moved, conversion))
    same_bits(device.get(moved), image)
    packed = device.put(np.ascontiguousarray(image.transpose(1, 2, 0))).transpose(2, 0, 1)
    same_bits(device.get(colour(packed, conversion)), whole)


def test_tiles_equal_the_whole(device, same_bits):
    image, conversion = device.put(plate()), processor("ACEScg", "sRGB Encoded Rec.709 (sRGB)")
    whole = device.get(colour(image, conversion))
    for rows, columns in [(slice(0, 1), slice(0, 90)), (slice(1, 4), slice(3, 4)), (slice(1, 3), slice(7, 84))]:
        same_bits(device.get(colour(image[:, rows, columns], conversion)), whole[:, rows, columns])


def test_a_conversion_with_a_table_is_refused_on_the_gpu():
    with pytest.raises(ColourError, match=r"needs a lookup table .*OCIO asks for sampler2D"):
        kernel_text(processor("ACEScg", "ACEScc"))


@pytest.mark.parametrize(
    ("image", "conversion", "text"),
    [
        (
            np.zeros((4, 2, 2), np.float32),
            processor("ACEScg", "ACEScct"),
            r"image is \[4, 2, 2\] float32",
        ),
        (np.zeros((3, 2, 2), np.float64), processor("ACEScg", "ACEScct"), "float64"),
        (np.zeros((3, 2, 2), np.float32), "ACEScct", "processor is a str"),
    ],
)
def test_wrong_input_is_refused(image, conversion, text):
    with pytest.raises(UsageError, match=text):
        colour(image, conversion)
