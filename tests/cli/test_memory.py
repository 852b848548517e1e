# SPDX-License-Identifier: Apache-2.0
"""Freed memory stays at hand, up to a limit."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import numpy as np
from ofx_lipsync.cli.memory import keep_freed
if sys.argv[1] == "kept":
    keep_freed()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(10_000_000, np.float32)
began = faults()
for _ in range(5):
    np.ones(10_000_000, np.float32)
print(faults() - began)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what glibc does")
def test_large_arrays_are_not_asked_for_again():
    kept, given_back = (
        int(
            subprocess.check_output(
                [sys.executable, "-c", SCRIPT, how], text=True, env={"NUMPY_MADVISE_HUGEPAGE": "0", "PATH": ""}
            )
        )
        for how in ("kept", "given back")
    )
    assert given_back > 5 * 9000
    assert kept < 1000


def test_a_c_library_without_it_is_no_trouble(monkeypatch):
    from ofx_lipsync.cli import memory

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.keep_freed()
