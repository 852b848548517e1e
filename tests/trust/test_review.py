# SPDX-License-Identifier: Apache-2.0
"""Review movies: the words are there until consent is cleared, masters are the same with and without."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.trust import mark
from ofx_lipsync.trust.verify import header

CLEARED = ["--consent", "AB-2026-014", "--consent", "status=cleared"]


def frames(path: Path) -> np.ndarray:
    """[N, H, W] brightness."""
    with av.open(str(path)) as movie:
        return np.stack([frame.to_ndarray(format="gray") for frame in movie.decode(video=0)])


@pytest.fixture(scope="module")
def reviewed(dub, tmp_path_factory) -> Path:
    """With the warning, and beside it one whose consent is cleared."""
    folder = tmp_path_factory.mktemp("review")
    assert dub(folder / "ab_0010_v012.####.exr", "--review", str(folder / "review.mp4")) == 0
    assert dub(folder / "ab_0010_v013.####.exr", "--review", str(folder / "cleared.mp4"), *CLEARED) == 0
    return folder


def test_the_warning_is_on_every_frame_until_consent_is_cleared(reviewed):
    warned, cleared = frames(reviewed / "review.mp4").astype(int), frames(reviewed / "cleared.mp4").astype(int)
    height = warned.shape[1]
    top, middle = slice(0, height // 8), slice(height // 4, height * 3 // 4)
    for frame in range(6):
        letters, hair = ((shown[frame, top, 135:260] > 200).sum() for shown in (warned, cleared))
        assert letters > 200
        assert hair < 20
        assert np.abs(warned[frame, middle] - cleared[frame, middle]).mean() < 1


def test_the_slate_line_is_always_there(reviewed):
    for name in ("review.mp4", "cleared.mp4"):
        bottom = frames(reviewed / name)[:, 208:]
        assert ((bottom > 200).sum(axis=(1, 2)) > 100).all()


def test_a_review_says_what_it_is(reviewed):
    assert header(reviewed / "review.mp4")["ai_frames"] == "1-6"
    assert main(["verify", str(reviewed / "review.mp4")]) == 0
    with av.open(str(reviewed / "review.mp4")) as movie:
        assert movie.streams.audio


def test_masters_are_the_same_with_and_without(reviewed, results):
    for frame in (1001, 1006):
        master = (results("exr", False) / f"dub.{frame}.exr").read_bytes()
        assert (reviewed / f"ab_0010_v012.{frame}.exr").read_bytes() == master


def test_the_warning_does_not_go_before_consent_is_cleared(dub, tmp_path, capsys):
    assert dub(tmp_path / "a.####.exr", "--review", str(tmp_path / "r.mp4"), "--clean-review") == 6
    assert "there is none" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_review_is_a_movie(dub, tmp_path):
    assert dub(tmp_path / "a.####.exr", "--review", str(tmp_path / "r.exr")) == 4
    assert dub(tmp_path / "a.####.exr", "--review", str(tmp_path / "r.mp4"), "--review-view", "Sepia") == 4
    assert not list(tmp_path.iterdir())


@pytest.mark.shared
def test_the_mark_is_found_after_coding_and_nowhere_else(shared_data, tmp_path):
    """A filmed face, twice its size: 110 px of mouth become 220, as in a small review."""
    import cv2

    clip = sorted((shared_data / "grid" / "s1").glob("*.mkv"))[0]
    with av.open(str(clip)) as movie:
        taken = [f.to_ndarray(format="rgb24") for f, _ in zip(movie.decode(video=0), range(40), strict=False)]
    plain = [cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for frame in taken]
    area = np.zeros(plain[0].shape[:2], bool)
    area[320:520, 260:480] = True
    marks = mark.pattern(*area.shape)
    marked = [frame.copy() for frame in plain]
    for frame in marked:
        mark.add_mark(frame, area, marks)
    difference = np.stack(marked).astype(float) - np.stack(plain)
    assert not difference[:, ~area].any()
    assert 10 * np.log10(255**2 / np.mean(difference[:, area] ** 2)) > 42
    for crf in (18, 23):
        assert coded(marked, crf, tmp_path / "marked.mp4") > mark.FOUND
        assert coded(plain, crf, tmp_path / "plain.mp4") < mark.FOUND


def coded(pictures, crf: int, path: Path) -> float:
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast", "threads": "2"})
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        for picture in pictures:
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        movie.mux(stream.encode(None))
    return mark.movie_score(path)


def test_verify_tells_of_the_mark(reviewed, results, capsys):
    code = main(["verify", "--mark", str(results("mov", False) / "dub.mov")])
    assert code == 3
    assert "proves nothing" in capsys.readouterr().out
