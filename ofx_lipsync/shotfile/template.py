# SPDX-License-Identifier: Apache-2.0
"""A shot file to fill in: every entry and every param, with its help, made from the declarations themselves.

What begins with `# ` is for reading; what begins with `#` alone is an entry, and counts once the # is taken away.
"""

from __future__ import annotations

import textwrap
from typing import Any, Iterator, Mapping

from ofx_lipsync.core.params import Bool, Choice, Float, Int, Param
from ofx_lipsync.graph import NODES, node
from ofx_lipsync.shotfile.entries import entries
from ofx_lipsync.shotfile.read import ORDER, TABLES
from ofx_lipsync.shotfile.schema import Line, PlateEntry, ShotFile
from ofx_lipsync.shotfile.write import to_tables

WIDE = 110
HEAD = (
    "A shot, for: lipsync dub shot.toml. Paths start at this file's folder; options on the command line win over it.",
    "Take the # away from what you want to say. Values behind a # are examples; those of params are what holds anyway.",
)
ABOUT = {
    "shot": "The shot",
    "plate": "What was filmed",
    "line": "What is said; one [[line]] for each person who speaks",
    "params": "How it is done: params of the nodes for everybody. Those of one person stand under that [[line]], as "
    "[line.params.NODE]. Keyframes are {1001 = 0.0, 1010 = 1.0}",
    "colour": "Colour",
    "policy": "What to do when something is wanting",
    "consent": "Who allowed it; travels with the result",
    "output": "What is made",
}


def template(shot: ShotFile) -> str:
    """The text of a shot file that says what `shot` says, and shows what else it might say."""
    given = to_tables(shot)
    lines = [text for part in HEAD for text in _prose(part)]
    lines += _table("shot", ShotFile, given) + _table("plate", PlateEntry, given)
    for number, spoken in enumerate(given.get("line", [{}])):
        lines += [] if number else _title("line")
        lines += ["[[line]]" if spoken else "#[[line]]", *_entries(Line, spoken)]
        for name, values in spoken.get("params", {}).items():
            lines += [f"[line.params.{name}]", *(f"{param} = {_toml(value)}" for param, value in values.items())]
    lines += _title("params")
    for name in [*NODES, *(name for name in given.get("params", {}) if name not in NODES)]:
        lines += _node(name, given.get("params", {}).get(name, {}))
    for title in (name for name in ORDER if name in TABLES and name != "plate"):
        lines += _table(title, TABLES[title], given)
    return "\n".join(lines) + "\n"


def _table(name: str, kind: Any, given: Mapping[str, Any]) -> list[str]:
    return [*_title(name), f"[{name}]", *_entries(kind, given.get(name, {}))]


def _title(name: str) -> list[str]:
    return ["", *(_prose(f"{ABOUT[name]}.") if name in ABOUT else ())]


def _entries(kind: Any, given: Mapping[str, Any]) -> Iterator[str]:
    for name, known in entries(kind).items():
        yield from _prose(known.help)
        yield f"{name} = {_toml(given[name])}" if name in given else f"#{name} = {known.example}"


def _node(name: str, given: Mapping[str, Any]) -> Iterator[str]:
    yield f"[params.{name}]"
    for param, declared in node(name).Params.declarations().items():
        yield from _prose(f"{declared.help} {_span(declared)}".rstrip())
        yield f"{'' if param in given else '#'}{param} = {_toml(given.get(param, declared.default))}"


def _span(param: Param) -> str:
    """What a param may be, where its own text does not say it."""
    if isinstance(param, (Float, Int)):
        keys = "; may have keyframes" if param.animates and isinstance(param, Float) else ""
        return f"({param.lo:g} to {param.hi:g} {param.unit}".rstrip() + f"{keys})"
    if isinstance(param, Choice):
        return f"({' or '.join(param.options)})"
    return "(true or false)" if isinstance(param, Bool) else ""


def _prose(text: str) -> list[str]:
    return textwrap.wrap(text, WIDE, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def _toml(value: Any) -> str:
    import tomlkit

    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{frame} = {_toml(at)}" for frame, at in value.items()) + "}"
    return tomlkit.item(value).as_string()
