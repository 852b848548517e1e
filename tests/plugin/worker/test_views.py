# SPDX-License-Identifier: Apache-2.0
"""What an artist can look at: every view of every node, and what is drawn over the viewer."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from host_shot import FRAMES, SIZE, halved
from shim_client import FailedError, picture, read_rows

from ofx_lipsync.analysis import read_analysis, read_parts, write_analysis
from ofx_lipsync.core.region import Region
from ofx_lipsync.plugin.channel import check_size, close_all
from ofx_lipsync.plugin.draw import GOOD, Ink
from ofx_lipsync.plugin.overlay import LOOP, POINTS
from ofx_lipsync.plugin.pictures import Layout
from ofx_lipsync.plugin.protocol import Kind
from ofx_lipsync.plugin.shot_params import VIEWS

FRAME = FRAMES[4]
WHOLE = (0.0, 0.0, float(SIZE[0]), float(SIZE[1]))


def shown(host, node, view, analysis, rgba, frame=FRAME, **more):
    source = rgba["Source", frame]
    return source, host.line().render(
        node, frame, {"analysis": analysis, "view": view}, {"Source": source}, rgba, **more
    )


def mouth_of(analysis) -> tuple[int, int]:
    """Row (from below) and column of the middle of the wanted mouth."""
    plan = read_analysis(analysis).plan
    x, y = plan.target[plan.index(FRAME)].mean(axis=0)
    return SIZE[1] - 1 - int(y), int(x)


@pytest.mark.parametrize("node", ["FaceDetect", "MouthGenerate", "LipSync"])
@pytest.mark.parametrize("view", ["landmarks", "confidence"])
def test_drawn_over_the_plate_and_nowhere_else(host, analysis, rgba, node, view):
    source, drawn = shown(host, node, view, analysis, rgba)
    inked = (drawn.rows != source.rows).any(axis=2)
    assert 0.01 < inked.mean() < 0.4
    assert np.array_equal(drawn.rows[..., 3], source.rows[..., 3])
    if view == "landmarks":
        row, column = mouth_of(analysis)
        assert inked[row - 25 : row + 10, column - 12 : column + 12].mean() > 0.1
        assert not inked[:20, :60].any()
    else:
        assert inked[: SIZE[1] // 14, 10:-10].all()
        assert not inked[60:120, 60:-60].any()


@pytest.mark.parametrize("view", VIEWS["Blend"])
def test_blend_shows_all_that_the_one_in_all_node_does(host, analysis, rgba, view):
    """At its defaults, as LipSync itself."""
    source, mouth = shown(host, "MouthGenerate", "result", analysis, rgba)
    images = {"Source": source, "Mouth": mouth}
    blend = host.line().render("Blend", FRAME, {"analysis": analysis, "view": view}, images, rgba)
    assert np.array_equal(blend.rows, shown(host, "LipSync", view, analysis, rgba)[1].rows)


@pytest.mark.parametrize("node", ["MouthGenerate", "LipSync"])
def test_a_matte_is_grey_and_opaque_and_round_the_mouth(host, analysis, rgba, node):
    _, matte = shown(host, node, "matte", analysis, rgba)
    row, column = mouth_of(analysis)
    assert (matte.rows[..., 3] == 1).all()
    assert matte.rows[row, column, 0] == 1
    assert np.array_equal(matte.rows[..., 0], matte.rows[..., 2])
    assert 0.005 < (matte.rows[..., 0] > 0).mean() < 0.3


@pytest.mark.parametrize("node", ["MouthGenerate", "LipSync"])
def test_a_patch_is_premultiplied_and_transparent_elsewhere(host, analysis, rgba, node):
    _, patch = shown(host, node, "patch", analysis, rgba)
    assert not patch.rows[patch.rows[..., 3] == 0].any()
    row, column = mouth_of(analysis)
    assert patch.rows[row, column, 3] == 1
    assert patch.rows[row, column, :3].sum() > 0


def test_the_layer_over_the_plate_by_hand_is_the_comp(host, analysis, rgba, dubbed):
    source, layer = shown(host, "LipSync", "layer", analysis, rgba)
    merged = layer.rows[..., :3] + (1 - layer.rows[..., 3:]) * source.rows[..., :3]
    assert np.array_equal(merged[::-1], dubbed[FRAME])
    assert not layer.rows[layer.rows[..., 3] == 0].any()


def test_the_st_map_moves_the_plate_to_the_new_shape(host, analysis, rgba):
    """As Nuke counts, and as the rows lie: from below. The whole frame, so that it needs no matte."""
    _, mapped = shown(host, "LipSync", "stmap", analysis, rgba)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    moved = np.hypot(mapped.rows[..., 0] * SIZE[0] - x, mapped.rows[..., 1] * SIZE[1] - y)
    row, column = mouth_of(analysis)
    assert (moved < 1e-3).mean() > 0.7
    assert moved[row - 20 : row + 20, column - 30 : column + 30].max() > 0.5
    assert moved.max() < 20
    assert (mapped.rows[..., 3] == 1).all()


def test_a_proxy_has_the_same_st_map(host, analysis, rgba):
    small = {key: picture(halved(p.rows), premult=p.layout.premult) for key, p in rgba.items()}
    _, whole = shown(host, "LipSync", "stmap", analysis, rgba)
    source = small["Source", FRAME]
    half = host.line().render(
        "LipSync", FRAME, {"analysis": analysis, "view": "stmap"}, {"Source": source}, small, scale_x=0.5, scale_y=0.5
    )
    away_px = np.abs(half.rows[..., :2] - halved(whole.rows)[..., :2]).max(axis=2) * SIZE[0]
    assert np.quantile(away_px, 0.99) < 0.5, "but between the lips, where one way turns into the other"


def test_the_mouth_over_the_plate_by_hand_is_close_to_the_comp(host, analysis, rgba, dubbed):
    """MouthGenerate's picture is an honest premultiplied RGBA: merged by hand it lacks Blend's matching alone."""
    source, mouth = shown(host, "MouthGenerate", "result", analysis, rgba)
    merged = mouth.rows[..., :3] + (1 - mouth.rows[..., 3:]) * source.rows[..., :3]
    changed = np.abs(dubbed[FRAME][::-1] - source.rows[..., :3]).mean()
    assert np.abs(merged - dubbed[FRAME][::-1]).mean() < changed
    assert mouth.rows[..., 3].max() == 1


def test_the_strip_shows_where_the_playhead_is(host, analysis, rgba):
    out = Layout(0, 0, 640, 200)
    line, columns = host.line(), []
    for frame in (FRAMES[0], FRAMES[-1]):
        strip = line.render("AudioFeature", frame, {"analysis": analysis}, {}, out=out)
        assert (strip.rows[..., 3] == 1).all()
        columns.append(int(strip.rows[..., :3].min(axis=(0, 2)).argmax()))
    assert columns[0] < 60
    assert columns[1] > 580
    assert len(np.unique(strip.rows[..., 0])) > 50


def test_the_strip_needs_no_plate(host, analysis, tmp_path):
    parts = read_parts(analysis)
    write_analysis(tmp_path / "line.lipsync", replace(parts, faces=None, plan=None, display=()))
    out = Layout(0, 0, 64, 48, 1, 3)
    strip = host.line().render("AudioFeature", FRAME, {"analysis": str(tmp_path / "line.lipsync")}, {}, out=out)
    assert len(np.unique(strip.rows)) > 20


def test_frames_are_asked_for_whatever_the_analysis(host, tmp_path):
    done = host.line().ask(Kind.FRAMES, {"node": "Blend", "time": 7.0, "p.analysis": str(tmp_path / "none")})
    assert dict(done.body) == {"image0.clip": "Source", "image0.first": 7, "image0.last": 7}


def test_the_strip_needs_a_line(host, rgba, analysis, tmp_path):
    with pytest.raises(FailedError, match="press Analyse"):
        host.line().render("AudioFeature", FRAME, {"analysis": str(tmp_path / "x")}, {}, out=Layout(0, 0, 64, 64))
    source = rgba["Source", FRAME]
    passed = host.line().render("AudioFeature", FRAME, {"analysis": analysis, "view": "source"}, {"Source": source})
    assert passed is source


def overlay(host, analysis, frame=FRAME, **more):
    done = host.line().ask(Kind.OVERLAY, {"node": "FaceDetect", "time": float(frame), "p.analysis": analysis, **more})
    count = sum(done.integer(f"line{n}.count") for n in range(done.integer("lines")))
    if not count:
        assert not done.fds
        return done, np.zeros((0, 2))
    check_size(done.fds[0], count * 8)
    points = read_rows(done, Layout(0, 0, 2, count, 4, 1)).reshape(count, 2)
    close_all(done.fds)
    return done, points


def test_the_overlay_lies_on_the_face(host, analysis):
    done, points = overlay(host, analysis)
    track = read_analysis(analysis).faces.chosen_track()
    wanted = track.landmarks[track.index(FRAME), :, :2]
    joined = [done.integer(f"line{n}.closed") for n in range(done.integer("lines"))]
    index = joined.index(POINTS)
    first, count = done.integer(f"line{index}.first"), done.integer(f"line{index}.count")
    drawn = points[first : first + count]
    assert np.allclose(drawn[:, 0], wanted[:, 0])
    assert np.allclose(drawn[:, 1], SIZE[1] - wanted[:, 1], atol=1e-3)
    assert joined.count(LOOP) >= 6
    box = points[: done.integer("line0.count")]
    assert (box.min(axis=0) <= drawn.min(axis=0) + 1e-3).all()
    assert 0 <= done.integer("line0.colour") < 1 << 24


@pytest.fixture(scope="session")
def crowd(analysis, tmp_path_factory) -> str:
    """Four tracks: the actor, a second one to the left, one that goes from left to right, and the actor's double."""
    parts, path = read_parts(analysis), str(tmp_path_factory.mktemp("crowd") / "shot.lipsync")
    track = parts.faces.tracks[0]
    walk = np.zeros((len(track.frames), 1, 3), np.float32)
    walk[:, 0, 0] = np.where(np.arange(len(track.frames)) < 7, -90, 60)

    def at(shift, number):
        return replace(track, landmarks=(track.landmarks + shift).astype(np.float32), identity=number)

    tracks = (at([60, 0, 0], 0), at([-90, 0, 0], 1), at(walk, 2), at([60, 0, 0], 3))
    write_analysis(path, replace(parts, faces=replace(parts.faces, tracks=tracks, chosen=0), plan=None))
    return path


def picks(host, analysis, frame=FRAME, **params) -> list[dict]:
    done, _ = overlay(host, analysis, frame, **{f"p.{name}": value for name, value in params.items()})
    names = ("x1", "y1", "x2", "y2", "across", "down", "index", "chosen")
    return [
        {n: done.body[f"face{i}.{n}"] for n in names if f"face{i}.{n}" in done.body}
        for i in range(done.integer("faces"))
    ]


def test_a_face_is_picked_by_a_point_that_is_nearest_to_it_alone(host, analysis, crowd):
    (actor,) = picks(host, analysis)
    assert actor["chosen"] == 1
    assert 0 < actor["across"] < 100
    found = picks(host, crowd, face="index", face_index=0)
    assert [each["index"] for each in found] == [0, 1, 2, 3]
    assert [each["chosen"] for each in found] == [1, 0, 0, 0]
    pointed = [each for each in found if "across" in each]
    assert 1 in [each["index"] for each in pointed]
    for each in pointed:
        again = picks(host, crowd, face="nearest", face_x=each["across"], face_y=each["down"])
        assert [a["index"] for a in again if a["chosen"]] == [each["index"]]


def test_a_face_without_such_a_point_is_picked_by_its_number(host, crowd):
    """Of two on one spot neither is nearer."""
    found = picks(host, crowd, face="index", face_index=3)
    assert [each["chosen"] for each in found] == [0, 0, 0, 1]
    assert "across" not in found[0]
    assert "across" not in found[3]


def test_the_boxes_are_where_the_faces_are(host, crowd):
    """In canonical coordinates, the chosen one in another colour; a number that nobody has leaves the choice."""
    done, points = overlay(host, crowd, **{"p.face": "index", "p.face_index": 1})
    box = np.array([[done.body[f"face1.{a}{n}"] for a in "xy"] for n in (1, 2)])
    drawn = [n for n in range(done.integer("lines")) if done.integer(f"line{n}.count") == 4]
    corners = [points[done.integer(f"line{n}.first") :][:4] for n in drawn]
    colours = [done.integer(f"line{n}.colour") for n in drawn]
    assert np.allclose([corners[1].min(axis=0), corners[1].max(axis=0)], box, atol=1e-3)
    assert colours[1] != colours[0] == colours[2] == colours[3]
    assert [each["chosen"] for each in picks(host, crowd, face="index", face_index=9)] == [1, 0, 0, 0]


def test_the_overlay_is_in_square_pixels(host, analysis):
    assert np.allclose(overlay(host, analysis, par=2.0)[1], overlay(host, analysis)[1] * (2, 1))


def test_nothing_is_drawn_where_nothing_is_known(host, analysis, tmp_path):
    for path, frame in ((str(tmp_path / "none"), FRAME), (analysis, 5), ("", FRAME)):
        assert overlay(host, path, frame)[0].integer("lines") == 0


def test_the_region_is_the_sources(host, analysis):
    line = host.line()
    for node in ("FaceDetect", "MouthGenerate", "Blend", "LipSync", "AudioFeature"):
        body = {"node": node, "time": 1.0, "image0.clip": "Source"}
        assert line.ask(Kind.REGION, body).integer("same") == 1
    box = {"format.x1": 0.0, "format.y1": 0.0, "format.x2": 2048.0, "format.y2": 858.0}
    done = line.ask(Kind.REGION, {"node": "AudioFeature", "time": 1.0, **box})
    assert [done.number(f"rod.{edge}") for edge in ("x1", "y1", "x2", "y2")] == [0, 0, 2048, 858]


def region_of(host, analysis, frame, box=WHOLE, **more):
    """x1 y1 x2 y2 of MouthGenerate's region, or None where it is Source's."""
    body = {"node": "MouthGenerate", "time": float(frame), "p.analysis": analysis, "image0.clip": "Source", **more}
    edges = dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))
    done = host.line().ask(Kind.REGION, body | {f"image0.rod.{edge}": value for edge, value in edges.items()})
    return None if done.body.get("same") else [done.number(f"rod.{edge}") for edge in edges]


@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_no_pixel_of_a_mouth_lies_outside_its_region(host, analysis, rgba, strength):
    """On every frame of the shot, and a proxy's pixels neither; the region is far smaller than the plate."""
    small = {key: picture(halved(each.rows)) for key, each in rgba.items()}
    for frame in FRAMES:
        x1, y1, x2, y2 = map(round, region_of(host, analysis, frame, **{"p.strength": strength}))
        assert 0 <= x1 < x2 <= SIZE[0]
        assert 0 <= y1 < y2 <= SIZE[1]
        assert (x2 - x1) * (y2 - y1) < 0.5 * SIZE[0] * SIZE[1]
        for scale, pictures in ((1, rgba), (0.5, small)):
            params = {"analysis": analysis, "strength": strength}
            source = {"Source": pictures["Source", frame]}
            told = {"scale_x": float(scale), "scale_y": float(scale)}
            rows = host.line().render("MouthGenerate", frame, params, source, pictures, **told).rows
            part = rows[round(y1 * scale) : round(y2 * scale), round(x1 * scale) : round(x2 * scale)]
            assert part[..., 3].max() == 1
            assert np.count_nonzero(rows) == np.count_nonzero(part)


def test_the_mouths_region_stays_within_source(host, analysis):
    x1, y1, x2, y2 = region_of(host, analysis, FRAME)
    middle = (x1 + x2) / 2
    box = {"format.x1": 0.0, "format.y1": 0.0, "format.x2": float(SIZE[0]), "format.y2": float(SIZE[1])}
    cut = region_of(host, analysis, FRAME, (middle, -10.0, float(SIZE[0]), float(SIZE[1])), **box)
    assert cut == [np.floor(middle), y1, x2, y2]
    assert region_of(host, analysis, FRAME, (0.0, 0.0, 640.0, 180.0), par=2.0) == [2 * x1, y1, 2 * x2, y2]


def test_without_a_mouth_the_region_is_sources(host, analysis):
    assert region_of(host, analysis, FRAME, **{"p.strength": 0.0}) is None
    assert region_of(host, analysis, 5) is None
    assert region_of(host, "", FRAME) is None
    assert region_of(host, analysis, FRAME, **{"p.view": "matte"}) is None
    assert region_of(host, analysis, FRAME, (0.0, 0.0, 4.0, 4.0)) is None


def test_a_region_costs_no_time(host, analysis):
    """And no picture: the worker could not have one."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        region_of(host, analysis, FRAME)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.05


def test_ink_covers_whole_pixels_wholly_and_its_edge_in_part():
    ink = Ink(Region(0, 0, 20, 20))
    ink.line(np.array([[2.0, 10.0], [18.0, 10.0]]), GOOD, 2.0)
    assert np.allclose(ink.alpha[9:11, 5:15], 1)
    assert not ink.alpha[:8].any()
    assert np.allclose(ink.rgb[:, 9, 10], GOOD)
    ink.line(np.array([[np.nan, 1.0], [4.0, 1.0]]), GOOD)  # a point that is nowhere is not drawn
    assert not ink.alpha[:8].any()
