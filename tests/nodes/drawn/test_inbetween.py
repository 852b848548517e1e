# SPDX-License-Identifier: Apache-2.0
"""In-between drawings, on the character that ships."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import placed
from ofx_lipsync.media.mouth_set import MouthSet, read_mouth_set
from ofx_lipsync.nodes.drawn.inbetween import InBetweens
from ofx_lipsync.nodes.drawn.palette import Palette, coverage, labelled
from ofx_lipsync.nodes.drawn.pieces import pieces_of
from ofx_lipsync.nodes.drawn.shapes import pieces


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour.load()


@pytest.fixture(scope="module")
def mila(samples, colour) -> MouthSet:
    return read_mouth_set(str(samples / "character"), colour, height_px=240)


def face(name: str, expression: str = "neutral") -> tuple[str, str]:
    return expression, name


def test_the_ends_of_a_way_are_the_drawings_themselves(mila) -> None:
    for transition in ("morph", "dissolve", "inbetween", "hold"):
        between = InBetweens(mila, transition)
        assert between.drawing(face("M"), face("Aa"), 0.0) is mila.mouths["neutral"]["M"]
        assert between.drawing(face("M"), face("Aa"), 1.0) is mila.mouths["neutral"]["Aa"]


def test_a_morph_opens_a_mouth_and_does_not_fade_it(mila) -> None:
    """Half way from shut to open the mouth is half as high, and as solid as any drawing."""
    between = InBetweens(mila)
    tall = [between.drawing(face("M"), face("Aa"), phase).pixels[3].max(axis=1).sum() for phase in (0.3, 0.6, 0.9)]
    assert tall[0] < tall[1] < tall[2]
    half = between.drawing(face("Ee"), face("Oh"), 0.5).pixels[3]
    soft = ((half > 0.1) & (half < 0.9)).sum()
    own = mila.mouths["neutral"]["Ee"].pixels[3]
    assert soft < 2 * ((own > 0.1) & (own < 0.9)).sum()
    dissolve = InBetweens(mila, "dissolve").drawing(face("Ee"), face("Oh"), 0.5).pixels[3]
    assert ((dissolve > 0.1) & (dissolve < 0.9)).sum() > 2 * soft


def test_a_closing_mouth_has_teeth_until_it_is_shut(mila) -> None:
    half = InBetweens(mila).drawing(face("Ee"), face("M"), 0.4).pixels
    white = (half[:3].min(axis=0) > 0.7) & (half[3] > 0.9)
    assert white.sum() > 20


def test_from_one_expression_to_another(mila) -> None:
    drawing = InBetweens(mila).drawing(face("Aa"), face("Aa", "happy"), 0.5)
    widths = [mila.mouths[e]["Aa"].region.width for e in ("neutral", "happy")]
    drawn = np.flatnonzero(placed(drawing, mila.canvas)[3].any(axis=0))
    assert min(widths) - 2 <= np.ptp(drawn) + 1 <= max(widths) + 2


def test_in_betweens_that_were_drawn_are_used_both_ways(mila) -> None:
    own = tuple(mila.mouths["neutral"][name] for name in ("Uh", "Ee"))
    drawn = InBetweens(MouthSet(**{**vars(mila), "between": {("neutral", "M", "Aa"): own}}), "inbetween")
    assert drawn.drawing(face("M"), face("Aa"), 0.3) is own[0]
    assert drawn.drawing(face("M"), face("Aa"), 0.7) is own[1]
    assert drawn.drawing(face("Aa"), face("M"), 0.3) is own[1]
    assert drawn.drawing(face("M"), face("Oh"), 0.3) is mila.mouths["neutral"]["M"]


def test_an_unknown_transition_is_refused(mila) -> None:
    with pytest.raises(UsageError, match="got 'wipe', expected morph or inbetween or dissolve or hold"):
        InBetweens(mila, "wipe")


def test_a_palette_has_the_colours_that_were_drawn(mila) -> None:
    palette = Palette.of(mila.mouths["neutral"].values())
    assert 6 <= len(palette.means) <= 12
    drawing = mila.mouths["neutral"]["Aa"]
    labels = labelled(drawing.pixels, palette)
    cover = coverage(drawing.pixels, labels, palette)
    np.testing.assert_allclose(cover.sum(axis=0), 1, atol=0.01)
    painted = np.tensordot(palette.means.T, cover, axes=1)
    assert np.abs(painted - drawing.pixels).mean() < 0.06  # lines are two pixels thin here


def test_pieces_hold_every_pixel_once(mila) -> None:
    drawing = mila.mouths["happy"]["Aa"]
    masks = pieces_of(drawing.pixels[3])
    assert len(masks) == 4  # the mouth, its shadow, two smile lines
    np.testing.assert_array_equal(np.sum(masks, axis=0), 1)
    assert [len(p.drawing.pixels) for p in pieces(drawing, Palette.of([drawing]))] == [4] * 4


def test_a_spiral_is_one_piece_and_a_chessboard_too() -> None:
    spiral = np.zeros((9, 9), np.float32)
    for ring in (0, 2, 4):
        spiral[ring : 9 - ring, ring : 9 - ring] = 1 - spiral[ring : 9 - ring, ring : 9 - ring]
        spiral[ring + 1 : 8 - ring, ring + 1 : 8 - ring] = 0
    assert len(pieces_of(spiral)) == 2
    assert len(pieces_of((np.indices((9, 9)).sum(axis=0) % 2).astype(np.float32))) == 1
