# SPDX-License-Identifier: Apache-2.0
"""Every depth, channel set, origin and scale that hosts have; what a node does not touch goes back bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from host_shot import FRAMES, halved
from hypothesis import given, settings
from hypothesis import strategies as st
from shim_client import picture

from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.plugin.pictures import (
    DEPTHS,
    HostColour,
    Layout,
    Picture,
    Place,
    alpha_of,
    as_layout,
    part_of,
    stored,
)
from ofx_lipsync.plugin.protocol import ProtocolError

FRAME = FRAMES[4]
SRGB = "sRGB - Texture"


def converted(source: Picture, depth: int, comps: int, space: str | None = None) -> Picture:
    """A float plate as another host would have it."""
    rows = source.rows
    if space is not None:
        rgb = Colour.load().from_working(np.ascontiguousarray(rows[..., :3].transpose(2, 0, 1)), space)
        rows = np.concatenate([rgb.transpose(1, 2, 0), rows[..., 3:]], axis=2)
    return picture(np.stack([stored(rows[..., c], depth) for c in range(comps)], axis=2))


def comp_and_matte(host, analysis, pictures, scale=1.0, **params):
    line, source = host.line(), pictures["Source", FRAME]
    scales = {"scale_x": scale, "scale_y": scale}
    views = (
        line.render(
            "LipSync", FRAME, {"analysis": analysis, "view": view, **params}, {"Source": source}, pictures, **scales
        )
        for view in ("result", "matte")
    )
    return source, *views


@pytest.mark.parametrize(("depth", "comps"), [(1, 4), (2, 3), (3, 4), (4, 3)])
def test_outside_the_matte_the_hosts_own_bits(host, analysis, rgba, depth, comps):
    pictures = {key: converted(each, depth, comps, SRGB) for key, each in rgba.items()}
    source, comp, matte = comp_and_matte(host, analysis, pictures, input_space=SRGB)
    outside = matte.rows[..., 0] == 0
    bits = f"u{source.rows.dtype.itemsize}"
    assert np.array_equal(source.rows.view(bits)[outside], comp.rows.view(bits)[outside])
    assert (source.rows[~outside] != comp.rows[~outside]).any()
    assert np.array_equal(source.rows[..., 3:].view(bits), comp.rows[..., 3:].view(bits))
    # The same numbers as float give the same result, but for the rounding of what is written.
    float_pictures = {key: picture(to_float(each.rows)) for key, each in pictures.items()}
    exact = comp_and_matte(host, analysis, float_pictures, input_space=SRGB)[1]
    slack = {1: 0.501 / 255, 2: 0.501 / 65535, 3: 2e-3, 4: 0}[depth]
    wanted = np.clip(exact.rows[..., :3], 0, 1) if depth < 3 else exact.rows[..., :3]
    assert np.abs(to_float(comp.rows[..., :3]) - wanted).max() <= slack


def test_an_input_space_changes_nothing_but_the_numbers(host, analysis, rgba, dubbed):
    pictures = {key: converted(each, 4, 4, SRGB) for key, each in rgba.items()}
    _, comp, _ = comp_and_matte(host, analysis, pictures, input_space=SRGB)
    rgb = Colour.load().to_working(np.ascontiguousarray(comp.rows[::-1, :, :3].transpose(2, 0, 1)), SRGB)
    assert np.abs(rgb.transpose(1, 2, 0) - dubbed[FRAME]).max() < 2e-4


def test_nan_inf_and_negatives_survive_outside(host, analysis, rgba):
    pictures = {}
    for key, each in rgba.items():
        rows = each.rows.copy()
        rows[:4, :4, :3], rows[-4:, -4:, :3] = (np.nan, np.inf, -np.inf), (-0.25, 60, 1e-7)
        pictures[key] = picture(rows)
    source, comp, matte = comp_and_matte(host, analysis, pictures)
    outside = matte.rows[..., 0] == 0
    assert outside[:4, :4].all()
    assert np.array_equal(source.rows.view("u4")[outside], comp.rows.view("u4")[outside])


def test_a_data_window_that_is_not_at_the_origin(host, analysis, rgba, dubbed):
    """What is cut away on all sides lay outside what the mouth needs: the rest is the same, bit for bit."""
    pictures = {key: cut(each, 40, 6, 30, 20) for key, each in rgba.items()}
    line, source = host.line(), pictures["Source", FRAME]
    comp = line.render("LipSync", FRAME, {"analysis": analysis}, {"Source": source}, pictures)
    whole = picture(np.concatenate([dubbed[FRAME][::-1], rgba["Source", FRAME].rows[..., 3:]], axis=2))
    assert comp.layout == source.layout
    assert np.array_equal(comp.rows, cut(whole, 40, 6, 30, 20).rows)


def test_an_output_larger_than_the_source_is_transparent_there(host, analysis, rgba):
    source = rgba["Source", FRAME]
    out = Layout(-7, -5, source.layout.x2 + 3, source.layout.y2 + 2)
    comp = host.line().render("LipSync", FRAME, {"analysis": analysis}, {"Source": source}, rgba, out=out)
    inner = host.line().render("LipSync", FRAME, {"analysis": analysis}, {"Source": source}, rgba)
    rest = comp.rows.copy()
    rest[5:-2, 7:-3] = 0
    assert np.array_equal(comp.rows[5:-2, 7:-3], inner.rows)
    assert not rest.any()


def test_a_proxy_shows_what_full_resolution_shows(host, analysis, rgba, dubbed):
    pictures = {key: picture(halved(each.rows)) for key, each in rgba.items()}
    source, comp, matte = comp_and_matte(host, analysis, pictures, scale=0.5)
    outside = matte.rows[..., 0] == 0
    assert np.array_equal(source.rows[outside], comp.rows[outside])
    wanted = halved(dubbed[FRAME][::-1])
    inside = matte.rows[..., 0] > 0.5
    assert inside.sum() > 100
    unmoved = np.abs(source.rows[..., :3] - wanted)[inside].mean()
    assert np.abs(comp.rows[..., :3] - wanted)[inside].mean() < 0.35 * unmoved


def test_a_proxy_takes_other_frames_from_disk(host, plate, analysis, rgba):
    pictures = {key: picture(halved(each.rows)) for key, each in rgba.items()}
    _, comp, matte = comp_and_matte(host, analysis, pictures, scale=0.5)
    only = {key: each for key, each in pictures.items() if key[1] == FRAME}
    _, from_disk, _ = comp_and_matte(host, analysis, only, scale=0.5, plate_file=plate)
    inside = matte.rows[..., 0] > 0
    assert np.abs(comp.rows - from_disk.rows)[inside].mean() < 0.01


def cut(whole: Picture, left: int, bottom: int, right: int, top: int) -> Picture:
    height, width = whole.rows.shape[:2]
    return picture(whole.rows[bottom : height - top, left : width - right], left, bottom)


layouts = st.builds(
    lambda x, y, w, h, depth, comps: Layout(x, y, x + w, y + h, depth, comps),
    st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 30), st.integers(1, 30), st.sampled_from(list(DEPTHS)),
    st.sampled_from([1, 3, 4]),
)  # fmt: skip


def noise(layout: Layout) -> Picture:
    rows = np.random.default_rng(layout.size).random((layout.height, layout.width, layout.comps), np.float32)
    return Picture(layout, stored(rows, layout.depth))


@settings(max_examples=200, deadline=None)
@given(layouts, layouts)
def test_one_layout_in_another(source, target):
    """Every pixel lies where its canonical place is; what is not there is transparent black."""
    given = noise(source)
    rows = as_layout(given, target)
    assert rows.shape == (target.height, target.width, target.comps)
    assert rows.dtype == DEPTHS[target.depth]
    for y, x in ((target.y1, target.x1), (target.y2 - 1, target.x2 - 1)):
        inside = source.x1 <= x < source.x2 and source.y1 <= y < source.y2
        pixel = rows[y - target.y1, x - target.x1]
        if not inside:
            assert not pixel.any()
        elif (source.depth, source.comps) == (target.depth, target.comps):
            assert np.array_equal(pixel, given.rows[y - source.y1, x - source.x1])


@settings(max_examples=100, deadline=None)
@given(layouts, st.integers(1, 50))
def test_our_rows_run_down_and_the_hosts_run_up(layout, format_px):
    given, place = noise(layout), Place(format_px)
    region = place.region(layout)
    part = part_of(given, place, region)
    assert part.base is not None  # a view, no copy
    assert np.array_equal(part, given.rows[::-1])
    assert region.y1 == format_px - layout.y1


def test_premultiplied_colour_is_seen_without_its_alpha():
    colour, place = HostColour(Colour.load(), SRGB), Place(1)
    bare = np.array([[[0.5, 0.2, 0.9, 1.0]]], np.float32)
    half = picture(np.concatenate([bare[..., :3] * 0.5, bare[..., 3:] * 0.5], axis=2).astype(np.float32), premult=1)
    region = Region(0, 0, 1, 1)
    assert np.allclose(colour.rgb(half, place, region), colour.rgb(picture(bare), place, region), atol=1e-6)
    rows = half.rows.copy()
    colour.put(rows, half.layout, colour.rgb(half, place, region), np.ones((1, 1), bool))
    assert np.allclose(rows, half.rows, atol=1e-6)


def test_a_premultiplied_plate_in_the_working_space_is_left_as_it_is():
    given = picture(np.array([[[0.5, 0.2, 0.9, 0.25]]], np.float32), premult=1)
    rgb = HostColour(Colour.load(), "ACEScg").rgb(given, Place(1), Region(0, 0, 1, 1))
    assert np.array_equal(rgb[:, 0, 0], given.rows[0, 0, :3])


def test_a_matte_is_alpha_or_red():
    place, region = Place(1), Region(-1, 0, 2, 1)
    for rows, wanted in (([0.3], 0.3), ([0.3, 0, 0], 0.3), ([0, 0, 0, 0.3], 0.3)):
        given = picture(np.array([[rows]], np.float32))
        assert np.allclose(alpha_of(given, place, region), [[0, wanted, 0]])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"x2": 0}, "empty"), ({"y1": 5, "y2": 5}, "empty"), ({"x2": 2**40}, "too large"), ({"depth": 5}, "unknown"),
        ({"comps": 2}, "unknown"), ({"premult": 3}, "unknown"), ({"par": float("nan")}, "aspect"),
        ({"x1": -(2**20), "x2": 2**20, "y2": 2**20}, "too large"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_is_refused(wrong, says):
    with pytest.raises(ProtocolError, match=says):
        Layout(**{"x1": 0, "y1": 0, "x2": 4, "y2": 4, **wrong})
