# SPDX-License-Identifier: Apache-2.0
"""The character's layers: in order, where they belong, moving with the head; what is drawn of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.live.figure import Figure, head_move, seen
from ofx_lipsync.live.perform import read_figure
from ofx_lipsync.live.performer import REST, Acting
from ofx_lipsync.media.colour import Colour

NEUTRAL = Acting("neutral", 0, 0, 1.0, REST)


def names(figure: Figure, acting: Acting) -> list[str]:
    return [str(layer.key[0]) for layer in figure.layers(acting)]  # type: ignore[index]


def test_layers_lie_in_order(figure: Figure) -> None:
    assert names(figure, NEUTRAL) == ["head", "eyes_open", "brows", "mouth"]
    half = replace(NEUTRAL, face=replace(REST, blink_left=0.5, blink_right=0.5))
    shut = replace(NEUTRAL, face=replace(REST, blink_left=1, blink_right=1))
    assert names(figure, half)[1] == "eyes_half"
    assert names(figure, shut)[1] == "eyes_closed"


def test_a_turn_has_two_drawings_and_then_the_mouth_itself(figure: Figure) -> None:
    keys = [figure.layers(replace(NEUTRAL, mouth_to=1, phase=phase))[3].key for phase in (0.5, 0.6, 0.75, 0.99, 1.0)]
    assert keys[0] == keys[1] != keys[2] == keys[3] != keys[4]
    assert keys[4] == ("mouth", "neutral", figure.mouths.alphabet[1])


def test_at_rest_nothing_is_moved(figure: Figure) -> None:
    for layer in figure.layers(NEUTRAL):
        np.testing.assert_allclose(layer.move, np.eye(3), atol=1e-9)


def test_the_head_turns_about_its_neck_and_does_not_fly_away() -> None:
    neck = (50.0, 90.0)
    turned = head_move(replace(REST, roll=90.0), (40.0, 60.0), neck)
    np.testing.assert_allclose(turned @ [50, 30, 1], [110, 90, 1], atol=1e-9)  # clockwise: up goes right
    np.testing.assert_allclose(turned @ [*neck, 1], [*neck, 1], atol=1e-9)
    far = head_move(replace(REST, x=9.0, y=9.0, size=40.0), (40.0, 60.0), neck)
    assert abs((far @ [*neck, 1])[:2] - neck).max() <= 30


def test_the_face_slides_the_way_it_looks(figure: Figure) -> None:
    head, eyes, *_ = figure.layers(replace(NEUTRAL, face=replace(REST, yaw=30.0)))
    assert eyes.move[0, 2] > head.move[0, 2] == pytest.approx(0)


def test_drawings_are_shown_in_the_colours_they_were_drawn_in(figure: Figure) -> None:
    """The shirt of the character is #f2b544 in its file."""
    shirt = np.array([0xF2, 0xB5, 0x44])
    pixels = seen(figure.mouths.part("head", "neutral"), Colour.load(None))
    assert pixels.dtype == np.uint8
    near = (np.abs(pixels[..., :3].astype(int) - shirt).max(axis=2) <= 1) & (pixels[..., 3] == 255)
    assert near.sum() > 100


def test_memory_is_bounded(figure: Figure) -> None:
    kept = figure._bytes
    for _ in range(3):
        for mouth in range(len(figure.mouths.alphabet)):
            figure.layers(replace(NEUTRAL, mouth_to=mouth, phase=0.5))
    grown = figure._bytes
    for mouth in range(len(figure.mouths.alphabet)):
        figure.layers(replace(NEUTRAL, mouth_to=mouth, phase=0.6))
    assert figure._bytes == grown >= kept


def test_a_set_of_mouths_alone_is_drawn_too(tmp_path: Path) -> None:
    """Preston Blair's names, no head, no eyes."""
    for number, name in enumerate(("rest", "AI", "E", "O", "U", "MBP", "FV", "L", "WQ", "etc")):
        image = oiio.ImageBuf(oiio.ImageSpec(64, 48, 4, oiio.UINT8))
        pixels = np.zeros((48, 64, 4), np.uint8)
        pixels[24 - 2 * number : 26, 12:52] = (200, 30, 40, 255)
        image.set_pixels(oiio.ROI.All, pixels)
        image.write(str(tmp_path / f"{name}.png"))
    alone = read_figure(str(tmp_path), 48)
    mouths = [alone.layers(replace(NEUTRAL, mouth_from=0, mouth_to=mouth, phase=0.5)) for mouth in range(12)]
    assert {len(layers) for layers in mouths} == {1}
    assert alone.bend[1] > alone.bend[0]
