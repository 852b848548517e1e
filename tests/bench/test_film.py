# SPDX-License-Identifier: Apache-2.0
"""bench film: every stage is charged for itself, and the figures are of frames that were really dubbed."""

from __future__ import annotations

import time

import OpenImageIO as oiio
import pytest

from ofx_lipsync.bench import film


def test_a_small_plate_is_measured_by_stage(tmp_path, capsys):
    plate = film.make_plate(tmp_path, 3, "zips", film.VIEWS["medium"], size=(480, 270))
    figures = film.measured(plate, tmp_path / "out.####.exr", ["Blend.feather=5"])
    assert figures["frames"] == 3
    assert 90 < figures["face_px"] < 160
    assert 100 < figures["peak_mib"] < film.BAR_MIB
    assert set(figures["analyse"]) | set(figures["render"]) <= set(film.SEEN)
    for stage in ("read", "mouth", "blend", "composite", "write"):
        assert figures["render"][stage] > 0, stage
    before, after = (oiio.ImageBuf(str(tmp_path / f"{name}.1003.exr")) for name in ("plate", "out"))
    assert after.spec().get_string_attribute("compression") == "zips"
    assert (before.get_pixels() != after.get_pixels()).any()
    film.tell("medium", figures, "zips")
    assert "engine's share of a rendered frame: " in capsys.readouterr().out


def test_the_share_is_what_is_not_reading_or_writing():
    assert film.engine_share({"read": 3.0, "write": 3.0, "mouth": 1.0, "blend": 1.0}) == pytest.approx(0.25)
    assert film.engine_share({}) == 0


def test_an_inner_stage_is_not_charged_to_the_outer_one():
    clock = film.Clock()
    with clock.stage("mouth"):
        spend(0.02)
        with clock.stage("read"):
            spend(0.08)
    taken = clock.taken()
    assert taken["read"] > 2 * taken["mouth"]
    assert taken["mouth"] >= 0.02
    assert "mouth" not in clock.taken()


def spend(cpu_s: float) -> None:
    began = time.process_time()
    while time.process_time() - began < cpu_s:
        pass
