# SPDX-License-Identifier: Apache-2.0
"""The face's side: the newest measures of the process that watches the webcam; what is older is forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live import watching
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.devices import opencv
from ofx_lipsync.live.face_pose import Calibration, FacePose, smoothing

FIRST_S = 30.0
"""How long the first picture may take: networks are loaded, and some webcams are slow to wake."""
TELLS = "lipsync live --list tells what there is"
SILENT_S = 3.0
"""A webcam that gives no picture for so long has gone."""


@dataclass(frozen=True)
class Seen:
    """face: calibrated and smoothed. raw: as it was measured. taken_s: when the picture was taken."""

    face: FacePose
    raw: FacePose
    taken_s: float


class Webcam:
    """source: a webcam's number, or a movie that stands in for one. latest: None until a face was seen."""

    def __init__(self, source: str, *, loop: bool = False) -> None:
        opencv()
        if not source.isdigit() and not os.path.isfile(source):
            raise DeviceError(f"live: {source} is neither a webcam's number nor a movie; {TELLS}")
        self.name = f"webcam {source}"
        self.latest: Seen | None = None
        self.pictures = 0
        self.calibration = Calibration()
        self._command = [sys.executable, "-m", watching.__name__, source, *(["--loop"] if loop else [])]

    def open(self) -> WebcamOpened:
        """Returns with the first picture.  Raises: DeviceError where none comes."""
        opened = WebcamOpened(self, self._command)
        if not opened.first.wait(FIRST_S) or not opened.pictures:
            opened.close()
            raise DeviceError(f"live: {self.name} gives no picture; does another program hold it? {TELLS}")
        return opened


class WebcamOpened:
    """The process while it runs, and a thread that reads what it tells."""

    def __init__(self, webcam: Webcam, command: list[str]) -> None:
        self._webcam = webcam
        self._filter = smoothing()
        self.pictures = 0
        self.first = threading.Event()
        """Set by the first picture, or where none will come."""
        self._told_s = now() + FIRST_S
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to answer
        )  # fmt: skip
        self._thread = threading.Thread(target=self._listen, name="webcam", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None and now() - self._told_s < SILENT_S

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(2.0)
        self._thread.join(1.0)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        size = watching.RECORD.size
        while len(told := self._process.stdout.read(size)) == size:
            taken_s, *values = watching.RECORD.unpack(told)
            self._told_s = now()
            self._take(FacePose.of_vector(np.array(values)), taken_s)
            self.pictures += 1
            self.first.set()
        self.first.set()

    def _take(self, raw: FacePose, taken_s: float) -> None:
        webcam = self._webcam
        webcam.pictures += 1
        if raw.presence > 0:
            face = FacePose.of_vector(self._filter(webcam.calibration(raw).vector(), taken_s))
            webcam.latest = Seen(face, raw, taken_s)
