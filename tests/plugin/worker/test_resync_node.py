# SPDX-License-Identifier: Apache-2.0
"""Resync in a host: the plate frames that the engine shows, bit for bit, by a curve or by what SyncMeter measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host_shot import FRAMES
from shim_client import FailedError, spelled

from ofx_lipsync.analysis import read_parts, write_analysis
from ofx_lipsync.cli.shot import read_line
from ofx_lipsync.core.offset import FaceSync, OffsetCurve, SyncReport
from ofx_lipsync.graph import Settings, Shot, node
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.plugin.protocol import Kind
from ofx_lipsync.resync import Resync

RANGE = {"first": FRAMES[0], "last": FRAMES[-1], "rate": 24.0}
TIMES = np.arange(10) / 24
CURVES = {"late": np.full(10, 2 / 24), "early": np.full(10, -3 / 24), "jump": np.where(TIMES < 0.2, 0, 3 / 24)}


def curve_of(name: str) -> OffsetCurve:
    return OffsetCurve(TIMES, CURVES[name].astype(np.float32), np.ones(10, np.float32))


def engine(plate, sample_line, curve: OffsetCurve) -> list[int]:
    """The plate frame of each output frame."""
    params = node("Resync").Params(fix="picture")
    with open_plate(plate) as clip:
        line = read_line(str(sample_line), 0.0, len(FRAMES) / 24)[0]
        resync = Resync(Shot(clip, line, clip.frames), Settings(Resync=params))
        return list(resync.shown(resync.analyse(curve)))


def shown(host, frame, rgba, more=RANGE, **params):
    source = rgba["Source", frame]
    return host.line().render("Resync", frame, {"fix": "picture", **params}, {"Source": source}, rgba, **more)


def write_curve(path: str, curve: OffsetCurve) -> None:
    rows = zip(curve.times_s, curve.offset_s * 1000, curve.confidence, strict=True)
    Path(path).write_text("\n".join(["seconds,offset_ms,confidence", *(f"{t},{o},{c}" for t, o, c in rows)]) + "\n")


def read_by(host, frame, **params) -> set[int]:
    """What the host is told to have ready."""
    body = {"node": "Resync", "time": float(frame), **RANGE, **spelled({"fix": "picture", **params})}
    done, found = host.line().ask(Kind.FRAMES, body), set()
    for n in range(64):
        if f"image{n}.first" in done.body:
            found |= set(range(done.integer(f"image{n}.first"), done.integer(f"image{n}.last") + 1))
    return found


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_shows_the_frames_that_the_engine_shows(host, plate, sample_line, rgba, tmp_path, name) -> None:
    path = str(tmp_path / "curve.csv")
    write_curve(path, curve_of(name))
    sources = engine(plate, sample_line, curve_of(name))
    assert sources != list(FRAMES)
    params = {"curve": path, "line": str(sample_line)}
    for frame, there in zip(FRAMES, sources, strict=True):
        assert np.array_equal(shown(host, frame, rgba, **params).rows, rgba["Source", there].rows)
        assert read_by(host, frame, **params) == {frame, there}


@pytest.fixture
def synced(analysis, tmp_path) -> str:
    """The shot's file with a measurement of its only face, two frames late."""
    path, parts = str(tmp_path / "synced.lipsync"), read_parts(analysis)
    faces = tuple(
        FaceSync(track.identity, curve_of("late"), np.arange(-3, 4) / 24, np.zeros((10, 7), np.float32), 0.0, 0.0, 0.0)
        for track in parts.faces.tracks
    )
    report = SyncReport(TIMES, faces, np.zeros(10, np.int64), np.ones(10, np.float32))
    write_analysis(path, replace(parts, sync=report))
    return path


def test_without_a_curve_it_goes_by_the_chosen_face(host, plate, sample_line, rgba, synced) -> None:
    sources = engine(plate, sample_line, curve_of("late"))
    for frame in (FRAMES[0], FRAMES[4], FRAMES[-1]):
        there = sources[FRAMES.index(frame)]
        params = {"analysis": synced, "line": str(sample_line)}
        assert np.array_equal(shown(host, frame, rgba, {}, **params).rows, rgba["Source", there].rows)
        assert read_by(host, frame, **params) == {frame, there}


@pytest.mark.parametrize("fix", ["auto", "sound", "mouth"])
def test_with_another_fix_the_picture_passes(host, rgba, fix) -> None:
    assert np.array_equal(shown(host, FRAMES[4], rgba, fix=fix).rows, rgba["Source", FRAMES[4]].rows)


def test_the_plate_on_disk_will_do(host, plate, sample_line, rgba, synced) -> None:
    frame, own = FRAMES[5], rgba["Source", FRAMES[5]]
    there = engine(plate, sample_line, curve_of("late"))[5]
    params = {"analysis": synced, "line": str(sample_line), "plate_file": plate}
    got = host.line().render("Resync", frame, {"fix": "picture", **params}, {"Source": own}, {})
    assert np.array_equal(got.rows[..., :3], rgba["Source", there].rows[..., :3])
    assert read_by(host, frame, **params) == {frame}


def test_what_is_wrong_is_said(host, analysis, rgba, synced, sample_line, tmp_path) -> None:
    line = {"line": str(sample_line)}
    with pytest.raises(
        FailedError, match=r"holds nothing of SyncMeter; press Analyse there, or name a table .* in curve"
    ):
        shown(host, FRAMES[4], rgba, analysis=analysis, **line)
    with pytest.raises(FailedError, match="analysis: no file is named"):
        shown(host, FRAMES[4], rgba, **line)
    with pytest.raises(FailedError, match="line: no file is named"):
        shown(host, FRAMES[4], rgba, analysis=synced)
    with pytest.raises(FailedError, match=r"none.csv: cannot be read"):
        shown(host, FRAMES[4], rgba, curve=str(tmp_path / "none.csv"), **line)
    path = str(tmp_path / "curve.csv")
    write_curve(path, curve_of("late"))
    with pytest.raises(FailedError, match="is not of the shot, 1001-1003"):
        shown(host, FRAMES[4], rgba, curve=path, first_frame=1001, last_frame=1003, **line)
    with pytest.raises(FailedError, match="Source: the host gives no picture of frame 1003"):
        shown(host, FRAMES[4], {("Source", FRAMES[4]): rgba["Source", FRAMES[4]]}, analysis=synced, **line)
