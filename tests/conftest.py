# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for: where the checkout is, the samples, the shared clips, and fixed seeds."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Iterator

# as the command does, before NumPy loads: two threads that wait for each other are ten times slower on a busy machine
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# the same cases on every machine, and none failed for being made slowly on a busy one
settings.register_profile("house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def seeds() -> None:
    """The same numbers whatever ran before; torch seeds itself from its own generators where a test needs it."""
    random.seed(1001)
    np.random.seed(1001)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository's root."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Talking clips that are not part of the project; see CONTRIBUTING.md for what lies there."""
    folder = Path(os.environ.get("LIPSYNC_SHARED") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the shared clips are not here; point LIPSYNC_SHARED at the folder that holds grid/ and facegood/")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The demo's portrait and lines."""
    return CHECKOUT / "samples"


@pytest.fixture(scope="session")
def sample_portrait(samples: Path) -> Path:
    return samples / "collins" / "portrait.png"


@pytest.fixture(scope="session")
def sample_line(samples: Path) -> Path:
    """English, spoken by flite: about three seconds at 16 kHz."""
    return samples / "lines" / "english.flac"


@pytest.fixture(scope="session")
def sample_line_ru(samples: Path) -> Path:
    """A real Russian sentence, one man, at 16 kHz."""
    return samples / "lines" / "russian.flac"


@pytest.fixture
def gl() -> Iterator[None]:
    """A current context; where there is no driver at all the test says so and is skipped."""
    from ofx_lipsync.core.errors import DeviceError
    from ofx_lipsync.view.context import offscreen

    try:
        context = offscreen()
        context.__enter__()
    except DeviceError as error:
        pytest.skip(str(error))
    yield
    context.__exit__(None, None, None)
