# SPDX-License-Identifier: Apache-2.0
"""What a frame was made from, as one short key in its header: same key, same frame.

    recipe = Recipe.of(opened, analysis)
    frame.metadata[KEY] = recipe.key(1001)

The key holds all that a pixel hangs on: plate, line, reel, holdout, colour, what the analysis found, every param of the
chain, the networks and this version. It holds the frame's number too, so that a renamed frame is not taken for another.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ofx_lipsync import __version__
from ofx_lipsync.analysis import Analysis, to_bytes
from ofx_lipsync.core.errors import AnalysisError
from ofx_lipsync.graph import NODES, node
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.writer import KEY
from ofx_lipsync.shotfile import OpenShot

__all__ = ["KEY", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """Everything but the frame's number, as a digest."""

    digest: str

    @classmethod
    def of(cls, opened: OpenShot, analysis: Analysis) -> Recipe:
        """Of a dub whose shot is open. analysis: the first person's; the others have theirs."""
        people = [_person(person, analysis if person is opened else person.analysis) for person in opened.people]
        # One person alone is what it was before there were several.
        text = json.dumps(people[0] if len(people) == 1 else people, sort_keys=True)
        return cls(hashlib.blake2b(text.encode(), digest_size=16).hexdigest())

    def key(self, frame: int) -> str:
        """32 hex digits."""
        return hashlib.blake2b(f"{self.digest} {frame}".encode(), digest_size=16).hexdigest()


def _person(opened: OpenShot, analysis: Analysis | None) -> dict[str, Any]:
    """All that one person's pixels hang on."""
    shot, info = opened.shot, opened.plate.info
    if analysis is None:
        raise AnalysisError(f"{opened.person}: has no analysis; make it with: lipsync analyse")
    return {
        "software": __version__,
        "nodes": {name: node(name).VERSION for name in NODES},
        "params": {name: opened.settings[name].digest_text() for name in NODES},
        "inputs": opened.key,
        "networks": opened.settings.key(),
        "holdout": shot.holdout.fingerprint() if isinstance(shot.holdout, Plate) else "",
        "plate": [info.space, str(info.rate), info.dtype],
        "analysis": hashlib.blake2b(to_bytes(analysis), digest_size=16).hexdigest(),
    }
