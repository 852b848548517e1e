# SPDX-License-Identifier: Apache-2.0
"""Fill in a host: bad frames as the engine rebuilds them, good ones bit for bit."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import numpy as np
import OpenImageIO as oiio
import pytest
from host_shot import FRAMES, SIZE, halved
from shim_client import FailedError, picture, spelled
from test_analysing import analyse

from ofx_lipsync.analysis import read_parts, to_bytes
from ofx_lipsync.cli.shot import read_line
from ofx_lipsync.core.fill import BLACK, LISTED
from ofx_lipsync.fill import Fill
from ofx_lipsync.graph import Settings, Shot, node
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.plugin.protocol import Kind

BAD, LISTS = (FRAMES[4], FRAMES[5]), FRAMES[7]
PARAMS = {"frames": str(LISTS), "frozen": False}


@pytest.fixture(scope="module")
def holed(plate, rgba, tmp_path_factory) -> tuple[str, dict]:
    """The plate with two black frames, on disk and as a host has it."""
    folder = tmp_path_factory.mktemp("holed")
    for frame in FRAMES:
        copy(plate.replace("####", str(frame)), folder)
    pictures = dict(rgba)
    for frame in BAD:
        image = oiio.ImageBuf(str(folder / f"plate.{frame}.exr"))
        oiio.ImageBufAlgo.zero(image)
        image.write(str(folder / f"plate.{frame}.exr"))
        rows = rgba["Source", frame].rows.copy()
        rows[..., :3] = 0
        pictures["Source", frame] = picture(rows)
    return str(folder / "plate.####.exr"), pictures


@pytest.fixture(scope="module")
def filled(host, holed, sample_line, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("filled") / "shot.lipsync"
    analyse(host.line(), "Fill", path, holed[1], line=str(sample_line), frames=str(LISTS), frozen=0)
    return str(path)


@pytest.fixture(scope="module")
def engine(holed, sample_line) -> tuple:
    """(analysis, {frame: Image}) of the engine itself, from the files."""
    with open_plate(holed[0]) as clip:
        line = read_line(str(sample_line), 0.0, len(FRAMES) / 24)[0]
        times_s = np.arange(len(FRAMES)) / 24
        fill = Fill(Shot(clip, line, clip.frames, times_s=times_s), Settings(Fill=node("Fill").Params(**PARAMS)))
        found = fill.analyse()
        return found, {frame: fill.render(found, frame) for frame in (*BAD, LISTS)}


def shown(host, path, pictures, frame, more=None, **params):
    values = {"analysis": path, **PARAMS, **params}
    return host.line().render("Fill", frame, values, {"Source": pictures["Source", frame]}, pictures, **(more or {}))


def test_analyse_keeps_what_the_engine_finds(filled, engine) -> None:
    found, wanted = read_parts(filled), engine[0]
    assert found.fill is not None
    assert found.fill.plan.frames.tolist() == [*BAD, LISTS]
    assert found.fill.plan.why == (BLACK, BLACK, LISTED)
    assert to_bytes(found.fill) == to_bytes(wanted)
    assert len(wanted.mouths.frames) == 3
    assert found.faces is None
    assert found.display == (0, 0, *SIZE)


@pytest.mark.parametrize("frame", [*BAD, LISTS])
def test_a_bad_frame_is_what_the_engine_makes(host, filled, holed, engine, rgba, frame) -> None:
    got = shown(host, filled, holed[1], frame).rows[::-1]
    assert np.array_equal(got[..., :3], engine[1][frame].pixels.transpose(1, 2, 0))
    assert np.array_equal(got[..., 3], rgba["Source", frame].rows[::-1][..., 3])
    assert np.abs(got[..., :3] - rgba["Source", frame].rows[::-1][..., :3]).mean() < 0.02


def test_a_good_frame_passes_bit_for_bit(host, filled, holed) -> None:
    assert np.array_equal(shown(host, filled, holed[1], FRAMES[2]).rows, holed[1]["Source", FRAMES[2]].rows)


def test_the_plate_on_disk_will_do_even_where_files_are_missing(
    host, filled, holed, engine, sample_line, tmp_path
) -> None:
    frame = BAD[0]
    got = shown(host, filled, {("Source", frame): holed[1]["Source", frame]}, frame, plate_file=holed[0])
    assert np.array_equal(got.rows[::-1][..., :3], engine[1][frame].pixels.transpose(1, 2, 0))
    for other in FRAMES:
        if other not in BAD:
            copy(holed[0].replace("####", str(other)), tmp_path)
    path, plate = tmp_path / "gap.lipsync", str(Path(tmp_path) / "plate.####.exr")
    analyse(host.line(), "Fill", path, {}, line=str(sample_line), plate_file=plate, **{**PARAMS, "frozen": 0})
    assert read_parts(path).fill.plan.frames.tolist() == [*BAD, LISTS]
    got = shown(host, str(path), {("Source", frame): holed[1]["Source", frame]}, frame, plate_file=plate)
    assert np.array_equal(got.rows[::-1][..., :3], engine[1][frame].pixels.transpose(1, 2, 0))


def test_a_proxy_is_like_the_whole(host, filled, holed, engine) -> None:
    pictures = {key: picture(halved(each.rows)) for key, each in holed[1].items()}
    got = shown(host, filled, pictures, BAD[0], {"scale_x": 0.5, "scale_y": 0.5}).rows[::-1]
    whole = halved(np.ascontiguousarray(engine[1][BAD[0]].pixels.transpose(1, 2, 0)))
    assert np.abs(got[..., :3] - whole).mean() < 0.002


def test_a_host_is_told_what_is_read(host, filled, engine) -> None:
    def read(frame: int) -> set[int]:
        body = {"node": "Fill", "time": float(frame), **spelled({"analysis": filled, **PARAMS})}
        done, found = host.line().ask(Kind.FRAMES, body), set()
        for n in range(64):
            if f"image{n}.first" in done.body:
                found |= set(range(done.integer(f"image{n}.first"), done.integer(f"image{n}.last") + 1))
        return found

    assert read(FRAMES[2]) == {FRAMES[2]}
    assert {FRAMES[3], BAD[0], FRAMES[6]} <= read(BAD[0])
    assert not read(BAD[0]) & {BAD[1], LISTS}


def test_without_a_mouth_no_line_is_needed(host, holed, tmp_path) -> None:
    path = tmp_path / "mute.lipsync"
    with pytest.raises(FailedError, match="name the dialogue in line"):
        analyse(host.line(), "Fill", path, holed[1])
    analyse(host.line(), "Fill", path, holed[1], mouth=0)
    assert len(read_parts(path).fill.mouths.frames) == 0
    assert shown(host, str(path), holed[1], BAD[0], frames="", frozen=True, mouth=False).rows[..., :3].any()


def test_what_is_wrong_is_said(host, filled, holed, analysis) -> None:
    with pytest.raises(FailedError, match="holds nothing of Fill; press Analyse there"):
        shown(host, analysis, holed[1], BAD[0])
    with pytest.raises(FailedError, match="was made with other params of Fill; press Analyse again"):
        shown(host, filled, holed[1], BAD[0], frames="")
    with pytest.raises(FailedError, match="is of frames 1001-1010, expected 2000"):
        host.line().render("Fill", 2000, {"analysis": filled}, {"Source": holed[1]["Source", BAD[0]]})
