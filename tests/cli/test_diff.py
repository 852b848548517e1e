# SPDX-License-Identifier: Apache-2.0
"""lipsync diff: two analyses, two shot files; what differs, and an exit code that says whether."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.analysis import Parts, write_analysis
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.mouth import AudioAnalysis, MouthCurve
from ofx_lipsync.core.plan import MouthPlan


def parts() -> Parts:
    frames, few = np.arange(1001, 1011), 3
    landmarks = np.zeros((10, 478, 3), np.float32)
    landmarks[:, 152, 1] = 100
    track = FaceTrack(0, frames, landmarks, np.ones(10, np.float32), np.zeros((10, 52), np.float32))
    other = replace(track, identity=1, landmarks=landmarks + np.float32(400))
    curve = MouthCurve(np.arange(10) / 24, np.zeros((10, 6), np.float32), *np.zeros((2, 10), np.float32))
    audio = AudioAnalysis(np.zeros((80, 40), np.float32), np.zeros(10, np.float32), curve)
    points = np.zeros((10, few, 2), np.float32)
    pairs = np.zeros((10, 2), np.int8), np.zeros((10, 2), np.int64), np.zeros((10, 2, few, 2), np.float32)
    plan = MouthPlan(frames, points, points, *pairs, *np.ones((5, 10), np.float32))
    key = {"plate": "a" * 32, "MouthGenerate params": '{"opening": 1.0, "jaw": {"1001": 0.0}}'}
    return Parts(key, frames, FaceAnalysis((track, other), (1005,), 0), audio, plan, "24", (0, 0, 400, 226))


@pytest.fixture
def same(tmp_path) -> Path:
    write_analysis(tmp_path / "a.lipsync", parts())
    return tmp_path / "a.lipsync"


def run(capsys, *words: object) -> tuple[int, str, str]:
    code = main(["diff", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out, told.err


def differ(capsys, same: Path, changed: Parts) -> str:
    path = same.with_name("b.lipsync")
    write_analysis(path, changed)
    code, told, err = run(capsys, same, path)
    assert (code, err) == (7, "")
    assert run(capsys, same, path, "-q") == (7, "", "")
    return told


def test_the_same(same, capsys):
    write_analysis(same.with_name("b.lipsync"), parts())
    code, told, _ = run(capsys, same, same.with_name("b.lipsync"))
    assert (code, "say the same" in told) == (0, True)


def test_what_they_were_made_from(same, capsys):
    key = {"plate": "b" * 32, "MouthGenerate params": '{"opening": 1.2, "jaw": {"1001": 0.0}}', "reel": "c" * 32}
    told = differ(capsys, same, replace(parts(), key=key, rate="25"))
    assert "made from another plate  aaaaaaaaaaaa | bbbbbbbbbbbb" in told
    assert "made from another reel   none | cccccccccccc" in told
    assert "MouthGenerate.opening    1.0 | 1.2" in told
    assert "rate                     24 | 25" in told
    assert "jaw" not in told


def test_faces_in_pixels_and_frames(same, capsys):
    given = parts()
    first, second = given.faces.tracks
    moved = first.landmarks.copy()
    moved[3, 7, :2] += (3, 4)
    less = FaceTrack(1, first.frames[:8], moved[:8], first.presence[:8], first.blendshapes[:8])
    told = differ(capsys, same, replace(given, faces=FaceAnalysis((second, less), (), 0)))
    assert "person 0 landmarks  up to 5 px at frame 1004; mean 0.625 px; 12 % of frames differ" in told
    assert "person 0 is seen    2 only in the first: 1009-1010" in told
    assert "cuts                1005 | none" in told
    assert "person to dub       another one: 0 | 0" in told
    assert "person 1" not in told
    assert "people              2 | 1" in differ(capsys, same, replace(given, faces=FaceAnalysis((first,), (1005,), 0)))


def test_curve_and_plan(same, capsys):
    given = parts()
    values = given.audio.curve.values.copy()
    values[6, 2] = -0.5
    audio = replace(given.audio, curve=replace(given.audio.curve, values=values))
    target, frames = given.plan.target.copy(), given.plan.source_frame.copy()
    target[2, 1] = (0, 2)
    frames[:5, 1] = 1007
    strength = given.plan.strength.copy()
    strength[0] = 0.25
    plan = replace(given.plan, target=target, source_frame=frames, strength=strength)
    told = differ(capsys, same, replace(given, audio=audio, plan=plan))
    assert "curve jaw           up to 0.5 at 0.25 s; mean 0.05; 10 % of frames differ" in told
    assert "mouth target        up to 2 px at frame 1003" in told
    assert "mouth strength      up to 0.75 at frame 1001" in told
    assert "mouth source_frame  another in 5 of 10 frames (50 %)" in told
    assert len(told.splitlines()) == 4
    assert "plan  only in the first" in differ(capsys, same, replace(given, plan=None))


def test_shot_files(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    plate, line = '[plate]\npath = "p.mov"\n', '[[line]]\npath = "l"\n'
    other = '# other\n[params.Blend]\nmix={1=0.0,9=1}\nfeather=9.0\n[plate]\npath="../p.mov"\n[[line]]\npath = "../l"\n'
    Path("a.toml").write_text(f"{plate}[params.Blend]\nfeather = 9\nmix = {{1 = 0, 9 = 1}}\n{line}")
    Path("sub/b.toml").write_text(other)
    assert run(capsys, "a.toml", "sub/b.toml")[0] == 0
    Path("b.toml").write_text(f'{plate}handles = 2\nframes="1-9"\n{line}face = 1\n[params.Blend]\nmix = 0.5\n')
    code, told, _ = run(capsys, "a.toml", "b.toml")
    assert code == 7
    assert told.splitlines() == [
        "plate.frames          not said | '1-9'",
        "plate.handles         not said | 2",
        "line 1.face           not said | 1",
        "params.Blend.feather  9.0 | not said",
        "params.Blend.mix      {'1': 0.0, '9': 1.0} | 0.5",
    ]


def test_wrong_input(same, tmp_path, capsys):
    (tmp_path / "a.toml").write_text("[plate]\npth = 1")
    assert run(capsys, same, tmp_path / "a.toml")[0] == 2
    assert run(capsys, tmp_path / "a.toml", tmp_path / "a.toml")[0] == 4
    code, _, err = run(capsys, same, tmp_path / "none.lipsync")
    assert code == 4
    assert "none.lipsync: cannot be read" in err
