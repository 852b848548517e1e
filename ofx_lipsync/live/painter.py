# SPDX-License-Identifier: Apache-2.0
"""Paints layers into a frame, a frame into a window, and what only the performer sees over it. Needs a GL context."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Hashable, Sequence

import numpy as np
from OpenGL import GL

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live import shaders
from ofx_lipsync.live.layer import Layer
from ofx_lipsync.view.painter import program, reading, uniform

TEXTURES_MB = 512
"""Layers kept on the device; the one that was not shown for the longest goes first."""
Colour4 = tuple[float, float, float, float]
WHOLE = (-1.0, -1.0, 1.0, 1.0)


class Painter:
    """width, height: of a frame, px. canvas: (width, height) of the drawings, shown whole in the frame's middle.
    bend: canvas y down to which all moves with the head, and y from which on nothing does."""

    def __init__(self, width: int, height: int, canvas: tuple[int, int], bend: tuple[float, float]) -> None:
        largest = GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE)
        if max(width, height) > largest:
            raise DeviceError(f"live: a frame of {width}x{height} is larger than GL draws here ({largest} px)")
        self.width, self.height = width, height
        zoom = min(width / canvas[0], height / canvas[1])
        scale = (2 * zoom / width, 2 * zoom / height)
        # rows are read from below: with the top row drawn there, the first one read is the top
        self._place = (*scale, -scale[0] * canvas[0] / 2, -scale[1] * canvas[1] / 2)
        self._bend = bend
        self._array = GL.glGenVertexArrays(1)
        self._layer, self._straight, self._over = map(_program, (shaders.LAYER, shaders.STRAIGHT, shaders.OVER))
        self._frame, self._out = _target(width, height), _target(width, height)
        self._textures: OrderedDict[Hashable, tuple[int, int]] = OrderedDict()
        self._bytes = 0
        self._text: tuple[Any, int] = (None, int(GL.glGenTextures(1)))

    def frame(self, layers: Sequence[Layer]) -> None:
        """Layers from back to front become the frame, by the time this returns."""
        GL.glBindVertexArray(self._array)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._frame[0])
        GL.glViewport(0, 0, self.width, self.height)
        GL.glDisable(GL.GL_SCISSOR_TEST)
        GL.glClearColor(0, 0, 0, 0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        GL.glUseProgram(self._layer)
        uniform(self._layer, "place", *self._place)
        GL.glUniform2f(GL.glGetUniformLocation(self._layer, "bend"), *self._bend)
        for layer in layers:
            self._paint(layer)
        GL.glDisable(GL.GL_BLEND)
        GL.glFinish()

    def pixels(self) -> np.ndarray:
        """[H, W, 4] uint8, sRGB, straight alpha, top row first."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._out[0])
        GL.glViewport(0, 0, self.width, self.height)
        self._fill(self._straight, self._frame[1], WHOLE)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        pixels = np.empty((self.height, self.width, 4), np.uint8)
        GL.glReadPixels(0, 0, self.width, self.height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)
        return pixels

    def show(self, width: int, height: int, behind: Colour4, buffer: int = 0) -> None:
        """The frame, whole, in a window of that size (premultiplied sRGB), over a colour."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, buffer)
        GL.glViewport(0, 0, width, height)
        GL.glDisable(GL.GL_BLEND)
        alpha = behind[3]
        GL.glClearColor(behind[0] * alpha, behind[1] * alpha, behind[2] * alpha, alpha)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        zoom = min(width / self.width, height / self.height)
        x, y = zoom * self.width / width, zoom * self.height / height
        GL.glUseProgram(self._over)
        uniform(self._over, "behind", behind[0] * alpha, behind[1] * alpha, behind[2] * alpha, alpha)
        self._fill(self._over, self._frame[1], (-x, y, x, -y))

    def bar(self, x: int, y: int, width: int, height: int, colour: Colour4) -> None:
        """A plain rectangle in the window's pixels, y up, over all."""
        if width > 0 and height > 0:
            GL.glEnable(GL.GL_SCISSOR_TEST)
            GL.glScissor(x, y, width, height)
            GL.glClearColor(*colour)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT)
            GL.glDisable(GL.GL_SCISSOR_TEST)

    def text(self, key: Hashable, rgba: np.ndarray, x: int, y: int, window: tuple[int, int]) -> None:
        """rgba: [h, w, 4] uint8, premultiplied, in the window's pixels, its lower left corner at x, y (y up)."""
        if key != self._text[0]:
            _upload(self._text[1], rgba)
            self._text = (key, self._text[1])
        (height, width), (wide, high) = rgba.shape[:2], window
        box = (2 * x / wide - 1, 2 * (y + height) / high - 1, 2 * (x + width) / wide - 1, 2 * y / high - 1)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        GL.glUseProgram(self._over)
        uniform(self._over, "behind", 0.0, 0.0, 0.0, 0.0)
        self._fill(self._over, self._text[1], box)
        GL.glDisable(GL.GL_BLEND)

    def _paint(self, layer: Layer) -> None:
        texture = self._texture(layer)
        uniform(self._layer, "box", *layer.box)
        where = GL.glGetUniformLocation(self._layer, "move")
        GL.glUniformMatrix3fv(where, 1, GL.GL_TRUE, np.ascontiguousarray(layer.move, np.float32))
        GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
        GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 2 * (shaders.ROWS + 1))

    def _texture(self, layer: Layer) -> int:
        """The layer's own texture, kept while there is room."""
        if layer.key in self._textures:
            self._textures.move_to_end(layer.key)
            return self._textures[layer.key][0]
        texture = int(GL.glGenTextures(1))
        size = _upload(texture, layer.pixels)
        self._textures[layer.key] = (texture, size)
        self._bytes += size
        while self._bytes > TEXTURES_MB << 20 and len(self._textures) > 1:
            _, (old, freed) = self._textures.popitem(last=False)
            GL.glDeleteTextures([old])
            self._bytes -= freed
        return texture

    def _fill(self, made: int, texture: int, box: Colour4) -> None:
        GL.glUseProgram(made)
        uniform(made, "box", *box)
        GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
        GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 4)


def _program(texts: tuple[str, str]) -> int:
    return program(*texts)


def _upload(texture: int, pixels: np.ndarray) -> int:
    """[h, w, 4] uint8 to the device; how many bytes that takes."""
    height, width = pixels.shape[:2]
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
    pixels = np.ascontiguousarray(pixels, np.uint8)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA8, width, height, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)
    reading(GL.GL_TEXTURE_2D, smooth=True)
    return width * height * 4


def _target(width: int, height: int) -> tuple[int, int]:
    """A frame buffer and the texture it draws into."""
    texture, buffer = int(GL.glGenTextures(1)), int(GL.glGenFramebuffers(1))
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA8, width, height, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, None)
    reading(GL.GL_TEXTURE_2D, smooth=True)
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, buffer)
    GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, texture, 0)
    if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
        raise DeviceError("live: the GL driver cannot draw into textures; update it")
    return buffer, texture
