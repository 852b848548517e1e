# SPDX-License-Identifier: Apache-2.0
"""The window itself, on a screen that exists in memory only (Xvfb): keys, and pixels as the view shows them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.view.look import processor, views
from ofx_lipsync.view.player import Player
from ofx_lipsync.view.window import pressed, written

CODE = 1.01 / 255
DRIVEN = """
import os, sys
os.environ['PYOPENGL_PLATFORM'] = 'glx'
import glfw
import numpy as np
from OpenGL import GL
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.view.look import look, views
from ofx_lipsync.view.player import Player
from ofx_lipsync.view.shot import ViewedShot
from ofx_lipsync.view.window import show

plate, folder = sys.argv[1:]
colour = Colour.load(None)
display, names = views(colour)


keys = ["right", "v", "+", "q"]
swap = glfw.swap_buffers


def swapped(window):
    # Keeps what is about to be seen, then presses the next key.
    width, height = glfw.get_framebuffer_size(window)
    pixels = GL.glReadPixels(0, 0, width, height, GL.GL_RGB, GL.GL_FLOAT)
    np.save(f"{folder}/{4 - len(keys)}.npy", np.reshape(pixels, (height, width, 3))[::-1])
    swap(window)
    player.press(keys.pop(0))


glfw.swap_buffers = swapped
with open_plate(plate, colour=colour) as opened:
    player = Player(opened.frames, 24.0, names)
    show(ViewedShot(opened, list(opened.frames)), player, lambda name: look(colour, display, name))
"""


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="Xvfb is not installed")
@pytest.mark.skipif(importlib.util.find_spec("glfw") is None, reason="GLFW is not installed")
def test_the_window_shows_the_view_and_follows_the_keys(tmp_path: Path) -> None:
    rgb = np.random.default_rng(11).integers(0, 255, (2, 120, 200, 3)).astype(np.uint8)
    for frame in (1, 2):
        image = oiio.ImageBuf(oiio.ImageSpec(200, 120, 3, "uint8"))
        image.set_pixels(oiio.ROI.All, rgb[frame - 1])
        image.write(str(tmp_path / f"plate.{frame}.png"))
    plate = str(tmp_path / "plate.#.png")
    words = ["xvfb-run", "-a", "-s", "-screen 0 800x600x24", sys.executable, "-c", DRIVEN, plate, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    _, names = views(Colour.load(None))
    expected = [(1, names[0], 0.0), (2, names[0], 0.0), (2, names[1], 0.0), (2, names[1], 0.5)]
    for number, (frame, view, stops) in enumerate(expected):
        shown = np.load(tmp_path / f"{number}.npy")
        np.testing.assert_allclose(shown, by_cpu(plate, frame, view, stops), atol=CODE)


def test_keys_are_those_of_the_keyboards_layout() -> None:
    glfw = pytest.importorskip("glfw")
    player = Player([1, 2, 3], 24.0, ["Film", "Raw"])
    for key, action in ((glfw.KEY_RIGHT, glfw.PRESS), (glfw.KEY_RIGHT, glfw.RELEASE), (glfw.KEY_RIGHT, glfw.REPEAT)):
        pressed(glfw, player, key, action)
    assert player.frame == 3
    for character in "V==- ":
        written(player, ord(character))
    assert (player.view, player.exposure, player.playing) == (1, 0.5, True)
    pressed(glfw, player, glfw.KEY_ESCAPE, glfw.PRESS)
    assert player.closing


def by_cpu(plate: str, frame: int, view: str, stops: float) -> np.ndarray:
    colour = Colour.load(None)
    with open_plate(plate, colour=colour) as opened:
        rgb = opened.crop(frame, opened.display).pixels * np.float32(2**stops)
    pixels = np.ascontiguousarray(rgb.transpose(1, 2, 0))
    processor(colour, "sRGB - Display", view).getDefaultCPUProcessor().applyRGB(pixels)
    return pixels.clip(0, 1)
