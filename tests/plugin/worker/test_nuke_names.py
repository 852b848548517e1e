# SPDX-License-Identifier: Apache-2.0
"""File params of Nuke, whose sequences come with the frame filled in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ofx_lipsync.plugin.job import Job
from ofx_lipsync.plugin.protocol import Kind, Message


def job(host: str, path: str, time: float = 1001.0) -> Job:
    message = Message(Kind.RENDER, 1, {"time": time, "p.plate_file": path})
    return Job(SimpleNamespace(host=host), SimpleNamespace(message=message), "LipSync")


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/s/plate.1001.exr", "/s/plate.####.exr"),
        ("/s/plate_01001.dpx", "/s/plate_#####.dpx"),
        ("/s/v012/plate.1002.exr", "/s/v012/plate.1002.exr"),  # another frame's: the artist means that one
        ("/s/plate.####.exr", "/s/plate.####.exr"),
        ("/s/take.1001.mov", "/s/take.1001.mov"),
        ("/s/plate.exr", "/s/plate.exr"),
        ("", ""),
    ],
)
def test_nukes_sequences_are_patterns_again(path: str, pattern: str) -> None:
    assert job("uk.co.thefoundry.nuke", path).plate_path == pattern
    assert job("fr.inria.Natron", path).plate_path == path
