# SPDX-License-Identifier: Apache-2.0
"""What keys do, and which frame is due when."""

from __future__ import annotations

import pytest

from ofx_lipsync.view.overlay import NAMES
from ofx_lipsync.view.player import Player


@pytest.fixture
def player() -> Player:
    return Player([1001, 1002, 1003, 1004], 24.0, ["Film", "Raw"], frozenset(NAMES), can_dub=True)


def press(player: Player, *keys: str) -> Player:
    for key in keys:
        player.press(key)
    return player


def test_steps_go_round(player: Player) -> None:
    assert press(player, "right", "right").frame == 1003
    assert press(player, "home", "left").frame == 1004
    assert press(player, "right").frame == 1001
    assert press(player, "end").frame == 1004


def test_playing_follows_the_clock_and_skips_what_came_too_late(player: Player) -> None:
    player.tick(100.0)
    press(player, "space")
    player.tick(100.0 + 1.01 / 24)
    assert player.frame == 1002
    player.tick(100.0 + 3.01 / 24)
    assert player.frame == 1004
    player.tick(100.0 + 4.01 / 24)
    assert player.frame == 1001
    assert player.ahead(2) == [1001, 1002]
    assert player.behind(3) == [1001, 1004, 1003]
    press(player, "space")
    player.tick(200.0)
    assert player.frame == 1001
    assert player.ahead(2) == player.behind(2) == [1001]


def test_a_pause_costs_no_frames(player: Player) -> None:
    player.tick(0.0)
    player.tick(50.0)
    press(player, "space")
    player.tick(50.0 + 1.01 / 24)
    assert player.frame == 1002


def test_views_overlays_result_and_exposure(player: Player) -> None:
    assert press(player, "v").title(1001) == f"lipsync view   frame 1001   Raw   plate   {', '.join(NAMES)}"
    assert press(player, "v").view == 0
    assert press(player, "o").overlays == frozenset()
    assert press(player, "o").overlays == {NAMES[0]}
    assert press(player, "r").result
    assert press(player, "+", "+", "+", "-").exposure == 1.0
    assert "+1 stops" in player.title(1001)
    assert press(player, "0").exposure == 0.0
    assert press(player, "nothing", "").frame == 1001
    assert press(player, "q").closing


def test_without_an_analysis_there_is_nothing_to_draw_over() -> None:
    player = press(Player([1], 25.0, ["Film"]), "o", "r")
    assert player.overlays == frozenset()
    assert not player.result
