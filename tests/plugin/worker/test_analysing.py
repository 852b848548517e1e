# SPDX-License-Identifier: Apache-2.0
"""Analyse in a host writes what the command line would, part by part, and says clearly when it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from host_shot import FRAMES, SIZE, halved
from shim_client import FailedError, picture

from ofx_lipsync.analysis import read_analysis, read_parts, to_bytes
from ofx_lipsync.plugin.protocol import Kind, Message

ROD = {"image0.clip": "Source", "image0.rod.x1": 0.0, "image0.rod.y1": 0.0,
       "image0.rod.x2": float(SIZE[0]), "image0.rod.y2": float(SIZE[1])}  # fmt: skip


def analyse(own, node, path, pictures, first=FRAMES[0], last=FRAMES[-1], **more) -> None:
    params = {f"p.{name}": value for name, value in more.items() if name[0] != "_"}
    said = {name[1:]: value for name, value in more.items() if name[0] == "_"}
    body = {"node": node, "first": first, "last": last, "rate": 24.0, **ROD, "p.analysis": str(path), **params, **said}
    own.ask(Kind.ANALYSE, body, pictures)


@pytest.fixture(scope="session")
def parts(tmp_path_factory, host, rgba, sample_line):
    """The three buttons pressed in turn, and what the file held after each."""
    path, line, found = tmp_path_factory.mktemp("parts") / "shot.lipsync", host.line(), []
    for node, more in (("FaceDetect", {}), ("AudioFeature", {"line": str(sample_line)}), ("MouthGenerate", {})):
        analyse(line, node, path, rgba, **more)
        found.append(read_parts(path))
    return path, found, line


def same(a, b) -> bool:
    return to_bytes(a) == to_bytes(b)


def test_each_node_writes_its_part(parts):
    held = [[name for name in ("faces", "audio", "plan") if getattr(p, name) is not None] for p in parts[1]]
    assert held == [["faces"], ["faces", "audio"], ["faces", "audio", "plan"]]
    assert parts[1][0].rate == "24"
    assert parts[1][0].display == (0, 0, *SIZE)


def test_the_whole_is_what_the_command_line_makes(parts, analysis):
    """All but the plate's fingerprint, which nobody can take of a host's pictures."""
    ours, theirs = read_analysis(parts[0]), read_analysis(analysis)
    assert ours.key.pop("plate").startswith("host ")
    theirs.key.pop("plate")
    assert same(ours, theirs)


def test_progress_goes_up_to_the_end(parts):
    said = [m for m in parts[2].seen if m.kind == Kind.PROGRESS]
    done = [m.number("done") for m in said]
    assert {m.text("stage") for m in said} >= {"faces", "line", "mouths", "written"}
    assert done[-1] == 1
    assert not any(m.kind == Kind.KEYS for m in parts[2].seen)


def test_a_second_analysis_sends_no_picture_again(parts, host, rgba, tmp_path):
    line = host.line()
    before = line.stats()["uploads"]
    analyse(line, "FaceDetect", tmp_path / "again.lipsync", rgba)
    assert line.stats()["uploads"] == before
    assert same(read_parts(tmp_path / "again.lipsync"), parts[1][0])


def test_lipsync_makes_all_at_once(parts, host, rgba, sample_line, tmp_path):
    analyse(host.line(), "LipSync", tmp_path / "shot.lipsync", rgba, line=str(sample_line))
    assert same(read_analysis(tmp_path / "shot.lipsync"), read_analysis(parts[0]))


def test_the_plate_on_disk_will_do(host, plate, sample_line, analysis, tmp_path):
    path = tmp_path / "shot.lipsync"
    analyse(host.line(), "LipSync", path, {}, line=str(sample_line), plate_file=plate)
    assert same(read_analysis(path), read_analysis(analysis))


def test_mouthgenerate_looks_for_faces_where_nobody_has(host, rgba, sample_line, parts, tmp_path):
    path, line = tmp_path / "shot.lipsync", host.line()
    analyse(line, "AudioFeature", path, rgba, line=str(sample_line))
    assert read_parts(path).faces is None
    analyse(line, "MouthGenerate", path, rgba)
    assert np.array_equal(read_analysis(path).plan.target, read_analysis(parts[0]).plan.target)


def test_a_proxy_finds_the_same_face(host, rgba, parts, tmp_path):
    pictures = {key: picture(halved(each.rows)) for key, each in rgba.items()}
    analyse(host.line(), "FaceDetect", tmp_path / "shot.lipsync", pictures, _scale_x=0.5, _scale_y=0.5)
    found, wanted = (
        p.faces.chosen_track().landmarks[..., :2] for p in (read_parts(tmp_path / "shot.lipsync"), parts[1][0])
    )
    assert np.abs(found - wanted).mean() < 1.0


def test_each_thing_wrong_is_one_sentence(host, rgba, sample_line, tmp_path):
    def wrong(node, says, pictures=rgba, path=tmp_path / "shot.lipsync", **more):
        with pytest.raises(FailedError, match=says):
            analyse(host.line(), node, path, pictures, **more)

    wrong("FaceDetect", "Source: the host gives no picture of frame 1001 .*; name the plate on disk in plate_file", {})
    wrong("FaceDetect", "there is no folder", path=tmp_path / "none" / "shot.lipsync")
    wrong("FaceDetect", "analysis: no file is named", path="")
    wrong("FaceDetect", "expected a first frame and a later last one", first=5, last=4)
    wrong("FaceDetect", "says no frame rate", _rate=0.0)
    wrong("FaceDetect", "FaceDetect.presence: got 7.0", presence=7.0)
    wrong("AudioFeature", "line: no file is named")
    wrong("AudioFeature", "there is no such file", line="none.wav")
    wrong("AudioFeature", "audio_offset: cannot read 'soon'", line=str(sample_line), audio_offset="soon")
    wrong("MouthGenerate", "holds no line for these frames; press Analyse in AudioFeature first")
    assert list(tmp_path.iterdir()) == []


def test_nodes_of_a_shot_agree_on_its_frames(host, rgba, sample_line, tmp_path):
    path, line = tmp_path / "shot.lipsync", host.line()
    analyse(line, "FaceDetect", path, rgba, first=1001, last=1004)
    with pytest.raises(
        FailedError, match="is of frames 1001-1004, expected 1001-1006; give all nodes of a shot the same"
    ):
        analyse(line, "AudioFeature", path, rgba, line=str(sample_line), first_frame=1001, last_frame=1006)
    analyse(line, "AudioFeature", path, rgba, line=str(sample_line))  # no range of its own: the file's
    assert read_parts(path).audio.loudness_db.shape == (4,)
    analyse(line, "FaceDetect", path, rgba, first=1001, last=1003)  # begins the shot anew
    assert read_parts(path).audio is None


def test_cancel_writes_nothing(host, rgba, tmp_path):
    line = host.line()
    line.number += 1
    body = {"node": "FaceDetect", "first": 1001, "last": 1010, "rate": 24.0, **ROD}
    line.channel.send(Message(Kind.ANALYSE, line.number, {**body, "p.analysis": str(tmp_path / "shot.lipsync")}))
    while (message := line.channel.receive()).kind != Kind.FETCH:
        pass
    line._fetched(rgba[message.text("clip"), round(message.number("time"))])
    line.channel.send(Message(Kind.ABORT, line.number))
    answers = iter(line.channel.receive, None)
    last = next(m for m in answers if m.kind in (Kind.FAILED, Kind.DONE))
    assert (last.kind, last.body["text"]) == (Kind.FAILED, "aborted")
    assert list(tmp_path.iterdir()) == []
