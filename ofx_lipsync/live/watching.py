# SPDX-License-Identifier: Apache-2.0
"""The process that watches the webcam: pictures in, a face's measures out, 144 bytes a picture.

It is a process of its own, so that a driver that hangs or crashes takes nobody along, and so that the face networks
do not stand in the voice's way. It ends when nobody reads any more.

    python -m ofx_lipsync.live.watching SOURCE [--loop]         # SOURCE: a webcam's number, or a movie
"""

from __future__ import annotations

import os
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np

from ofx_lipsync.live.face_pose import CHANNELS, FacePose, measure
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.face_mesh import SIZE_PX, FaceMesh, Roi, roi_from_detection

RECORD = struct.Struct(f"<d{len(CHANNELS)}d")
"""When the picture was taken, on the monotonic clock of the system; then a FacePose."""
WIDTH_PX, HEIGHT_PX = 640, 480
"""Asked of a webcam: more is slower to read and tells no more of a face."""
SURE = 0.5
SEARCHES_S = 0.2
"""Between searches while nobody is seen."""
NO_DEVICE, NO_LIBRARY = 3, 4
"""Exit codes."""


@dataclass(frozen=True)
class Picture:
    """bgr: [H, W, 3] uint8, as OpenCV has it."""

    bgr: np.ndarray
    taken_s: float


class Watcher:
    """Follows one face from picture to picture."""

    def __init__(self, networks: FaceNetworks | None = None) -> None:
        import cv2

        self._cv2 = cv2
        self._networks = networks or FaceNetworks.load()
        self._roi: Roi | None = None
        self._next_search_s = 0.0

    def see(self, picture: Picture) -> FacePose:
        """presence is 0 where no face is seen."""
        if self._roi is None:
            self._roi = self._search(picture)
        if self._roi is None:
            return FacePose()
        points, presence = self._networks.mesh.predict(self._square(picture.bgr, self._roi))
        landmarks, presence = FaceMesh.place(points, presence, self._roi)
        if presence < SURE:
            self._roi = None
            return FacePose()
        self._roi = _next_square(landmarks)
        return measure(landmarks, self._networks.blendshapes(landmarks), presence, picture.bgr.shape[0])

    def _search(self, picture: Picture) -> Roi | None:
        """The largest face: the one in front of the lens."""
        if picture.taken_s < self._next_search_s:
            return None
        self._next_search_s = picture.taken_s + SEARCHES_S
        size = self._networks.detector.dimensions.size_px
        height, width = picture.bgr.shape[:2]
        ratio = max(height, width) / size
        shape = (max(1, round(width / ratio)), max(1, round(height / ratio)))
        small = self._cv2.resize(picture.bgr, shape, interpolation=self._cv2.INTER_AREA)
        found = self._networks.detector.detect(_rgb(small))
        if not len(found):
            return None
        found = found.placed(np.array([width / shape[0], height / shape[1]]), np.zeros(2))
        largest = int(np.argmax(found.boxes[:, 3] - found.boxes[:, 1]))
        return roi_from_detection(found.boxes[largest], found.keypoints[largest])

    def _square(self, bgr: np.ndarray, roi: Roi) -> np.ndarray:
        matrix = roi.matrix()
        # our pixels' centres lie at a half, OpenCV's at whole numbers
        matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
        cv2 = self._cv2
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return _rgb(cv2.warpAffine(bgr, matrix, (SIZE_PX, SIZE_PX), flags=flags))


def _next_square(landmarks: np.ndarray) -> Roi:
    from ofx_lipsync.nodes._face_patch import roi_from_pose

    return roi_from_pose(landmarks)


def _rgb(bgr: np.ndarray) -> np.ndarray:
    """[3, H, W] float32 0..1."""
    return np.ascontiguousarray(bgr[:, :, ::-1].transpose(2, 0, 1), np.float32) / np.float32(255)


def webcam(number: int) -> Iterator[Picture]:
    """Pictures of a webcam until it fails."""
    import cv2

    capture = cv2.VideoCapture(number)
    for name, value in (("FRAME_WIDTH", WIDTH_PX), ("FRAME_HEIGHT", HEIGHT_PX), ("BUFFERSIZE", 1)):
        capture.set(getattr(cv2, f"CAP_PROP_{name}"), value)
    yield from _read(capture)


def movie(path: str, loop: bool) -> Iterator[Picture]:
    """A movie's pictures when they are due; those that come too late are passed over, as a webcam would."""
    import cv2

    begun_s, shown = time.monotonic(), 0
    while True:
        capture = cv2.VideoCapture(path)
        rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        for picture in _read(capture):
            due_s = begun_s + shown / rate
            shown += 1
            if due_s < time.monotonic() - 1 / rate:
                continue
            time.sleep(max(0.0, due_s - time.monotonic()))
            yield Picture(picture.bgr, due_s)
        if not loop or not shown:
            return


def _read(capture: Any) -> Iterator[Picture]:
    try:
        while capture.isOpened():
            good, bgr = capture.read()
            if not good:
                return
            yield Picture(bgr, time.monotonic())
    finally:
        capture.release()


def main(words: list[str]) -> int:
    """Writes a RECORD for each picture until the pictures, or the reader, have ended."""
    source, loop = words[0], "--loop" in words
    try:
        watcher = Watcher()
    except ImportError as error:
        print(error, file=sys.stderr)
        return NO_LIBRARY
    told = 0
    for picture in webcam(int(source)) if source.isdigit() else movie(source, loop):
        face = watcher.see(picture)
        try:
            os.write(1, RECORD.pack(picture.taken_s, *face.vector()))
        except BrokenPipeError:
            return 0
        told += 1
    return 0 if told else NO_DEVICE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
