# SPDX-License-Identifier: Apache-2.0
"""The window: GLFW for keys and screen. It never waits for the screen, so that a hidden window stops nobody."""

from __future__ import annotations

from typing import Any

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live.controls import Controls
from ofx_lipsync.view.window import library, name_platform, said


class Window:
    """width, height: wished for, px. title: in its bar. A current GL 3.3 core context comes with it.

    Raises: DeviceError where there is no window library, no screen, or a driver that is too old.
    """

    def __init__(self, width: int, height: int, title: str) -> None:
        self._glfw = library()
        self._controls: Controls | None = None
        self._full = False
        self._before: tuple[int, int, int, int] = (0, 0, width, height)
        self._window = self._opened(width, height, title)

    def follow(self, controls: Controls) -> None:
        """From now on keys are theirs."""
        self._controls = controls
        glfw = self._glfw
        glfw.set_key_callback(self._window, lambda w, key, code, action, mods: self._key(controls, key, action))
        glfw.set_char_callback(self._window, lambda w, code: controls.press(chr(code).lower()))

    def _opened(self, width: int, height: int, title: str) -> Any:
        glfw = self._glfw
        if not glfw.init():
            raise DeviceError(f"live: there is no screen to open a window on ({said(glfw)}); leave out --window")
        name_platform(glfw)
        for hint, value in (
            (glfw.CONTEXT_VERSION_MAJOR, 3), (glfw.CONTEXT_VERSION_MINOR, 3),
            (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE), (glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE),
            (glfw.TRANSPARENT_FRAMEBUFFER, glfw.TRUE), (glfw.ALPHA_BITS, 8),
        ):  # fmt: skip
            glfw.window_hint(hint, value)
        window = glfw.create_window(width, height, title, None, None)
        if not window:
            why = said(glfw)
            glfw.terminate()
            raise DeviceError(f"live: no window with OpenGL 3.3 ({why}); update the graphics driver, or use --http")
        glfw.make_context_current(window)
        glfw.swap_interval(0)  # the stage keeps the time; a screen that is asleep would hold it up
        return window

    @property
    def closing(self) -> bool:
        return bool(self._glfw.window_should_close(self._window))

    @property
    def size(self) -> tuple[int, int]:
        """Of its frame buffer, px; 0 while it is an icon."""
        wide, high = self._glfw.get_framebuffer_size(self._window)
        return wide, high

    def poll(self) -> None:
        """Keys, and what they have changed about the window."""
        self._glfw.poll_events()
        if self._controls and self._full != self._controls.full_screen:
            self._full = self._controls.full_screen
            self._fill_screen() if self._full else self._as_before()

    def swap(self) -> None:
        self._glfw.swap_buffers(self._window)

    def close(self) -> None:
        self._glfw.terminate()

    def _fill_screen(self) -> None:
        glfw = self._glfw
        self._before = (*glfw.get_window_pos(self._window), *glfw.get_window_size(self._window))
        monitor = glfw.get_primary_monitor()
        mode = glfw.get_video_mode(monitor)
        glfw.set_window_monitor(self._window, monitor, 0, 0, *mode.size, mode.refresh_rate)

    def _as_before(self) -> None:
        self._glfw.set_window_monitor(self._window, None, *self._before, self._glfw.DONT_CARE)

    def _key(self, controls: Controls, key: int, action: int) -> None:
        glfw = self._glfw
        if key == glfw.KEY_SPACE and action in (glfw.PRESS, glfw.RELEASE):
            controls.hold(action == glfw.PRESS)
        elif key == glfw.KEY_ESCAPE and action == glfw.PRESS:
            controls.press("q")
