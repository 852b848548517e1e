# SPDX-License-Identifier: Apache-2.0
"""Draws a picture through a look, a matte's tint and strokes into the bound frame buffer. Needs a GL context."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from OpenGL import GL

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.core.region import Region
from ofx_lipsync.view import glsl
from ofx_lipsync.view.look import Look, Lut
from ofx_lipsync.view.overlay import MATTE, Stroke, triangles

FLOATS = (2, 2, 1, 4)
"""Of a stroke's vertex: place, across, half width, colour."""
LIGHTEST = 0.6
"""Below, a line is fainter than a pixel and is lost."""
LAYOUTS = {1: (GL.GL_RED, GL.GL_R32F), 3: (GL.GL_RGB, GL.GL_RGB32F)}
TARGETS = {1: GL.GL_TEXTURE_1D, 2: GL.GL_TEXTURE_2D, 3: GL.GL_TEXTURE_3D}


@dataclass(frozen=True)
class Placing:
    """Where the plate lies on the screen: screen = scale * plate + offset, from -1 to 1; pixel: plate pixels that one
    screen pixel covers."""

    scale: tuple[float, float]
    offset: tuple[float, float]
    pixel: float
    weight: float
    """How much wider than on a screen of 1080 lines strokes are drawn."""

    @classmethod
    def exactly(cls, region: Region) -> Placing:
        """A region onto a buffer of its size, its top row first."""
        scale = (2 / region.width, 2 / region.height)
        return cls(scale, (-1 - scale[0] * region.x0, -1 - scale[1] * region.y0), 1.0, heavier(region.height))

    @classmethod
    def fitted(cls, region: Region, width_px: int, height_px: int, aspect: float = 1.0) -> Placing:
        """The whole region in the middle of a window. aspect: a plate pixel's width over its height."""
        across, down = width_px / (region.width * aspect), height_px / region.height
        zoom = min(across, down)
        scale = (2 * zoom * aspect / width_px, -2 * zoom / height_px)
        middle = ((region.x0 + region.x1) / 2, (region.y0 + region.y1) / 2)
        return cls(scale, (-scale[0] * middle[0], -scale[1] * middle[1]), 1 / zoom, heavier(height_px))


def heavier(height_px: int) -> float:
    return max(LIGHTEST, height_px / 1080)


class Painter:
    """One look and one picture at a time, on the GL context that was current when it was made."""

    def __init__(self) -> None:
        self._array = GL.glGenVertexArrays(1)
        self._buffer = GL.glGenBuffers(1)
        self._tint, self._lines = program(*glsl.matte()), program(*glsl.strokes())
        self._look: int | None = None
        self._luts: list[tuple[str, int, int]] = []
        self._picture, self._matte = GL.glGenTextures(1), GL.glGenTextures(1)
        self._region = self._matte_region = Region(0, 0, 0, 0)

    def use_look(self, look: Look) -> None:
        """Raises: DeviceError with the driver's words where it cannot compile OCIO's shader."""
        if self._look is not None:
            GL.glDeleteProgram(self._look)
            GL.glDeleteTextures([texture for _, _, texture in self._luts])
        self._look = program(*glsl.picture(look))
        self._luts = [(lut.sampler, TARGETS[lut.dimensions], upload_lut(lut)) for lut in look.luts]

    def use_picture(self, rgb: np.ndarray, region: Region) -> None:
        """rgb: [3, H, W] float32, scene-linear, over `region`."""
        self._region = region
        upload(self._picture, rgb)

    def use_matte(self, matte: np.ndarray | None, region: Region) -> None:
        """matte: [H, W] float32 over `region`, or None for nothing."""
        self._matte_region = region if matte is not None else Region(0, 0, 0, 0)
        if matte is not None and not region.is_empty:
            upload(self._matte, matte[None])

    def paint(self, placing: Placing, exposure: float, strokes: list[Stroke]) -> None:
        """exposure: stops, before the look. Strokes lie over all, in the order given."""
        GL.glBindVertexArray(self._array)
        GL.glDisable(GL.GL_BLEND)
        self._paint_picture(placing, exposure)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA)
        if not self._matte_region.is_empty:
            begin(self._tint, placing)
            uniform(self._tint, "colour", *MATTE)
            quad(self._tint, self._matte, self._matte_region, smooth=True)
        self._paint_strokes(placing, triangles(strokes, placing.pixel, placing.weight))

    def _paint_picture(self, placing: Placing, exposure: float) -> None:
        assert self._look is not None, "use_look comes before paint"
        begin(self._look, placing)
        uniform(self._look, "gain", 2.0**exposure)
        for unit, (sampler, target, texture) in enumerate(self._luts, start=1):
            GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
            GL.glBindTexture(target, texture)
            GL.glUniform1i(GL.glGetUniformLocation(self._look, sampler), unit)
        GL.glActiveTexture(GL.GL_TEXTURE0)
        quad(self._look, self._picture, self._region, smooth=placing.pixel > 1)

    def _paint_strokes(self, placing: Placing, vertices: np.ndarray) -> None:
        if not len(vertices):
            return
        begin(self._lines, placing)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, vertices.nbytes, vertices, GL.GL_STREAM_DRAW)
        start = 0
        for location, count in enumerate(FLOATS):
            GL.glEnableVertexAttribArray(location)
            where = ctypes.c_void_p(start * 4)
            GL.glVertexAttribPointer(location, count, GL.GL_FLOAT, GL.GL_FALSE, sum(FLOATS) * 4, where)
            start += count
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, len(vertices))


def program(vertex: str, fragment: str) -> int:
    """A linked program.  Raises: DeviceError with the driver's words."""
    made = GL.glCreateProgram()
    for kind, text in ((GL.GL_VERTEX_SHADER, vertex), (GL.GL_FRAGMENT_SHADER, fragment)):
        shader = GL.glCreateShader(kind)
        GL.glShaderSource(shader, text)
        GL.glCompileShader(shader)
        if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
            raise DeviceError(f"view: the GL driver cannot compile a shader ({words(GL.glGetShaderInfoLog(shader))})")
        GL.glAttachShader(made, shader)
        GL.glDeleteShader(shader)
    GL.glLinkProgram(made)
    if not GL.glGetProgramiv(made, GL.GL_LINK_STATUS):
        raise DeviceError(f"view: the GL driver cannot link a shader ({words(GL.glGetProgramInfoLog(made))})")
    return int(made)


def words(log: Any) -> str:
    text = log.decode(errors="replace") if isinstance(log, bytes) else str(log)
    return " ".join(text.split())[:300]


def begin(made: int, placing: Placing) -> None:
    GL.glUseProgram(made)
    uniform(made, "place", *placing.scale, *placing.offset)


def uniform(made: int, name: str, *values: float) -> None:
    {1: GL.glUniform1f, 4: GL.glUniform4f}[len(values)](GL.glGetUniformLocation(made, name), *values)


def quad(made: int, texture: int, region: Region, smooth: bool) -> None:
    """The texture over a region; the corners' places come from the shader. smooth: read between pixels, for pictures
    made smaller; else pixel for pixel."""
    uniform(made, "box", region.x0, region.y0, region.x1, region.y1)
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    reading(GL.GL_TEXTURE_2D, smooth)
    GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 4)


def upload(texture: int, planes: np.ndarray) -> None:
    """planes: [1 or 3, H, W] float32."""
    pixels = np.ascontiguousarray(planes.transpose(1, 2, 0))
    height, width, channels = pixels.shape
    layout, stored = LAYOUTS[channels]
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, stored, width, height, 0, layout, GL.GL_FLOAT, pixels)


def upload_lut(lut: Lut) -> int:
    texture, target = GL.glGenTextures(1), TARGETS[lut.dimensions]
    *sizes, channels = lut.values.shape
    layout, stored = LAYOUTS[channels]
    put = {1: GL.glTexImage1D, 2: GL.glTexImage2D, 3: GL.glTexImage3D}[lut.dimensions]
    GL.glBindTexture(target, texture)
    GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
    put(target, 0, stored, *reversed(sizes), 0, layout, GL.GL_FLOAT, lut.values)
    reading(target, lut.linear)
    return int(texture)


def reading(target: int, smooth: bool) -> None:
    """How the bound texture is read: between its entries or not, the edge held."""
    way = GL.GL_LINEAR if smooth else GL.GL_NEAREST
    for name in (GL.GL_TEXTURE_MIN_FILTER, GL.GL_TEXTURE_MAG_FILTER):
        GL.glTexParameteri(target, name, way)
    for name in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T, GL.GL_TEXTURE_WRAP_R):
        GL.glTexParameteri(target, name, GL.GL_CLAMP_TO_EDGE)
