# SPDX-License-Identifier: Apache-2.0
"""The window: GLFW for keys and screen, one thread that reads ahead, the painter for the rest."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.core.region import Region
from ofx_lipsync.view.look import Look
from ofx_lipsync.view.player import Player
from ofx_lipsync.view.shot import Kept, Key, Shown, ViewedShot

AHEAD = 8
"""Frames read ahead while playing."""
LARGEST = 0.8
"""Of the screen, when the window opens."""
REST_S = 0.004
SPECIAL = {"LEFT": "left", "RIGHT": "right", "HOME": "home", "END": "end", "ESCAPE": "q"}
WRITTEN = {" ": "space", "=": "+"}
"""Characters under another name, and the unshifted one where plus is."""


def show(shot: ViewedShot, player: Player, look_of: Callable[[str], Look]) -> None:
    """Opens a window and returns when it is closed. look_of: a view's look by its name.

    Raises: DeviceError where there is no window library, no screen, or a driver that is too old.
    """
    glfw = library()
    window = opened(glfw, shot.region)
    try:
        glfw.set_key_callback(window, lambda w, key, code, action, mods: pressed(glfw, player, key, action))
        glfw.set_char_callback(window, lambda w, code: written(player, code))
        with ThreadPoolExecutor(1) as reader:
            _Screen(glfw, window, shot, player, look_of, reader).run()
    finally:
        glfw.terminate()


def library() -> Any:
    """GLFW.  Raises: DeviceError with the command that installs it."""
    try:
        import glfw
    except ImportError as error:
        raise DeviceError(
            f'view: a window needs GLFW ({error}); pip install "ofx-lipsync[view]", or draw a frame with --out'
        ) from None
    glfw.ERROR_REPORTING = "ignore"
    return glfw


def opened(glfw: Any, region: Region) -> Any:
    """A window with a current GL 3.3 core context, in the plate's shape."""
    if not glfw.init():
        raise DeviceError(f"view: there is no screen to open a window on ({said(glfw)}); draw a frame with --out")
    name_platform(glfw)
    for hint, value in (
        (glfw.CONTEXT_VERSION_MAJOR, 3), (glfw.CONTEXT_VERSION_MINOR, 3),
        (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE), (glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE),
    ):  # fmt: skip
        glfw.window_hint(hint, value)
    window = glfw.create_window(*size(glfw, region), "lipsync view", None, None)
    if not window:
        glfw.terminate()
        raise DeviceError(f"view: no window with OpenGL 3.3 ({said(glfw)}); update the graphics driver, or use --out")
    glfw.make_context_current(window)
    glfw.swap_interval(1)
    return window


def name_platform(glfw: Any) -> None:
    """PyOpenGL must ask the library that made the context, and guesses it from the desktop, not from GLFW."""
    wayland = hasattr(glfw, "get_platform") and glfw.get_platform() == glfw.PLATFORM_WAYLAND
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl" if wayland else "glx")


def size(glfw: Any, region: Region) -> tuple[int, int]:
    """The plate's size, made smaller to fit the screen."""
    monitor = glfw.get_primary_monitor()
    mode = glfw.get_video_mode(monitor) if monitor else None
    wide, high = (mode.size.width, mode.size.height) if mode else (1920, 1080)
    zoom = min(1.0, LARGEST * wide / region.width, LARGEST * high / region.height)
    return max(1, round(region.width * zoom)), max(1, round(region.height * zoom))


def said(glfw: Any) -> str:
    code, text = glfw.get_error()
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text or code)


def pressed(glfw: Any, player: Player, key: int, action: int) -> None:
    """A key that writes nothing, held or pressed."""
    if action in (glfw.PRESS, glfw.REPEAT):
        player.press({getattr(glfw, f"KEY_{name}"): own for name, own in SPECIAL.items()}.get(key, ""))


def written(player: Player, code: int) -> None:
    """A character, so that keys are where the keyboard's own layout has them."""
    character = chr(code).lower()
    player.press(WRITTEN.get(character, character))


class _Screen:
    """The loop: what is due is drawn, what comes next is read."""

    def __init__(
        self, glfw: Any, window: Any, shot: ViewedShot, player: Player, look_of: Callable[[str], Look],
        reader: ThreadPoolExecutor,
    ) -> None:  # fmt: skip
        from ofx_lipsync.view.painter import Painter

        self.glfw, self.window, self.shot, self.player = glfw, window, shot, player
        self.look_of, self.reader, self.kept = look_of, reader, Kept(shot)
        self.painter = Painter()
        self.view = -1
        self.drawn: tuple = ()
        self.reading: dict[Key, Future[Shown]] = {}
        self.uploaded: Key | None = None

    def run(self) -> None:
        while not (self.player.closing or self.glfw.window_should_close(self.window)):
            self.glfw.poll_events()
            self.player.tick(time.monotonic())
            if not self.step():
                time.sleep(REST_S)
        self.reader.shutdown(cancel_futures=True)

    def step(self) -> bool:
        """Draws if anything changed; whether it did."""
        self._read_ahead()
        player, shape = self.player, self.glfw.get_framebuffer_size(self.window)
        frame = next((f for f in player.behind(AHEAD) if self.kept.has(self._key(f))), None)
        state = (frame, player.result, player.view, player.overlays, player.exposure, shape)
        if frame is None or state == self.drawn or 0 in shape:
            return False  # where the reader is still at it the picture before stays, and the clock goes on
        self._draw(frame, shape)
        self.drawn = state
        self.glfw.set_window_title(self.window, player.title(frame))
        self.glfw.swap_buffers(self.window)
        return True

    def _draw(self, frame: int, shape: tuple[int, int]) -> None:
        from OpenGL import GL

        from ofx_lipsync.view.painter import Placing

        player = self.player
        if self.view != player.view:
            self.painter.use_look(self.look_of(player.views[player.view]))
            self.view = player.view
        key = self._key(frame)
        if key != self.uploaded:
            shown = self.kept.read(key)
            self.painter.use_picture(shown.rgb, self.shot.region)
            self.painter.use_matte(shown.matte, shown.matte_region)
            self.uploaded = key
        GL.glViewport(0, 0, *shape)
        GL.glClearColor(0.08, 0.08, 0.08, 1.0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        aspect = float(self.shot.plate.info.pixel_aspect)
        placing = Placing.fitted(self.shot.region, *shape, aspect)
        self.painter.paint(placing, player.exposure, self.shot.strokes(frame, player.overlays))

    def _key(self, frame: int) -> Key:
        return frame, self.player.result, "matte" in self.player.overlays

    def _read_ahead(self) -> None:
        """Keeps the reader at what is due; an error of it is raised here, where a user is told."""
        due = list(map(self._key, self.player.ahead(AHEAD)))
        for key, future in list(self.reading.items()):
            if future.cancelled() or (key not in due and future.cancel()):
                del self.reading[key]
            elif future.done():
                self.reading.pop(key).result()
        for key in due:
            if key not in self.reading and not self.kept.has(key):
                self.reading[key] = self.reader.submit(self.kept.read, key)
