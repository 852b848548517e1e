# SPDX-License-Identifier: Apache-2.0
"""lipsync nodes: every node with its params, ranges, units and help, made from the declarations."""

from __future__ import annotations

import argparse
import importlib
import inspect
import math
import pkgutil
import re
import sys
from types import ModuleType
from typing import Any, Iterator

import ofx_lipsync.nodes
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.params import Choice, Float, Int, Param

LOG_WIDTH = 120
RANGE_WIDTH = 30
LEGEND = "k: can be keyframed. a: the shot is analysed again when it changes."


def register(verbs: Any) -> None:
    parser = verbs.add_parser("nodes", help="every node with its params", description=__doc__)
    parser.add_argument("node", nargs="?", help="show this one only")
    parser.add_argument("--markdown", action="store_true", help="as a page (docs/nodes.md is made so)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    modules = [named(args.node)] if args.node else list(every())
    if args.markdown:
        sys.stdout.write(markdown(modules))
    else:
        _show(modules)
    return 0


def every() -> Iterator[ModuleType]:
    """The node modules, in the order of their file names."""
    for found in pkgutil.iter_modules(ofx_lipsync.nodes.__path__):
        module = importlib.import_module(f"ofx_lipsync.nodes.{found.name}")
        if hasattr(module, "ID"):
            yield module


def named(name: str) -> ModuleType:
    """A node by its id, in whatever case. Raises: UsageError naming those there are."""
    modules = {module.ID: module for module in every()}
    for node_id, module in modules.items():
        if node_id.lower() == name.lower():
            return module
    raise UsageError(f"nodes: there is no {name!r}; there are {', '.join(modules)}")


def reach(param: Param) -> str:
    """What values a param takes: `0 to 1 (slider 0 to 0.5) px`, or the choices."""
    if isinstance(param, Choice):
        return ", ".join(param.options)
    if not isinstance(param, (Float, Int)):
        return {"bool": "on, off", "file": "a path"}.get(param.kind, param.kind)
    hard = _span(param.lo, param.hi)
    if param.slider is None or param.slider == (param.lo, param.hi):
        return hard
    return f"{hard} (slider {_span(*param.slider)})"


def markdown(modules: list[ModuleType]) -> str:
    """The reference page: one heading a node, one table of params."""
    parts = ["# Nodes", "", f"Made by `make docs` from the declarations in `nodes/`; edit those. {LEGEND}"]
    for module in modules:
        parts += ["", f"## {module.ID}", ""]
        for text, formula in _paragraphs(module):
            parts += ["```", text, "```", ""] if formula else [text, ""]
        parts += ["| param | default | range | unit | | what it does |", "|---|---|---|---|---|---|"]
        parts += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in _rows(module)]
    return "\n".join(parts) + "\n"


def _rows(module: ModuleType) -> Iterator[tuple[str, str, str, str, str, str]]:
    for name, param in module.Params.declarations().items():
        marks = " ".join(mark for mark, true in (("k", param.animates), ("a", param.analysed)) if true)
        yield name, _value(param.default), reach(param), getattr(param, "unit", ""), marks, param.help


def _paragraphs(module: ModuleType) -> Iterator[tuple[str, bool]]:
    """The docstring's paragraphs; True for those whose lines must stay as they are, since some are indented."""
    for part in re.split(r"\n\s*\n", inspect.cleandoc(module.__doc__ or "")):
        formula = re.search(r"^ ", part, re.MULTILINE) is not None
        yield (part if formula else " ".join(part.split())), formula


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _span(lo: float, hi: float) -> str:
    below, above = (math.isinf(edge) or abs(edge) >= 2**31 - 1 for edge in (lo, hi))
    if below or above:
        return "any" if below and above else f"up to {hi:g}" if below else f"{lo:g} or more"
    return f"{lo:g} to {hi:g}"


def _show(modules: list[ModuleType]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH, highlight=False)
    for module in modules:
        console.print(Text(f"\n{module.ID}", style="bold"), Text(f"version {module.VERSION}", style="dim"))
        for text, _ in _paragraphs(module):
            console.print(Padding(Text(text), (0, 0, 1, 2)))
        table = Table(box=None, padding=(0, 1, 0, 1), expand=True)
        table.add_column("param", no_wrap=True)
        table.add_column("default")
        table.add_column("range", max_width=RANGE_WIDTH)
        table.add_column("")
        table.add_column("what it does", ratio=1)
        group = ""
        for row, param in zip(_rows(module), module.Params.declarations().values(), strict=True):
            if param.group != group:
                group = param.group
                table.add_row(Text(group, style="italic"))
            name, default, span, unit, marks, text = row
            table.add_row(*(Text(cell) for cell in (name, default, f"{span} {unit}".rstrip(), marks, text)))
        console.print(table)
    console.print(Text(f"\n{LEGEND}", style="dim"))
