# SPDX-License-Identifier: Apache-2.0
"""Where things may be written, and that nothing half-written is ever seen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from ofx_lipsync.core.errors import MediaError, OutputError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media import Colour, check_writable, open_plate, open_writer
from ofx_lipsync.media.writer import scratch_path


@pytest.fixture
def plate_path(tmp_path: Path, write_exr: Callable) -> str:
    for n in (1, 2, 3):
        write_exr(tmp_path / f"p.{n:04}.exr", {c: np.full((16, 16), n / 4, np.float16) for c in "RGB"})
    return str(tmp_path / "p.####.exr")


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_abort_leaves_finished_frames_and_nothing_else(
    plate_path: str, movie: Callable, colour: Colour, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with open_plate(plate_path, colour=colour) as plate:
        seen = []

        def interrupted(name: str) -> None:
            with open_writer(str(out / name), plate) as writer:
                writer.write(plate.load(1))
                seen.append(names(out))
                raise KeyboardInterrupt

        for name in ("o.####.exr", "o.mov"):
            with pytest.raises(KeyboardInterrupt):
                interrupted(name)
            assert names(out) == ["o.0001.exr"]
        assert seen == [["o.0001.exr"], [scratch_path(Path("o.mov")).name, "o.0001.exr"]]


def test_an_older_movie_stays_until_the_new_one_is_whole(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    target = tmp_path / "o.mp4"
    target.write_text("yesterday's")
    with open_plate(movie("s.mp4", 4), colour=colour) as plate, open_writer(str(target), plate) as writer:
        for n in plate.frames:
            writer.write(plate.load(n))
            assert target.read_text() == "yesterday's"
    assert target.stat().st_size > 500


def test_files_have_the_umasks_mode(plate_path: str, movie: Callable, colour: Colour, tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with open_plate(plate_path, colour=colour) as plate:
            for name in ("m.####.exr", "m.mov", "m.####.png"):
                with open_writer(str(tmp_path / name), plate) as writer:
                    writer.write(plate.load(1))
    finally:
        os.umask(old)
    for name in ("m.0001.exr", "m.mov", "m.0001.png"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o640, name


def test_a_frame_that_fails_leaves_no_scratch_file(
    plate_path: str, colour: Colour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with open_plate(plate_path, colour=colour) as plate, open_writer(str(out / "o.####.exr"), plate) as writer:
        frame = plate.load(1)
        frame.parts[0] = frame.parts[0][:4]  # type: ignore[attr-defined]
        with pytest.raises(OutputError, match="cannot be written"):
            writer.write(frame)
        assert names(out) == []
        writer.write(plate.load(2))
    assert names(out) == ["o.0002.exr"]


def test_places_that_cannot_be_written(plate_path: str, colour: Colour, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        check_writable(str(tmp_path / "none" / "o.####.exr"))
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(str(tmp_path))
    with open_plate(plate_path, colour=colour) as plate:
        with pytest.raises(OutputError, match="would overwrite the plate"):
            check_writable(str(tmp_path / "p.%04d.exr"), plate)
        with pytest.raises(OutputError, match="would overwrite the plate"):
            check_writable(str(tmp_path / "sub" / ".." / "p.0002.exr").replace("sub/../", ""), plate)
        with pytest.raises(OutputError, match=r"files ending in \.xyz are not written"):
            open_writer(str(tmp_path / "o.####.xyz"), plate)
        with pytest.raises(OutputError, match="holds no sound"):
            open_writer(str(tmp_path / "o.####.exr"), plate, sound=Sound(np.zeros((1, 9), np.float32), 48000))
        writer = open_writer(str(tmp_path / "single.exr"), plate)
        writer.write(plate.load(1))
        with pytest.raises(OutputError, match="is one file"):
            writer.write(plate.load(2))


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="wants a folder that even root cannot write in")
def test_read_only_folder() -> None:
    with pytest.raises(OutputError, match="cannot write in /proc/self"):
        check_writable("/proc/self/o.####.exr")


def test_a_linked_output_is_still_the_plate(plate_path: str, colour: Colour, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with open_plate(plate_path, colour=colour) as plate, pytest.raises(OutputError, match="would overwrite"):
        check_writable(str(tmp_path / "link" / "p.####.exr"), plate)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_truncated_exr_is_named(tmp_path: Path, write_exr: Callable, colour: Colour, keep: float) -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2):
        write_exr(tmp_path / f"t.{n}.exr", {c: rng.random((64, 64)).astype(np.float16) for c in "RGB"})
    broken = tmp_path / "t.2.exr"
    broken.write_bytes(broken.read_bytes()[: int(broken.stat().st_size * keep)])
    with open_plate(str(tmp_path / "t.#.exr"), colour=colour) as plate:
        plate.crop(1, plate.display)
        for read in (
            lambda: plate.crop(2, plate.display),
            lambda: plate.load(2),
            lambda: plate.look(2, plate.display, 32),
        ):
            with pytest.raises(MediaError, match=r"t\.2\.exr: .*damaged or cut short") as caught:
                read()
            assert "\n" not in str(caught.value)


def test_text_named_exr_and_empty_files(tmp_path: Path, colour: Colour) -> None:
    (tmp_path / "a.exr").write_text("no picture")
    (tmp_path / "b.png").touch()
    (tmp_path / "c.0001.exr").write_bytes(b"\x76\x2f\x31\x01" + b"\xff" * 200)
    for name, reason in (
        ("a.exr", "cannot be opened"),
        ("b.png", "is empty"),
        ("c.####.exr", "cannot be opened"),
        ("d.####.exr", "no frames"),
    ):
        with pytest.raises(MediaError, match=reason):
            open_plate(str(tmp_path / name), colour=colour)
    with pytest.raises(MediaError, match="is a folder"):
        open_plate(str(tmp_path), colour=colour)


def test_two_frames_make_a_plate(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    with open_plate(movie("two.mp4", 2), colour=colour) as plate, open_writer(str(tmp_path / "o.mp4"), plate) as writer:
        for n in plate.frames:
            writer.write(plate.load(n))
    with open_plate(str(tmp_path / "o.mp4"), colour=colour) as after:
        assert (len(after.frames), after.rate) == (2, 24)
