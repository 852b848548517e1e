# SPDX-License-Identifier: Apache-2.0
"""Read -> FaceDetect -> MouthGenerate -> Blend -> Write in a host gives the pixels of lipsync dub."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from host_shot import FRAMES, pixels
from shim_client import FailedError, Shim, picture

from ofx_lipsync.cli.main import main
from ofx_lipsync.plugin.protocol import Kind

FRAME = FRAMES[4]


def chain(line, analysis, pictures, frame, mouth=None, blend=None):
    """(what FaceDetect, MouthGenerate and Blend give); each node gets what the one above it gave."""
    shot = {"analysis": analysis}
    source = pictures["Source", frame]
    seen = line.render("org.ofxlipsync.facedetect", frame, shot, {"Source": source}, pictures)
    made = line.render("org.ofxlipsync.mouthgenerate", frame, {**shot, **(mouth or {})}, {"Source": seen}, pictures)
    images = {"Source": seen, "Mouth": made}
    return seen, made, line.render("org.ofxlipsync.blend", frame, {**shot, **(blend or {})}, images, pictures)


def same(a, b) -> bool:
    return a.layout == b.layout and a.rows.tobytes() == b.rows.tobytes()


def test_every_frame_is_what_lipsync_dub_makes(host, analysis, rgba, dubbed):
    line, changed = host.line(), 0
    for frame in FRAMES:
        _, _, comp = chain(line, analysis, rgba, frame)
        source = rgba["Source", frame]
        assert np.abs(comp.rows[::-1, :, :3] - dubbed[frame]).max() == 0
        assert np.array_equal(comp.rows[..., 3], source.rows[..., 3])
        changed += int((comp.rows != source.rows).any(axis=2).sum())
    assert changed > 1000


def test_any_order_of_frames_gives_the_same_bytes(host, analysis, rgba):
    line = host.line()
    once = {frame: chain(line, analysis, rgba, frame)[2] for frame in FRAMES}
    with Shim() as other:
        again = other.line()
        assert all(same(chain(again, analysis, rgba, f)[2], once[f]) for f in reversed(FRAMES))


def test_a_plate_is_sent_once_for_the_chain_and_never_again(shim, analysis, rgba):
    line = shim.line()
    chain(line, analysis, rgba, FRAME)
    first = line.stats()
    library = {m.number("time") for m in line.seen if m.kind == Kind.FETCH}
    assert first["uploads"] == 1 + len(library)
    assert first["uploaded_bytes"] == first["uploads"] * rgba["Source", FRAME].layout.size
    assert first["renders"] == 3
    assert first["recomputed"] == 0
    chain(line, analysis, rgba, FRAME)
    second = line.stats()
    assert (second["uploads"], second["recomputed"], second["renders"]) == (first["uploads"], 0, 6)
    assert second["known"] > first["known"]


def test_a_worker_that_knows_nothing_blends_the_same(host, analysis, rgba):
    seen, made, comp = chain(host.line(), analysis, rgba, FRAME)
    with Shim() as fresh:
        line = fresh.line()
        images = {"Source": seen, "Mouth": made}
        assert same(line.render("Blend", FRAME, {"analysis": analysis}, images, rgba), comp)
        assert line.stats()["recomputed"] == 1


def test_a_store_that_holds_nothing_changes_no_pixel(analysis, rgba):
    with Shim() as roomy, Shim(LIPSYNC_STORE_MB="0") as narrow:
        for frame in (FRAME, FRAMES[0]):
            mouth = {"strength": 0.5}
            full = chain(roomy.line(), analysis, rgba, frame, mouth)[2]
            assert same(chain(narrow.line(), analysis, rgba, frame, mouth)[2], full)


def test_a_mouth_that_was_changed_on_the_way_is_refused(host, analysis, rgba):
    line = host.line()
    seen, made, _ = chain(line, analysis, rgba, FRAME)
    graded = picture(made.rows * np.float32(0.8), premult=made.layout.premult)
    with pytest.raises(FailedError, match="Blend: what comes in at Mouth is not what MouthGenerate makes of"):
        line.render("Blend", FRAME, {"analysis": analysis}, {"Source": seen, "Mouth": graded}, rgba)


def test_params_reach_the_nodes(host, plate, sample_line, analysis, rgba, tmp_path):
    """Those that need no new analysis, animated and not, as on the command line."""
    sets = {"MouthGenerate.strength": "1001:0,1009:1", "Blend.feather": "20", "Blend.move_jaw": "off"}
    arguments = [part for name, value in sets.items() for part in ("--set", f"{name}={value}")]
    files = [plate, str(sample_line), str(tmp_path / "out.####.exr"), "--analysis", analysis]
    assert main(["dub", *files, "-F", str(FRAME), "--progress", "none", *arguments]) == 0
    blend = {"feather": 20.0, "move_jaw": False}
    comp = chain(host.line(), analysis, rgba, FRAME, {"strength": 0.5}, blend)[2]
    assert np.abs(comp.rows[::-1, :, :3] - pixels(str(tmp_path / "out.####.exr"), FRAME)).max() == 0


def test_a_changed_mouth_is_planned_anew_as_dub_would(host, plate, sample_line, analysis, rgba, tmp_path):
    """`opening` changes the plan, which reads no pixels: the knob acts at once."""
    files = [plate, str(sample_line), str(tmp_path / "out.####.exr")]
    sets = ["--set", "MouthGenerate.opening=1.4"]
    assert main(["dub", *files, "-F", str(FRAME), "--progress", "none", *sets]) == 0
    comp = chain(host.line(), analysis, rgba, FRAME, {"opening": 1.4})[2]
    assert np.abs(comp.rows[::-1, :, :3] - pixels(str(tmp_path / "out.####.exr"), FRAME)).max() == 0


def test_lipsync_is_the_four_in_one(host, analysis, rgba, dubbed):
    params = {"analysis": analysis, "MouthGenerate_strength": 1.0, "Blend_feather": 7.0}
    comp = host.line().render("org.ofxlipsync.lipsync", FRAME, params, {"Source": rgba["Source", FRAME]}, rgba)
    assert np.abs(comp.rows[::-1, :, :3] - dubbed[FRAME]).max() == 0


def test_a_host_without_other_frames_reads_the_plate_from_disk(host, plate, analysis, rgba, dubbed):
    line, source = host.line(), {"Source": rgba["Source", FRAME]}
    with pytest.raises(
        FailedError,
        match=r"the host gives no picture of frame 10\d\d \(the host gives no other frames\); name.*plate_file",
    ):
        line.render("LipSync", FRAME, {"analysis": analysis}, source, {})
    comp = line.render("LipSync", FRAME, {"analysis": analysis, "plate_file": plate}, source, {})
    assert np.abs(comp.rows[::-1, :, :3] - dubbed[FRAME]).max() == 0


def test_pictures_sent_at_once_do_as_well(analysis, rgba, dubbed):
    """A shim may answer FETCH with the picture itself instead of its name."""
    with Shim() as shim:
        comp = chain(shim.line(known_first=False), analysis, rgba, FRAME)[2]
        assert np.abs(comp.rows[::-1, :, :3] - dubbed[FRAME]).max() == 0


def test_the_frames_that_are_asked_for_are_those_that_are_named(host, analysis, rgba):
    line = host.line()
    done = line.ask(Kind.FRAMES, {"node": "MouthGenerate", "time": float(FRAME), "p.analysis": analysis})
    named = set()
    for index in range(len(done.body) // 3):
        assert done.text(f"image{index}.clip") == "Source"
        named |= set(range(done.integer(f"image{index}.first"), done.integer(f"image{index}.last") + 1))
    chain(line, analysis, rgba, FRAME)
    fetched = {round(m.number("time")) for m in line.seen if m.kind == Kind.FETCH}
    assert fetched
    assert named == fetched | {FRAME}


def test_a_holdout_keeps_the_plate(host, analysis, rgba):
    line, source = host.line(), rgba["Source", FRAME]
    seen, made, comp = chain(line, analysis, rgba, FRAME)
    matte = np.zeros((*source.rows.shape[:2], 1), np.float32)
    matte[:, : matte.shape[1] // 2] = 1
    images = {"Source": seen, "Mouth": made, "Holdout": picture(matte)}
    held = line.render("Blend", FRAME, {"analysis": analysis}, images, rgba)
    half = matte.shape[1] // 2
    assert np.array_equal(held.rows[:, :half], source.rows[:, :half])
    assert (held.rows[:, half:] != source.rows[:, half:]).any()
    assert (comp.rows[:, :half] != source.rows[:, :half]).any()


def test_two_renders_at_once(shim, analysis, rgba):
    alone = {frame: chain(shim.line(), analysis, rgba, frame)[2] for frame in FRAMES}
    with Shim() as other, ThreadPoolExecutor(4) as threads:
        lines = [other.line() for _ in range(4)]
        work = [(lines[n % 4], frame) for n, frame in enumerate(FRAMES)]
        by_line = [[frame for line, frame in work if line is own] for own in lines]
        jobs = [threads.submit(lambda o, fs: [chain(o, analysis, rgba, f)[2] for f in fs], *pair)
                for pair in zip(lines, by_line, strict=True)]  # fmt: skip
        for job, frames in zip(jobs, by_line, strict=True):
            assert all(same(comp, alone[frame]) for comp, frame in zip(job.result(), frames, strict=True))
