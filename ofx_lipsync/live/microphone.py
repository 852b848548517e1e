# SPDX-License-Identifier: Apache-2.0
"""A microphone, through PortAudio: its callback hands blocks on and does nothing else."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.sound_in import SoundIn

GET = 'pip install "ofx-lipsync[live]"'
GET_PORTAUDIO = "apt-get install libportaudio2"
BLOCK_S = 0.01
SILENT_S = 2.5
"""A card that gives nothing for so long has gone, whatever its driver says."""
LONGEST_LATENCY_S = 0.5
"""Some drivers tell nonsense of when a block was heard."""


def library() -> Any:
    """sounddevice.  Raises: DeviceError with the command that installs what is missing."""
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceError(f"live: a microphone needs sounddevice ({error}); {GET}") from None
    except OSError as error:
        raise DeviceError(f"live: sounddevice finds no PortAudio ({error}); {GET_PORTAUDIO}") from None
    return sounddevice


class Microphone:
    """wanted: a device's number, a part of its name, or empty for the system's own choice."""

    def __init__(self, wanted: str, into: SoundIn) -> None:
        self._library = library()
        self.name = f"microphone {wanted}" if wanted else "the microphone"
        self._wanted: str | int | None = int(wanted) if wanted.isdigit() else wanted or None
        self._into = into

    def open(self) -> MicrophoneOpened:
        """Raises: DeviceError with the devices that there are."""
        library = self._library
        try:
            found = library.query_devices(self._wanted, "input")
        except (ValueError, library.PortAudioError) as error:
            self._look_again()
            raise DeviceError(f"{self.name}: {_line(error)}; lipsync live --list tells what there is") from None
        # by its name from now on: numbers change when a plug is pulled
        self._wanted = found["name"] if isinstance(self._wanted, int) else self._wanted
        rate_hz = round(found["default_samplerate"])
        self._into.opened(rate_hz)
        try:
            return MicrophoneOpened(library, found, rate_hz, self._into)
        except library.PortAudioError as error:
            self._look_again()
            raise DeviceError(f"{self.name}: {_line(error)}; is another program holding it?") from None

    def _look_again(self) -> None:
        """PortAudio lists devices once; only beginning again shows it one that came back."""
        self._library._terminate()
        self._library._initialize()


class MicrophoneOpened:
    """A stream that runs."""

    def __init__(self, library: Any, found: dict[str, Any], rate_hz: int, into: SoundIn) -> None:
        self._into = into
        self._opened_s = now()
        self.overflows = 0
        channels = min(2, int(found["max_input_channels"]))
        self._stream = library.InputStream(
            device=found["index"], channels=channels, samplerate=rate_hz, dtype="float32",
            blocksize=round(BLOCK_S * rate_hz), latency="low", callback=self._heard,
        )  # fmt: skip
        self._stream.start()

    def _heard(self, block: np.ndarray, count: int, times: Any, status: Any) -> None:
        """In PortAudio's thread: nothing here may wait."""
        self.overflows += bool(status.input_overflow)
        old_s = times.currentTime - times.inputBufferAdcTime - count / self._stream.samplerate
        if not 0 <= old_s < LONGEST_LATENCY_S:
            old_s = 0.0
        self._into.push(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1), now() - old_s)

    def alive(self) -> bool:
        last_s = max(self._opened_s, self._into.pushed_s)
        return bool(self._stream.active) and now() - last_s < SILENT_S

    def close(self) -> None:
        # a driver whose card is gone may never come back from closing it
        closing = threading.Thread(target=self._stream.close, kwargs={"ignore_errors": True}, daemon=True)
        closing.start()
        closing.join(1.0)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
