# SPDX-License-Identifier: Apache-2.0
"""A viewer with the OpenGL that hosts have: fixed functions, made by Mesa on the processor. One a process."""

from __future__ import annotations

import ctypes
import os
from typing import Any

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
import numpy as np
from OpenGL import EGL, GL

from ofx_lipsync.view.context import _egl_config, _egl_display

STATE = (
    "GL_BLEND", "GL_BLEND_SRC", "GL_BLEND_DST", "GL_TEXTURE_2D", "GL_DEPTH_TEST", "GL_LIGHTING", "GL_LINE_STIPPLE",
    "GL_LINE_WIDTH", "GL_POINT_SIZE", "GL_CURRENT_COLOR", "GL_MATRIX_MODE", "GL_MODELVIEW_MATRIX",
    "GL_PROJECTION_MATRIX", "GL_ATTRIB_STACK_DEPTH", "GL_MODELVIEW_STACK_DEPTH", "GL_PROJECTION_STACK_DEPTH",
    "GL_VIEWPORT", "GL_SCISSOR_TEST", "GL_CURRENT_PROGRAM", "GL_FRAMEBUFFER_BINDING", "GL_LIST_INDEX",
)  # fmt: skip
"""What an overlay must leave as it was."""


class Viewer:
    """width x height px, over `shown`: x1 y1 x2 y2, canonical."""

    def __init__(self, width: int, height: int, shown: tuple[float, float, float, float]) -> None:
        display = _egl_display(EGL)
        EGL.eglBindAPI(EGL.EGL_OPENGL_API)
        none = (EGL.EGLint * 1)(EGL.EGL_NONE)
        context = EGL.eglCreateContext(display, _egl_config(EGL, display), EGL.EGL_NO_CONTEXT, none)
        EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, context)
        self.version = GL.glGetString(GL.GL_VERSION).decode()
        self.width, self.height, self.shown = width, height, shown
        buffers = [GL.glGenRenderbuffers(1) for _ in range(2)]
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, GL.glGenFramebuffers(1))
        for buffer, kind, at in zip(
            buffers, (GL.GL_RGBA8, GL.GL_DEPTH_COMPONENT24), (GL.GL_COLOR_ATTACHMENT0, GL.GL_DEPTH_ATTACHMENT),
            strict=True,
        ):  # fmt: skip
            GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
            GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, kind, width, height)
            GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, at, GL.GL_RENDERBUFFER, buffer)
        assert GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) == GL.GL_FRAMEBUFFER_COMPLETE
        GL.glViewport(0, 0, width, height)
        self.project()
        self.clear()

    def project(self) -> None:
        x1, y1, x2, y2 = self.shown
        GL.glMatrixMode(GL.GL_PROJECTION)
        GL.glLoadIdentity()
        GL.glOrtho(x1, x2, y1, y2, -1, 1)
        GL.glMatrixMode(GL.GL_MODELVIEW)
        GL.glLoadIdentity()

    def clear(self) -> None:
        GL.glClearColor(0, 0, 0, 1)
        GL.glClearDepth(0)  # nearer than all that is drawn
        GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)

    @property
    def pixel_scale(self) -> list[float]:
        """Canonical lengths of a pixel of the screen."""
        x1, y1, x2, y2 = self.shown
        return [(x2 - x1) / self.width, (y2 - y1) / self.height]

    def pixels(self) -> np.ndarray:
        """[H, W, 3] uint8, the first row the lowest."""
        GL.glFinish()
        held = (ctypes.c_ubyte * (self.width * self.height * 4))()
        GL.glReadPixels(0, 0, self.width, self.height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, held)
        return np.frombuffer(held, np.uint8).reshape(self.height, self.width, 4)[..., :3].copy()

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the pixel over a canonical point."""
        x1, y1, x2, y2 = self.shown
        return int((y - y1) / (y2 - y1) * self.height), int((x - x1) / (x2 - x1) * self.width)

    def state(self) -> dict[str, Any]:
        assert GL.glGetError() == GL.GL_NO_ERROR
        found = {name: np.array(GL.glGetFloatv(getattr(GL, name))).tolist() for name in STATE}
        assert GL.glGetError() == GL.GL_NO_ERROR
        return found

    def strange(self) -> None:
        """What a viewer may leave on: none of it may be seen in the overlay, all of it must stay."""
        for name in (GL.GL_DEPTH_TEST, GL.GL_LIGHTING, GL.GL_TEXTURE_2D, GL.GL_LINE_STIPPLE):
            GL.glEnable(name)
        GL.glDisable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ZERO, GL.GL_ZERO)
        GL.glLineStipple(1, 0)
        GL.glLineWidth(7)
        GL.glPointSize(5)
        GL.glColor4f(0.1, 0.2, 0.3, 0.4)
        GL.glMatrixMode(GL.GL_PROJECTION)

    def show(self, drawn: list) -> None:
        """What a draw suite was given."""
        for shape, points, colour, width in drawn:
            GL.glColor4f(*colour)
            GL.glLineWidth(width or 1)
            GL.glBegin((GL.GL_LINES, GL.GL_LINE_STRIP, GL.GL_LINE_LOOP)[shape])
            for x, y in points:
                GL.glVertex2d(x, y)
            GL.glEnd()
