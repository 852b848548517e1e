# SPDX-License-Identifier: Apache-2.0
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.params import Bool, Choice, File, Float, Int, ParamSet


class Params(ParamSet):
    owner = "Example"
    feather = Float(4.0, lo=0, hi=200, slider=(0, 40), unit="px", help="Softness of the edge.")
    level = Float(1.0, lo=0, hi=2, unit="times", help="One for the shot.", animates=False)
    count = Int(3, lo=1, hi=9, unit="frames", help="How many.", analysed=True)
    on = Bool(True, help="Whether.")
    mode = Choice("a", options=("a", "b"), help="Which.")
    reel = File("", help="More footage.")


def test_defaults_and_given_values():
    params = Params(feather=7)
    assert (params.feather, params.count, params.on, params.mode) == (7.0, 3, True, "a")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("feather", -1, "expected 0 to 200 px"),
        ("feather", float("nan"), "expected 0 to 200 px"),
        ("feather", "wide", "expected a number"),
        ("count", 2.5, "expected a whole number"),
        ("count", 10, "expected 1 to 9 frames"),
        ("on", 1, "expected true or false"),
        ("mode", "c", "expected a or b"),
        ("reel", 4, "expected text"),
    ],
)
def test_wrong_values_say_what_was_expected(name, value, text):
    with pytest.raises(UsageError, match=f"Example.{name}: got .*{text}"):
        Params(**{name: value})


def test_unknown_param_names_what_exists():
    with pytest.raises(UsageError, match="no param 'fether'; it has feather, level"):
        Params(fether=3)


def test_values_cannot_be_changed_in_place():
    with pytest.raises(UsageError, match="params are values"):
        Params().feather = 3.0


def test_keyframes_run_straight_and_hold_outside():
    params = Params(feather={1010: 10.0, 1001: 1.0})
    assert [params.at(f).feather for f in (990, 1001, 1004, 1010, 1100)] == [1.0, 1.0, 4.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("feather", "2.5", 2.5),
        ("feather", "1:0,5:4", {1: 0.0, 5: 4.0}),
        ("count", "4", 4),
        ("on", "off", False),
        ("mode", "b", "b"),
    ],
)
def test_command_line_text_is_read(name, text, value):
    assert Params.declarations()[name].read(text) == value


@pytest.mark.parametrize(("name", "text"), [("feather", "x"), ("feather", "1:2:3"), ("count", "1.5"), ("on", "maybe")])
def test_wrong_text_is_refused(name, text):
    with pytest.raises(UsageError, match=f"Example.{name}"):
        Params.declarations()[name].read(text)


def test_digest_of_analysed_params_ignores_the_rest():
    assert Params(feather=9).digest_text(analysed_only=True) == Params().digest_text(analysed_only=True)
    assert Params(count=4).digest_text(analysed_only=True) != Params().digest_text(analysed_only=True)


def test_same_values_are_equal_and_hash_alike():
    assert Params(feather=9) == Params(feather=9.0)
    assert hash(Params(feather=9)) == hash(Params(feather=9.0))


def test_a_param_for_the_whole_shot_takes_no_keyframes():
    with pytest.raises(UsageError, match=r"Example.level: got 'keyframes', expected one number"):
        Params(level={1: 0.5, 2: 1.0})
