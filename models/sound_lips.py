# SPDX-License-Identifier: Apache-2.0
"""The coarticulation network, which moves lips for sounds that were heard, in NumPy."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.models.convolved import blocks_and_head, convolved, member, trunk_shapes
from ofx_lipsync.models.loader import Weights

_SIZES = ("inputs", "width", "channels", "style", "people", "members")


class SoundLips:
    """Sounds in, lips out, 50 steps a second."""

    def __init__(self, weights: Weights) -> None:
        try:
            dims = {name: int(weights.dims[name]) for name in _SIZES}
            self.dilations = [int(d) for d in weights.dims["dilations"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{weights.name}: dims lack {error}; use weights of the coarticulation network") from None
        weights.fit(expected_shapes(dims, len(self.dilations)))
        self.dims, self.tensors = dims, weights.tensors
        self.people = tuple(name for name in weights.card.get("people", "").split(", ") if name)

    def person(self, style: str) -> int | None:
        """The number of somebody whose style was learned; None for nobody in particular.  Raises: UsageError."""
        if not style:
            return None
        if style not in self.people:
            known = ", ".join(self.people) or "nobody"
            raise UsageError(f"AudioFeature.style: {style!r} is not known to these weights; they know {known}")
        return self.people.index(style)

    def outputs(self, x: np.ndarray, who: int | None = None, steps: Steps = NO_STEPS) -> np.ndarray:
        """x: [T, inputs] of models/spoken.py. who: whose style; None is a stranger's.

        Returns [T, channels + 2], the members' mean; closure and voice as logits; step k is at k * 20 ms + 10 ms.
        """
        who = self.dims["people"] if who is None else who
        parts = steps.parts(self.dims["members"])
        heard = np.stack([self._member(m, x, who, part) for m, part in enumerate(parts)])
        return np.asarray(heard.mean(axis=0, dtype=np.float32))

    def _member(self, number: int, x: np.ndarray, who: int, steps: Steps) -> np.ndarray:
        w = member(self.tensors, number)
        x = ((x - w["mean"]) * w["scale"]).astype(np.float32)
        styled = w["stem.bias"] + w["styled.weight"] @ w["style.weight"][who]
        x = np.maximum(convolved(x, w["stem.weight"], styled), 0)  # [T, width]
        out = blocks_and_head(x, w, self.dilations, steps)
        curves = out[:, : self.dims["channels"]]
        curves *= w["reach.weight"][who]
        curves += w["habit.weight"][who]
        return out


def expected_shapes(dims: dict[str, int], blocks: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes as the trained network has them."""
    inputs, width, channels, people = dims["inputs"], dims["width"], dims["channels"], dims["people"] + 1
    one: dict[str, tuple[int, ...]] = {"mean": (inputs,), "scale": (inputs,)}
    one |= {"stem.weight": (width, inputs, 5), "stem.bias": (width,)}
    one |= {"style.weight": (people, dims["style"]), "styled.weight": (width, dims["style"])}
    one |= {"reach.weight": (people, channels), "habit.weight": (people, channels)}
    one |= trunk_shapes(width, blocks, channels)
    return {f"{m}.{key}": shape for m in range(dims["members"]) for key, shape in one.items()}
