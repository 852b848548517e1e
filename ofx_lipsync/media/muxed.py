# SPDX-License-Identifier: Apache-2.0
"""What all writers of movies share: a file that grows under a scratch name and is either whole or gone."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Iterator

import av

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.media.sound_track import SoundTrack
from ofx_lipsync.media.writer import Seal, put_whole, remove_stale, scratch_path


class Muxed:
    """_container, _stream: PyAV's, None until the first frame says what they must be. _sound: beside the picture."""

    def __init__(self, target: Path) -> None:
        remove_stale(target.parent, target.suffix)
        self._target, self._scratch = target, scratch_path(target)
        self._container: Any = None
        self._stream: Any = None
        self._sound: SoundTrack | None = None

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self._container.mux(packet)

    @contextlib.contextmanager
    def _guarded(self, what: str = "written") -> Iterator[None]:
        """Nothing half-written is left where a disk is full.  Raises: OutputError."""
        try:
            yield
        except av.error.FFmpegError as error:
            self.abort()
            raise OutputError(f"{self._target}: cannot be {what} ({error.strerror}); check space and rights") from None

    def _finish(self, seal: Seal) -> None:
        """What the encoder still holds, the rest of the sound, the file's end, then its name."""
        with self._guarded("finished"):
            self._mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.until(None)
            self._container.close()
        self._container = None
        put_whole(self._scratch, self._target, seal)

    def abort(self) -> None:
        """Takes it all back."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(av.error.FFmpegError):
                container.close()
        self._scratch.unlink(missing_ok=True)
