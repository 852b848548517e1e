# SPDX-License-Identifier: Apache-2.0
"""What a node shows at a frame: which frame of which file, and what is done to it on the way down.

Nodes that hand a picture on (Dot, Switch, Group, TimeOffset ...) are followed here; what changes pixels (a dub, a
Merge, a Crop) is noted, to be done in order when the frame is made.
"""

from __future__ import annotations

import math
from typing import Callable, Iterator

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.nk.classes import GRAPH, PASSED, engine_node, origin, version
from ofx_lipsync.nk.framing import check_reformat, crop_box
from ofx_lipsync.nk.script import GROUPS, Node
from ofx_lipsync.nk.shown import Cut, Dubbing, Over, Shown
from ofx_lipsync.nk.shuffles import is_plain
from ofx_lipsync.nk.values import Values

DUBS = ("Blend", "LipSync")
VIEWS = ("result", "source", "none")
"""Of our nodes, what they show when they hand on the picture, or the dub."""
_DEEPEST = 100
_LONGEST = 20_000


class Walk:
    """formats: a Read's display window, in its own pixels."""

    def __init__(self, values: Values, formats: Callable[[Node], Region]) -> None:
        self.values, self.formats = values, formats
        self._depth = 0

    def shown(self, node: Node, frame: int) -> Shown:
        """What a node gives at a frame.  Raises: InputError naming the node that cannot be followed."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.stop(node, "the graph is nested too deeply here")
        try:
            return self._shown(node, frame)
        finally:
            self._depth -= 1

    def trail(self, node: Node, frame: int) -> Iterator[tuple[Node, int]]:
        """Every node on the way up to the Read, with the frame it is asked for; through the first input of those
        that change pixels."""
        for _ in range(_LONGEST):
            yield node, frame
            if node.kind == "Read":
                return
            off = self.is_off(node, frame)
            if not off and (node.kind in ("Merge2", "Merge", "Crop", "Reformat") or self._is_ours(node)):
                above = node.input(0)
                if above is None:
                    raise self.stop(node, "nothing is connected to its input")
                node = above
            else:
                node, frame = self._up(node, frame)
        raise self.stop(node, "more nodes follow each other here than a script has")

    def connected(self, node: Node | None, frame: int) -> Node | None:
        """An input, or None where it leads through Dots and out of groups to nothing."""
        at = node
        while at is not None and (at.kind in ("Input", "Dot", "NoOp") or self.is_off(at, frame)):
            if at.kind == "Input":
                number = self.values.whole(at, "number", frame)
                at = at.parent.input(number) if at.parent is not None else None
            else:
                at = at.input(0)
        return None if at is None else node

    def is_off(self, node: Node, frame: int) -> bool:
        return self.values.flag(node, "disable", frame)

    def range_of(self, node: Node, frame: int, of_read: Callable[[Node], tuple[int, int]]) -> tuple[int, int]:
        """First and last frame of what comes in, as a host would say."""
        first, last, moved = None, None, 0
        for at, _ in self.trail(node, frame):
            if at.kind == "FrameRange" and first is None and not self.is_off(at, frame):
                first = self.values.whole(at, "first_frame", frame, 1) + moved
                last = self.values.whole(at, "last_frame", frame, 100) + moved
            if at.kind == "TimeOffset" and not self.is_off(at, frame):
                moved += self.values.whole(at, "time_offset", frame)
            if at.kind == "Read" and (first is None or last is None):
                first, last = (n + moved for n in of_read(at))
        if first is None or last is None:
            raise self.stop(node, "leads to no Read")
        return first, last

    def stop(self, node: Node, why: str) -> InputError:
        return self.values.stop(node, why)

    def _shown(self, node: Node, frame: int) -> Shown:
        for _ in range(_LONGEST):
            if node.kind == "Read" and not self.is_off(node, frame):
                return Shown(node, frame)
            if not self.is_off(node, frame):
                name = engine_node(node.kind)
                if name in DUBS:
                    self._check_ours(node, frame)
                    return self.above(node, frame).then(Dubbing(node, frame))
                if node.kind in ("Merge2", "Merge"):
                    return self._merged(node, frame)
                if node.kind in ("Crop", "Reformat"):
                    return self._framed(node, frame)
            node, frame = self._up(node, frame)
        raise self.stop(node, "more nodes follow each other here than a script has")

    def step_up(self, node: Node, frame: int, whose: str) -> tuple[Node, int]:
        """One node up where a picture is only handed on.  Raises: InputError where it is changed or ends."""
        off = self.is_off(node, frame)
        if node.kind == "Read" or (not off and node.kind in ("Merge2", "Merge", "Crop", "Reformat")):
            raise self.stop(node, f"cannot feed {whose}")
        return self._up(node, frame)

    def above(self, node: Node, frame: int) -> Shown:
        """What comes in at a node's first input."""
        above = node.input(0)
        if above is None:
            raise self.stop(node, "nothing is connected to its input; connect the plate")
        return self.shown(above, frame)

    def _up(self, node: Node, frame: int) -> tuple[Node, int]:
        """The node that this one hands on, and the frame at which it does."""
        above, moved = node.input(0), frame
        if node.kind == "Input":
            above = self._group_input(node, frame)
        elif self.is_off(node, frame) and node.kind != "Read":
            pass
        elif node.kind in GROUPS:
            above = self._output(node)
        elif node.kind == "Switch":
            above = node.input(self._which(node, frame))
        elif node.kind == "TimeOffset":
            moved = self._offset(node, frame)
        elif node.kind == "FrameHold":
            moved = self._held(node, frame)
        elif node.kind in ("Shuffle", "Shuffle2", "Copy"):
            above = self._shuffled(node, frame)
        elif self._is_ours(node):
            self._check_passes(node, frame)
        elif node.kind not in (*PASSED, "FrameRange", "Write"):
            raise self._unknown(node, frame)
        if above is None:
            raise self.stop(node, "nothing is connected to its input, and it is on the way to the Write")
        return above, moved

    def _unknown(self, node: Node, frame: int) -> InputError:
        if node.kind == "Read":
            return self.stop(node, "is disabled, and it is on the way to the Write; enable it")
        if node.kind in GRAPH:
            return self.stop(node, "cannot stand here")
        return self.stop(
            node, f"is not rendered without Nuke ({origin(node.kind)}), and it is on the way to the Write; write the "
            "picture out above it, or take it out",
        )  # fmt: skip

    def _group_input(self, node: Node, frame: int) -> Node | None:
        number = self.values.whole(node, "number", frame)
        group = node.parent
        above = None if group is None or group is self.values.script.root else group.input(number)
        if above is None:
            raise self.stop(node, f"input {number} of the group is not connected")
        return above

    def _output(self, node: Node) -> Node:
        outputs = [n for n in node.children if n.kind == "Output"]
        if not outputs:
            raise self.stop(node, "the group has no Output node")
        return outputs[0]

    def _which(self, node: Node, frame: int) -> int:
        """The input chosen; beyond the last one it is the last."""
        which = math.floor(self.values.number(node, "which", frame) + 0.5)
        return min(max(which, 0), max(len(node.inputs) - 1, 0))

    def _offset(self, node: Node, frame: int) -> int:
        if self.values.flag(node, "reverse_input", frame):
            raise self.stop(node, "reverse_input is not done without Nuke")
        return frame - self.values.whole(node, "time_offset", frame)

    def _held(self, node: Node, frame: int) -> int:
        knob = "firstFrame" if self.values.has(node, "firstFrame") else "first_frame"
        first = self.values.whole(node, knob, frame)
        every = self.values.whole(node, "increment", frame)
        return first if every <= 0 else first + (frame - first) // every * every

    def _shuffled(self, node: Node, frame: int) -> Node | None:
        if not is_plain(self.values, node):
            raise self.stop(node, "moves channels, which is done only in front of a Holdout")
        return node.input(0)

    def _is_ours(self, node: Node) -> bool:
        return engine_node(node.kind) is not None

    def _check_passes(self, node: Node, frame: int) -> None:
        name = engine_node(node.kind)
        self._check_ours(node, frame)
        if name == "MouthGenerate":
            raise self.stop(node, "is a mouth on black; connect it to Mouth of a Blend")
        if name not in ("FaceDetect", "AudioFeature", "SyncMeter"):
            raise self.stop(node, f"{name} is not rendered from a script; lipsync {str(name).lower()} does it")
        if name == "AudioFeature" and self._view(node, frame) != "source":
            raise self.stop(node, "shows the line as a strip; set its view to source")

    def _check_ours(self, node: Node, frame: int) -> None:
        if version(node.kind) > 1:
            raise self.stop(node, f"is version {version(node.kind)} of the node, expected 1; update ofx_lipsync")
        view = self._view(node, frame)
        if view not in VIEWS:
            raise self.stop(node, f"shows its {view}; only the result is rendered without Nuke, set its view")

    def _view(self, node: Node, frame: int) -> str:
        options = self.values.options_of(node, "view")
        default = "none" if "none" in options else "result"
        return self.values.choice(node, "view", options, frame, default) if options else "result"

    def _merged(self, node: Node, frame: int) -> Shown:
        """A over B. Only B where A is not connected."""
        values, below = self.values, self.above(node, frame)
        count = len(node.inputs) - node.masks
        if any(self.connected(mask, frame) for mask in node.inputs[count:]):
            raise self.stop(node, "has a mask, which is not done without Nuke")
        operation = values.text(node, "operation", "over")
        if operation != "over":
            raise self.stop(node, f"does {operation!r}; only over is done without Nuke")
        if any(self.connected(more, frame) for more in node.inputs[2:count]):
            raise self.stop(node, "has more than one A, expected one; use two Merges")
        top = self.connected(node.input(1), frame) if count > 1 else None
        mix = values.number(node, "mix", frame, 1.0)
        if top is None or mix == 0:
            return below
        above = self.shown(top, frame)
        changed = next((step.node for step in above.steps if not isinstance(step, Cut)), None)
        if changed is not None:
            raise self.stop(node, f"its A is more than a picture from disk ({changed.full_name} is above it)")
        return below.then(Over(node, above, mix))

    def _framed(self, node: Node, frame: int) -> Shown:
        below = self.above(node, frame)
        have = self.display(below)
        if node.kind == "Reformat":
            check_reformat(self.values, node, have, frame)
            return below
        box, reformat = crop_box(self.values, node, have, frame)
        return below.then(Cut(node, box, reformat))

    def display(self, shown: Shown) -> Region:
        """The format of what is shown: as it is read, or as the last crop made it, counted from 0."""
        cuts = [step.box for step in shown.steps if isinstance(step, Cut) and step.display]
        return Region.of_size(cuts[-1].width, cuts[-1].height) if cuts else self.formats(shown.read)
