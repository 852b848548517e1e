# SPDX-License-Identifier: Apache-2.0
"""House rules that a machine can check: small files, declared params, nothing done at import, nothing left behind."""

from __future__ import annotations

import ast
import math
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import ofx_lipsync.nodes
from ofx_lipsync.core.params import Choice, Float, Int, Param

ROOTS = ("ofx_lipsync", "nodes", "kernels", "models", "nuke_scripts", "tests", "samples")
LICENCE_LINE = "# SPDX-License-Identifier: Apache-2.0"
FILE_LINES, FUNCTION_LINES = 400, 60
NAMES = [found.name for found in pkgutil.iter_modules(ofx_lipsync.nodes.__path__)]
HEAVY = ("torch", "cupy", "ai_edge_litert", "scipy", "librosa")
# Spelled in halves, or this file would find itself.
FOLDERS = rb"wor" + rb"k|tm" + rb"p|hom" + rb"e|roo" + rb"t|Use" + rb"rs"
LEFT_BEHIND = {
    "a path of one machine": re.compile(rb"(?<![\w.])/(?:" + FOLDERS + rb")/\w"),
    "a promise instead of work": re.compile(rb"\b(?:TO" + rb"DO|FIX" + rb"ME)\b"),
}
BINARY = (".task", ".tflite", ".png", ".jpg", ".flac", ".safetensors", ".npz", ".exr", ".mov", ".mp4")


def sources(checkout: Path) -> list[Path]:
    return [path for root in ROOTS for path in sorted((checkout / root).rglob("*.py"))]


def node_modules() -> list:
    found = [import_module(f"ofx_lipsync.nodes.{name}") for name in NAMES]
    return [module for module in found if hasattr(module, "ID")]


def params() -> list[Param]:
    return [param for module in node_modules() for param in module.Params.declarations().values()]


def named(param: Param) -> str:
    return f"{param.owner}.{param.name}"


def test_every_file_begins_with_its_licence(checkout: Path) -> None:
    native = [path for suffix in ("*.cu", "*.h", "*.c") for path in (checkout / "kernels").rglob(suffix)]
    native += [path for suffix in ("*.h", "*.c") for path in (checkout / "ofx_lipsync").rglob(suffix)]
    for path in sources(checkout) + native:
        first = path.read_text().split("\n", 1)[0]
        assert LICENCE_LINE[2:] in first, f"{path} begins with {first!r}"


def test_files_and_functions_are_small(checkout: Path) -> None:
    for path in sources(checkout):
        text = path.read_text()
        assert text.count("\n") <= FILE_LINES, f"{path} has {text.count(chr(10))} lines"
        for found in ast.walk(ast.parse(text)):
            if isinstance(found, ast.FunctionDef):
                lines = (found.end_lineno or 0) - found.lineno + 1
                assert lines <= FUNCTION_LINES, f"{path}: {found.name} has {lines} lines"


def test_every_module_says_what_it_is_for(checkout: Path) -> None:
    for path in sources(checkout):
        tree = ast.parse(path.read_text())
        tested = path.is_relative_to(checkout / "tests")  # a test's names say it
        assert tested or not tree.body or ast.get_docstring(tree), f"{path} has no docstring"


def test_nothing_is_left_behind(checkout: Path) -> None:
    listed = subprocess.run(["git", "-C", checkout, "ls-files", "-z"], capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().strip("\0").split("\0"):
        path = checkout / name
        if not path.is_file() or path.suffix in BINARY:
            continue
        for what, pattern in LEFT_BEHIND.items():
            match = pattern.search(path.read_bytes())
            assert match is None, f"{name} holds {what}: {match[0]!r}"


def test_what_is_left_behind_would_be_seen() -> None:
    path, promise = LEFT_BEHIND.values()
    assert path.search(b'open("/' + b'tmp/x.exr")')
    assert path.search(b"/" + b"home/ada/shot")
    assert not path.search(b"https://example.org/work")
    assert promise.search(b"# TO" + b"DO later")


@pytest.mark.parametrize(
    "code",
    [
        "import ofx_lipsync, ofx_lipsync.graph",
        "import pkgutil, importlib, ofx_lipsync.nodes as n\n"
        "for m in pkgutil.walk_packages(n.__path__, n.__name__ + '.'): importlib.import_module(m.name)",
        "import ofx_lipsync.cli.main as m\ntry: m.main(['--help'])\nexcept SystemExit as e: assert not e.code",
        "import ofx_lipsync.cli.main as m\nassert m.main(['nodes', '--markdown']) == 0",
    ],
    ids=["package", "nodes", "help", "verb-nodes"],
)
def test_nothing_heavy_is_loaded_at_import(code: str, tmp_path: Path) -> None:
    """Hosts and farms import us thousands of times: no network, no GPU, no threads before there is work."""
    after = (
        f"\nimport sys, threading\nfor name in {HEAVY}: assert name not in sys.modules, name + ' was loaded'"
        "\nassert threading.active_count() == 1"
    )
    command = [sys.executable, "-W", "error", "-c", code + after]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]


def test_every_node_is_whole() -> None:
    for module in node_modules():
        stem = module.__name__.rpartition(".")[2]
        assert re.sub(r"(?<!^)(?=[A-Z])", "_", module.ID).lower() == stem, f"{module.ID} lives in {stem}.py"
        assert isinstance(module.VERSION, int)
        assert module.VERSION >= 1
        assert module.INPUTS
        assert module.Params.owner == module.ID
        assert module.__doc__
        assert callable(module.analyse if hasattr(module, "analyse") else module.render)
        module.Params()


def test_every_node_has_its_test(checkout: Path) -> None:
    for module in node_modules():
        stem = module.__name__.rpartition(".")[2]
        assert (checkout / "tests" / "nodes" / f"test_{stem}.py").is_file(), f"{module.ID} has no test file"


def test_every_param_has_a_help_sentence_and_a_group() -> None:
    for param in params():
        assert re.fullmatch(r"[A-Z0-9].{10,}[.]", param.help, re.DOTALL), f"{named(param)}: help is {param.help!r}"
        assert param.group, f"{named(param)} is in no group"
        assert re.fullmatch(r"[a-z][a-z0-9_]*", param.name), f"{named(param)} is not snake_case"


def test_every_number_has_a_range_a_slider_and_a_unit() -> None:
    for param in params():
        if isinstance(param, (Float, Int)):
            assert math.isfinite(param.lo), f"{named(param)} has no lower bound"
            assert math.isfinite(param.hi), f"{named(param)} has no upper bound"
            assert param.slider, f"{named(param)} has no slider"
            assert param.lo <= param.slider[0] < param.slider[1] <= param.hi, f"{named(param)}: slider leaves the range"
            assert param.slider[0] <= param.default <= param.slider[1], f"{named(param)}: default is off the slider"
            assert param.unit, f"{named(param)} has no unit"


def test_every_choice_holds_its_default() -> None:
    for param in params():
        if isinstance(param, Choice):
            assert param.default in param.options, named(param)
