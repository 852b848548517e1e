# SPDX-License-Identifier: Apache-2.0
"""What a knob is worth at a frame: numbers, curves, expressions, words and text."""

from __future__ import annotations

import os
import re
from typing import Sequence

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.params import Choice
from ofx_lipsync.nk.classes import ROOT_DEFAULTS, engine_node
from ofx_lipsync.nk.curve import Curve
from ofx_lipsync.nk.expression import evaluate
from ofx_lipsync.nk.names import owner_of
from ofx_lipsync.nk.script import Node, Script
from ofx_lipsync.nk.tcl import replaced
from ofx_lipsync.nk.words import BRACED, Word, elements

_DEEPEST = 30
_NAMED = re.compile(r"\[value ([\w.]+)\]")
_TRUE, _FALSE = ("true", "1", "on", "yes"), ("false", "0", "off", "no")


class Values:
    """Knobs of one script. Raises everywhere: InputError naming node, knob and text."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._depth = 0

    def has(self, node: Node, knob: str) -> bool:
        return bool(node.knobs.get(knob))

    def text(self, node: Node, knob: str, default: str = "") -> str:
        """As artists see it: what stands in [brackets] replaced."""
        words = node.knobs.get(knob)
        if not words:
            return default
        value = " ".join(word.value for word in words)
        if "[" not in value and "\\" not in value:
            return value
        try:
            return replaced(value, self.script.path, lambda name: self._text_of(node, knob, name))
        except ValueError as error:
            raise self.refused(node, knob, str(error)) from None

    def number(self, node: Node, knob: str, frame: float, default: float = 0.0, place: int = 0) -> float:
        parts = self._parts(node, knob)
        if not parts:
            return default
        if place and len(parts) == 1 and self._is_number(parts[0]):
            return float(parts[0].value)
        if place >= len(parts):
            raise self.refused(node, knob, f"has {len(parts)} numbers, expected {place + 1}")
        return self._number(node, knob, parts[place], frame)

    def whole(self, node: Node, knob: str, frame: float, default: int = 0) -> int:
        value = self.number(node, knob, frame, default)
        if value != round(value) or abs(value) > 1e7:
            raise self.refused(node, knob, f"is {value:g}, expected a whole number")
        return int(value)

    def flag(self, node: Node, knob: str, frame: float, default: bool = False) -> bool:
        parts = self._parts(node, knob)
        if not parts:
            return default
        word = parts[0].value.lower()
        if parts[0].kind != BRACED and word in _TRUE + _FALSE:
            return word in _TRUE
        return self._number(node, knob, parts[0], frame) != 0

    def choice(self, node: Node, knob: str, options: Sequence[str], frame: float, default: str = "") -> str:
        """One of the options: by its own text, or by its place in the list."""
        parts = self._parts(node, knob)
        if not parts:
            return default or options[0]
        words = " ".join(w.value for w in node.knobs[knob])
        for option in options:
            if option.lower() == words.lower():
                return option
        if parts[0].kind != BRACED and not self._is_number(parts[0]):
            raise self.refused(node, knob, f"is {words[:40]!r}, expected {' or '.join(options)}")
        place = int(self._number(node, knob, parts[0], frame))
        if not 0 <= place < len(options):
            raise self.refused(node, knob, f"is number {place} of {len(options)} choices ({', '.join(options)})")
        return options[place]

    def curve(self, node: Node, knob: str) -> Curve | None:
        """The keyframes of a knob that has nothing but those."""
        parts = self._parts(node, knob)
        if len(parts) != 1 or parts[0].kind != BRACED:
            return None
        inner = elements(parts[0].text, self.script.path, parts[0].line)
        if len(inner) < 2 or inner[0].value != "curve":
            return None
        return self._curve(node, knob, inner[1:])

    def is_fixed(self, node: Node, knob: str) -> bool:
        """Whether it is a plain value, the same at every frame."""
        return all(part.kind != BRACED for part in self._parts(node, knob))

    def path(self, node: Node, knob: str) -> str:
        """A file's path; a relative one starts in the project's folder, where it has one, as in Nuke."""
        text = self.text(node, knob).strip()
        if not text or text.startswith("/") or not self.has(self.script.root, "project_directory"):
            return text
        folder = self.text(self.script.root, "project_directory").strip()
        return os.path.join(folder, text) if folder else text

    def options_of(self, node: Node, knob: str) -> tuple[str, ...]:
        """The list a knob offers, empty where it is no list that is known here."""
        if knob in node.user:
            return node.user[knob].options
        name = engine_node(node.kind)
        if name is None:
            return ()
        from ofx_lipsync.plugin.shot_params import node_params, shot_params

        declared = {**node_params(name), **shot_params(name)}.get(knob)
        return declared.options if isinstance(declared, Choice) else ()

    def stop(self, node: Node, why: str) -> InputError:
        """An error of a node as such, with its class."""
        return InputError(f"{self.script.path}: {node.full_name} ({node.kind}): {why}")

    def refused(self, node: Node, knob: str, why: str) -> InputError:
        text = " ".join(word.source for word in node.knobs.get(knob, ()))
        text = " ".join(text.split())
        shown = f" ({text[:80]})" if text else ""
        return InputError(f"{self.script.path}: {node.full_name}.{knob}{shown}: {why}; change it in the script")

    def _parts(self, node: Node, knob: str) -> list[Word]:
        """The elements of a value: `{0 0 1920 1080}` has four, `{{curve ...}}` one that is braced."""
        words = node.knobs.get(knob) or []
        if len(words) == 1 and words[0].kind == BRACED:
            inner = elements(words[0].text, self.script.path, words[0].line)
            return [words[0]] if inner and inner[0].value == "curve" and inner[0].kind != BRACED else inner
        return words

    @staticmethod
    def _is_number(part: Word) -> bool:
        try:
            float(part.value)
        except ValueError:
            return False
        return part.kind != BRACED

    def _number(self, node: Node, knob: str, part: Word, frame: float) -> float:
        if self._is_number(part):
            return self._finite(node, knob, float(part.value))
        if part.kind != BRACED:
            word = part.value.lower()
            if word in _TRUE + _FALSE:
                return float(word in _TRUE)
            options = self.options_of(node, knob)
            if word in (o.lower() for o in options):
                return float([o.lower() for o in options].index(word))
            raise self.refused(node, knob, "is no number")
        inner = elements(part.text, self.script.path, part.line)
        if not inner:
            raise self.refused(node, knob, "is empty")
        if len(inner) == 1 and self._is_number(inner[0]):
            return self._finite(node, knob, float(inner[0].value))
        if inner[0].value == "curve":
            return self._curve(node, knob, inner[1:]).at(frame)
        text, keys = self._expression(inner)
        return self._worked_out(node, knob, text, frame, keys)

    @staticmethod
    def _expression(words: list[Word]) -> tuple[str, Curve | None]:
        """An expression in quotes, and the keys that it may work on; one written by hand may stand without quotes."""
        rest = [word.value for word in words[1:] if word.text not in ("i", "I")]
        if not rest:
            return words[0].value, None
        try:
            return words[0].value, Curve.parse(rest)
        except ValueError:
            return " ".join([words[0].value, *rest]), None

    def _finite(self, node: Node, knob: str, value: float) -> float:
        if value != value or abs(value) > 1e30:
            raise self.refused(node, knob, "is no finite number")
        return value

    def _curve(self, node: Node, knob: str, words: Sequence[Word]) -> Curve:
        try:
            return Curve.parse([word.value for word in words])
        except ValueError as error:
            raise self.refused(node, knob, f"its curve cannot be read: {error}") from None

    def _worked_out(self, node: Node, knob: str, text: str, frame: float, keys: Curve | None) -> float:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise ValueError("knobs follow each other in a ring, or too deeply")
            # A nested [value x] is how older scripts name a knob in an expression.
            text = _NAMED.sub(r"\1", text)
            return evaluate(text, frame, lambda name, time: self._looked_up(node, name, frame, time, keys))
        except RecursionError:
            raise self.refused(node, knob, "its expression cannot be worked out: it leads too deeply") from None
        except ValueError as error:
            raise self.refused(node, knob, f"its expression cannot be worked out: {error}") from None
        finally:
            self._depth -= 1

    def reference(self, node: Node, name: str, frame: float, time: float | None) -> float:
        """A name in an expression that is a knob's text, as a Read's frame.  Raises: ValueError."""
        return self._looked_up(node, name, frame, time, None)

    def _looked_up(self, node: Node, name: str, frame: float, time: float | None, keys: Curve | None) -> float:
        if name in ("curve", "y") and keys is not None:
            return keys.at(frame if time is None else time)
        owner, knob, place = owner_of(self.script, node, name)
        return self._of(owner, knob, frame if time is None else time, place)

    def _of(self, owner: Node, knob: str, frame: float, place: int) -> float:
        if self.has(owner, knob):
            return self.number(owner, knob, frame, place=place)
        if owner is self.script.root and knob in ROOT_DEFAULTS:
            return ROOT_DEFAULTS[knob]
        if owner is self.script.root and knob in ("width", "height") and self.has(owner, "format"):
            return self._format_side(owner, knob == "height")
        if knob in owner.user:
            return self._user_default(owner, knob, frame)
        default = _engine_default(owner, knob)
        if default is None:
            raise ValueError(f"{owner.full_name} says nothing of {knob}")
        return default

    def _format_side(self, root: Node, height: bool) -> float:
        words = self.text(root, "format").split()
        if len(words) < 2 or not (words[0].isdigit() and words[1].isdigit()):
            raise ValueError("the project's format is a name alone")
        return float(words[height])

    def _user_default(self, owner: Node, knob: str, frame: float) -> float:
        added = owner.user[knob]
        if added.kind == "41":
            target, _, name = added.text.rpartition(".")
            linked = (self.script.find(target, owner) or self.script.find(target, owner.parent)) if target else None
            if linked is None:
                raise ValueError(f"{owner.full_name}.{knob} links to {added.text!r}, which is not there")
            return self._of(linked, name, frame, 0)
        try:
            return float(added.text) if added.text else 0.0
        except ValueError:
            return 0.0

    def _text_of(self, node: Node, knob: str, name: str) -> str:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise self.refused(node, knob, "knobs follow each other in a ring")
            owner, wanted, _ = owner_of(self.script, node, name)
        except ValueError as error:
            raise self.refused(node, knob, str(error)) from None
        else:
            if owner is self.script.root and not self.has(owner, wanted) and wanted in ROOT_DEFAULTS:
                return f"{ROOT_DEFAULTS[wanted]:g}"
            return self.text(owner, wanted)
        finally:
            self._depth -= 1


def _engine_default(node: Node, knob: str) -> float | None:
    """What one of our own nodes is made with."""
    name = engine_node(node.kind)
    if name is None:
        return None
    from ofx_lipsync.plugin.shot_params import node_params, shot_params

    declared = {**node_params(name), **shot_params(name)}.get(knob)
    if isinstance(declared, Choice):
        return float(declared.options.index(declared.default))
    value = None if declared is None else declared.default
    return float(value) if isinstance(value, (bool, int, float)) else None
