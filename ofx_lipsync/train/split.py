# SPDX-License-Identifier: Apache-2.0
"""Who and what training never sees. Training and every benchmark read it here, so that no score is flattered."""

from __future__ import annotations

HELD_OUT_PEOPLE = frozenset({"s30", "s31", "lbax4n", "lwbsza"})
"""People of GRID; those of the folder `other` have one clip each and go by its name."""

_SENTENCES = """
bbaszn bbifzp bbwtzp bgbh5s bgwb6p bras8p briz6n bwag4n bwbt9a bwwn6n lbay1a lbij9a lgaf5s lgbs8p
lgwt3a lrbl3a lriy2p lwar9a lwie4n lwws5s pbbj1a pbio7a pgak3s pgby4n pgwr5s prbj7a prwd6p pwax7a
pwip8p sbahzp sbbu3a sbwh7s sgapzn sgic1a sgwp9s srbb4n srin6p swab9a swbv5a swwp3s
"""
HELD_OUT_SENTENCES = frozenset(_SENTENCES.split())
"""Forty sentences of s1, every eighteenth in order of name."""

HELD_OUT_TAKES = frozenset({"1114_2_05", "1114_3_16"})
"""Takes of FACEGOOD."""


def person(folder: str, stem: str) -> str:
    """Who speaks in a GRID clip."""
    return stem if folder == "other" else folder


def is_held_out(folder: str, stem: str) -> bool:
    """Whether a GRID clip is for scoring only."""
    return person(folder, stem) in HELD_OUT_PEOPLE or (folder == "s1" and stem in HELD_OUT_SENTENCES)
