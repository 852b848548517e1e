# SPDX-License-Identifier: Apache-2.0
"""The face networks on a real portrait, and their weights' loader."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models import face_bundle
from ofx_lipsync.models.face_blendshapes import NAMES, POINTS
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.face_detector import FULL_RANGE, Detections, FaceDetector, suppress
from ofx_lipsync.models.face_mesh import Roi, roi_from_detection, roi_from_landmarks


@pytest.fixture(scope="module")
def networks() -> FaceNetworks:
    return FaceNetworks.load()


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """[3, 512, 512] float32, sRGB 0..1: Eileen Collins, face about 95 px wide at (222, 120)."""
    import OpenImageIO as oiio

    path = Path(__file__).resolve().parents[2] / "samples" / "collins" / "portrait.png"
    return oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)[..., :3].transpose(2, 0, 1).copy()


def found(networks: FaceNetworks, portrait: np.ndarray) -> Detections:
    quarter = portrait[:, :512, :512].reshape(3, 128, 4, 128, 4).mean(axis=(2, 4))
    return networks.detector.detect(quarter).placed(np.full(2, 4.0), np.zeros(2))


def test_the_face_is_found_where_it_is(networks: FaceNetworks, portrait: np.ndarray) -> None:
    faces = found(networks, portrait)
    assert len(faces) == 1
    np.testing.assert_allclose((faces.boxes[0, :2] + faces.boxes[0, 2:]) / 2, [222, 125], atol=15)
    right, left = faces.keypoints[0, :2]
    assert right[0] < left[0]


def test_landmarks_do_not_depend_on_a_rough_square(networks: FaceNetworks, portrait: np.ndarray) -> None:
    faces = found(networks, portrait)
    first, sure = networks.mesh.landmarks(portrait, roi_from_detection(faces.boxes[0], faces.keypoints[0]))
    again, _ = networks.mesh.landmarks(portrait, roi_from_landmarks(first))
    assert sure > 0.99
    assert np.abs(first - again)[:, :2].mean() < 0.012 * np.linalg.norm(again[10] - again[152])


def test_a_turned_picture_turns_the_landmarks(networks: FaceNetworks, portrait: np.ndarray) -> None:
    straight, _ = networks.mesh.landmarks(portrait, Roi(222.0, 125.0, 190.0, 0.0))
    quarter = np.ascontiguousarray(np.rot90(portrait, axes=(1, 2)))
    turned, sure = networks.mesh.landmarks(quarter, Roi(125.0, 512 - 222.0, 190.0, -np.pi / 2))
    assert sure > 0.99
    np.testing.assert_allclose(turned[:, 0], straight[:, 1], atol=0.1)
    np.testing.assert_allclose(turned[:, 1], 512 - straight[:, 0], atol=0.1)


def test_no_face_has_no_presence(networks: FaceNetworks, portrait: np.ndarray) -> None:
    assert networks.mesh.landmarks(portrait, Roi(60.0, 60.0, 120.0, 0.0))[1] < 0.1


def test_a_smile_is_a_smile(networks: FaceNetworks, portrait: np.ndarray) -> None:
    landmarks, _ = networks.mesh.landmarks(portrait, Roi(222.0, 125.0, 190.0, 0.0))
    shapes = dict(zip(NAMES, networks.blendshapes(landmarks).tolist(), strict=True))
    assert shapes["mouthSmileLeft"] > 0.5
    assert shapes["jawOpen"] < 0.2
    assert (len(NAMES), len(POINTS)) == (52, 146)


def test_blendshapes_do_not_depend_on_place_or_size(networks: FaceNetworks, portrait: np.ndarray) -> None:
    landmarks, _ = networks.mesh.landmarks(portrait, Roi(222.0, 125.0, 190.0, 0.0))
    np.testing.assert_allclose(networks.blendshapes(landmarks * 3 + 500), networks.blendshapes(landmarks), atol=2e-3)


def test_boxes_of_one_face_become_one() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    faces = Detections(boxes, np.zeros((3, 6, 2), np.float32), np.array([0.6, 0.9, 0.7], np.float32))
    kept = suppress(faces)
    np.testing.assert_allclose(kept.scores, [0.9, 0.7])
    np.testing.assert_allclose(kept.boxes[0], [0.6, 0, 10.6, 10])


def test_nothing_found_is_an_empty_answer() -> None:
    detector = FaceDetector(FULL_RANGE, lambda square: [np.full((1, 2304, 1), -50.0), np.zeros((1, 2304, 16))])
    assert len(detector.detect(np.zeros((3, 100, 192), np.float32))) == 0


def test_a_roi_maps_its_corners() -> None:
    upright = Roi(100.0, 50.0, 40.0, 0.0).matrix()
    np.testing.assert_allclose(upright @ [0, 0, 1], [80, 30])
    np.testing.assert_allclose(upright @ [256, 256, 1], [120, 70])
    quarter = Roi(100.0, 50.0, 40.0, np.pi / 2).matrix()
    np.testing.assert_allclose(quarter @ [256, 128, 1], [100, 70])


def test_missing_weights_name_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_bundle, "__file__", str(tmp_path / "face_bundle.py"))
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path / "studio"))
    with pytest.raises(ModelError, match=r"face_landmarker.task.*studio.*OFX_LIPSYNC_MODEL_PATH"):
        FaceNetworks.load()


def test_damaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(face_bundle.__file__).parent / "weights" / face_bundle.BUNDLE
    content = bytearray(source.read_bytes())
    content[1000] ^= 1
    (tmp_path / face_bundle.BUNDLE).write_bytes(content)
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    with pytest.raises(ModelError, match=r"damaged or another version \(got sha256 .*, expected 64184e22"):
        FaceNetworks.load()


def test_the_studios_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(face_bundle.__file__).parent / "weights"
    shutil.copy(source / face_bundle.BUNDLE, tmp_path)
    shutil.copy(source / face_bundle.DETECTOR, tmp_path)
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    monkeypatch.setattr(face_bundle, "__file__", str(tmp_path / "nowhere" / "face_bundle.py"))
    assert FaceNetworks.load().sha256
