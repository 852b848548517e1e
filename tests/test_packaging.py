# SPDX-License-Identifier: Apache-2.0
"""The wheel holds what the checkout holds, and nothing of ours is importable under a global name."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

MAPPED = {
    "ofx_lipsync": "ofx_lipsync",
    "nodes": "ofx_lipsync.nodes",
    "kernels": "ofx_lipsync.kernels",
    "models": "ofx_lipsync.models",
}
BINARY = "LipSync.ofx.bundle/Contents/Linux-x86-64/LipSync.ofx"
GLOBAL_NAMES = ("nodes", "kernels", "models")
LOOSE = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="session")
def project(checkout: Path) -> dict:
    return tomllib.loads((checkout / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that the checkout keeps its own library."""
    sources = tmp_path_factory.mktemp("sources") / "project"
    for folder in MAPPED:
        shutil.copytree(
            checkout / folder, sources / folder, ignore=shutil.ignore_patterns("*.so", "*.ofx", "__pycache__")
        )
    for name in LOOSE:
        shutil.copy(checkout / name, sources / name)
    folder = sources.parent / "wheels"
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, sources]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed in, away from the checkout."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder, wheel]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def tree_packages(root: Path) -> set[str]:
    """Every folder under the four roots that holds Python, by the name it is imported as."""
    found = set()
    for folder, name in MAPPED.items():
        for path in (root / folder).rglob("*.py"):
            inside = path.parent.relative_to(root / folder).parts
            found.add(".".join((name, *inside)))
    return found


def test_every_package_is_listed(checkout: Path, project: dict) -> None:
    """setuptools leaves an unlisted sub-package out of the wheel without a word."""
    assert set(project["tool"]["setuptools"]["packages"]) == tree_packages(checkout)


def test_every_package_says_what_it_is(checkout: Path) -> None:
    for folder in MAPPED:
        for path in (checkout / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py"


def test_an_unlisted_package_is_seen(checkout: Path, tmp_path: Path, project: dict) -> None:
    for folder in MAPPED:
        shutil.copytree(checkout / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.so", "weights"))
    (tmp_path / "nodes" / "forgotten").mkdir()
    (tmp_path / "nodes" / "forgotten" / "__init__.py").touch()
    assert "ofx_lipsync.nodes.forgotten" in tree_packages(tmp_path) - set(project["tool"]["setuptools"]["packages"])


def test_tests_are_imported_by_path(project: dict) -> None:
    """Mirrored test trees repeat file names, which the default import mode cannot tell apart."""
    assert "--import-mode=importlib" in project["tool"]["pytest"]["ini_options"]["addopts"]


@pytest.mark.parametrize("name", GLOBAL_NAMES)
def test_no_global_name_leaks(name: str, tmp_path: Path) -> None:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=clean()).returncode == 0


def test_nothing_imports_a_global_name(checkout: Path) -> None:
    """`import nodes.blend` from the checkout would be a second module beside ofx_lipsync.nodes.blend."""
    for folder in (*MAPPED, "tests", "samples"):
        for path in (checkout / folder).rglob("*.py"):
            roots = {name.partition(".")[0] for name in absolute_imports(path)}
            assert not roots & set(GLOBAL_NAMES), f"{path} imports {roots & set(GLOBAL_NAMES)}"


def test_the_wheel_holds_the_kernels_the_weights_and_the_licences(checkout: Path, site: Path) -> None:
    wanted = {"ofx_lipsync/py.typed", "ofx_lipsync/kernels/libkernels.so"}
    wanted |= {f"ofx_lipsync/kernels/{p.name}" for p in (checkout / "kernels").iterdir() if p.suffix in (".cu", ".h")}
    wanted |= {f"ofx_lipsync/plugin/{name}" for name in ("ofx.h", BINARY)}
    wanted |= {f"ofx_lipsync/models/weights/{p.name}" for p in (checkout / "models" / "weights").iterdir()}
    rigs = checkout / "ofx_lipsync" / "export" / "rigs"
    wanted |= {f"ofx_lipsync/export/rigs/{p.name}" for p in rigs.iterdir()}
    assert any(name.endswith(".cu") for name in wanted)
    assert any(name.endswith(".task") for name in wanted)
    assert wanted <= files(site), sorted(wanted - files(site))
    for licence in ("LICENSE", "NOTICE"):
        assert any(name.endswith(f".dist-info/licenses/{licence}") for name in files(site)), licence


def test_the_wheel_holds_every_module(checkout: Path, site: Path) -> None:
    for folder, package in MAPPED.items():
        inside = package.replace(".", "/")
        wanted = {f"{inside}/{p.relative_to(checkout / folder)}" for p in (checkout / folder).rglob("*.py")}
        assert wanted <= files(site), sorted(wanted - files(site))


def test_the_wheel_is_of_any_python_3_and_this_platform(wheel: Path) -> None:
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")


def test_the_wheel_works_away_from_the_checkout(site: Path, tmp_path: Path) -> None:
    code = (
        "import sys, cffi, pathlib, ofx_lipsync.kernels as k, ofx_lipsync.nodes as n, ofx_lipsync.cli.main as m\n"
        "for package in (k, n, m): assert package.__file__.startswith(sys.argv[1]), package.__file__\n"
        "cffi.FFI().dlopen(str(pathlib.Path(k.__file__).with_name('libkernels.so')))\n"
        "sys.exit(m.main(['--help']))\n"
    )
    command = [sys.executable, "-c", code, str(site)]
    done = subprocess.run(command, cwd=tmp_path, env=clean(PYTHONPATH=str(site)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "dub" in done.stdout


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def clean(**more: str) -> dict[str, str]:
    """The environment without a path of ours."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


def absolute_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            names |= {alias.name for alias in found.names}
        elif isinstance(found, ast.ImportFrom) and found.level == 0 and found.module:
            names.add(found.module)
    return names
