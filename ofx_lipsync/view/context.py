# SPDX-License-Identifier: Apache-2.0
"""A GL context without a window: EGL where it is, else OSMesa, which draws on the processor.

PyOpenGL takes its platform from PYOPENGL_PLATFORM when it is first imported, and keeps it for the process.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager
from typing import Any, Iterator

from ofx_lipsync.core.errors import DeviceError

REMEDY = "install a GL driver with EGL (Debian: apt-get install libegl1 libgl1-mesa-dri), or OSMesa (libosmesa6)"
LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so.8"}
SURFACELESS, DEVICE = 0x31DD, 0x313F
"""EGL_PLATFORM_SURFACELESS_MESA, EGL_PLATFORM_DEVICE_EXT: pictures with no screen attached."""
MAJOR, MINOR, PROFILE, CORE = 0x3098, 0x30FB, 0x30FD, 1
"""Attributes of EGL 1.5."""
SIZE_PX = 16
"""OSMesa wants a buffer of some size; pictures are drawn into textures of their own."""


@contextmanager
def offscreen() -> Iterator[None]:
    """A current GL 3.3 core context.  Raises: DeviceError saying what to install."""
    platform = choose_platform()
    try:
        release = _egl() if platform == "egl" else _osmesa()
    except DeviceError:
        raise
    except Exception as error:  # whatever a driver throws, a user needs the same step
        raise DeviceError(f"view: no GL context by {platform} ({_line(error)}); {REMEDY}") from None
    try:
        yield
    finally:
        release()


def choose_platform() -> str:
    """egl or osmesa, said to PyOpenGL.  Raises: DeviceError where neither library is there."""
    asked = os.environ.get("PYOPENGL_PLATFORM")
    if "OpenGL.platform" in sys.modules and asked not in LIBRARIES:
        raise DeviceError("view: GL was loaded for a window in this process; draw off-screen in another")
    found = asked if asked in LIBRARIES else next(filter(available, LIBRARIES), None)
    if found is None:
        raise DeviceError(f"view: there is neither EGL nor OSMesa to draw with; {REMEDY}")
    os.environ["PYOPENGL_PLATFORM"] = found
    return found


def available(platform: str) -> bool:
    """Whether a platform's library loads."""
    try:
        ctypes.CDLL(LIBRARIES[platform])
    except OSError:
        return False
    return True


def _egl() -> Any:
    from OpenGL import EGL

    display = _egl_display(EGL)
    EGL.eglBindAPI(EGL.EGL_OPENGL_API)
    # A display without surfaces may list no config at all, and makes contexts without one.
    wanted = (EGL.EGLint * 7)(MAJOR, 3, MINOR, 3, PROFILE, CORE, EGL.EGL_NONE)
    context = EGL.eglCreateContext(display, _egl_config(EGL, display), EGL.EGL_NO_CONTEXT, wanted)
    EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, context)

    def release() -> None:
        EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, EGL.EGL_NO_CONTEXT)
        EGL.eglDestroyContext(display, context)

    return release


def _egl_config(EGL: Any, display: Any) -> Any:
    configs, count = (EGL.EGLConfig * 1)(), ctypes.c_long()
    wanted = (EGL.EGLint * 5)(EGL.EGL_SURFACE_TYPE, 0, EGL.EGL_RENDERABLE_TYPE, EGL.EGL_OPENGL_BIT, EGL.EGL_NONE)
    EGL.eglChooseConfig(display, wanted, configs, 1, count)
    return configs[0]


def _egl_display(EGL: Any) -> Any:
    from OpenGL.EGL.EXT.platform_base import eglGetPlatformDisplayEXT

    major, minor = ctypes.c_long(), ctypes.c_long()
    errors = []
    for platform in (SURFACELESS, DEVICE, None):
        try:
            if platform is None:
                display = EGL.eglGetDisplay(EGL.EGL_DEFAULT_DISPLAY)
            else:
                display = eglGetPlatformDisplayEXT(platform, EGL.EGL_DEFAULT_DISPLAY, None)
            if display and EGL.eglInitialize(display, major, minor):
                return display
        except Exception as error:  # the next platform may do
            errors.append(_line(error))
    raise DeviceError(f"view: EGL gives no display ({'; '.join(errors) or 'no driver'}); {REMEDY}")


def _osmesa() -> Any:
    from OpenGL import GL, osmesa

    wanted = [osmesa.OSMESA_FORMAT, osmesa.OSMESA_RGBA, osmesa.OSMESA_PROFILE, osmesa.OSMESA_CORE_PROFILE]
    wanted += [osmesa.OSMESA_CONTEXT_MAJOR_VERSION, 3, osmesa.OSMESA_CONTEXT_MINOR_VERSION, 3, 0]
    context = osmesa.OSMesaCreateContextAttribs((ctypes.c_int * len(wanted))(*wanted), None)
    held = (ctypes.c_ubyte * (SIZE_PX * SIZE_PX * 4))()
    if not context or not osmesa.OSMesaMakeCurrent(context, held, GL.GL_UNSIGNED_BYTE, SIZE_PX, SIZE_PX):
        raise DeviceError(f"view: OSMesa makes no GL 3.3 context; {REMEDY}")

    def release() -> None:
        osmesa.OSMesaDestroyContext(context)
        held[0] = 0  # OSMesa draws into this buffer: it lives as long as the context

    return release


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
