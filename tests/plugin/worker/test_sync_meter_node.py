# SPDX-License-Identifier: Apache-2.0
"""SyncMeter in a host: what `lipsync measure` finds, kept in the analysis file, and the engine's heat strip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from host_shot import FRAMES, SIZE, halved
from shim_client import FailedError, picture
from test_analysing import analyse

from ofx_lipsync.analysis import read_analysis, read_parts, to_bytes, write_analysis
from ofx_lipsync.cli.shot import read_line
from ofx_lipsync.graph import Settings, Shot, node
from ofx_lipsync.measure import measured
from ofx_lipsync.media.source import open_plate

FRAME = FRAMES[5]


def copied(source: str, folder) -> str:
    path = str(folder / "shot.lipsync")
    write_analysis(path, read_parts(source))
    return path


@pytest.fixture(scope="module")
def synced(host, analysis, rgba, sample_line, tmp_path_factory) -> str:
    """The shot's file with SyncMeter's part, made from a host's pictures."""
    path = copied(analysis, tmp_path_factory.mktemp("synced"))
    analyse(host.line(), "SyncMeter", path, rgba, line=str(sample_line))
    return path


def shown(host, path, rgba, **params):
    return host.line().render("SyncMeter", FRAME, {"analysis": path, **params}, {"Source": rgba["Source", FRAME]}, rgba)


def test_it_measures_what_the_engine_measures(synced, analysis, plate, sample_line) -> None:
    found, line = read_parts(synced), read_line(str(sample_line), 0.0, len(FRAMES) / 24)[0]
    with open_plate(plate) as clip:
        report = measured(Shot(clip, line, clip.frames), Settings(), None, found.faces)[1]
    assert found.sync is not None
    for field in ("times_s", "speaking", "voice"):
        assert np.array_equal(getattr(found.sync, field), getattr(report, field))
    for ours, theirs in zip(found.sync.faces, report.faces, strict=True):
        assert np.array_equal(ours.scores, theirs.scores)
        assert np.array_equal(ours.curve.offset_s, theirs.curve.offset_s)
        assert (ours.lse_d, ours.lse_c, ours.offset_s) == (theirs.lse_d, theirs.lse_c, theirs.offset_s)
    assert {"sync line", "sync network", "SyncMeter params"} <= set(found.key)


def test_a_dub_reads_the_file_as_before(synced, analysis) -> None:
    ours, theirs = read_analysis(synced), read_analysis(analysis)
    assert to_bytes(replace(ours, key={})) == to_bytes(replace(theirs, key={}))
    assert all(ours.key[name] == value for name, value in theirs.key.items())


@pytest.mark.parametrize("view", ["over", "strip"])
def test_a_host_gets_the_engines_strip(host, synced, plate, rgba, view) -> None:
    got = shown(host, synced, rgba, view=view).rows[::-1]
    with open_plate(plate) as clip:
        params = node("SyncMeter").Params(view=view)
        time_s = (FRAME - FRAMES[0]) / 24
        made = node("SyncMeter").render(clip, FRAME, read_parts(synced).sync, params, time_s=time_s)
    assert np.array_equal(got[..., :3], made.pixels.transpose(1, 2, 0))
    source = rgba["Source", FRAME].rows[::-1]
    assert np.array_equal(got[..., 3], source[..., 3])
    assert 0.08 < (got != source).any(axis=(1, 2)).mean() <= 1


def test_view_none_is_the_source_and_needs_no_file(host, rgba) -> None:
    assert np.array_equal(shown(host, "", rgba, view="none").rows, rgba["Source", FRAME].rows)


def test_a_proxy_has_its_own_strip(host, synced, rgba) -> None:
    half = picture(halved(rgba["Source", FRAME].rows))
    more = {"scale_x": 0.5, "scale_y": 0.5}
    got = host.line().render("SyncMeter", FRAME, {"analysis": synced}, {"Source": half}, None, **more)
    changed = (got.rows[::-1] != half.rows[::-1]).any(axis=(1, 2))
    assert changed.sum() == round(0.12 * SIZE[1] / 2)
    assert changed[-1]


def test_without_faces_it_looks_for_them(host, rgba, sample_line, synced, tmp_path) -> None:
    path = tmp_path / "new.lipsync"
    analyse(host.line(), "SyncMeter", path, rgba, line=str(sample_line))
    found, known = read_parts(path), read_parts(synced)
    assert found.audio is None
    assert np.array_equal(found.faces.chosen_track().landmarks, known.faces.chosen_track().landmarks)
    assert np.array_equal(found.sync.faces[0].scores, known.sync.faces[0].scores)


def test_new_faces_take_the_measurement_with_them_and_a_new_line_does_not(
    host, rgba, sample_line, synced, tmp_path
) -> None:
    path = copied(synced, tmp_path)
    analyse(host.line(), "AudioFeature", path, rgba, line=str(sample_line))
    assert read_parts(path).sync is not None
    analyse(host.line(), "FaceDetect", path, rgba)
    found = read_parts(path)
    assert found.sync is None
    assert not [name for name in found.key if name.startswith("sync")]


def test_what_is_wrong_is_said(host, analysis, rgba, synced, sample_line, tmp_path) -> None:
    with pytest.raises(FailedError, match="holds nothing of SyncMeter; press Analyse there"):
        shown(host, analysis, rgba)
    with pytest.raises(FailedError, match="was made with other params of SyncMeter; press Analyse again"):
        shown(host, synced, rgba, reach=3)
    path = copied(analysis, tmp_path)
    with pytest.raises(FailedError, match="name the dialogue in line"):
        analyse(host.line(), "SyncMeter", path, rgba)
    with pytest.raises(FailedError, match="nowhere"):
        analyse(host.line(), "SyncMeter", path, rgba, line=str(sample_line), network="nowhere")
    nobody = str(tmp_path / "nobody.lipsync")
    black = picture(np.zeros_like(rgba["Source", FRAMES[0]].rows))
    with pytest.raises(FailedError, match="SyncMeter: no face is seen in the shot"):
        analyse(host.line(), "SyncMeter", nobody, dict.fromkeys(rgba, black), line=str(sample_line))
    assert not (tmp_path / "nobody.lipsync").exists()
