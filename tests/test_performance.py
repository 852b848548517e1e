# SPDX-License-Identifier: Apache-2.0
"""What a face does for a line: shut on p b m, on the teeth for f v, at rest in silence; cues are kept to."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.face_curves import Cue
from ofx_lipsync.core.mouth_letters import SETS
from ofx_lipsync.core.phones import PHONES
from ofx_lipsync.core.rig import SOURCES
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.export.curves.rigs import rig
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.nodes.audio_feature import Params, analyse
from ofx_lipsync.performance import Performance, drawn, spoken, steady


@pytest.fixture(scope="module", params=["english", "russian"])
def line(request: pytest.FixtureRequest, samples: Path) -> Performance:
    return spoken(read_sound(str(samples / "lines" / f"{request.param}.flac")), Params())


def said(line: Performance, phones: str, rate: int) -> list[int]:
    """Frames in the middle of runs of at least 50 ms of these sounds."""
    labels = np.isin(line.told.phones.argmax(axis=1), [PHONES.index(p) for p in phones.split()])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], labels, [False]]).astype(int))).reshape(-1, 2)
    return [round((a + b) / 200 * rate) for a, b in edges if b - a >= 5]


@pytest.mark.parametrize("rate", [60, 24])
def test_lips_close_on_p_b_m_and_open_beside_them(line: Performance, rate: int) -> None:
    curves = rig("arkit").curves(line.sources(Fraction(rate)))
    shut = said(line, "p b m", rate)
    assert len(shut) >= 5
    for frame in shut:
        assert curves["jawOpen"][frame] - curves["mouthClose"][frame] < 0.025
        assert curves["mouthPressLeft"][frame] > 0.25
        assert curves["mouthLowerDownLeft"][frame] < 0.03
    apart = curves["jawOpen"] - curves["mouthClose"]
    assert np.quantile(apart, 0.95) > 0.2


def test_f_bites_and_w_rounds(line: Performance) -> None:
    curves = rig("arkit").curves(line.sources(Fraction(60)))
    near = lambda name, frame: curves[name][frame - 3 : frame + 4].max()  # noqa: E731
    for frame in said(line, "f v", 60):
        assert near("mouthRollLower", frame) > 0.25
    rounded = said(line, "w u", 60)
    assert rounded
    for frame in rounded:
        assert near("mouthPucker", frame) > 0.3


def test_values_are_in_range_and_there_is_one_a_frame(line: Performance) -> None:
    for rate in (Fraction(60), Fraction(24000, 1001), Fraction(30)):
        curves = rig("arkit").curves(line.sources(rate))
        assert 0 <= len(curves) / float(rate) - line.duration_s < 1.001 / float(rate)
        assert curves.values.min() >= 0
        assert curves.values.max() <= 1
        assert np.isfinite(curves.values).all()
    weights = rig("ovr").curves(line.sources(Fraction(60))).values
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.35)
    assert np.abs(np.diff(weights, axis=0)).max() < 0.8, "one-hot, not coarticulated"


def test_silence_rests() -> None:
    quiet = spoken(Sound(np.zeros((1, 24000), np.float32), 16000), Params())
    for name in ("arkit", "vrm", "lips"):
        assert not rig(name).curves(quiet.sources(Fraction(60))).values.any(), name
    assert rig("ovr").curves(quiet.sources(Fraction(60)))["sil"].min() == 1
    assert quiet.cues("rhubarb") == (Cue(0.0, 1.5, "X"),)
    assert quiet.cues("rhubarb_basic") == (Cue(0.0, 1.5, "A"),)


def test_a_line_that_begins_and_ends_in_silence_does_so_at_rest(line: Performance) -> None:
    assert rig("arkit").curves(line.sources(Fraction(60))).values[[0, -1]].max() < 0.02
    assert np.abs(np.diff(rig("live2d").curves(line.sources(Fraction(60))).values[:9, 0])).max() < 0.06


def test_the_curve_is_audio_features_own(samples: Path) -> None:
    sound = read_sound(str(samples / "lines" / "english.flac"))
    wanted = analyse(sound, range(1, 70), Fraction(24), Params()).curve
    got = spoken(sound, Params()).sources(Fraction(24))["open"][4:69]
    np.testing.assert_allclose(got, wanted.values[4:69, 0], atol=1e-5)


def test_cues_join_up_last_and_shut_where_lips_do(line: Performance) -> None:
    for mouths, shut in (("rhubarb", "A"), ("preston_blair", "MBP")):
        cues = line.cues(mouths)
        assert cues[0].start_s == 0
        assert cues[-1].end_s == pytest.approx(line.duration_s)
        for before, after in pairwise(cues):
            assert before.end_s == after.start_s
            assert before.shape != after.shape
            assert before.shape == shut or before.end_s - before.start_s > 0.035
        for frame in said(line, "p b m", 100):
            (shown,) = [cue.shape for cue in cues if cue.start_s <= frame / 100 < cue.end_s]
            assert shown == shut
    assert {cue.shape for cue in line.cues("rhubarb_basic")} <= set("ABCDEF")


def test_drawn_cues_become_curves_that_keep_to_them() -> None:
    cues = (Cue(0, 0.5, "X"), Cue(0.5, 0.8, "D"), Cue(0.8, 0.9, "A"), Cue(0.9, 1.2, "F"), Cue(1.2, 1.6, "X"))
    shown = drawn(cues, "rhubarb", 1.6)
    assert shown.cues("rhubarb") == cues
    assert [cue.shape for cue in shown.cues("preston_blair")] == ["rest", "AI", "MBP", "U", "rest"]
    curves = rig("arkit").curves(shown.sources(Fraction(60)))
    assert curves["jawOpen"][39] > 0.25
    assert curves["jawOpen"][51] - curves["mouthClose"][51] < 0.02
    assert curves["mouthPucker"][63] > 0.4
    assert curves.values[[0, -1]].max() < 0.01


def test_a_mouth_too_short_to_be_seen_gives_way_but_a_closure_stays() -> None:
    mouths = SETS["rhubarb"]
    at = {shape: mouths.names.index(shape) for shape in "ABCD"}
    labels = np.array([at["D"]] * 10 + [at["B"]] * 2 + [at["A"]] * 2 + [at["C"]] * 3 + [at["D"]] * 9)
    assert "".join(mouths.names[k] for k in steady(labels, mouths)) == "D" * 12 + "AA" + "D" * 12


def test_sources_are_named_as_the_tables_read_them(line: Performance) -> None:
    assert line.sources(Fraction(60)).names == SOURCES
    assert not line.sources(Fraction(60))["blink"].any()
    assert line.sources(Fraction(60), 3)["blink"].max() > 0.9
