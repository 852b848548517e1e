# SPDX-License-Identifier: Apache-2.0
"""What is seen at a point of a graph: a frame of a Read, and what is done to it on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ofx_lipsync.core.region import Region
from ofx_lipsync.nk.script import Node


@dataclass(frozen=True, eq=False)
class Dubbing:
    """A Blend (or LipSync) at a frame."""

    node: Node
    frame: int


@dataclass(frozen=True, eq=False)
class Over:
    """Another picture over this one. mix: how far."""

    node: Node
    top: Shown
    mix: float


@dataclass(frozen=True, eq=False)
class Cut:
    """box: what stays, in the display's own pixels, y down. display: whether it becomes the format."""

    node: Node
    box: Region
    display: bool


@dataclass(frozen=True, eq=False)
class Shown:
    """frame: at which the Read is asked. steps: what is done to it, first to last."""

    read: Node
    frame: int
    steps: tuple[Dubbing | Over | Cut, ...] = ()

    @property
    def plain(self) -> bool:
        return not self.steps

    def then(self, step: Dubbing | Over | Cut) -> Shown:
        return replace(self, steps=(*self.steps, step))
