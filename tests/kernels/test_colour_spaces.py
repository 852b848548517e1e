# SPDX-License-Identifier: Apache-2.0
"""Every space of the studio config, there and back: OCIO's own shader text against OCIO's lossless processor.

All texts are compiled in one go, by a C++ compiler and for GPUs, so that the sweep takes seconds and needs no GPU.
"""

import ctypes
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.kernels.colour import kernel_text, reference
from ofx_lipsync.kernels.launch import NVRTC_OPTIONS

CONFIG = ocio.Config.CreateFromBuiltinConfig("studio-config-v2.2.0_aces-v1.3_ocio-v2.4")
WORKING = "ACEScg"
FLAGS = ["-std=c++17", "-O1", "-fPIC", "-shared", "-DBASE_PROCESSOR", "-ffp-contract=off"]
TABLES = {
    "ACEScc", "ADX10", "ADX16", "Apple Log", "CanonLog2 CinemaGamut D55", "CanonLog3 CinemaGamut D55",
    "Rec.2100-HLG - Display", "Rec.2100-PQ - Display", "ST2084-P3-D65 - Display",
}  # fmt: skip
"""Spaces that OCIO itself can only write with a table: these stay with its processor, on every machine."""
OLDEST_AND_NEWEST, BETWEEN = (75, 120), (80, 86, 89, 90, 100)
GREYS, WILD, DEEP = slice(0, 60), slice(60, 160), slice(160, 200)


@dataclass(frozen=True)
class Conversion:
    source: str
    target: str
    processor: Any
    text: str

    @property
    def name(self) -> str:
        return f"{self.source} -> {self.target}"


def conversions() -> list[Conversion]:
    found = []
    for space in (s.getName() for s in CONFIG.getColorSpaces() if s.getName() != WORKING):
        for source, target in ((space, WORKING), (WORKING, space)):
            processor = CONFIG.getProcessor(source, target)
            try:
                found.append(Conversion(source, target, processor, kernel_text(processor)))
            except ColourError:
                assert space in TABLES, f"{space} needs a table"
    return found


ALL = conversions()


def together(chosen: list[Conversion]) -> str:
    """One text with the kernels colour0, colour1 and so on."""
    names = (("void colour(", "void colour{}("), ("colour_row", "colour_row{}"), ("ocio(", "ocio{}("))
    texts = []
    for number, conversion in enumerate(chosen):
        text = conversion.text
        for old, new in names:
            text = text.replace(old, new.format(number))
        texts.append(text)
    return "\n".join(texts)


def colours() -> np.ndarray:
    """[3, 1, 200]: codes and lights near grey, then any colour from 0.00001 to 100, then negatives down to -10."""
    generator = np.random.default_rng(4)
    greys = np.geomspace(0.02, 1.0, 60) * generator.uniform(0.85, 1.15, (3, 60))
    wild = 10 ** generator.uniform(-5, 2, (3, 100))
    deep = -(10 ** generator.uniform(-4, 1, (3, 40)))
    return np.concatenate([greys, wild, deep], axis=1).astype(np.float32)[:, None]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("g++") or pytest.skip("no g++ here to compile OCIO's texts with")
    folder: Path = tmp_path_factory.mktemp("colour")
    (folder / "colour.cpp").write_text(together(ALL), encoding="utf-8")
    subprocess.run([compiler, *FLAGS, folder / "colour.cpp", "-o", folder / "colour.so"], check=True)
    return ctypes.CDLL(str(folder / "colour.so"))


def test_all_but_a_few_need_no_table():
    assert len(ALL) >= 78
    assert len(ALL) == 2 * (len(CONFIG.getColorSpaces()) - 1 - len(TABLES))


def test_every_text_gives_ocios_colours(compiled):
    """Off by 1e-3 of a pixel at most (of its largest channel: a matrix that takes large numbers from each other leaves
    small ones less exact, in OCIO as well), of every value of colours near grey, and 1e-2 in the deep negative."""
    image, worst = colours(), {"near grey": (0.0, ""), "wild": (0.0, ""), "negative": (0.0, "")}
    for number, conversion in enumerate(ALL):
        got = run(compiled[f"colour{number}"], image)
        wanted = reference(image, conversion.processor)
        assert np.array_equal(np.isfinite(got), np.isfinite(wanted)), conversion.name
        with np.errstate(invalid="ignore"):
            apart = np.nan_to_num(np.abs(got - wanted), nan=0.0)
        largest = np.nan_to_num(np.abs(wanted), posinf=0.0).max(axis=0, keepdims=True)
        for part, where, size in (
            ("near grey", GREYS, np.maximum(np.abs(wanted), 1e-3)),
            ("wild", WILD, np.maximum(largest, 1e-3)),
            ("negative", DEEP, np.maximum(largest, 1e-4)),
        ):
            off = float((apart[..., where] / np.broadcast_to(size, apart.shape)[..., where]).max())
            worst[part] = max(worst[part], (off, conversion.name))
    print(f"{len(ALL)} conversions; off by at most", worst)
    assert worst["near grey"][0] <= 1e-3
    assert worst["wild"][0] <= 1e-3
    assert worst["negative"][0] <= 1e-2


def test_a_slip_of_two_thousandths_is_caught(compiled):
    """The bar near grey is below what a wrong digit in a matrix does."""
    image = np.ascontiguousarray(colours()[..., GREYS])
    conversion = next(c for c in ALL if c.source == "ACES2065-1")
    got, wanted = (
        run(compiled[f"colour{ALL.index(conversion)}"], image * np.float32(1.002)),
        reference(image, conversion.processor),
    )
    assert (np.abs(got - wanted) / np.abs(wanted)).max() > 1e-3


def run(kernel: Any, image: np.ndarray) -> np.ndarray:
    out = np.empty_like(image)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (out, image)]
    kernel(*pointers, image.shape[2], image.shape[1], 1)
    return out


def shapes() -> list[Conversion]:
    """One conversion of each kind: texts that differ in their numbers alone compile alike."""
    kinds = {re.sub(r"-?\d+\.?\d*(e[-+]?\d+)?f?", "#", c.text): c for c in ALL}
    return list(kinds.values())


@pytest.mark.parametrize("sm", [*OLDEST_AND_NEWEST, *(pytest.param(sm, marks=pytest.mark.slow) for sm in BETWEEN)])
def test_every_kind_of_text_compiles_for_every_gpu(sm):
    compile_for_gpu(shapes(), sm)


@pytest.mark.slow
@pytest.mark.parametrize("sm", [*OLDEST_AND_NEWEST, *BETWEEN])
def test_every_text_compiles_for_every_gpu(sm):
    compile_for_gpu(ALL, sm)


def compile_for_gpu(chosen: list[Conversion], sm: int) -> None:
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", exc_type=ImportError)
    program = nvrtc.createProgram(together(chosen), "colour.cu", [], [])
    nvrtc.compileProgram(program, (*NVRTC_OPTIONS, f"--gpu-architecture=sm_{sm}"))
    code = nvrtc.getCUBIN(program)
    assert all(f"colour{number}".encode() in code for number in range(len(chosen)))
    nvrtc.destroyProgram(program)


def test_tables_are_named():
    """What a space with a table says on the GPU, where OCIO's text alone is not enough."""
    with pytest.raises(ColourError, match="needs a lookup table"):
        kernel_text(CONFIG.getProcessor("Apple Log", WORKING))
