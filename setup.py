# SPDX-License-Identifier: Apache-2.0
"""Builds the kernels' CPU library beside their source text; everything else is in pyproject.toml."""

import os
import sysconfig
from pathlib import Path
from subprocess import check_call

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build
from setuptools.command.build_py import build_py

KERNELS = Path(__file__).parent / "kernels"
FLAGS = "-O3 -std=c17 -fPIC -shared -fopenmp -fvisibility=hidden -ffp-contract=off -fno-math-errno -fno-trapping-math"


class BuildKernels(build_py):
    """The .cu texts are C as well. A step of its own: setuptools hides a failing build_py from editable installs."""

    def run(self) -> None:
        compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
        fresh = KERNELS / f"libkernels.{os.getpid()}.so"
        check_call([*compiler, *FLAGS.split(), "-x", "c", *sorted(KERNELS.glob("*.cu")), "-o", fresh, "-lm"])
        fresh.replace(KERNELS / "libkernels.so")


class PlatformWheel(bdist_wheel):
    """Plain C called through cffi: any Python 3, this platform."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


build.sub_commands.insert(0, ("build_kernels", None))
setup(cmdclass={"build_kernels": BuildKernels, "bdist_wheel": PlatformWheel})
