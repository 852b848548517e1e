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

from ofx_lipsync import __version__
from ofx_lipsync.analysis import Analysis, to_bytes
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
        """Of a dub whose shot is open."""
        shot, info = opened.shot, opened.plate.info
        made_from = {
            "software": __version__,
            "nodes": {name: node(name).VERSION for name in NODES},
            "params": {name: opened.settings[name].digest_text() for name in NODES},
            "inputs": opened.key,
            "networks": opened.settings.key(),
            "holdout": shot.holdout.fingerprint() if isinstance(shot.holdout, Plate) else "",
            "plate": [info.space, str(info.rate), info.dtype],
            "analysis": hashlib.blake2b(to_bytes(analysis), digest_size=16).hexdigest(),
        }
        text = json.dumps(made_from, sort_keys=True)
        return cls(hashlib.blake2b(text.encode(), digest_size=16).hexdigest())

    def key(self, frame: int) -> str:
        """32 hex digits."""
        return hashlib.blake2b(f"{self.digest} {frame}".encode(), digest_size=16).hexdigest()
