# SPDX-License-Identifier: Apache-2.0
"""How this process asks the system for memory."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_KEPT_BYTES = 1 << 30


def keep_freed() -> None:
    """Keep up to a GiB of what is freed, where the C library is glibc.

    Arrays of 4K are beyond the size (32 MiB) up to which glibc keeps memory: each went back to the system and was asked
    for again, and was zeroed page by page. That was 15 % of a 4K close-up frame.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
