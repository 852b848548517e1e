# SPDX-License-Identifier: Apache-2.0
"""Runs a kernel where its arrays live: NumPy on the CPU library, CuPy through NVRTC, from one text.

The `.cu` texts declare every kernel once; the argument types for both machines are read from there.
On the GPU a kernel runs on torch's current stream when torch is in use, so neither side waits for the other.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, Callable, ParamSpec

import numpy as np

from ofx_lipsync.core.errors import DeviceError, UsageError

FOLDER = Path(__file__).parent
LIBRARY = Path(__file__).with_name("libkernels.so")
NVRTC_OPTIONS = ("--std=c++17", "--fmad=false", "--device-as-default-execution-space")
"""No contraction to FMA: the GPU rounds as the CPU library does. OCIO's functions say not where they run."""

CUDA = 2
"""kDLCUDA of the DLPack standard."""

P = ParamSpec("P")

_PROTOTYPE = re.compile(r"KERNEL void (\w+)\(([^)]*)\)")
_INCLUDE = re.compile(r'#include "(\w+\.h)"')
_SCALARS = {"int": np.int32, "long long": np.int64, "float": np.float32, "double": np.float64}
_BLOCK = (32, 8)


@lru_cache(maxsize=64)
def source(name: str) -> str:
    """The CUDA text of `name`.cu with its headers written in, so that NVRTC and CuPy's cache see all of it."""
    text = (FOLDER / f"{name}.cu").read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda found: (FOLDER / found[1]).read_text(encoding="utf-8"), text)


def prototypes(text: str) -> dict[str, tuple[str, ...]]:
    """Kernel name -> the C type of each argument, as declared in a kernel text."""
    return {
        name: tuple(re.sub(r"\s*\w+$", "", part.replace("__restrict__ ", "").strip()) for part in arguments.split(","))
        for name, arguments in _PROTOTYPE.findall(text)
    }


def on_arrays_device(function: Callable[P, Any]) -> Callable[P, Any]:
    """Makes all of `function`, CuPy's own steps in it too, run on its first GPU array's device and torch's stream."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        device = next((place for value in (*args, *kwargs.values()) if (place := _gpu_of(value)) is not None), None)
        if device is None:
            return function(*args, **kwargs)
        import cupy

        with cupy.cuda.Device(device), _torch_stream(device):
            return function(*args, **kwargs)

    return run


def launch(name: str, kernel: str, size: tuple[int, int], *values: Any) -> None:
    """Runs `kernel` of `name`.cu over size = (height, width) with `values` (arrays, then numbers as declared).

    Raises: DeviceError when the CPU library is missing or damaged; UsageError when the arrays lie on different devices.
    """
    if 0 in size:
        return
    arrays = [value for value in values if hasattr(value, "shape") and value.shape != ()]
    on_host = [isinstance(array, np.ndarray) for array in arrays]
    if all(on_host):
        _run_on_host(kernel, values)
    elif not any(on_host):
        run_on_device(source(name), kernel, size, values)
    else:
        kinds = ", ".join(type(array).__module__.partition(".")[0] for array in arrays)
        raise UsageError(f"{kernel}: arrays lie on different devices (got {kinds}); move them to one device first")


def thread_count() -> int:
    """CPU threads for one kernel, from LIPSYNC_THREADS; one by default, since frames already run side by side."""
    text = os.environ.get("LIPSYNC_THREADS", "1")
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"LIPSYNC_THREADS: not a number of threads (got {text!r}, expected 1 or more)")
    return int(text)


@lru_cache(maxsize=1)
def _host() -> tuple[Any, Any, dict[str, tuple[str, ...]]]:
    import cffi

    if not LIBRARY.exists():
        raise DeviceError(f"kernels: the CPU library is missing (expected {LIBRARY}); install the package again")
    known: dict[str, tuple[str, ...]] = {}
    for path in sorted(FOLDER.glob("*.cu")):
        known |= prototypes(path.read_text(encoding="utf-8"))
    ffi = cffi.FFI()
    ffi.cdef("".join(f"void {kernel}({', '.join(types)});" for kernel, types in known.items()))
    try:
        return ffi, ffi.dlopen(str(LIBRARY)), known
    except OSError as error:
        raise DeviceError(f"kernels: the CPU library does not open ({error}); install the package again here") from None


def _run_on_host(kernel: str, values: tuple[Any, ...]) -> None:
    ffi, library, known = _host()
    types = known[kernel]
    if len(types) != len(values) + 1:
        raise TypeError(f"{kernel}: got {len(values)} values, expected {len(types) - 1}")
    given = [
        ffi.cast(kind, value.ctypes.data) if "*" in kind else value for kind, value in zip(types, values, strict=False)
    ]
    getattr(library, kernel)(*given, thread_count())


@lru_cache(maxsize=64)
def _compiled(text: str, kernel: str, device: int) -> tuple[Any, tuple[str, ...]]:
    import cupy

    return cupy.RawModule(code=text, options=NVRTC_OPTIONS).get_function(kernel), prototypes(text)[kernel]


def _gpu_of(value: Any) -> int | None:
    """The CUDA device that holds a CuPy array or torch tensor; None for all that lies elsewhere."""
    if isinstance(value, np.ndarray) or not hasattr(value, "__dlpack_device__"):
        return None
    kind, device = value.__dlpack_device__()
    return int(device) if int(kind) == CUDA else None


def run_on_device(text: str, kernel: str, size: tuple[int, int], values: tuple[Any, ...]) -> None:
    """Runs `kernel` of a CUDA text over size = (height, width) on the device of the first array among `values`."""
    import cupy

    device = next(value for value in values if isinstance(value, cupy.ndarray)).device
    function, types = _compiled(text, kernel, device.id)
    given = [value if "*" in kind else _SCALARS[kind](value) for kind, value in zip(types, (*values, 1), strict=True)]
    blocks = tuple(min(-(-length // side), 65535) for length, side in zip(size[::-1], _BLOCK, strict=True))
    function(blocks, _BLOCK, tuple(given))


def _torch_stream(device: int) -> Any:
    """Torch's current stream on `device` as a CuPy stream; CuPy's own where torch does not use the GPU."""
    import cupy

    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return cupy.cuda.get_current_stream()
    stream = torch.cuda.current_stream(device)
    if hasattr(cupy.cuda.Stream, "from_external"):  # CuPy 14
        return cupy.cuda.Stream.from_external(stream)
    return cupy.cuda.ExternalStream(stream.cuda_stream, device)
