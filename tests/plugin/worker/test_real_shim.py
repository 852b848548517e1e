# SPDX-License-Identifier: Apache-2.0
"""The shim and the worker together, in our own test host: three buttons pressed, four nodes rendered."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from host_shot import FRAMES, SIZE

from ofx_lipsync.analysis import read_analysis

Host = pytest.importorskip("ofx_lipsync.plugin.host.host").Host
pictures = pytest.importorskip("ofx_lipsync.plugin.host.picture")

LAYOUT = pictures.Layout((0, 0, *SIZE))


class Shot:
    """The plate in a host, and nodes that name one analysis file."""

    def __init__(self, host, rgba, analysis: str) -> None:
        self.host, self.analysis = host, analysis
        self.plate = {frame: pictures.Picture(LAYOUT, rgba["Source", frame].rows) for frame in FRAMES}

    def node(self, label: str, **params):
        plugin = self.host.plugins[label]
        effect = plugin.create()
        effect.clips["Source"].connect(lambda time: self.plate.get(round(time)), LAYOUT, (FRAMES[0], FRAMES[-1]))
        effect.set(analysis=self.analysis, **params)
        return plugin, effect

    def press(self, label: str, **params) -> dict:
        """{param: {frame: value}}: the keyframes that came."""
        plugin, effect = self.node(label, **params)
        assert plugin.press(effect, "analyse") == 0, effect.message
        plugin.destroy(effect)
        return {name: param.keys for name, param in effect.params.items() if param.keys}


def rendered(plugin, effect, frame: int, layout=LAYOUT):
    out = pictures.Picture(layout)
    assert plugin.render(effect, out, float(frame)) == 0, effect.message
    assert out.guards_hold()
    return out


def test_a_shot_from_analyse_to_comp(rgba, dubbed, analysis, sample_line, tmp_path, monkeypatch):
    monkeypatch.setenv("LIPSYNC_PYTHON", sys.executable)
    host = Host()
    shot = Shot(host, rgba, str(tmp_path / "shot.lipsync"))
    keys = shot.press("FaceDetect")
    track = read_analysis(analysis).faces.chosen_track()
    middle = track.landmarks[..., :2].mean(axis=1)
    assert set(keys) == {"found_x", "found_y", "found_height"}
    assert [*keys["found_x"]] == [*keys["found_y"]] == [*map(float, FRAMES)]
    assert np.allclose([*keys["found_x"].values()], middle[:, 0], atol=0.01)
    assert np.allclose([*keys["found_y"].values()], SIZE[1] - middle[:, 1], atol=0.01)
    assert np.allclose([*keys["found_height"].values()], track.face_height_px(), atol=0.01)
    shot.press("AudioFeature", line=str(sample_line))
    shot.press("MouthGenerate")
    assert np.array_equal(read_analysis(shot.analysis).plan.target, read_analysis(analysis).plan.target)
    detect, mouth, blend, whole = (shot.node(label) for label in ("FaceDetect", "MouthGenerate", "Blend", "LipSync"))
    made = {}
    blend[1].clips["Mouth"].connect(lambda time: made.get(round(time)), LAYOUT, (FRAMES[0], FRAMES[-1]))
    for frame in (FRAMES[-1], FRAMES[3]):
        assert np.array_equal(rendered(*detect, frame).pixels, shot.plate[frame].pixels)
        whole_mouth = rendered(*mouth, frame)
        _, told = mouth[0].ask("OfxImageEffectActionGetRegionOfDefinition", mouth[1], float(frame))
        x1, y1, x2, y2 = map(round, told["OfxImageEffectPropRegionOfDefinition"])
        made[frame] = rendered(*mouth, frame, pictures.Layout((x1, y1, x2, y2)))
        assert x2 - x1 < SIZE[0] / 2
        assert np.array_equal(made[frame].pixels, whole_mouth.pixels[y1:y2, x1:x2])
        assert np.count_nonzero(made[frame].pixels) == np.count_nonzero(whole_mouth.pixels)
        comp = rendered(*blend, frame)
        assert np.abs(comp.pixels[::-1, :, :3] - dubbed[frame]).max() == 0
        assert np.array_equal(rendered(*whole, frame).pixels, comp.pixels)
    for plugin, effect in (detect, mouth, blend, whole):
        plugin.destroy(effect)
    for plugin in host.plugins.values():
        plugin.unload()
    host.check()


def test_nodes_that_look_at_time(rgba, sample_line, tmp_path, monkeypatch):
    """SyncMeter measures, Resync shows other frames, Fill rebuilds: pressed and rendered as a host does."""
    monkeypatch.setenv("LIPSYNC_PYTHON", sys.executable)
    host = Host()
    shot, line = Shot(host, rgba, str(tmp_path / "shot.lipsync")), str(sample_line)
    shot.press("SyncMeter", line=line)
    shot.press("Fill", line=line, frames=str(FRAMES[6]), find="listed")
    (tmp_path / "late.csv").write_text("seconds,offset_ms,confidence\n0,83.33,1\n0.2,83.33,1\n0.4,83.33,1\n")
    meter = shot.node("SyncMeter")
    resync = shot.node("Resync", line=line, fix="picture", curve=str(tmp_path / "late.csv"))
    fill = shot.node("Fill", line=line, frames=str(FRAMES[6]), find="listed")
    assert (rendered(*meter, FRAMES[6]).pixels != shot.plate[FRAMES[6]].pixels).any()
    assert np.array_equal(rendered(*resync, FRAMES[6]).pixels, shot.plate[FRAMES[4]].pixels)
    _, told = resync[0].ask("OfxImageEffectActionGetFramesNeeded", resync[1], float(FRAMES[6]))
    assert {FRAMES[4]} <= set(told["OfxImageClipPropFrameRange_Source"])
    assert np.array_equal(rendered(*fill, FRAMES[5]).pixels, shot.plate[FRAMES[5]].pixels)
    rebuilt = rendered(*fill, FRAMES[6]).pixels
    assert 0 < np.abs(rebuilt - shot.plate[FRAMES[6]].pixels).mean() < 0.02
    for plugin, effect in (meter, resync, fill):
        plugin.destroy(effect)
    for plugin in host.plugins.values():
        plugin.unload()
    host.check()
