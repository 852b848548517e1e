# SPDX-License-Identifier: Apache-2.0
"""Builds the kernels' CPU library beside their source text; everything else is in pyproject.toml."""

import sysconfig
from pathlib import Path
from subprocess import check_call

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


class BuildWithKernels(build_py):
    """The .cu texts are C as well: one shared library serves machines without a GPU."""

    def run(self) -> None:
        folder = HERE / "kernels"
        cc = (sysconfig.get_config_var("CC") or "cc").split()[0]
        flags = "-O3 -fPIC -shared -fopenmp -std=c17 -fvisibility=hidden -ffp-contract=off -fno-math-errno".split()
        sources = [str(path) for path in sorted(folder.glob("*.cu"))]
        check_call([cc, *flags, "-x", "c", *sources, "-o", str(folder / "libkernels.so"), "-lm"])
        super().run()


class PlatformWheel(bdist_wheel):
    """Plain C called through cffi: any Python 3, this platform."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


setup(cmdclass={"build_py": BuildWithKernels, "bdist_wheel": PlatformWheel})
