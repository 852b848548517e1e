# SPDX-License-Identifier: Apache-2.0
"""The shipped character, small; the hearing network; GL without a window; a voice that hears a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable

import pytest

from ofx_lipsync.live.figure import Figure
from ofx_lipsync.live.perform import read_figure
from ofx_lipsync.models.hearing_listener import Hearing

HEIGHT_PX = 96


@pytest.fixture(scope="session")
def hearing() -> Hearing:
    return Hearing.named()


@pytest.fixture(scope="session")
def character(samples: Path) -> Path:
    return samples / "character"


@pytest.fixture(scope="session")
def figure(character: Path) -> Figure:
    return read_figure(str(character), HEIGHT_PX)


def waited(until: Callable[[], bool], longest_s: float = 20.0) -> bool:
    """Whether it became so; long, since machines are busy."""
    end_s = time.monotonic() + longest_s
    while not until():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True
