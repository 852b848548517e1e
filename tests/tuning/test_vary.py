# SPDX-License-Identifier: Apache-2.0
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import Settings
from ofx_lipsync.tuning.vary import grid, read_axis


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("MouthGenerate.opening=0.8:1.2:5", (0.8, 0.9, 1.0, 1.1, 1.2)),
        ("MouthGenerate.sync_offset=-80:80:3", (-80.0, 0.0, 80.0)),
        ("Blend.feather=4,8, 16", (4.0, 8.0, 16.0)),
        ("MouthGenerate.handles=0:8:3", (0, 4, 8)),
        ("MouthGenerate.engine=plate,auto", ("plate", "auto")),
        ("Blend.move_jaw=on,off", (True, False)),
        ("MouthGenerate.strength=1|1001:0,1010:1:ease", (1.0, {1001: 0.0, 1010: (1.0, "ease")})),
        ("Blend.feather=4,4,8", (4.0, 8.0)),
    ],
)
def test_values_to_try_are_read(text: str, values: tuple) -> None:
    assert read_axis(text).values == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("opening", r"cannot read 'opening'; write NODE.PARAM=VALUES"),
        ("Mouth.opening=1,2", "'Mouth' is no node of a dub; these are: FaceDetect, AudioFeature, MouthGenerate, Blend"),
        ("Portrait.blinks=1,2", "'Portrait' is no node of a dub"),
        ("Blend.fether=1,2", "Blend has no param 'fether'; it has mix, feather"),
        ("Blend.feather=4", "is one value; a wedge needs two or more"),
        ("Blend.feather=4,400", "Blend.feather: got 400.0, expected 0 to 40"),
        ("Blend.feather=1:2:1", "asks for 1 values, expected 2 or more: FIRST:LAST:COUNT"),
        ("MouthGenerate.strength=1001:0,1010:1", r"keyframed ones with \| between them"),
    ],
)
def test_what_cannot_be_varied_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_axis(text)


def test_all_are_combined_and_the_last_goes_quickest() -> None:
    axes = [read_axis("MouthGenerate.opening=0.8,1"), read_axis("Blend.feather=4,8,16")]
    base = Settings.parse(["Blend.erode=-2"])
    variants = grid(base, axes)
    assert [v.number for v in variants] == [1, 2, 3, 4, 5, 6]
    assert [v.values for v in variants[:4]] == [(0.8, 4.0), (0.8, 8.0), (0.8, 16.0), (1.0, 4.0)]
    assert variants[4].label == "opening 1, feather 8"
    assert variants[4].settings["Blend"].erode == -2
    assert Settings.parse(variants[4].sets)["Blend"].feather == 8
    assert base["Blend"].feather == 7


def test_too_many_are_refused() -> None:
    axes = [read_axis("MouthGenerate.opening=0.8:1.2:9"), read_axis("Blend.feather=1:9:9")]
    with pytest.raises(UsageError, match=r"wedge: 9 x 9 is 81 variants \(expected at most 60\); vary less, or raise"):
        grid(Settings(), axes)
    assert len(grid(Settings(), axes, most=81)) == 81


def test_one_param_is_varied_once_and_something_varies() -> None:
    axis = read_axis("Blend.feather=4,8")
    with pytest.raises(UsageError, match=r"Blend.feather is varied twice"):
        grid(Settings(), [axis, axis])
    with pytest.raises(UsageError, match="nothing varies"):
        grid(Settings(), [])
