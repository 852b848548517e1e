# SPDX-License-Identifier: Apache-2.0
"""Builds the kernels' CPU library and the OpenFX bundle beside their texts; everything else is in pyproject.toml."""

import os
import sysconfig
from pathlib import Path
from subprocess import check_call

from setuptools import setup
from setuptools.command import bdist_wheel, build, build_py

ROOT = Path(__file__).parent
SHARED = "-O3 -std=c17 -fPIC -shared -pthread -fvisibility=hidden"
FLAGS = f"{SHARED} -fopenmp -ffp-contract=off -fno-math-errno -fno-trapping-math"
SHIM, PLUGIN = (f"ofx_lipsync/plugin/{x}" for x in ("shim*.c", "LipSync.ofx.bundle/Contents/Linux-x86-64/LipSync.ofx"))


class BuildNative(build_py.build_py):
    """The .cu texts are C as well. A step of its own: setuptools hides a failing build_py from editable installs."""

    def run(self) -> None:
        compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
        for made, texts, flags in (("kernels/libkernels.so", "kernels/*.cu", FLAGS), (PLUGIN, SHIM, SHARED)):
            fresh = ROOT / f"{made}.{os.getpid()}"
            fresh.parent.mkdir(parents=True, exist_ok=True)
            check_call([*compiler, *flags.split(), "-x", "c", *sorted(ROOT.glob(texts)), "-o", fresh, "-lm", "-ldl"])
            fresh.replace(ROOT / made)


class PlatformWheel(bdist_wheel.bdist_wheel):
    """Plain C called through cffi: any Python 3, this platform."""

    root_is_pure = property(lambda self: False, lambda self, pure: None)

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


build.build.sub_commands.insert(0, ("build_native", None))
setup(cmdclass={"build_native": BuildNative, "bdist_wheel": PlatformWheel})
