# SPDX-License-Identifier: Apache-2.0
"""Raw frames into a named pipe or standard output: 8-bit RGBA, straight alpha, for ffmpeg and the like.

ffmpeg -f rawvideo -pixel_format rgba -video_size 720x720 -framerate 60 -i PIPE ...
"""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path

from ofx_lipsync.core.errors import DeviceError, OutputError
from ofx_lipsync.live.outlet import Frame

STDOUT = "-"
STUCK_S = 5.0
"""A reader that takes nothing for so long is dropped; it must not be left with half a frame, so its pipe is closed."""


def make_pipe(path: str) -> None:
    """A named pipe at `path`, if there is none.  Raises: OutputError where another kind of file lies there."""
    if path == STDOUT:
        return
    try:
        os.mkfifo(path)
    except FileExistsError:
        if not stat.S_ISFIFO(os.stat(path).st_mode):
            raise OutputError(f"{path}: is a file, expected a named pipe or nothing; choose another name") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be made a pipe ({error.strerror}); choose another folder") from None


class PipeOut:
    """Open while somebody reads.  Raises: DeviceError while nobody does."""

    def __init__(self, path: str) -> None:
        self.name = Path(path).name
        if path == STDOUT:
            self._out = os.dup(1)
            os.set_blocking(self._out, False)
            return
        try:
            self._out = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            why = "nobody reads it yet" if error.errno == errno.ENXIO else error.strerror
            raise DeviceError(f"{path}: {why}") from None

    def send(self, frame: Frame) -> None:
        left = memoryview(frame.rgba.tobytes())
        while left:
            _, ready, _ = select.select([], [self._out], [], STUCK_S)
            if not ready:
                raise DeviceError(f"{self.name}: the reader is stuck")
            left = left[os.write(self._out, left) :]

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        os.close(self._out)
