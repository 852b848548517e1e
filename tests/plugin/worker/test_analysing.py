# SPDX-License-Identifier: Apache-2.0
"""Analyse in a host writes what the command line would, part by part, and says clearly when it cannot."""

from __future__ import annotations

import time

import av
import numpy as np
import pytest
import soundfile
from host_shot import FRAMES, SIZE, halved
from shim_client import FailedError, picture, read_rows

from ofx_lipsync.analysis import read_analysis, read_parts, to_bytes
from ofx_lipsync.plugin.pictures import Layout
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
    assert {m.text("stage") for m in said} >= {"faces", "hearing", "planning", "written"}
    assert done[-1] == 1


def analysed_keys(own, node, path, pictures, **more) -> dict:
    """{param: [N, 2] of times and values}: the keyframes that an Analyse sends."""
    own.seen.clear()
    analyse(own, node, path, pictures, **more)
    found = {}
    for message in (m for m in own.seen if m.kind == Kind.KEYS):
        count = message.integer("count")
        found[message.text("param")] = (
            read_rows(message, Layout(0, 0, 4, count, 4, 1)).reshape(count, 4).view(np.float64)
            if count
            else np.zeros((0, 2))
        )
    return found


def test_keys_say_where_the_face_is(parts, host, rgba, tmp_path):
    """As hosts count: y up, square pixels, whatever the format's place, the pixels' aspect or the proxy's scale."""
    track = parts[1][0].faces.chosen_track()
    middle = track.landmarks[..., :2].mean(axis=1, dtype=np.float64)
    edges = track.landmarks[:, 10, :2] - track.landmarks[:, 152, :2]
    wide = {"_image0.rod.x2": 2.0 * SIZE[0], "_par": 2.0}
    left, right = -8, SIZE[0] + 8
    moved = {"_image0.rod.x1": float(left), "_image0.rod.x2": float(right), "_format.x1": 0.0, "_format.y1": 0.0,
             "_format.x2": float(SIZE[0]), "_format.y2": float(SIZE[1])}  # fmt: skip
    padded = {key: picture(np.pad(each.rows, ((0, 0), (8, 8), (0, 0)), "edge"), x1=left) for key, each in rgba.items()}
    for number, (pictures, par, more) in enumerate(((rgba, 1, {}), (rgba, 2, wide), (padded, 1, moved))):
        keys = analysed_keys(host.line(), "FaceDetect", tmp_path / f"{number}.lipsync", pictures, **more)
        assert [*keys] == ["found_x", "found_y", "found_height"]
        for pairs in keys.values():
            assert pairs[:, 0].tolist() == list(FRAMES)
        assert np.allclose(keys["found_x"][:, 1], par * middle[:, 0], atol=0.01)
        assert np.allclose(keys["found_y"][:, 1], SIZE[1] - middle[:, 1], atol=0.01)
        assert np.allclose(keys["found_height"][:, 1], np.hypot(par * edges[:, 0], edges[:, 1]), atol=0.01)


def test_a_frame_without_the_face_has_no_key(host, rgba, tmp_path):
    black = picture(np.zeros_like(rgba["Source", FRAMES[0]].rows))
    pictures = {key: black if key[1] > FRAMES[5] else each for key, each in rgba.items()}
    keys = analysed_keys(host.line(), "FaceDetect", tmp_path / "half.lipsync", pictures)
    assert keys["found_x"][:, 0].tolist() == list(FRAMES[:6])
    nobody = dict.fromkeys(rgba, black)
    keys = analysed_keys(host.line(), "FaceDetect", tmp_path / "none.lipsync", nobody)
    assert {name: len(pairs) for name, pairs in keys.items()} == {"found_x": 0, "found_y": 0, "found_height": 0}


def test_the_other_nodes_send_no_keys(parts):
    asked = [m.text("param") for m in parts[2].seen if m.kind == Kind.KEYS]
    assert asked == ["found_x", "found_y", "found_height"]


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


@pytest.fixture
def take(sample_line, tmp_path) -> str:
    """A clip with sound of its own: a second of silence, then the line."""
    samples, rate = soundfile.read(sample_line, dtype="int16")
    path = str(tmp_path / "take.mov")
    with av.open(path, "w") as out:
        stream = out.add_stream("pcm_s16le", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.concatenate([np.zeros(rate, np.int16), samples])[None], "s16", "mono")
        frame.rate = rate
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("node", ["AudioFeature", "LipSync"])
def test_without_a_line_the_clips_own_sound_is_heard(host, rgba, sample_line, take, tmp_path, node):
    """From the frame that the host says: the shot begins on the file's frame 24, its fourth frame on 27."""
    ours, theirs, line = tmp_path / "clip.lipsync", tmp_path / "line.lipsync", host.line()
    analyse(line, node, ours, rgba, _source_file=take, _source_frame=27.0, _time=float(FRAMES[3]))
    analyse(line, node, theirs, rgba, line=str(sample_line))
    assert same(read_parts(ours), read_parts(theirs))
    analyse(line, node, theirs, rgba, line=str(sample_line), _source_file="none.mov")  # a line that is named counts


def test_a_clip_of_which_no_frame_is_said_is_heard_from_its_start(host, rgba, sample_line, take, tmp_path):
    ours, theirs, line = tmp_path / "clip.lipsync", tmp_path / "line.lipsync", host.line()
    analyse(line, "AudioFeature", ours, rgba, _source_file=take, audio_offset="-1000ms")
    analyse(line, "AudioFeature", theirs, rgba, line=str(sample_line))
    assert same(read_parts(ours), read_parts(theirs))


@pytest.mark.parametrize("stage", ["faces", "hearing", "planning"])
@pytest.mark.parametrize("leaves", [False, True])
def test_a_cancel_in_any_step_writes_nothing(host, rgba, sample_line, tmp_path, stage, leaves):
    """Said while the step runs; or the host has closed the channel, which is as good."""
    path, line = tmp_path / "shot.lipsync", host.line()
    line.number += 1
    body = {"node": "LipSync", "first": FRAMES[0], "last": FRAMES[-1], "rate": 24.0, **ROD,
            "p.analysis": str(path), "p.line": str(sample_line)}  # fmt: skip
    line.channel.send(Message(Kind.ANALYSE, line.number, body))
    while (message := line.channel.receive()).body.get("stage") != stage:
        if message.kind == Kind.FETCH:
            line._fetched(rgba[message.text("clip"), round(message.number("time"))])
        elif message.kind == Kind.NEED:
            line.give(rgba["Source", FRAMES[0]])
        assert message.kind not in (Kind.DONE, Kind.FAILED)
    if leaves:
        line.channel.close()
        host.lines.remove(line)
        time.sleep(3)
    else:
        line.channel.send(Message(Kind.ABORT, line.number))
        answers = iter(line.channel.receive, None)
        last = next(m for m in answers if m.kind in (Kind.FAILED, Kind.DONE))
        assert (last.kind, last.body["text"]) == (Kind.FAILED, "aborted")
    assert list(tmp_path.iterdir()) == []


def test_each_thing_wrong_is_one_sentence(host, rgba, plate, sample_line, tmp_path):
    def wrong(node, says, pictures=rgba, path=tmp_path / "shot.lipsync", **more):
        with pytest.raises(FailedError, match=says):
            analyse(host.line(), node, path, pictures, **more)

    wrong("FaceDetect", "Source: the host gives no picture of frame 1001 .*; name the plate on disk in plate_file", {})
    wrong("FaceDetect", "there is no folder", path=tmp_path / "none" / "shot.lipsync")
    wrong("FaceDetect", "analysis: no file is named", path="")
    wrong("FaceDetect", "expected a first frame and a later last one", first=5, last=4)
    wrong("FaceDetect", "says no frame rate", _rate=0.0)
    wrong("FaceDetect", "FaceDetect.presence: got 7.0", presence=7.0)
    wrong("AudioFeature", "line: no file is named, and the host says no source_file .*; name the dialogue in line")
    silent = {"_source_file": str(plate).replace("####", "1001")}
    wrong("AudioFeature", "line: no file is named, and the clip's own sound cannot be heard .*in line", **silent)
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


def test_a_cancel_is_heard_in_the_middle_of_a_long_line(host, tmp_path):
    """Five minutes of voice: a step of its own, which is not waited for."""
    path, long, line = tmp_path / "shot.lipsync", tmp_path / "long.wav", host.line()
    voice = np.random.default_rng(0).normal(0, 0.05, 16000 * 10).astype(np.float32)
    soundfile.write(long, np.tile(voice, 30), 16000)
    line.number += 1
    body = {"node": "AudioFeature", "first": 1, "last": 7200, "rate": 24.0, **ROD,
            "p.analysis": str(path), "p.line": str(long)}  # fmt: skip
    line.channel.send(Message(Kind.ANALYSE, line.number, body))
    while (message := line.channel.receive()).body.get("done", 0) < 0.1:
        assert message.kind in (Kind.PROGRESS, Kind.BEAT)
    line.channel.send(Message(Kind.ABORT, line.number))
    answers = [message]
    while (message := line.channel.receive()).kind not in (Kind.FAILED, Kind.DONE):
        answers.append(message)
    assert (message.kind, message.body["text"]) == (Kind.FAILED, "aborted")
    assert max(m.number("done", 0.0) for m in answers) < 0.5
    assert not path.exists()
