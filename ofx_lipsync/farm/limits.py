# SPDX-License-Identifier: Apache-2.0
"""How much of a host one task may take: threads and devices, as the farm or the user says.

OpenCue tells its tasks in CUE_THREADS and CUE_GPUS. OpenJD keeps its amounts to the scheduler, so its job gives
`--threads`. What is computed never hangs on the number of threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from typing import Mapping

from ofx_lipsync.core.errors import DeviceError, UsageError

THREADS, GPUS = "CUE_THREADS", "CUE_GPUS"


def limit(threads: int | None, device: str = "cpu") -> None:
    """Holds this process to a number of threads, and makes sure that the device is one it can use.

    Raises: UsageError for a number below one or a device of another name; DeviceError where there is none.
    """
    check_device(device)
    number = allowed(threads)
    if number is None:
        return
    os.environ["OMP_NUM_THREADS"] = str(number)
    # Where the kernels' library is loaded already (in a resident engine) the variable comes too late.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libgomp.so.1", mode=os.RTLD_NOLOAD | os.RTLD_LAZY).omp_set_num_threads(number)
    import OpenImageIO as oiio

    oiio.attribute("threads", number)
    oiio.attribute("exr_threads", number)


def allowed(threads: int | None, environment: Mapping[str, str] | None = None) -> int | None:
    """The number asked for, else the farm's, else None: as it comes."""
    given = (os.environ if environment is None else environment).get(THREADS, "")
    if threads is None:
        return max(1, int(float(given))) if re.fullmatch(r"\d+(\.\d+)?", given) else None
    if not 1 <= threads <= 1024:
        raise UsageError(f"--threads: got {threads}, expected 1 to 1024")
    return threads


def check_device(name: str, environment: Mapping[str, str] | None = None) -> None:
    """Raises: UsageError, DeviceError. See `limit`."""
    if name == "cpu":
        return
    if re.fullmatch(r"cuda(:\d+)?", name) is None:
        raise UsageError(f"--device: got {name!r}, expected cpu or cuda:0")
    if (os.environ if environment is None else environment).get(GPUS) == "0":
        raise DeviceError(f"--device {name}: the farm gave this task no GPU ({GPUS}=0); ask it for one, or give cpu")
    if int(name.partition(":")[2] or 0) >= cards():
        raise DeviceError(
            f"--device {name}: there is no such GPU here ({cards()} found); see lipsync doctor, or give cpu"
        )
    raise DeviceError(f"--device {name}: a GPU is there, but a dub is computed on the processor for now; give cpu")


def cards() -> int:
    """CUDA devices that CuPy can use."""
    try:
        from cupy.cuda import runtime

        return int(runtime.getDeviceCount())
    except Exception:  # no CuPy, no driver, or a CuPy of another CUDA, each failing in ways of its own
        return 0
