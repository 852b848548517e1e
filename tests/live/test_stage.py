# SPDX-License-Identifier: Apache-2.0
"""The stage off-screen: pixels of frames, what only the window shows, a stage that was held up."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from ofx_lipsync.live import hud
from ofx_lipsync.live.figure import Figure
from ofx_lipsync.live.outlet import Slot
from ofx_lipsync.live.pace import BEHIND_S, Pace
from ofx_lipsync.live.performer import REST, Acting, Performer
from ofx_lipsync.live.stage import Stage
from ofx_lipsync.live.virtual_camera import over

NEUTRAL = Acting("neutral", 0, 0, 1.0, REST)
SIZE = (96, 96)


@pytest.mark.usefixtures("gl")
def test_a_frame_is_its_layers_over_each_other(figure: Figure) -> None:
    from ofx_lipsync.live.painter import Painter

    painter = Painter(*figure.canvas, figure.canvas, figure.bend)
    acting = replace(NEUTRAL, mouth_from=1, mouth_to=1)
    layers = figure.layers(acting)
    painter.frame(layers)
    shown = painter.pixels()
    expected = np.zeros((figure.canvas[1], figure.canvas[0], 4))
    for layer in layers:
        x0, y0, x1, y1 = map(int, layer.box)
        under = expected[y0:y1, x0:x1]
        expected[y0:y1, x0:x1] = layer.pixels + under * (1 - layer.pixels[..., 3:] / 255)
    alpha = expected[..., 3:]
    np.testing.assert_allclose(shown[..., 3:], alpha, atol=2)
    solid = alpha[..., 0] > 250
    assert solid.sum() > 1000
    np.testing.assert_allclose(shown[solid][:, :3], expected[solid][:, :3], atol=3)
    assert (shown[alpha[..., 0] == 0] == 0).all()


@pytest.mark.usefixtures("gl")
def test_the_head_moves_and_the_foot_stands_still(figure: Figure) -> None:
    from ofx_lipsync.live.painter import Painter

    painter = Painter(*figure.canvas, figure.canvas, figure.bend)
    painter.frame(figure.layers(NEUTRAL))
    still = painter.pixels()
    painter.frame(figure.layers(replace(NEUTRAL, face=replace(REST, roll=15.0))))
    turned = painter.pixels()
    foot = round(figure.bend[1]) - 1
    np.testing.assert_allclose(turned[foot].astype(int), still[foot].astype(int), atol=40)
    assert np.abs(turned[:40].astype(int) - still[:40]).mean() > 5


@pytest.mark.usefixtures("gl")
@pytest.mark.parametrize(("behind", "corner"), [((0.0, 1.0, 0.0, 1.0), (0, 255, 0, 255)), ((0.0,) * 4, (0, 0, 0, 0))])
def test_a_window_is_over_a_colour_or_seen_through(
    figure: Figure, behind: tuple[float, ...], corner: tuple[int, ...]
) -> None:
    from OpenGL import GL

    from ofx_lipsync.live.painter import Painter, _target

    painter, wide, high = Painter(*SIZE, figure.canvas, figure.bend), 200, 120
    buffer, _ = _target(wide, high)
    painter.frame(figure.layers(NEUTRAL))
    painter.show(wide, high, behind, buffer)  # type: ignore[arg-type]
    hud.paint(painter, (wide, high), -6.0, False, "92 ms")
    pixels = np.frombuffer(GL.glReadPixels(0, 0, wide, high, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE), np.uint8)
    pixels = pixels.reshape(high, wide, 4)[::-1]
    assert tuple(pixels[0, 0]) == corner
    middle = pixels[high // 2, wide // 2]
    assert middle[3] == 255
    meter = pixels[high - hud.INSET_PX - 2, hud.INSET_PX + 4]
    np.testing.assert_allclose(meter, np.array(hud.YELLOW) * 255, atol=1)
    letters = pixels[high - 2 * hud.INSET_PX - 8 - hud.SIZE_PX : high - 2 * hud.INSET_PX - 8, 10:60]
    assert letters[..., :3].max() > 200


@pytest.mark.usefixtures("gl")
def test_frames_are_offered_and_a_stall_is_over_at_once(figure: Figure) -> None:
    slot = Slot()
    stage = Stage(Performer(None, None, figure.mouths.expressions), figure, *SIZE, slot)
    for _ in range(3):
        stage.frame()
        stage.done()
    first = slot.after(-1, 1.0)
    assert first is not None
    assert first.rgba.shape == (*SIZE, 4)
    time.sleep(3 * BEHIND_S)  # a window that hangs
    stage.frame()
    stage.done()
    assert stage.pace.stalls >= 1
    begun = time.monotonic()
    stage.pace.wait()
    assert time.monotonic() - begun < BEHIND_S  # it goes on from here, and does not catch up in a rush


def test_sixty_a_second_on_the_whole() -> None:
    pace, begun = Pace(60.0), time.monotonic()
    for _ in range(30):
        pace.wait()
        pace.done()
    assert time.monotonic() - begun >= 29 / 60 - 0.001


def test_over_a_colour_for_cameras() -> None:
    rgba = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [255, 0, 0, 128]]], np.uint8)
    np.testing.assert_array_equal(over(rgba, np.array([0, 255, 0])), [[[255, 0, 0], [0, 255, 0], [128, 127, 0]]])


def test_over_a_colour_is_rounded_right_for_every_code() -> None:
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    rgba = np.stack([colour, colour, colour, alpha], axis=2).astype(np.uint8)
    behind = np.array([0, 100, 255])
    exact = (rgba[..., :3] * (alpha[..., None] / 255) + behind * (1 - alpha[..., None] / 255)).round()
    assert np.abs(over(rgba, behind) - exact).max() <= 1
    assert (over(rgba, behind) == exact).mean() > 0.99


def test_the_status_says_what_a_streamer_needs() -> None:
    told = hud.status(0.0921, 59.94, -18.2, False, "happy", ("webcam 0 has gone",))
    assert told == "sound to picture 92 ms   60 fps   -18 dB   happy   webcam 0 has gone"
    assert hud.status(float("nan"), 60, -80.0, True, "neutral").startswith("sound to picture -- ms   60 fps   muted")
