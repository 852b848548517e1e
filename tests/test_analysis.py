# SPDX-License-Identifier: Apache-2.0
"""The analysis file comes from disks and strangers: whole it reads back bit for bit, else it is one clear error."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofx_lipsync.analysis import (
    Analysis,
    Parts,
    check_key,
    from_bytes,
    parts_from_bytes,
    read_analysis,
    read_parts,
    to_bytes,
    write_analysis,
)
from ofx_lipsync.core.errors import AnalysisError
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.fill import FillAnalysis, FillPlan
from ofx_lipsync.core.mouth import AudioAnalysis, MouthCurve
from ofx_lipsync.core.offset import FaceSync, OffsetCurve, SyncReport
from ofx_lipsync.core.plan import MouthPlan

FRAMES = np.arange(1001, 1005)


def track(identity: int) -> FaceTrack:
    rng = np.random.default_rng(identity)
    landmarks = rng.random((4, 478, 3), np.float32) * 100
    return FaceTrack(identity, FRAMES, landmarks, rng.random(4, np.float32), rng.random((4, 52), np.float32))


def any_plan() -> MouthPlan:
    """Four rows of every field; their meaning does not matter here."""
    values = {}
    for field in dataclasses.fields(MouthPlan):
        kind = np.int64 if "frame" in field.name and "px" not in field.name else np.float32
        values[field.name] = np.arange(8, dtype=kind).reshape(4, 2) + len(field.name)
    return MouthPlan(**values)


@functools.cache
def made() -> Analysis:
    curve = MouthCurve(np.arange(4) / 24, np.ones((4, 6), np.float32), np.zeros(4, np.float32), np.ones(4, np.float32))
    audio = AudioAnalysis(np.zeros((80, 14), np.float32), np.full(4, -30, np.float32), curve)
    faces = FaceAnalysis((track(0), track(1)), (1003,), 1)
    return Analysis({"plate": "abc", "line": "def"}, FRAMES, faces, audio, any_plan())


@functools.cache
def written() -> bytes:
    return to_bytes(made())


@pytest.fixture
def analysis() -> Analysis:
    return made()


@pytest.fixture
def content() -> bytes:
    return written()


def same(a, b) -> bool:
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def test_reads_back_bit_for_bit(analysis, content):
    assert same(from_bytes(content), analysis)


def test_same_analysis_gives_the_same_bytes(analysis, content):
    assert to_bytes(from_bytes(content)) == content


def test_nobody_and_no_cuts(analysis):
    empty = dataclasses.replace(analysis, faces=FaceAnalysis((), (), -1))
    assert same(from_bytes(to_bytes(empty)), empty)


def test_any_part_may_be_absent(analysis, tmp_path):
    parts = Parts(analysis.key, FRAMES, audio=analysis.audio, rate="24000/1001", display=(0, 0, 64, 48))
    assert same(parts_from_bytes(to_bytes(parts)), parts)
    write_analysis(tmp_path / "shot.lipsync", parts)
    assert read_parts(tmp_path / "shot.lipsync").faces is None
    with pytest.raises(AnalysisError, match=r"shot.lipsync: holds no faces and no plan; press Analyse"):
        read_analysis(tmp_path / "shot.lipsync")


def report() -> SyncReport:
    times = np.arange(6) / 25
    curve = OffsetCurve(times, np.full(6, 0.04, np.float32), np.ones(6, np.float32))
    offsets = np.arange(-3, 4) / 25
    faces = tuple(FaceSync(n, curve, offsets, np.ones((6, 7), np.float32) / (n + 2), 0.5, 0.1, 0.04) for n in range(2))
    return SyncReport(times, faces, np.zeros(6, np.int64), np.ones(6, np.float32))


def filled() -> FillAnalysis:
    plan = FillPlan(np.array([1002, 1003]), np.array([1001, 1001]), np.array([1004, 1004]), ("black", "frozen"))
    return FillAnalysis(plan, FaceAnalysis((track(0),), (), 0), (track(0), track(1)), any_plan())


def test_what_lies_beside_a_dub_is_kept_and_not_needed(analysis, content):
    parts = dataclasses.replace(parts_from_bytes(content), sync=report(), fill=filled())
    held = to_bytes(parts)
    assert same(parts_from_bytes(held), parts)
    assert same(from_bytes(held), analysis)
    assert to_bytes(dataclasses.replace(parts, sync=None, fill=None)) == content


def test_a_fill_of_unequal_length_is_refused(content):
    short = dataclasses.replace(filled(), plan=dataclasses.replace(filled().plan, before=np.array([1001])))
    few = dataclasses.replace(filled(), plan=dataclasses.replace(filled().plan, why=("black",)))
    for wrong in (short, few):
        with pytest.raises(AnalysisError, match="FillPlan has"):
            parts_from_bytes(to_bytes(dataclasses.replace(parts_from_bytes(content), fill=wrong)))


@pytest.mark.parametrize("field", ["times_s", "speaking", "voice"])
def test_a_measurement_of_unequal_length_is_refused(content, field):
    short = dataclasses.replace(report(), **{field: getattr(report(), field)[:-1]})
    with pytest.raises(AnalysisError, match="SyncReport has"):
        parts_from_bytes(to_bytes(dataclasses.replace(parts_from_bytes(content), sync=short)))


def test_a_file_of_the_first_format_is_still_read(analysis):
    from safetensors.numpy import load, save

    from ofx_lipsync.analysis import _digest, _parse

    head, arrays = _parse(written())[0], load(written())
    facts = {name: fact for name, fact in head["facts"].items() if name not in ("rate", "display")}
    old = {"format": 1, "facts": facts, "digest": _digest(arrays, facts)}
    assert same(from_bytes(save(arrays, metadata={"lipsync": json.dumps(old)})), analysis)


def test_written_whole_or_not_at_all(analysis, tmp_path):
    path = tmp_path / "shot.lipsync"
    write_analysis(path, analysis)
    assert same(read_analysis(path), analysis)
    assert [p.name for p in tmp_path.iterdir()] == ["shot.lipsync"]


def test_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(AnalysisError, match="lipsync analyse"):
        read_analysis(tmp_path / "none.lipsync")


def test_another_plate_is_named(analysis):
    with pytest.raises(AnalysisError, match="another plate, another line"):
        check_key(analysis, {"plate": "x", "line": "y"}, "shot.lipsync")
    check_key(analysis, {"plate": "abc", "line": "def"}, "shot.lipsync")


def test_another_version_is_refused(content):
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    head["__metadata__"]["lipsync"] = json.dumps({**json.loads(head["__metadata__"]["lipsync"]), "format": 99})
    text = json.dumps(head).encode()
    with pytest.raises(AnalysisError, match="is format 99, expected"):
        from_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])


def refused_or_same(changed: bytes) -> None:
    try:
        read = from_bytes(changed)
    except AnalysisError:
        return
    assert to_bytes(read) == written()


@settings(max_examples=300, deadline=None)
@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_noticed(position, value):
    changed = bytearray(written())
    changed[int(position * len(changed))] = value
    refused_or_same(bytes(changed))


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 3000), value=st.integers(0, 255))
def test_a_changed_header_byte_is_noticed(position, value):
    changed = bytearray(written())
    changed[position] = value
    refused_or_same(bytes(changed))


@settings(max_examples=100, deadline=None)
@given(length=st.floats(0, 1, exclude_max=True), tail=st.binary(max_size=40))
def test_a_cut_file_is_refused(length, tail):
    content = written()
    with pytest.raises(AnalysisError):
        from_bytes(content[: int(length * len(content))] + tail)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_refused(noise):
    with pytest.raises(AnalysisError):
        from_bytes(noise)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["key", "faces/tracks", "faces/cuts", "faces/chosen", "faces/tracks/0/identity"]),
    value=json_values,
)
def test_wrong_facts_with_a_right_checksum_are_refused_or_harmless(name, value):
    from safetensors.numpy import load, save

    from ofx_lipsync.analysis import _head, _parse

    head, _ = _parse(written())
    arrays = load(written())
    forged = save(arrays, metadata=_head(arrays, {**head["facts"], name: value}))
    with contextlib.suppress(AnalysisError):
        assert isinstance(from_bytes(forged), Analysis)


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(["sync", "sync/faces", "sync/faces/0/lse_d", "fill", "fill/tracks", "fill/plan/why"]),
    value=json_values,
)
def test_wrong_facts_of_what_lies_beside_are_refused_or_harmless(name, value):
    from safetensors.numpy import load, save

    from ofx_lipsync.analysis import _head, _parse

    held = to_bytes(dataclasses.replace(parts_from_bytes(written()), sync=report(), fill=filled()))
    head, arrays = _parse(held)[0], load(held)
    forged = save(arrays, metadata=_head(arrays, {**head["facts"], name: value}))
    with contextlib.suppress(AnalysisError):
        assert isinstance(parts_from_bytes(forged), Parts)
