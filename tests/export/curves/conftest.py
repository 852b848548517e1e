# SPDX-License-Identifier: Apache-2.0
"""One line, heard once, as each format wants it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Callable

import pytest

from ofx_lipsync.export.batch import Settings, _take
from ofx_lipsync.export.curves.take import Take
from ofx_lipsync.export.manifest import LineFile
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.nodes.audio_feature import Params
from ofx_lipsync.performance import Performance, spoken


@pytest.fixture(scope="session")
def english(samples: Path) -> Performance:
    return spoken(read_sound(str(samples / "lines" / "english.flac")), Params())


@pytest.fixture(scope="session")
def taken(english: Performance, samples: Path) -> Callable[..., Take]:
    """The take of a format; settings by name."""

    def take(name: str, **settings: object) -> Take:
        line = LineFile("english", samples / "lines" / "english.flac", "english")
        made = replace(Settings((name,)), **settings)  # type: ignore[arg-type]
        return _take(line, made, name, english, "english.flac")

    return take
