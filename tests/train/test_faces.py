# SPDX-License-Identifier: Apache-2.0
"""A talking clip becomes upright faces of one size with their landmarks and sound."""

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.landmarks import LIPS
from ofx_lipsync.train.faces import SIZE_PX, Talker, cut_folder


@pytest.mark.shared
def test_faces_of_a_clip(shared_data: Path, tmp_path: Path) -> None:
    clips = tmp_path / "clips" / "s33"
    clips.mkdir(parents=True)
    movie = min((shared_data / "grid" / "s33").glob("*.mkv"))
    (clips / movie.name).symlink_to(movie)
    names = cut_folder(tmp_path / "clips", tmp_path / "tracks", tmp_path / "faces")
    assert names == [f"s33_{movie.stem}"]
    talker = Talker.open(tmp_path / "faces", names[0])
    assert talker.pictures.shape == (75, SIZE_PX, SIZE_PX, 3)
    lips = talker.points[:, list(LIPS)]
    assert (lips[..., 1] > SIZE_PX / 2).all()
    assert (lips < SIZE_PX).all()
    assert np.abs(lips.mean(axis=(0, 1))[0] - SIZE_PX / 2) < 8  # mouth in the middle, whatever the frame
    assert abs(len(talker.samples) / 16000 - 3) < 0.1

    written = (tmp_path / "faces" / f"{names[0]}.npy").stat().st_mtime_ns
    assert cut_folder(tmp_path / "clips", tmp_path / "tracks", tmp_path / "faces") == names
    assert (tmp_path / "faces" / f"{names[0]}.npy").stat().st_mtime_ns == written  # not cut again
