# SPDX-License-Identifier: Apache-2.0
"""Pictures for sheets, through the OCIO view."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.media.colour import Colour
from ofx_lipsync.tuning.shown import Shower


def test_a_graded_movie_is_shown_as_a_player_shows_it() -> None:
    """A tone map on top of a grade would make every movie's sheet flat and yellow."""
    colour = Colour.load()
    grey = np.full((3, 4, 4), 0.18, np.float32)
    graded, scene = Shower.of(colour, graded=True), Shower.of(colour)
    assert graded.view != scene.view
    assert np.abs(graded.picture(grey) - colour.to_look(grey)).max() < 0.01
    assert np.abs(scene.picture(grey) - colour.to_look(grey)).max() > 0.05
    assert Shower.of(colour, view=scene.view, graded=True).view == scene.view
