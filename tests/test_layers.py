# SPDX-License-Identifier: Apache-2.0
"""Imports point one way: edges -> graph -> nodes -> models, kernels, media -> core.

Edges may lean on each other (a benchmark opens a shot as the command line does); below them neighbours never meet.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Iterator

LAYERS = (
    {"cli", "bench", "train", "farm", "live", "plugin", "export", "view", "tuning", "trust", "nk"},
    {
        *("graph", "analysis", "portrait", "performance", "character", "measure", "resync", "fill"),
        *("shotfile", "compare", "elements"),
    },
    {"nodes"},
    {"models", "kernels", "media"},
    {"core"},
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
ROOTS = {"ofx_lipsync": (), "nodes": ("nodes",), "kernels": ("kernels",), "models": ("models",)}


def test_imports_point_one_way(checkout: Path) -> None:
    assert back_edges(checkout) == []


def test_two_nodes_never_import_each_other(checkout: Path) -> None:
    assert node_edges(checkout) == []


def test_every_part_has_its_place(checkout: Path) -> None:
    """A new folder or module must be given a layer before it is used."""
    parts = {module[0] for _, module in modules(checkout) if module}
    assert parts <= set(LEVEL), f"no layer for {sorted(parts - set(LEVEL))}"


def test_a_planted_back_edge_is_caught(checkout: Path, tmp_path: Path) -> None:
    planted = copy(checkout, tmp_path)
    (planted / "ofx_lipsync" / "core" / "crooked.py").write_text("def f():\n    from ofx_lipsync.media import plate\n")
    (planted / "kernels" / "crooked.py").write_text('import importlib\nimportlib.import_module("ofx_lipsync.graph")\n')
    (planted / "models" / "crooked.py").write_text("from ..nodes import blend\n")
    assert {source for source, _ in back_edges(planted)} >= {"core.crooked", "kernels.crooked", "models.crooked"}


def test_a_planted_edge_between_nodes_is_caught(checkout: Path, tmp_path: Path) -> None:
    planted = copy(checkout, tmp_path)
    (planted / "nodes" / "left.py").write_text('ID = "Left"\n')
    (planted / "nodes" / "right.py").write_text('from ofx_lipsync.nodes import left\n\nID = "Right"\n')
    assert ("nodes.right", "nodes.left") in node_edges(planted)


def copy(checkout: Path, folder: Path) -> Path:
    for root in ROOTS:
        shutil.copytree(checkout / root, folder / root, ignore=shutil.ignore_patterns("*.so", "weights", "__pycache__"))
    return folder


def back_edges(root: Path) -> list[tuple[str, str]]:
    """Imports that point up, or sideways below the edges."""
    found = []
    for source, target in edges(root):
        rise = LEVEL[source[0]] - LEVEL[target[0]]
        sideways = rise == 0 and source[0] != target[0] and target[0] in {"models", "kernels", "media"}
        if rise > 0 or sideways:
            found.append((".".join(source), ".".join(target)))
    return sorted(found)


def node_edges(root: Path) -> list[tuple[str, str]]:
    """Imports of one node by another, or by another's private parts."""
    nodes = {module for path, module in modules(root) if module[:1] == ("nodes",) and declares_node(path)}
    found = []
    for source, target in edges(root):
        if source[0] == "nodes" and target[:2] in nodes and target[:2] != source[:2]:
            found.append((".".join(source), ".".join(target)))
    return sorted(found)


def declares_node(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return any(isinstance(s, ast.Assign) and getattr(s.targets[0], "id", "") == "ID" for s in body)


def modules(root: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every source file with its name below ofx_lipsync, as ('nodes', 'blend')."""
    for folder, prefix in ROOTS.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root / folder).with_suffix("").parts
            yield path, (*prefix, *(parts[:-1] if parts[-1] == "__init__" else parts))


def edges(root: Path) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(importer, imported), wherever in the file the import stands, and by name in import_module("...")."""
    for path, module in modules(root):
        package = module if path.name == "__init__.py" else module[:-1]
        for name in sorted(imported(ast.parse(path.read_text()), package)):
            target = tuple(name.split("."))[1:]
            if module and target and name.startswith("ofx_lipsync.") and target[0] in LEVEL:
                yield module, target


def imported(tree: ast.Module, package: tuple[str, ...]) -> set[str]:
    names: set[str] = set()
    for found in ast.walk(tree):
        if isinstance(found, ast.Import):
            names |= {alias.name for alias in found.names}
        elif isinstance(found, ast.ImportFrom):
            base = ".".join(("ofx_lipsync", *package)[: len(package) + 2 - found.level]) if found.level else ""
            origin = ".".join(part for part in (base, found.module) if part)
            names |= {f"{origin}.{alias.name}" for alias in found.names}
        elif isinstance(found, ast.Constant) and isinstance(found.value, str):
            names |= {found.value} if found.value.startswith("ofx_lipsync.") and " " not in found.value else set()
    return names
