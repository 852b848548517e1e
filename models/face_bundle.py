# SPDX-License-Identifier: Apache-2.0
"""The face networks' weights: found, checked against their published hash, and made ready to run on the CPU.

    networks = FaceNetworks.load()
    boxes = networks.detector.detect(picture)                        # picture: [3, H, W] float32, sRGB 0..1
    roi = roi_from_detection(boxes.boxes[0], boxes.keypoints[0])
    landmarks, presence = networks.mesh.landmarks(picture, roi)      # [478, 3] in the picture's pixels, 0..1
    landmarks, presence = networks.mesh.landmarks(next_picture, roi_from_landmarks(landmarks))
    shapes = networks.blendshapes(landmarks)                         # [52] float32, names in face_blendshapes.NAMES

Nothing is downloaded. Search path: the folders of $OFX_LIPSYNC_MODEL_PATH, then `weights/` beside this file.
One `FaceNetworks` serves one thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.face_blendshapes import FaceBlendshapes
from ofx_lipsync.models.face_detector import FULL_RANGE, FaceDetector
from ofx_lipsync.models.face_mesh import FaceMesh

BUNDLE = "face_landmarker.task"
BUNDLE_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
DETECTOR = "face_detection_full_range_sparse.tflite"
DETECTOR_SHA256 = "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1"

Run = Callable[[np.ndarray], list[np.ndarray]]
"""A network: one input array to its outputs, in the order the file names them."""


@dataclass(frozen=True)
class FaceNetworks:
    """All on the CPU, one thread. sha256: of everything loaded, for keys and metadata."""

    detector: FaceDetector
    mesh: FaceMesh
    blendshapes: FaceBlendshapes
    sha256: str

    @classmethod
    def load(cls) -> FaceNetworks:
        """Raises ModelError where the weights are missing, damaged, or not the published ones."""
        parts = _unzip(read_checked(BUNDLE, BUNDLE_SHA256))
        return cls(
            detector=FaceDetector(FULL_RANGE, _network(read_checked(DETECTOR, DETECTOR_SHA256))),
            mesh=FaceMesh(_network(parts["face_landmarks_detector.tflite"])),
            blendshapes=FaceBlendshapes(_network(parts["face_blendshapes.tflite"])),
            sha256=networks_sha256(),
        )


def networks_sha256() -> str:
    """Of all the face networks together, for analysis keys and metadata; `load` refuses any others."""
    return hashlib.sha256((BUNDLE_SHA256 + DETECTOR_SHA256).encode()).hexdigest()


def read_checked(name: str, sha256: str) -> bytes:
    """The file's bytes from the first folder that has it."""
    folders = [Path(part) for part in os.environ.get("OFX_LIPSYNC_MODEL_PATH", "").split(os.pathsep) if part]
    folders.append(Path(__file__).parent / "weights")
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise ModelError(
            f"FaceDetect: weights {name!r} are in none of {', '.join(map(str, folders))}; "
            "put the file there or name its folder in OFX_LIPSYNC_MODEL_PATH"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(f"{path}: damaged or another version (got sha256 {found}, expected {sha256}); replace it")
    return content


def _unzip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@contextlib.contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """LiteRT greets on standard error with no switch to stop it; errors still arrive as exceptions."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _network(content: bytes) -> Run:
    """One thread: farms place one job per core, and sums in a fixed order give the same bits everywhere."""
    from ai_edge_litert.interpreter import Interpreter

    with _native_stderr_closed():
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    outputs = [detail["index"] for detail in sorted(interpreter.get_output_details(), key=lambda d: str(d["name"]))]

    def run(values: np.ndarray) -> list[np.ndarray]:
        interpreter.set_tensor(source, np.ascontiguousarray(values, np.float32))
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in outputs]

    return run
