# SPDX-License-Identifier: Apache-2.0
"""What is plugged in: microphones, webcams and virtual cameras."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live import virtual_camera
from ofx_lipsync.live.microphone import GET, library

VIDEO = Path("/sys/class/video4linux")
LOOPBACK = Path("/sys/devices/virtual/video4linux")
TRIED = 5
"""How many webcams are looked for where the system has no list of them."""


def microphones() -> list[str]:
    """'number: name, channels, rate', the system's own choice marked.  Raises: DeviceError."""
    sounds = library()
    chosen = sounds.default.device[0]
    return [
        f"{found['index']}: {found['name']}, {found['max_input_channels']} channels, "
        f"{found['default_samplerate']:.0f} Hz{' (default)' if found['index'] == chosen else ''}"
        for found in sounds.query_devices()
        if found["max_input_channels"] > 0
    ]


def webcams() -> list[str]:
    """'number: name'.  Raises: DeviceError."""
    opencv()
    if sys.platform == "linux":
        found = [(int(path.name[5:]), path) for path in VIDEO.glob("video*") if path.name[5:].isdigit()]
        return [f"{number}: {_named(path)}" for number, path in sorted(found) if not (LOOPBACK / path.name).exists()]
    return [f"{number}: webcam" for number in range(TRIED) if _opens(number)]


def cameras() -> list[str]:
    """Virtual ones, of v4l2loopback.  Raises: DeviceError."""
    virtual_camera.library()
    if sys.platform == "linux" and not LOOPBACK.is_dir():
        raise DeviceError(f"no v4l2loopback device; {virtual_camera.LOAD}")
    return [f"/dev/{path.name}: {_named(path)}" for path in sorted(LOOPBACK.glob("video*"))]


def opencv() -> Any:
    """OpenCV.  Raises: DeviceError with the command that installs it."""
    try:
        import cv2
    except ImportError as error:
        raise DeviceError(f"live: there is no OpenCV ({error}); {GET}") from None
    return cv2


def table() -> str:
    """Everything, for a person to choose from."""
    lines = []
    for title, found in (("microphones", microphones), ("webcams", webcams), ("virtual cameras", cameras)):
        lines.append(title)
        try:
            lines += [f"  {line}" for line in found()] or ["  none"]
        except DeviceError as error:
            lines.append(f"  {error}")
    return "\n".join(lines)


def _named(path: Path) -> str:
    try:
        return (path / "name").read_text().strip()
    except OSError:
        return "unnamed"


def _opens(number: int) -> bool:
    capture = opencv().VideoCapture(number)
    opened = bool(capture.isOpened())
    capture.release()
    return opened
