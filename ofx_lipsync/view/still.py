# SPDX-License-Identifier: Apache-2.0
"""One frame drawn off-screen at the plate's own size, by the same painter as the window, and kept as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ofx_lipsync.core.errors import DeviceError, OutputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.writer import check_writable, put_in_place, scratch_path
from ofx_lipsync.view.look import Look
from ofx_lipsync.view.overlay import Stroke

WRITES = {".png": "uint16", ".tif": "uint16", ".tiff": "uint16", ".exr": "float"}
Matte = tuple[np.ndarray, Region]
"""[H, W] float32 and where it lies."""


def draw(
    rgb: np.ndarray, region: Region, look: Look, *,
    exposure: float = 0.0, strokes: list[Stroke] | None = None, matte: Matte | None = None,
) -> np.ndarray:  # fmt: skip
    """[H, W, 3] float32 display values of `region`, as the view shows them. Needs a GL context.

    rgb: [3, H, W] float32, scene-linear, over `region`. exposure: stops.
    Raises: DeviceError where the driver cannot draw into float textures of that size.
    """
    from OpenGL import GL

    from ofx_lipsync.view.painter import Painter, Placing

    painter = Painter()
    painter.use_look(look)
    painter.use_picture(rgb, region)
    painter.use_matte(*(matte or (None, region)))
    texture, buffer = GL.glGenTextures(1), GL.glGenFramebuffers(1)
    largest = GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE)
    if max(region.shape) > largest:
        raise DeviceError(
            f"view: a frame of {region.width}x{region.height} is larger than GL draws here ({largest} px)"
        )
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA32F, region.width, region.height, 0, GL.GL_RGBA, GL.GL_FLOAT, None)
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, buffer)
    GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, texture, 0)
    if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
        raise DeviceError("view: the GL driver cannot draw into float textures; try PYOPENGL_PLATFORM=osmesa")
    GL.glViewport(0, 0, region.width, region.height)
    painter.paint(Placing.exactly(region), exposure, strokes or [])
    pixels = GL.glReadPixels(0, 0, region.width, region.height, GL.GL_RGBA, GL.GL_FLOAT)
    return np.array(pixels, np.float32).reshape(*region.shape, 4)[:, :, :3]


def check_still(path: str) -> None:
    """Raises: OutputError where such a file cannot be written."""
    if Path(path).suffix.lower() not in WRITES:
        raise OutputError(f"{path}: got {Path(path).suffix or 'no ending'}, expected one of {', '.join(WRITES)}")
    check_writable(path)


def write_still(path: str, pixels: np.ndarray) -> None:
    """pixels: [H, W, 3] float32 display values; whole numbers are held to 0..1.  Raises: OutputError."""
    import OpenImageIO as oiio

    target = Path(path)
    scratch = scratch_path(target)
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, WRITES[target.suffix.lower()])
    out = oiio.ImageOutput.create(str(target))
    try:
        if not (out and out.open(str(scratch), spec) and out.write_image(np.ascontiguousarray(pixels)) and out.close()):
            raise OutputError(f"{path}: cannot be written ({out.geterror() if out else oiio.geterror()})")
        put_in_place(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)
