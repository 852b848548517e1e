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
    parts = ["# Nodes", "", "Made by `make docs` from the declarations in `nodes/`; edit those."]
    for module in modules:
        parts += ["", f"## {module.ID}", "", *_paragraphs(_prose(module))]
        parts += ["| param | default | range | unit | what it does |", "|---|---|---|---|---|"]
        parts += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in _rows(module)]
    return "\n".join(parts) + "\n"


def _rows(module: ModuleType) -> Iterator[tuple[str, str, str, str, str]]:
    for name, param in module.Params.declarations().items():
        notes = [param.help]
        if param.animates:
            notes.append("Can be keyframed.")
        if param.analysed:
            notes.append("The shot is analysed again when it changes.")
        yield name, _value(param.default), reach(param), getattr(param, "unit", ""), " ".join(notes)


def _prose(module: ModuleType) -> str:
    return inspect.cleandoc(module.__doc__ or "")


def _paragraphs(prose: str) -> Iterator[str]:
    """The prose, with formulas (paragraphs that hold indented lines) fenced so that Markdown keeps their lines."""
    for part in re.split(r"\n\s*\n", prose):
        yield f"```\n{part}\n```\n" if re.search(r"^ ", part, re.MULTILINE) else f"{part}\n"


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
        console.print(Padding(Text(_prose(module)), (0, 0, 1, 2)))
        table = Table("param", "default", "range", "unit", "what it does", box=None, padding=(0, 2, 0, 2))
        table.columns[0].no_wrap = True
        for row in _rows(module):
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
