# SPDX-License-Identifier: Apache-2.0
"""One text for two machines: it compiles for every GPU, and no thread, processor or view changes a bit."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from ofx_lipsync import kernels
from ofx_lipsync.core.errors import DeviceError, UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.warp import grid_points

LAUNCH = sys.modules["ofx_lipsync.kernels.launch"]
TEXTS = sorted(path.stem for path in LAUNCH.FOLDER.glob("*.cu"))
OLDEST_AND_NEWEST, BETWEEN = (75, 120), (80, 86, 89, 90, 100)
ARCHITECTURES = [*OLDEST_AND_NEWEST, *(pytest.param(sm, marks=pytest.mark.slow) for sm in BETWEEN)]


def compile_for_gpu(text: str, sm: int) -> bytes:
    """The machine code of a CUDA text, made by NVRTC, which needs no GPU."""
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", exc_type=ImportError)
    program = nvrtc.createProgram(text, "kernel.cu", [], [])
    try:
        nvrtc.compileProgram(program, (*LAUNCH.NVRTC_OPTIONS, f"--gpu-architecture=sm_{sm}"))
        return nvrtc.getCUBIN(program)
    except nvrtc.NVRTCError:
        raise SyntaxError(nvrtc.getProgramLog(program)) from None
    finally:
        nvrtc.destroyProgram(program)


@pytest.mark.parametrize("sm", ARCHITECTURES)
@pytest.mark.parametrize("name", TEXTS)
def test_every_text_compiles_for_every_gpu(name, sm):
    code = compile_for_gpu(LAUNCH.source(name), sm)
    assert all(kernel.encode() in code for kernel in LAUNCH.prototypes(LAUNCH.source(name)))


@pytest.mark.parametrize("name", TEXTS)
def test_a_planted_typo_is_caught(name):
    text = LAUNCH.source(name)
    start = text.rindex("LINE void")
    with pytest.raises(SyntaxError, match="undefined"):
        compile_for_gpu(text[:start] + text[start:].replace("width", "widht", 1), 90)


def test_prototypes_are_read_from_the_text():
    text = "KERNEL void dim(float *__restrict__ out, const float *__restrict__ in, long long n, int threads) {}"
    assert LAUNCH.prototypes(text) == {"dim": ("float *", "const float *", "long long", "int")}


def every_kernel(put: Callable[[np.ndarray], Any] = np.asarray) -> list[Any]:
    """One run of each kernel, large enough to be shared among threads and to leave odd ends for the vector units."""
    generator = np.random.default_rng(11)
    image, plate = (put(generator.random((3, 75, 101), np.float32) * 2 - np.float32(0.3)) for _ in range(2))
    patch = put(generator.random((4, 75, 101), np.float32))
    region = Region(0, 0, 101, 75)
    grid = put(grid_points(16, region) + generator.normal(0, 3, (2, 6, 8)).astype(np.float32))
    circle = np.stack([50 + 30 * np.cos(np.arange(60) / 9.6), 37 + 30 * np.sin(np.arange(60) / 9.6)], axis=1)
    alpha = kernels.matte(put(circle.astype(np.float32)), region, feather_px=7)
    return [
        alpha,
        kernels.blur(image, 2.5),
        kernels.crop(image, np.array([[2.7, 0.4, 1], [-0.4, 2.7, 5]]), (31, 33)),
        kernels.crop(image, np.array([[5.0, 0, 0], [0, 5.0, 0]]), (15, 20), filter="cubic"),
        kernels.match(image, plate, alpha, sigma_px=9),
        kernels.match(image, plate, alpha, sigma_px=2, mode="gain"),
        kernels.over(patch, plate),
        kernels.warp(image, grid, 16, region, shrink=2.0),
        kernels.warp(image, grid, 16, region, filter="linear"),
    ]


def test_thread_count_does_not_change_bits(monkeypatch, same_bits):
    one = every_kernel()
    for threads in ("2", "5"):
        monkeypatch.setenv("LIPSYNC_THREADS", threads)
        for got, expected in zip(every_kernel(), one, strict=True):
            same_bits(got, expected)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_a_wrong_thread_count_is_refused(monkeypatch, text):
    monkeypatch.setenv("LIPSYNC_THREADS", text)
    with pytest.raises(UsageError, match="LIPSYNC_THREADS: not a number of threads"):
        kernels.blur(np.zeros((1, 2, 2), np.float32), 1.0)


@pytest.fixture
def another_library(monkeypatch):
    """another_library(path): the kernels run from that file until the test ends."""

    def use(path: Path) -> None:
        monkeypatch.setattr(LAUNCH, "LIBRARY", path)
        LAUNCH._host.cache_clear()

    yield use
    LAUNCH._host.cache_clear()


def test_an_older_processor_gives_the_same_bits(another_library, monkeypatch, tmp_path, checkout, same_bits):
    """The AVX2 copies and the base copies of every line agree, so that a mixed farm makes one picture."""
    compiler = shutil.which("cc") or pytest.skip("no C compiler here to build the base library with")
    monkeypatch.setattr("setuptools.setup", lambda **_: None)
    flags = runpy.run_path(str(checkout / "setup.py"))["FLAGS"].split()
    texts = [str(LAUNCH.FOLDER / f"{name}.cu") for name in TEXTS]
    base = tmp_path / "libbase.so"
    subprocess.check_call([compiler, *flags, "-DBASE_PROCESSOR", "-x", "c", *texts, "-o", str(base), "-lm"])
    expected = every_kernel()
    another_library(base)
    for got, wanted in zip(every_kernel(), expected, strict=True):
        same_bits(got, wanted)


def test_a_missing_library_says_what_to_do(another_library, tmp_path):
    another_library(tmp_path / "libkernels.so")
    with pytest.raises(DeviceError, match=r"CPU library is missing \(expected .*libkernels.so\); install"):
        kernels.blur(np.zeros((1, 2, 2), np.float32), 1.0)


def test_a_damaged_library_says_what_to_do(another_library, tmp_path):
    broken = tmp_path / "libkernels.so"
    broken.write_text("not a library", encoding="utf-8")
    another_library(broken)
    with pytest.raises(DeviceError, match=r"CPU library does not open .*install the package again"):
        kernels.blur(np.zeros((1, 2, 2), np.float32), 1.0)


def test_torch_tensors_are_read_in_place(same_bits, noise):
    torch = pytest.importorskip("torch")
    image = noise(3, 12, 15)
    same_bits(kernels.blur(torch.from_numpy(image), 1.5), kernels.blur(image, 1.5))


def test_arrays_on_two_devices_are_refused():
    class Elsewhere:
        """An array that says it lies on the GPU."""

        shape, dtype = (3, 2, 2), np.dtype(np.float32)

    with pytest.raises(UsageError, match="over: arrays lie on different devices"):
        LAUNCH.launch("over", "over", (2, 2), np.zeros((3, 2, 2), np.float32), Elsewhere(), 3, 2, 2)


def test_importing_the_kernels_loads_no_engine():
    check = "import sys, ofx_lipsync.kernels as k; print({'torch', 'cupy', 'cffi'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", check], text=True).strip() == "set()"


@pytest.mark.gpu
def test_kernels_follow_torchs_stream(noise):
    """A result is there for torch work queued after it, with no wait on the host."""
    torch, cupy = pytest.importorskip("torch"), pytest.importorskip("cupy")
    image = torch.from_numpy(noise(3, 512, 512)).cuda()
    with torch.cuda.stream(torch.cuda.Stream()):
        brighter = image * 2
        blurred = torch.from_dlpack(kernels.blur(brighter, 3.0))
        got = (blurred + 1).cpu()
    expected = kernels.blur(cupy.asnumpy(cupy.from_dlpack(image)) * 2, 3.0) + 1
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-4)


@pytest.mark.gpu
def test_the_gpu_gives_the_librarys_numbers():
    """Without FMA contraction both machines round alike; square roots and divisions are IEEE on both."""
    cupy = pytest.importorskip("cupy")
    for got, expected in zip(every_kernel(cupy.asarray), every_kernel(), strict=True):
        np.testing.assert_allclose(cupy.asnumpy(got), expected, atol=1e-5)
