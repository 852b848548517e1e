# SPDX-License-Identifier: Apache-2.0
"""Finished frames of a dub, one after another: what every way of delivering them starts from."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.progress import Progress
from ofx_lipsync.cli.provenance import frame_stamp, people_stamp, shot_stamp
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.errors import AnalysisError, at_frame
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.farm.recipe import Recipe
from ofx_lipsync.graph import Dub, Dubbed, together
from ofx_lipsync.media.plate import Frame
from ofx_lipsync.media.writer import KEY


@dataclass(frozen=True)
class Finished:
    """frame: the plate's own, with the new mouths in it and what it says of itself. people: what was made, by person,
    in the order it was laid over; nobody where the plate stands as it is. layer: the new pixels of all of them as they
    were laid over the frame, see Frame.lay."""

    frame: Frame
    people: dict[str, Dubbed]
    layer: Image | None = None

    @property
    def dubbed(self) -> Dubbed | None:
        """Where one person speaks: what was made of them."""
        return next(iter(self.people.values()), None)


def finished(opened: OpenShot, analysis: Analysis, frames: Sequence[int], shown: Progress) -> Iterator[Finished]:
    """The frames asked for, in order; each a pure function of plate, analysis and params. analysis: the first person's;
    the others' are where `analysed` left them."""
    cast = [_Player(person, analysis if person is opened else person.analysis) for person in opened.people]
    for player in cast:
        player.dub.prepare(player.analysis, frames)
    recipe = Recipe.of(opened, analysis)
    for number in shown.stage("render", frames):
        with at_frame(number):
            done = [_finished(opened, cast, number, recipe)]
        yield done.pop()  # not held while the next is made: of 4K that is a quarter of a GiB


def _finished(opened: OpenShot, cast: Sequence[_Player], number: int, recipe: Recipe) -> Finished:
    made = {player: player.dub.render(player.analysis, number) for player in cast}
    frame = opened.plate.load(number)
    laid = _laid(frame, {one: dubbed for one, dubbed in made.items() if dubbed is not None})
    frame.metadata[KEY] = recipe.key(number)
    return laid


class _Player:
    """One person of the shot, with what their frames are made from."""

    def __init__(self, opened: OpenShot, analysis: Analysis | None) -> None:
        if analysis is None:
            raise AnalysisError(f"{opened.person}: has no analysis; make it with: lipsync analyse")
        self.name, self.analysis = opened.person, analysis
        self.in_company = len(opened.file.lines) > 1
        self.dub, self.stamp = Dub(opened.shot, opened.settings), shot_stamp(opened, analysis)


def _laid(frame: Frame, made: Mapping[_Player, Dubbed]) -> Finished:
    """Everybody's new pixels over the frame, later ones over earlier."""
    layers = [dubbed.layer for dubbed in made.values() if dubbed.layer is not None]
    if not layers:
        return Finished(frame, {})
    layer = frame.lay(together(layers))
    people = {player.name: dubbed for player, dubbed in made.items()}
    stamps = {player.name: player.stamp for player in made}
    in_company = any(player.in_company for player in made)
    frame.metadata.update(people_stamp(stamps) if in_company else next(iter(stamps.values())))
    frame.metadata.update(frame_stamp(touched(people)))
    return Finished(frame, people, layer)


def touched(people: Mapping[str, Dubbed]) -> Region:
    """Where a frame was changed."""
    return functools.reduce(Region.union, (dubbed.image.region for dubbed in people.values()))
