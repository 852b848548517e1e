# SPDX-License-Identifier: Apache-2.0
"""A camera that other programs see: the character over one colour, since cameras carry no alpha."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live.microphone import GET
from ofx_lipsync.live.outlet import Frame

LOAD = (
    "load its kernel module (Debian: apt-get install v4l2loopback-dkms), "
    'sudo modprobe v4l2loopback exclusive_caps=1 card_label="lipsync"'
)
ELSEWHERE = "install OBS, which brings a virtual camera, and start it there once"


def library() -> Any:
    """pyvirtualcam.  Raises: DeviceError with the command that installs it."""
    try:
        import pyvirtualcam
    except ImportError as error:
        raise DeviceError(f"live: a virtual camera needs pyvirtualcam ({error}); {GET}") from None
    return pyvirtualcam


class VirtualCamera:
    """device: such as /dev/video2, or empty for the first that is free. background: RGB 0..1, sRGB."""

    def __init__(
        self, width: int, height: int, rate: float, background: tuple[float, float, float], device: str = ""
    ) -> None:
        cameras = library()
        self._background = np.round(np.array(background) * 255).astype(np.uint8)
        try:
            self._camera = cameras.Camera(width, height, rate, fmt=cameras.PixelFormat.RGB, device=device or None)
        except RuntimeError as error:
            remedy = LOAD if sys.platform == "linux" else ELSEWHERE
            raise DeviceError(f"live: no virtual camera ({' '.join(str(error).split())}); {remedy}") from None

    @property
    def name(self) -> str:
        return str(self._camera.device)

    def send(self, frame: Frame) -> None:
        self._camera.send(over(frame.rgba, self._background))

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        self._camera.close()


def over(rgba: np.ndarray, background: np.ndarray) -> np.ndarray:
    """rgba: [H, W, 4] uint8, straight. background: [3], 0..255. Returns [H, W, 3] uint8."""
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + background.astype(np.uint16) * (255 - alpha)
    mixed += 128
    mixed += mixed >> 8  # with the shift below a division by 255, rounded, and never more than 16 bits
    return (mixed >> 8).astype(np.uint8)
