# SPDX-License-Identifier: Apache-2.0
"""Who is speaking: how this face rests, how far it moves, and how its lips and jaw follow a channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.articulate import measure
from ofx_lipsync.core.mouth import ARTICULATION, reach_of
from ofx_lipsync.nodes.mouth.points import COUNT, INDEX

CLOSED = 0.012
"""Inner lips nearer than this, in face heights, are shut: the face mesh leaves up to that much between pressed lips."""
SHUT = 0.003
"""Where the face mesh puts the inner lips of a mouth that is shut."""
LIVELY = 0.4
"""A channel that moves less than this share of other people's range is taken from them, not from this shot."""
WIDTH = ARTICULATION.index("width")
RELAXED, EASED_SMILE = 0.30, 0.5
"""Corner to corner, in face heights, a mouth at rest is hardly wider; the share of a smile that speech takes back."""
UNLIKE = 2.5
"""No actor moves this many times more or less than others; a smile or a wrong track may look so."""


@dataclass(frozen=True)
class People:
    """What other actors taught. shape: [6, P, 3] how control points move for one unit of each channel, in face heights.
    reach: [6] raw articulation from rest to the 95th percentile of speech. along: [6] channels of a mouth that opens
    by one unit the way mouths do."""

    shape: np.ndarray
    reach: np.ndarray
    along: np.ndarray


def people() -> People:
    """The shipped table. Raises: ModelError when it is missing or damaged."""
    from ofx_lipsync.models.loader import load

    weights = load("lower_face")
    weights.fit({"shape": (6, COUNT, 3), "reach": (6,), "along": (6,)})
    return People(**{name: tensor.astype(np.float64) for name, tensor in weights.tensors.items()})


@dataclass(frozen=True)
class Actor:
    """rest: [P, 3] control points of the resting face turned to the front, in face heights, lips shut.
    shape: [6, P, 3] how they move for one unit of each channel. closed, reach: [6] raw articulation at rest, and from
    there to the 95th percentile of speech. own: [6] bool, channels whose reach was seen on this actor."""

    rest: np.ndarray
    shape: np.ndarray
    closed: np.ndarray
    reach: np.ndarray
    own: np.ndarray

    def pose_free(self, channels: np.ndarray) -> np.ndarray:
        """[N, P, 3] control points to the front for channels [N, 6]."""
        return self.rest + np.einsum("nc,cpk->npk", channels, self.shape)

    def channels(self, raw: np.ndarray) -> np.ndarray:
        """[N, 6] channels from raw articulation [N, 6]."""
        return (raw - self.closed) / self.reach


def learn(front: np.ndarray, people: People, stiffness: float = 4.0) -> Actor:
    """The actor of a shot. front: [N, 478, 3] landmarks to the front (core.pose.to_front).

    stiffness: how many frames of speech it takes to trust this actor as much as other people.
    """
    raw, points = measure(front).astype(np.float64), front[:, INDEX].astype(np.float64)
    shut = raw[:, 0] <= max(CLOSED, float(np.quantile(raw[:, 0], 0.05)))
    rest, closed = np.median(points[shut], axis=0), np.median(raw[shut], axis=0)
    if closed[0] > SHUT:  # nobody saw these lips shut: shut them the way other people do
        gap = (closed[0] - SHUT) / people.reach[0]
        rest = rest - gap * np.einsum("c,cpk->pk", people.along, people.shape)
        closed = closed - gap * people.along * people.reach
    seen = reach_of(raw, closed)
    travel = np.ptp(np.quantile(raw, [0.05, 0.95], axis=0), axis=0)
    own = (seen > LIVELY * people.reach) & (travel > LIVELY * people.reach)
    reach = np.clip(np.where(own, seen, people.reach), people.reach / UNLIKE, people.reach * UNLIKE)
    smile = max(0.0, float(closed[WIDTH]) - RELAXED) * EASED_SMILE / people.reach[WIDTH]
    if not own[WIDTH] and smile > 0:  # a still smiles for ever; who speaks through a full smile grimaces
        rest = rest - smile * people.shape[WIDTH]
        closed = closed - smile * people.reach * (np.arange(len(closed)) == WIDTH)
    channels = (raw - closed) / reach
    moved = (points - rest).reshape(len(points), -1)
    gram = channels.T @ channels + stiffness * np.eye(6)
    shape = np.linalg.solve(gram, channels.T @ moved + stiffness * people.shape.reshape(6, -1))
    return Actor(rest, shape.reshape(people.shape.shape), closed, reach, own)
