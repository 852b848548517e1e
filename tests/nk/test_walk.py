# SPDX-License-Identifier: Apache-2.0
"""The way up from a Write: time, switches, groups, merges, and what cannot be followed."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.nk.reads import Reads
from ofx_lipsync.nk.script import parse_script
from ofx_lipsync.nk.shown import Cut, Dubbing, Over
from ofx_lipsync.nk.shuffles import source_of
from ofx_lipsync.nk.values import Values
from ofx_lipsync.nk.walk import Walk

READ = "Read {\n inputs 0\n file p.####.exr\n first 1001\n last 1010\n name Read1\n}\n"


def walk(text: str) -> Walk:
    return Walk(Values(parse_script(READ + text, "ab.nk")), lambda read: Region(0, 0, 1920, 1080))


def shown(text: str, frame: int = 1005):
    up = walk(text)
    return up.shown(up.values.script.nodes[-1], frame)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("Dot {\n}\n", 1005),
        ("TimeOffset {\n time_offset 10\n}\n", 995),
        ("TimeOffset {\n time_offset 10\n disable true\n}\n", 1005),
        ("FrameHold {\n first_frame 1002\n}\n", 1002),
        ("FrameHold {\n firstFrame 1001\n increment 3\n}\n", 1004),
        ("TimeOffset {\n time_offset 2\n}\nFrameHold {\n first_frame 1008\n}\n", 1006),
        ("Switch {\n inputs 1\n which 9\n}\n", 1005),
        ("Grade {\n disable true\n}\n", 1005),
        (
            "Group {\n}\n Input {\n  inputs 0\n }\n TimeOffset {\n  time_offset -1\n }\n Output {\n }\nend_group\n"
            "Dot {\n}\n",
            1006,
        ),
        ("Shuffle {\n}\n", 1005),
        ('Reformat {\n type "to box"\n box_width 1920\n box_height 1080\n box_fixed true\n}\n', 1005),
    ],
)
def test_pictures_that_are_handed_on(text, frame):
    found = shown(text)
    assert (found.read.name, found.frame, found.plain) == ("Read1", frame, True)


def test_what_changes_pixels_is_noted_in_order():
    text = "set N [stack 0]\npush $N\nOFXorg.ofxlipsync.blend_v1 {\n inputs 2\n name B\n}\n"
    found = shown(text + "Crop {\n box {0 0 960 540}\n reformat true\n}\n")
    assert [type(step) for step in found.steps] == [Dubbing, Cut]
    assert found.steps[1].box == Region(0, 540, 960, 1080)


def test_a_crop_of_a_crop_counts_from_the_first():
    crop = "Crop {\n box {%s}\n reformat true\n}\n"
    first, second = shown(crop % "100 80 1060 620" + crop % "10 20 960 540").steps
    assert first.box == Region(100, 460, 1060, 1000)
    assert second.box == Region(10, 0, 960, 520)


def test_b_is_the_first_input_of_a_merge():
    up = walk("set P [stack 0]\nRead {\n inputs 0\n name Top\n}\npush $P\nMerge2 {\n inputs 2\n mix 0.5\n}\n")
    found = up.shown(up.values.script.nodes[-1], 1005)
    assert found.read.name == "Read1"
    assert isinstance(found.steps[0], Over)
    assert (found.steps[0].top.read.name, found.steps[0].mix) == ("Top", 0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Grade {\n name G\n}\n", r"G \(Grade\)"),
        ("OFXuk.co.thefoundry.keylight.keylight_v201 {\n name K\n}\n", r"K \(OFXuk.co.thefoundry.keylight"),
        ("Merge2 {\n inputs 2\n operation plus\n}\n", "plus"),
        ("set N [stack 0]\npush $N\npush $N\nMerge2 {\n inputs 2+1\n}\n", "mask"),
        ('Reformat {\n type "to box"\n box_width 960\n}\n', "1920x1080 into 960x540"),
        ("Crop {\n box {0 0 10.5 10}\n}\n", "whole pixels"),
        ("Crop {\n box {0 0 100 100}\n softness 4\n}\n", "soft edge"),
        ("TimeOffset {\n reverse_input true\n}\n", "reverse_input"),
        ("Shuffle {\n red blue\n}\n", "moves channels"),
        ("Dot {\n inputs 0\n}\n", "nothing is connected"),
        ("Group {\n}\nend_group\nDot {\n}\n", "no Output"),
        ("OFXorg.ofxlipsync.mouthgenerate_v1 {\n}\n", "mouth on black"),
        ("OFXorg.ofxlipsync.facedetect_v1 {\n view landmarks\n}\n", "shows its landmarks"),
        ("OFXorg.ofxlipsync.facedetect_v7 {\n}\n", "version 7"),
        ("OFXorg.ofxlipsync.fill_v1 {\n}\n", "Fill"),
        ("OFXorg.ofxlipsync.audiofeature_v1 {\n}\n", "strip"),
        ("Read {\n inputs 0\n disable true\n}\n", "disabled"),
        ("Transform {\n name T\n}\n", r"T \(Transform\)"),
    ],
)
def test_one_error_naming_the_node(text, words):
    with pytest.raises(InputError, match=words):
        shown(text)


@pytest.mark.parametrize(
    ("knobs", "frame", "number"),
    [
        ("", 1005, 1005), ("", 1000, 1001), ("", 1020, 1010),
        (" before black\n", 1000, None), (" after black\n", 1011, None),
        (" after loop\n", 1011, 1001), (" before loop\n", 1000, 1010), (" after loop\n", 1025, 1005),
        (" after bounce\n", 1011, 1010), (" after bounce\n", 1013, 1008), (" before bounce\n", 1000, 1001),
        (" before bounce\n", 999, 1002),
        (" frame_mode \"start at\"\n frame 1\n", 5, 1005), (" frame_mode \"start at\"\n frame 1\n", 30, 1010),
        (" frame_mode offset\n frame -1000\n", 5, 1005),
        (" frame_mode expression\n frame \"frame + 1000\"\n", 5, 1005),
        (" frame_mode expression\n frame \"1001 + (frame - 1) / 2\"\n", 4, 1002),
    ],
)  # fmt: skip
def test_which_file_a_frame_is(knobs, frame, number):
    values = Values(
        parse_script(f"Read {{\n inputs 0\n file p.####.exr\n first 1001\n last 1010\n{knobs} name R\n}}\n")
    )
    assert Reads(values, Colour.load()).number(values.script.nodes[0], frame) == number


@pytest.mark.parametrize(
    ("knobs", "below", "frames"),
    [
        ("", "", (1001, 1010)),
        (' frame_mode "start at"\n frame 1\n', "", (1, 10)),
        (" frame_mode offset\n frame 5\n", "", (1006, 1015)),
        (' frame "frame + 1000"\n', "", (1, 20)),
        ("", "TimeOffset {\n time_offset 5\n}\n", (1006, 1015)),
        ("", "FrameRange {\n first_frame 3\n last_frame 7\n}\nTimeOffset {\n time_offset 5\n}\n", (8, 12)),
        ("", "Merge2 {\n inputs 1\n}\nFrameRange {\n disable true\n}\n", (1001, 1010)),
    ],
)
def test_the_range_of_what_comes_in(knobs, below, frames):
    read = f"Read {{\n inputs 0\n file p.####.exr\n first 1001\n last 1010\n{knobs}}}\n"
    text = "Root {\n first_frame 1\n last_frame 20\n}\n" + read
    values = Values(parse_script(text + below))
    up, reads = Walk(values, lambda read: Region(0, 0, 8, 8)), Reads(values, Colour.load())
    assert up.range_of(values.script.nodes[-1], 1, reads.range) == frames


@pytest.mark.parametrize(
    ("text", "channel", "found"),
    [
        ("Shuffle {\n alpha red\n}\n", "rgba.alpha", (0, "rgba.red")),
        ("Shuffle {\n alpha white\n}\n", "rgba.alpha", (0, "white")),
        ("Shuffle {\n in depth\n alpha red\n}\n", "rgba.alpha", (0, "depth.red")),
        ("Copy {\n inputs 2\n}\n", "rgba.alpha", (1, "rgba.alpha")),
        ("Copy {\n inputs 2\n from0 rgba.red\n to0 rgba.alpha\n}\n", "rgba.alpha", (1, "rgba.red")),
        ("Copy {\n inputs 2\n}\n", "rgba.red", (0, "rgba.red")),
        ('Shuffle2 {\n mappings "1 rgba.red 0 0 rgba.alpha 0 3"\n}\n', "rgba.alpha", (0, "rgba.red")),
        ('Shuffle2 {\n mappings "1 id.red 1 0 rgba.alpha 0 3"\n}\n', "rgba.alpha", (1, "id.red")),
        ("Shuffle2 {\n}\n", "rgba.green", (0, "rgba.green")),
    ],
)
def test_where_a_channel_comes_from(text, channel, found):
    values = Values(parse_script(READ + text))
    assert source_of(values, values.script.nodes[-1], channel) == found
