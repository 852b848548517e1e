# SPDX-License-Identifier: Apache-2.0
"""A Nuke script as nodes and what they are fed by. Nothing in it is run: a command that is none of a saved script's is
refused.

Nodes are wired by a stack. A node takes its inputs from it, the first from the top, and puts itself there; `set` names
what lies on it and `push` puts that back. Nodes up to `end_group` are inside the group before them, with a stack of
their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.nk.user_knob import UserKnob, user_knob
from ofx_lipsync.nk.words import BRACED, Word, commands

GROUPS = ("Group", "LiveGroup", "Gizmo")
_IGNORED = ("version", "define_window_layout_xml", "add_layer", "add_format", "Preferences", "MenuBar")
_UNPLACED = ("Root", "Preferences")
_STACK = re.compile(r"\[stack (\d{1,6})\]")
_INPUTS = re.compile(r"(\d{1,4})(?:\+(\d{1,4}))?")
_CLASS = re.compile(r"[A-Za-z_][\w.:-]*")
_LARGEST_BYTES = 256 << 20


@dataclass(eq=False)
class Node:
    """inputs: what feeds it, None where nothing does; the last `masks` are masks. parent: its group."""

    kind: str
    line: int
    knobs: dict[str, list[Word]] = field(default_factory=dict)
    user: dict[str, UserKnob] = field(default_factory=dict)
    inputs: tuple[Node | None, ...] = ()
    masks: int = 0
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    name: str = ""

    @property
    def full_name(self) -> str:
        """As expressions have it: LipSync1.Blend1."""
        parts, node = [], self
        while node.parent is not None:
            parts.append(node.name)
            node = node.parent
        return ".".join(reversed(parts)) or self.name or self.kind

    def input(self, number: int) -> Node | None:
        return self.inputs[number] if 0 <= number < len(self.inputs) else None

    def __repr__(self) -> str:
        return f"{self.kind} {self.full_name}"


@dataclass
class Script:
    """root: the project; its children are the nodes outside every group. nodes: all of them, in the file's order."""

    path: str
    root: Node
    nodes: list[Node] = field(default_factory=list)
    version: str = ""

    def find(self, name: str, inside: Node | None = None) -> Node | None:
        """A node of a group (of the project itself) by its name; `Group1.Blend1` goes in."""
        at: Node | None = inside or self.root
        for part in name.split("."):
            at = next((n for n in at.children if n.name == part), None) if at is not None else None
        return at


def read_script(path: str) -> Script:
    """Raises: InputError for a file that is none, is cut off, or wants something run."""
    file = Path(path)
    if file.is_dir() or not file.exists():
        raise InputError(f"{path}: {'is a folder' if file.is_dir() else 'there is no such file'}; give a Nuke script")
    if file.stat().st_size > _LARGEST_BYTES:
        raise InputError(f"{path}: is larger than any Nuke script (over {_LARGEST_BYTES >> 20} MiB); check the name")
    text = file.read_text("utf-8-sig", errors="replace")
    if "\0" in text[:4096]:
        raise InputError(f"{path}: is no Nuke script but binary data; give a .nk file")
    return parse_script(text.replace("\r\n", "\n"), path)


def parse_script(text: str, path: str = "script") -> Script:
    return _Builder(path).build(text)


class _Builder:
    """The stack of every group that is open, the script's own first."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.script = Script(path, Node("Root", 0))
        self.groups: list[tuple[Node, list[Node | None]]] = [(self.script.root, [])]
        self.named: dict[str, Node | None] = {}
        self.counts: dict[tuple[int, str], int] = {}

    def build(self, text: str) -> Script:
        for words in commands(text, self.path):
            self._command(words)
        if len(self.groups) > 1:
            group = self.groups[-1][0]
            raise InputError(
                f"{self.path}: the file ends inside {group.name} (line {group.line}), expected end_group; it is cut "
                "off, save or copy it again"
            )
        if not self.script.nodes:
            raise InputError(f"{self.path}: holds no node; give a Nuke script")
        return self.script

    @property
    def stack(self) -> list[Node | None]:
        return self.groups[-1][1]

    def _command(self, words: list[Word]) -> None:
        name, rest = words[0].text, words[1:]
        if name in _IGNORED:
            self.script.version = " ".join(w.value for w in rest) if name == "version" else self.script.version
        elif name == "end_group":
            self._end_group(words[0])
        elif name == "set" and len(rest) == 2:
            self.named[rest[0].text] = self._at(rest[1])
        elif name == "push" and len(rest) == 1:
            self.stack.append(self._pushed(rest[0]))
        elif name == "clone":
            self._clone(words)
        elif len(rest) == 1 and rest[0].kind == BRACED and words[0].kind != BRACED and _CLASS.fullmatch(name):
            self._add(name, self._body(rest[0]), words[0].line)
        else:
            raise self._refused(words)

    def _refused(self, words: list[Word]) -> InputError:
        text = " ".join(w.source for w in words)
        text = " ".join(text.split())
        return InputError(
            f"{self.path}: line {words[0].line}: {text[:60]!r} is no node of a saved script; TCL is not run here, "
            "save the script from Nuke as .nk"
        )

    def _at(self, word: Word) -> Node | None:
        match = _STACK.fullmatch(word.text)
        if match is None:
            raise self._refused([word])
        depth = int(match[1])
        return self.stack[-1 - depth] if depth < len(self.stack) else None

    def _pushed(self, word: Word) -> Node | None:
        if word.text == "0":
            return None
        if word.text.startswith("$"):
            # Pasted scripts push what was selected, which is nothing here.
            return self.named.get(word.text[1:].strip("{}"))
        return self._at(word)

    def _end_group(self, word: Word) -> None:
        if len(self.groups) == 1:
            raise InputError(f"{self.path}: line {word.line}: end_group without a group; the file is damaged")
        self.groups.pop()

    def _clone(self, words: list[Word]) -> None:
        """`clone NAME Class {...}` is the first of its kind, `clone $NAME {...}` another: what it does not say itself
        is the first one's."""
        *names, body = words[1:]
        if not names or body.kind != BRACED:
            raise self._refused(words)
        given = self._body(body)
        if names[0].text.startswith("$"):
            first = self.named.get(names[0].text[1:])
            if first is None:
                raise InputError(f"{self.path}: line {words[0].line}: clone of {names[0].text}, which is not there")
            merged = {**first.knobs, **given[0]}
            self._add(first.kind, (merged, {**first.user, **given[1]}), words[0].line)
        else:
            self._add(names[-1].text, given, words[0].line)
            self.named[names[0].text] = self.stack[-1]

    def _body(self, body: Word) -> tuple[dict[str, list[Word]], dict[str, UserKnob]]:
        knobs: dict[str, list[Word]] = {}
        user: dict[str, UserKnob] = {}
        for words in commands(body.text, self.path, body.line):
            name = words[0].text
            if name == "addUserKnob" and len(words) == 2:
                knob = user_knob(words[1], self.path)
                user[knob.name] = knob
            else:
                knobs[name] = words[1:]
        return knobs, user

    def _add(self, kind: str, body: tuple[dict[str, list[Word]], dict[str, UserKnob]], line: int) -> None:
        knobs, user = body
        if kind in _UNPLACED:
            self.script.root.knobs.update(knobs)
            self.script.root.user.update(user)
            self.script.nodes += [self.script.root] if self.script.root not in self.script.nodes[:1] else []
            return
        parent = self.groups[-1][0]
        node = Node(kind, line, knobs, user, parent=parent)
        node.name = self._name(node)
        node.inputs, node.masks = self._inputs(node)
        parent.children.append(node)
        self.script.nodes.append(node)
        self.stack.append(node)
        if kind in GROUPS:
            self.groups.append((node, []))

    def _name(self, node: Node) -> str:
        given = node.knobs.get("name")
        if given:
            return " ".join(w.value for w in given)
        key = (id(node.parent), node.kind)
        self.counts[key] = self.counts.get(key, 0) + 1
        return f"{node.kind}{self.counts[key]}"

    def _inputs(self, node: Node) -> tuple[tuple[Node | None, ...], int]:
        words = node.knobs.get("inputs")
        match = _INPUTS.fullmatch(words[0].value) if words else None
        if words and match is None:
            raise InputError(f"{self.path}: {node.full_name}.inputs: cannot read {words[0].text!r}, expected a number")
        count, masks = (int(match[1]), int(match[2] or 0)) if match else (1, 0)
        stack = self.stack
        return tuple(stack.pop() if stack else None for _ in range(count + masks)), masks


def override(script: Script, name: str, knob: str, value: str) -> None:
    """Set a knob from outside, as the script's author would have."""
    node = script.root if name == "root" else script.find(name)
    if node is None:
        raise UsageError(f"--set: {script.path} has no node {name!r}; it has {', '.join(sorted(_names(script)))}")
    node.knobs[knob] = [Word(value.replace("\\", "\\\\"), "quoted", node.line)]


def _names(script: Script) -> Iterator[str]:
    return (n.full_name for n in script.nodes if n is not script.root)
