# SPDX-License-Identifier: Apache-2.0
"""Nuke, Resolve and Natron as public documents tell of them: every node described, created, rendered, analysed."""

from __future__ import annotations

import pytest

from ofx_lipsync.plugin.host.abi import OK, REPLY_DEFAULT
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.profiles import PROFILES
from ofx_lipsync.plugin.host.scene import bits, noise, ready

CONTEXT = "OfxImageEffectContext"
ASKED = ("IsIdentity", "GetFramesNeeded", "GetRegionsOfInterest", "GetRegionOfDefinition")


@pytest.fixture(params=PROFILES)
def known(request: pytest.FixtureRequest):
    made = Host(profile=request.param)
    yield made
    for plugin in made.plugins.values():
        plugin.unload()
    made.check()
    assert made.effects.lent == {}


def contexts(host: Host, label: str) -> list[str]:
    """Those that the node and the host both have."""
    offered = host.plugins[label].descriptor.properties.values["OfxImageEffectPropSupportedContexts"]
    return [c for c in offered if c.removeprefix(CONTEXT) in host.profile.contexts]


def test_every_node_has_a_context_of_this_host(known: Host, worker) -> None:
    assert {label: bool(contexts(known, label)) for label in known.plugins} == dict.fromkeys(known.plugins, True)
    assert {p.status for p in known.plugins.values()} == {OK}
    assert worker.pids == []


def test_every_number_says_both_of_its_ranges(known: Host, worker) -> None:
    """Resolve clamps a float to -1..1 and a whole number to 0 without them."""
    for label, plugin in known.plugins.items():
        for context in contexts(known, label):
            for param in plugin.describe(context).params.values():
                if param.holds in ("double", "int") and param.kind in ("OfxParamTypeDouble", "OfxParamTypeInteger"):
                    low, high, left, right = (
                        param.properties[f"OfxParamProp{name}"] for name in ("Min", "Max", "DisplayMin", "DisplayMax")
                    )
                    assert low <= left < right <= high, (label, param.name)
                assert "Animates" not in param.kind
                if param.kind == "OfxParamTypeBoolean":  # Resolve animates what does not say that it must not
                    assert "OfxParamPropAnimates" in param.properties.values


def test_every_node_lives_through_a_frame(known: Host, worker) -> None:
    """In every context, depth and kind of picture of this host; clips without a picture say that they are connected."""
    for label, plugin in known.plugins.items():
        for context in contexts(known, label):
            effect = plugin.create(context)
            for depth in known.profile.depths:
                for components in known.profile.components:
                    layout = Layout((0, 0, 40, 30), depth, components)
                    source = noise(layout)
                    if "Source" in effect.clips:
                        effect.clips["Source"].connect(lambda time, s=source: s, layout, (1, 2))
                    given = {"analysis": "shot.lipsync", "input_space": "" if "Source" in effect.clips else "pattern"}
                    effect.set(**{name: value for name, value in given.items() if name in effect.params})
                    for action in ASKED if known.profile.regions else ASKED[:3]:
                        assert plugin.ask(f"OfxImageEffectAction{action}", effect)[0] in (OK, REPLY_DEFAULT)
                    assert plugin.ask("OfxImageEffectActionGetClipPreferences", effect)[0] == OK
                    out = Picture(layout)
                    assert plugin.render(effect, out, 1.0, OfxImageEffectPropCudaEnabled=0) == OK, effect.message
                    assert out.guards_hold()
                    if "Source" in effect.clips:
                        assert (bits(out.pixels) == bits(source.pixels)).all()
            if "analyse" in effect.params and "Source" in effect.clips:
                assert plugin.press(effect, "analyse") == OK
                assert effect.params["revision"].value == 1
            assert plugin.destroy(effect) == OK


def test_a_clip_that_only_says_that_it_is_connected_has_no_picture(worker) -> None:
    """Resolve: Blend's holdout and mouth."""
    host, layout = Host(profile="resolve"), Layout((0, 0, 24, 16))
    plugin, effect = ready(host, "Blend", noise(layout))
    assert plugin.render(effect, Picture(layout)) == OK
    (told,) = worker.requests
    assert [told[f"image{n}.clip"] for n in range(3)] == ["Source", "Mouth", "Holdout"]
    assert ["image0.depth" in told, "image1.depth" in told, "image2.depth" in told] == [True, False, False]
    for p in host.plugins.values():
        p.unload()


@pytest.mark.parametrize("frame", [110, 110.0])
def test_resolves_source_frame_is_a_whole_number(worker, frame: float) -> None:
    """As a plug-in that is sold for Resolve reads it; a host that says it as a double is heard too."""
    host, layout = Host(profile="resolve" if isinstance(frame, int) else ""), Layout((0, 0, 24, 16))
    plugin, effect = ready(host, "LipSync", noise(layout))
    effect.properties["OfxImageEffectPropSrcFilePath"] = "take.mov"
    assert plugin.render(effect, Picture(layout), 10.0, OfxImageEffectPropSrcFrame=frame) == OK
    (told,) = worker.requests
    assert (told["source_file"], told["source_frame"]) == ("take.mov", 110.0)
    for p in host.plugins.values():
        p.unload()


def test_resolve_may_have_no_messages_and_still_fails_clearly(worker, capfd: pytest.CaptureFixture[str]) -> None:
    host, layout = Host(profile="resolve"), Layout((0, 0, 24, 16))
    plugin, effect = ready(host, "FaceDetect", noise(layout), input_space="fail")
    assert plugin.render(effect, Picture(layout)) == 1
    assert "100% of it is wrong" in capfd.readouterr().err
    for p in host.plugins.values():
        p.unload()


def test_nukes_file_params_come_filled(worker) -> None:
    """The stand-in does as Foundry's reference says of its knobs; the worker makes patterns of them again."""
    host, layout = Host(profile="nuke"), Layout((0, 0, 24, 16))
    plugin, effect = ready(host, "LipSync", noise(layout), plate_file="plate.####.exr")
    assert plugin.render(effect, Picture(layout), 1001.0) == OK
    (told,) = worker.requests
    assert told["p.plate_file"] == "plate.1001.exr"
    for p in host.plugins.values():
        p.unload()
