# SPDX-License-Identifier: Apache-2.0
"""The window itself, on a screen that exists in memory only (Xvfb): keys, colour, status, a swap that hangs."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DRIVEN = """
import os, sys, time
os.environ['PYOPENGL_PLATFORM'] = 'glx'
import glfw
import numpy as np
from OpenGL import GL
from ofx_lipsync.cli.main import main
from ofx_lipsync.live import show

character, line, folder = sys.argv[1:]
swap, opened, seen = glfw.swap_buffers, [], []
enter = show.Show.__enter__
show.Show.__enter__ = lambda self: opened.append(enter(self)) or opened[-1]


def swapped(window):
    # Keeps some of what is about to be seen; presses keys; hangs once.
    number, controls = len(seen), opened[0].controls
    seen.append(number)
    if number in (10, 20, 30):
        width, height = glfw.get_framebuffer_size(window)
        pixels = GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE)
        np.save(f"{folder}/{number}.npy", np.frombuffer(pixels, np.uint8).reshape(height, width, 4)[::-1])
    swap(window)
    if number == 12:
        controls.press("s")
    if number == 22:
        controls.press("b")
        controls.press("2")
    if number == 31:
        blocks = opened[0].sound.blocks
        time.sleep(1.0)
        assert opened[0].sound.blocks > blocks + 20, "the voice waited for the window"
        assert opened[0].sound.lost_s == 0
        controls.press("q")


glfw.swap_buffers = swapped
words = ["--mic", line, "--window", "--background", "blue", "--size", "160x120", "--seconds", "60", "--debug"]
sys.exit(main(["live", character, *words]))
"""


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="Xvfb is not installed")
@pytest.mark.skipif(importlib.util.find_spec("glfw") is None, reason="GLFW is not installed")
def test_the_window_shows_the_character_and_follows_the_keys(
    character: Path, sample_line: Path, tmp_path: Path
) -> None:
    words = ["xvfb-run", "-a", "-s", "-screen 0 800x600x24", sys.executable, "-c", DRIVEN]
    done = subprocess.run(
        [*words, str(character), str(sample_line), str(tmp_path)], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "1 neutral   2 happy" in done.stderr
    plain, told, through = (np.load(tmp_path / f"{number}.npy") for number in (10, 20, 30))
    assert tuple(plain[0, 0]) == tuple(told[0, 0]) == (0, 0, 255, 255)
    assert through[0, 0, 3] == 0
    assert through[60, 80, 3] == 255  # the face
    assert (told[-40:] != plain[-40:]).any(axis=2).mean() > 0.2  # status and meter
