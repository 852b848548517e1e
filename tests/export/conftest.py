# SPDX-License-Identifier: Apache-2.0
"""A Nuke script read as Nuke reads it: a Tcl script whose commands are node classes, over a stack of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

import pytest


@dataclass
class Placed:
    kind: str
    name: str
    knobs: dict[str, str]
    inputs: list[str | None]


class Reader:
    def __init__(self, tcl: Any) -> None:
        self.tcl = tcl
        self.placed: list[Placed] = []
        self.stack: list[str | None] = []
        self.outer: list[list[str | None]] = []
        commands = {"push": self.push, "stack": self.top, "end_group": self.end_group, "unknown": self.node}
        commands["add_layer"] = lambda layer: ""
        for name, command in commands.items():
            tcl.createcommand(name, command)

    def node(self, kind: str, body: str) -> str:
        words = self.tcl.splitlist(body)
        assert len(words) % 2 == 0, f"{kind}: a knob without a value"
        knobs = dict(zip(words[::2], words[1::2], strict=True))
        count = int(knobs.get("inputs", kind != "Group"))
        inputs = [self.stack.pop() for _ in range(count)]
        self.placed.append(Placed(kind, knobs["name"], knobs, inputs))
        self.stack.append(knobs["name"])
        if kind == "Group":
            self.outer.append(self.stack)
            self.stack = []
        return ""

    def push(self, name: str) -> str:
        self.stack.append(None if name == "0" else name)
        return ""

    def top(self, index: str) -> str:
        return self.stack[-1 - int(index)] or ""

    def end_group(self) -> str:
        self.stack = self.outer.pop()
        return ""


@pytest.fixture
def run_script() -> Callable[[str], list[Placed]]:
    tkinter = pytest.importorskip("tkinter", reason="Python's tkinter, for its Tcl, is not installed")

    def run(text: str) -> list[Placed]:
        reader = Reader(tkinter.Tcl())
        reader.tcl.eval(text)
        assert not reader.outer, "a group is not closed"
        return reader.placed

    return run
