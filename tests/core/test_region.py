# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.region import Region

edges = st.integers(-5000, 5000)
regions = st.builds(Region, edges, edges, edges, edges)


def test_size_of_an_overscanned_window():
    region = Region(-10, -4, 30, 16)
    assert (region.width, region.height, region.shape) == (40, 20, (20, 40))


def test_around_points_covers_them_with_margin():
    region = Region.around([(1.2, 3.9), (7.0, 4.1, 0.5)], margin_px=2)
    assert region == Region(-1, 1, 9, 7)


@given(regions, regions)
def test_intersection_lies_in_both_and_union_holds_both(a, b):
    inside, both = a.intersect(b), a.union(b)
    assert inside.is_empty or (a.contains(inside) and b.contains(inside))
    assert both.contains(a)
    assert both.contains(b)


@given(regions, st.sampled_from([1, 2, 4, 8]))
def test_aligned_grows_outwards_to_multiples(region, multiple):
    grown = region.aligned(multiple)
    assert all(edge % multiple == 0 for edge in (grown.x0, grown.y0, grown.x1, grown.y1))
    assert grown.contains(region)


def test_slices_pick_the_window_out_of_an_array():
    outer = Region(100, 50, 110, 60)
    array = np.arange(100).reshape(10, 10)
    rows, columns = Region(102, 51, 104, 53).slices_in(outer)
    assert array[rows, columns].tolist() == [[12, 13], [22, 23]]


def test_no_points_is_an_error():
    with pytest.raises(ValueError):
        Region.around([])
