# SPDX-License-Identifier: Apache-2.0
"""What a request tells the worker."""

from __future__ import annotations

import pytest

from ofx_lipsync.core import keys
from ofx_lipsync.core.params import Float
from ofx_lipsync.plugin.host.abi import OK
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.scene import noise, ready
from ofx_lipsync.plugin.shot_params import LABELS, Button, Found, node_params, shot_params

FULL = Layout((-2, 3, 22, 19))
NAMES = {float: float, int: int, bool: int, str: str}


@pytest.mark.parametrize("label", LABELS)
def test_every_param_is_told_with_its_own_type(host: Host, worker, label: str) -> None:
    """At its default; a choice by its id, a button and what Analyse found not at all."""
    plugin, effect = ready(host, label, noise(FULL))
    plugin.render(effect, Picture(FULL))
    (told,) = worker.requests
    assert (told["node"], told["kind"]) == (label, 10)
    every = {**shot_params(label), **node_params(label)}
    declared = {n: p for n, p in every.items() if not isinstance(p, (Button, Found))}
    assert {name.removeprefix("p.") for name in told if name.startswith("p.")} == set(declared)
    for name, param in declared.items():
        value = told[f"p.{name}"]
        assert value == param.default
        assert type(value) is NAMES[type(param.default)], name


def test_the_frame_is_told(host: Host, worker) -> None:
    source, out = Layout(FULL.bounds, "OfxBitDepthHalf", "OfxImageComponentRGB"), Layout((-2, 3, 40, 19))
    plugin, effect = ready(host, source=noise(source), input_space="pattern")
    effect.clips["Source"].connect(effect.clips["Source"].picture, source, (1001, 1096))
    more = {"OfxImageEffectPropRenderScale": [0.5, 0.25], "OfxImageEffectPropRenderQualityDraft": 1}
    assert plugin.render(effect, Picture(out), 1007.5, window=(0, 4, 9, 7), **more) == OK
    (told,) = worker.requests
    expected = {
        "time": 1007.5, "scale_x": 0.5, "scale_y": 0.25, "draft": 1, "field": "OfxFieldNone",
        "first": 1001, "last": 1096,
        "window.x1": 0, "window.y1": 4, "window.x2": 9, "window.y2": 7, "rate": 24.0, "temporal": 1,
        "format.x1": 0.0, "format.y1": 0.0, "format.x2": 1920.0, "format.y2": 1080.0,
        "image0.clip": "Source", "image0.x1": -2, "image0.y1": 3, "image0.x2": 22, "image0.y2": 19, "image0.depth": 3,
        "image0.comps": 3, "image0.premult": 0, "image0.par": 1.0, "image0.rod.x1": -2.0, "image0.rod.y2": 19.0,
        "out.x1": 0, "out.y1": 4, "out.x2": 9, "out.y2": 7, "out.depth": 4, "out.comps": 4, "out.premult": 1,
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected


def test_inputs_keep_their_number_where_one_has_no_picture(host: Host, worker) -> None:
    """Resolve says that every clip is connected, and gives no picture of those that are not."""
    plugin, effect = ready(host, "Blend", noise(FULL))
    effect.clips["Mouth"].connect(lambda time: None, FULL)
    holdout = noise(Layout(FULL.bounds, components="OfxImageComponentAlpha"), 2)
    effect.clips["Holdout"].connect(lambda time: holdout, holdout.layout)
    assert plugin.render(effect, Picture(FULL)) == OK
    (told,) = worker.requests
    assert [told[f"image{i}.clip"] for i in range(3)] == ["Source", "Mouth", "Holdout"]
    assert ["image0.depth" in told, "image1.depth" in told, "image2.depth" in told] == [True, False, True]
    assert len(worker.lines("upload")) == 2


def test_what_the_analysis_depends_on_is_told_as_a_curve(host: Host, worker) -> None:
    plugin, effect = ready(host, "MouthGenerate", noise(FULL))
    effect.params["opening"].keys = {1001.0: 0.5, 1010.0: 1.25}
    effect.params["strength"].keys = {1001.0: 0.25, 1010.0: 1.0}
    effect.params["jaw"].keys = {1001.0: 0.75}
    plugin.render(effect, Picture(FULL), 1010.0)
    (told,) = worker.requests
    assert told["p.opening"] == "1001:0.5,1010:1.25"
    assert (told["p.strength"], told["p.jaw"]) == (1.0, 0.75)


def test_a_curve_that_the_host_eases_is_told_as_it_goes(host: Host, worker) -> None:
    """Within half a per cent of any ease, in at most 24 pieces from key to key."""
    plugin, effect = ready(host, "MouthGenerate", noise(FULL))
    opening = effect.params["opening"]
    opening.keys, opening.eased = {1001.0: 0.5, 1011.0: 1.5, 1211.0: 0.75}, lambda part: part * part * (3 - 2 * part)
    plugin.render(effect, Picture(FULL), 1010.0)
    (told,) = worker.requests
    curve = Float(1.0, lo=0, hi=3).read(told["p.opening"])
    assert len(curve) == 1 + 10 + 23
    assert max(abs(keys.at(curve, frame) - opening.at(frame)) for frame in range(1000, 1215)) < 0.005
    assert all(keys.at(curve, frame) == pytest.approx(opening.at(frame), abs=1e-12) for frame in range(1001, 1012))


def test_resolves_own_source_is_told(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL))
    effect.properties["OfxImageEffectPropSrcFilePath"] = "take.mov"
    plugin.render(effect, Picture(FULL), OfxImageEffectPropSrcFrame=12)
    (told,) = worker.requests
    assert (told["source_file"], told["source_frame"]) == ("take.mov", 12.0)


def test_an_analysis_is_told_the_source_by_the_last_render(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL), input_space="slow")
    effect.set(input_space="")
    effect.cancel_at = 0.0
    effect.properties["OfxImageEffectPropSrcFilePath"] = "take.mov"
    plugin.press(effect, "analyse", 5.0)
    plugin.render(effect, Picture(FULL), 10.0, OfxImageEffectPropSrcFrame=110)
    plugin.press(effect, "analyse", 5.0)
    before, _, after = worker.requests
    assert "source_frame" not in before
    assert (before["source_file"], after["source_file"], after["source_frame"]) == ("take.mov", "take.mov", 105.0)


def test_a_transcript_longer_than_a_packet_is_said(host: Host, worker) -> None:
    plugin, effect = ready(host, "AudioFeature", noise(FULL), transcript="word " * 15000)
    assert plugin.render(effect, Picture(FULL)) != OK
    assert "longer than 60000 bytes; shorten the transcript" in effect.message
    effect.set(transcript="word " * 10000)
    assert plugin.render(effect, Picture(FULL)) == OK
