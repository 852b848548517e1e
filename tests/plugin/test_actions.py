# SPDX-License-Identifier: Apache-2.0
"""What a node answers between renders: its region, its frames, when it does nothing, Analyse, the slate."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.plugin.host.abi import FAILED, OK, REPLY_DEFAULT
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import COMPONENTS, DEPTHS, Layout, Picture
from ofx_lipsync.plugin.host.scene import noise, ready

FULL = Layout((0, 0, 64, 48))
PREFIX = "OfxImageEffectActionGet"
IDENTITY = "OfxImageEffectActionIsIdentity"


@pytest.mark.parametrize(
    ("label", "params", "passes"),
    [
        ("FaceDetect", {}, True),
        ("FaceDetect", {"view": "landmarks"}, False),
        ("SyncMeter", {}, False),
        ("SyncMeter", {"view": "none"}, True),
        ("Resync", {}, True),
        ("Resync", {"fix": "picture"}, False),
        ("Fill", {}, False),
        ("AudioFeature", {}, False),
        ("AudioFeature", {"view": "source"}, True),
        ("MouthGenerate", {"strength": 0.0}, False),
        ("Blend", {}, False),
        ("Blend", {"mix": 0.0}, True),
        ("Blend", {"mix": 0.0, "view": "matte"}, False),
        ("LipSync", {"Blend_mix": 0.0}, True),
        ("LipSync", {}, False),
    ],
)
def test_when_a_node_hands_its_source_on(host: Host, worker, label: str, params: dict, passes: bool) -> None:
    plugin, effect = ready(host, label, noise(FULL), **params)
    status, told = plugin.ask(IDENTITY, effect, 7.0)
    assert status == (OK if passes else REPLY_DEFAULT)
    if passes:
        assert (told["OfxPropName"], told["OfxPropTime"]) == ("Source", 7.0)
    assert worker.pids == []


def test_a_node_without_source_passes_nothing_on(host: Host) -> None:
    plugin, effect = ready(host, "FaceDetect")
    assert plugin.ask(IDENTITY, effect)[0] == REPLY_DEFAULT


def test_the_region_is_sources_and_needs_no_worker(host: Host, worker) -> None:
    plate = noise(Layout((-8, 4, 56, 52)))
    for label in ("FaceDetect", "MouthGenerate", "Blend", "LipSync", "AudioFeature"):
        plugin, effect = ready(host, label, plate)
        status, told = plugin.ask(f"{PREFIX}RegionOfDefinition", effect)
        assert (status, told["OfxImageEffectPropRegionOfDefinition"]) == (OK, [-8.0, 4.0, 56.0, 52.0]), label
    assert worker.pids == []


def test_a_generators_region_is_the_projects(host: Host) -> None:
    plugin = host.plugins["AudioFeature"]
    effect = plugin.create("OfxImageEffectContextGenerator")
    _, told = plugin.ask(f"{PREFIX}RegionOfDefinition", effect)
    assert told["OfxImageEffectPropRegionOfDefinition"] == [0.0, 0.0, 1920.0, 1080.0]


def test_the_mouths_region_is_the_workers_word(host: Host, worker) -> None:
    plugin, effect = ready(host, "MouthGenerate", noise(FULL), analysis="shot.lipsync")
    _, told = plugin.ask(f"{PREFIX}RegionOfDefinition", effect)
    assert told["OfxImageEffectPropRegionOfDefinition"] == [10.5, 20.0, 30.0, 40.25]
    effect.set(input_space="fail")
    _, told = plugin.ask(f"{PREFIX}RegionOfDefinition", effect)
    assert told["OfxImageEffectPropRegionOfDefinition"] == [0.0, 0.0, 64.0, 48.0]
    assert effect.message == ""


def test_where_all_pictures_are_of_one_size_a_mouth_is_too(worker) -> None:
    host = Host(sizes=False)
    plugin, effect = ready(host, "MouthGenerate", noise(FULL), analysis="shot.lipsync")
    _, told = plugin.ask(f"{PREFIX}RegionOfDefinition", effect)
    assert told["OfxImageEffectPropRegionOfDefinition"] == [0.0, 0.0, 64.0, 48.0]
    assert worker.pids == []
    for each in host.plugins.values():
        each.unload()
    host.check()


def test_every_input_is_wanted_whole(host: Host) -> None:
    plugin, effect = ready(host, "Blend", noise(FULL))
    _, told = plugin.ask(f"{PREFIX}RegionsOfInterest", effect)
    assert told.values == {"OfxImageClipPropRoI_Source": [0.0, 0.0, 64.0, 48.0]}


def test_frames_of_the_plate_that_a_mouth_is_made_of(host: Host, worker) -> None:
    plugin, effect = ready(host, "MouthGenerate", noise(FULL), analysis="shot.lipsync")
    _, told = plugin.ask(f"{PREFIX}FramesNeeded", effect, 2.0)
    assert told["OfxImageClipPropFrameRange_Source"] == [2.0, 2.0, 3.0, 5.0, 9.0, 9.0]
    effect.set(plate_file="plate.####.exr")
    assert plugin.ask(f"{PREFIX}FramesNeeded", effect)[0] == REPLY_DEFAULT


def test_a_curve_alone_makes_a_retime_plan_its_frames(host: Host, worker) -> None:
    plugin, effect = ready(host, "Resync", noise(FULL))
    assert plugin.ask(f"{PREFIX}FramesNeeded", effect, 2.0)[0] == REPLY_DEFAULT
    effect.set(curve="curve.csv")
    _, told = plugin.ask(f"{PREFIX}FramesNeeded", effect, 2.0)
    assert told["OfxImageClipPropFrameRange_Source"] == [2.0, 2.0, 3.0, 5.0, 9.0, 9.0]


def test_a_patch_brings_its_own_alpha(host: Host) -> None:
    plugin, effect = ready(host, "MouthGenerate")
    _, told = plugin.ask(f"{PREFIX}ClipPreferences", effect)
    assert told["OfxImageClipPropComponents_Output"] == "OfxImageComponentRGBA"
    assert told["OfxImageEffectPropPreMultiplication"] == "OfxImageAlphaPremultiplied"
    assert told["OfxImageEffectFrameVarying"] == 1


def test_a_failure_is_one_sentence_with_its_percent_doubled(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL), input_space="fail")
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert effect.message == "MouthGenerate: 100%% of it is wrong (got %%s, expected é); do this."


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("components", COMPONENTS)
def test_a_slate_says_it_on_the_picture(host: Host, worker, depth: str, components: str) -> None:
    layout = Layout((-30, 12, 370, 237), depth, components, padding=20, flipped=True)
    plugin, effect = ready(host, source=noise(layout), input_space="fail", on_error="slate")
    out = Picture(layout)
    assert plugin.render(effect, out) == OK
    assert out.guards_hold()
    shown = out.pixels[..., 0].astype(np.float64)
    paper, ink = shown.min(), shown.max()
    assert set(np.unique(shown)) == {paper, ink}
    assert 0.005 < (shown == ink).mean() < 0.2
    assert ink == {"OfxBitDepthByte": 255, "OfxBitDepthShort": 65535}.get(depth, 1)


def test_the_slates_letters_are_the_sentences(host: Host, worker) -> None:
    """One dot a pixel; the first line is the node's name."""
    layout = Layout((0, 0, 320, 200))
    plugin, effect = ready(host, source=noise(layout), input_space="fail", on_error="slate")
    out = Picture(layout)
    plugin.render(effect, out)
    rows = np.flatnonzero((out.pixels[..., 0] == 1).any(axis=1))[::-1]
    top = rows[0]
    letter = out.pixels[top - 6 : top + 1, 12:17, 0][::-1] == 1
    drawn = ["".join("#" if dot else "." for dot in row) for row in letter]
    assert drawn == ["#####", "#....", "#....", "####.", "#....", "#....", "#...."]


def glyphs(checkout: Path) -> list[bytes]:
    """Five columns a letter, from space on."""
    text = (checkout / "ofx_lipsync" / "plugin" / "shim_font.h").read_text()
    return [bytes(int(n, 16) for n in re.findall(r"0x(\w\w)", row)) for row in re.findall(r"\{(0x[^{}]+)\}", text)]


def test_every_printable_letter_has_a_look_of_its_own(checkout: Path) -> None:
    found = glyphs(checkout)
    assert len(found) == len(set(found)) == ord("~") - ord(" ") + 1


def test_a_slate_keeps_the_case_of_what_it_says(host: Host, worker, checkout: Path) -> None:
    """Read back letter by letter; what is not ASCII is a question mark, once a character."""
    layout = Layout((0, 0, 320, 200))
    plugin, effect = ready(host, source=noise(layout), input_space="fail", on_error="slate")
    out = Picture(layout)
    plugin.render(effect, out)
    ink = out.pixels[::-1, :, 0] == 1
    top = int(np.flatnonzero(ink.any(axis=1))[0])
    letters = {glyph: chr(32 + n) for n, glyph in enumerate(glyphs(checkout))}
    lines = []
    for y in range(top, top + 4 * 10, 10):
        cells = [ink[y : y + 8, x : x + 5] for x in range(12, 12 + 48 * 6, 6)]
        lines.append("".join(letters[bytes(np.packbits(c, axis=0, bitorder="little")[0])] for c in cells).rstrip())
    assert lines[0] == "FaceDetect"
    assert " ".join(lines[2:]) == "MouthGenerate: 100% of it is wrong (got %s, expected ?); do this."


def analysing(host: Host, frames: tuple[int, int] = (1, 4), **params: object) -> tuple:
    plugin, effect = ready(host, **params)
    pictures = {frame: noise(FULL, frame) for frame in range(frames[0], frames[1] + 1)}
    effect.clips["Source"].connect(lambda time: pictures.get(int(time)), FULL, frames)
    return plugin, effect


def test_analyse_walks_the_shot_and_writes_keyframes(host: Host, worker) -> None:
    plugin, effect = analysing(host)
    assert plugin.press(effect, "analyse") == OK
    assert effect.clips["Source"].asked == [1.0, 2.0, 3.0, 4.0]
    assert effect.progress == [0.25, 0.5, 0.75, 1.0]
    assert effect.params["found_y"].keys == {1.0: 10.0, 2.0: 20.0, 3.0: 30.0, 4.0: 40.0}
    assert effect.params["found_x"].keys == effect.params["found_y"].keys
    assert effect.params["revision"].value == 1
    assert [worker.requests[0][f"scale_{axis}"] for axis in "xy"] == [1.0, 1.0]
    assert effect.message == ""
    assert plugin.press(effect, "analyse") == OK
    assert len(worker.lines("upload")) == 4


def test_keys_that_nobody_has_a_param_for_are_let_go(host: Host, worker) -> None:
    """The worker's `nowhere`, and a param that this host has not made; none at all takes the old ones away."""
    describe = host.plugins["FaceDetect"].describe

    def less(context: str):
        described = describe(context)
        del described.params["found_x"]
        return described

    host.plugins["FaceDetect"].describe = less  # type: ignore[method-assign]
    plugin, effect = analysing(host)
    effect.params["found_height"].keys = {7.0: 1.0}
    assert plugin.press(effect, "analyse") == OK
    assert effect.message == ""
    assert "found_x" not in effect.params
    assert effect.params["found_height"].keys == {}
    assert len(effect.params["found_y"].keys) == 4


def test_analyse_takes_the_range_that_was_typed(host: Host, worker) -> None:
    plugin, effect = analysing(host, first_frame=2, last_frame=3)
    assert plugin.press(effect, "analyse") == OK
    assert effect.clips["Source"].asked == [2.0, 3.0]


def test_cancel_stops_an_analysis(host: Host, worker) -> None:
    plugin, effect = analysing(host, (1, 100))
    effect.cancel_at = 0.03
    assert plugin.press(effect, "analyse") == OK
    assert len(effect.clips["Source"].asked) < 10
    assert effect.params["found_y"].keys == {}
    assert effect.params["revision"].value is None
    assert effect.message == ""


def test_cancel_is_heard_in_a_long_step(host: Host, worker) -> None:
    """The worker only beats: the bar is shown as it stands."""
    plugin, effect = analysing(host, input_space="slow")
    threading.Timer(0.4, lambda: setattr(effect, "cancel_at", 0.0)).start()
    assert plugin.press(effect, "analyse") == OK
    assert worker.lines("aborted")
    assert set(effect.progress) == {0.0}
    assert effect.message == ""


def test_an_abort_of_renders_is_no_cancel(host: Host, worker) -> None:
    plugin, effect = analysing(host)
    effect.aborted.set()
    assert plugin.press(effect, "analyse") == OK
    assert effect.progress[-1] == 1.0


def test_a_host_of_one_frame_is_told_about_plate_file(worker) -> None:
    host = Host(temporal=False)
    plugin, effect = analysing(host)
    assert plugin.press(effect, "analyse") == OK
    assert "no frame 2" in effect.message
    assert "set plate_file" in effect.message
    for each in host.plugins.values():
        each.unload()
    host.check()


def test_other_params_that_change_start_nothing(host: Host, worker) -> None:
    plugin, effect = ready(host)
    assert plugin.press(effect, "view") == REPLY_DEFAULT
    assert worker.pids == []


def test_a_crash_in_an_analysis_is_said(host: Host, worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "5")
    plugin, effect = analysing(host, (1, 3))
    pictures = effect.clips["Source"].picture

    def kill_at_three(time: float) -> Picture | None:
        if time == 3:
            worker.kill()
        return pictures(time)

    effect.clips["Source"].picture = kill_at_three
    began = time.monotonic()
    assert plugin.press(effect, "analyse") == OK
    assert time.monotonic() - began < 4
    assert "worker" in effect.message
