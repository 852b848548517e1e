# SPDX-License-Identifier: Apache-2.0
"""Presets: the shipped ones are the Nuke group's, one's own are saved, found, shown and applied."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pytest

from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.export.uses import USES
from ofx_lipsync.graph import Settings
from ofx_lipsync.shotfile import read_shot
from ofx_lipsync.tuning import preset


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(preset.FOLDERS, raising=False)
    return tmp_path / "config" / "ofx_lipsync" / "presets"


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    path = tmp_path / "shot.toml"
    path.write_text(
        '# kept\n[plate]\npath = "p.####.exr"\n[[line]]\npath = "l.wav"\n[params.MouthGenerate]\nopening = 1.1\n'
        'strength = {1001 = 0.0, 1010 = [1.0, "ease"]}\n[params.FaceDetect]\nface = "index"\nmissing_face = "hold"\n'
    )
    return path


def sets(*words: str) -> list[str]:
    args: argparse.Namespace = build_parser(["dub"]).parse_args(["dub", "p.mov", "l.wav", "o.mov", *words])
    return list(args.sets)


def test_shipped_ones_are_the_nuke_groups() -> None:
    assert {one.name: one.params for one in preset.presets()} == USES
    for one in preset.presets():
        Settings.parse(one.sets)


def test_a_shots_params_are_kept_but_for_what_is_the_shots_alone(shot, own, capsys) -> None:
    assert main(["preset", "save", "close up", str(shot), "--about", "Near.", "--set", "Blend.erode=-2"]) == 0
    found = preset.read_preset(own / "close up.toml")
    assert found.about == "Near."
    assert found.params == {
        "MouthGenerate": {"opening": 1.1}, "FaceDetect": {"missing_face": "hold"}, "Blend": {"erode": -2.0},
    }  # fmt: skip
    assert "left out  MouthGenerate.strength, FaceDetect.face: of that shot alone" in capsys.readouterr().out


def test_one_that_is_there_is_not_replaced_by_chance(shot, capsys) -> None:
    assert main(["preset", "save", "mine", str(shot)]) == 0
    assert main(["preset", "save", "mine", str(shot)]) == 2
    assert "is there already; add --overwrite" in capsys.readouterr().err
    assert main(["preset", "save", "mine", "--set", "Blend.mix=0.5", "--overwrite"]) == 0
    assert preset.find("mine").params == {"Blend": {"mix": 0.5}}


def test_applied_to_a_shot_file_it_leaves_the_rest(shot, tmp_path) -> None:
    other = Path(shutil.copy(shot, tmp_path / "other.toml"))
    assert main(["preset", "apply", "subtle", str(shot), str(other)]) == 0
    for path in (shot, other):
        assert path.read_text().startswith("# kept\n")
        settings = read_shot(path).settings()
        assert (settings["MouthGenerate"].strength, settings["MouthGenerate"].opening) == (0.6, 0.85)
        assert settings["FaceDetect"].missing_face == "hold"


def test_nothing_is_applied_where_one_shot_cannot_be_read(shot, tmp_path) -> None:
    before = shot.read_text()
    assert main(["preset", "apply", "subtle", str(shot), str(tmp_path / "absent.toml")]) == 4
    assert shot.read_text() == before


def test_on_a_dub_what_is_said_later_wins() -> None:
    later = Settings.parse(sets("--preset", "subtle", "--set", "Blend.feather=3"))
    earlier = Settings.parse(sets("--set", "Blend.feather=3", "--preset", "subtle"))
    assert (later["Blend"].feather, earlier["Blend"].feather) == (3.0, 9.0)
    assert later["MouthGenerate"].smoothing == 40


def test_a_studios_folder_goes_before_ones_own(own, tmp_path, monkeypatch, capsys) -> None:
    studio = tmp_path / "studio"
    studio.mkdir()
    monkeypatch.setenv(preset.FOLDERS, f"{tmp_path / 'absent'}:{studio}")
    (studio / "subtle.toml").write_text('about = "Of the show."\n[params.Blend]\nfeather = 2.0\n')
    preset.save("subtle", {"Blend": {"feather": 5.0}})
    assert preset.find("subtle").params == {"Blend": {"feather": 2.0}}
    assert main(["preset", "list"]) == 0
    assert f"subtle   Of the show.  [{studio}]" in capsys.readouterr().out
    (studio / "subtle.toml").unlink()
    assert preset.find("subtle").params == {"Blend": {"feather": 5.0}}


def test_what_is_shown_can_be_kept_as_a_file(own, capsys) -> None:
    assert main(["preset", "show", "adr_fix"]) == 0
    own.mkdir(parents=True)
    (own / "copy.toml").write_text(capsys.readouterr().out)
    assert preset.find("copy").params == USES["adr_fix"]


@pytest.mark.parametrize("name", ["../up", "", ".hidden", "a/b", "x" * 80])
def test_names_stay_in_the_folder(name) -> None:
    with pytest.raises(UsageError, match="is no name; take letters"):
        preset.save(name, {"Blend": {"mix": 0.5}})
    with pytest.raises(UsageError, match="there is none named"):
        preset.find(name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[params.Blend]\nfether = 2\n", "'fether' is unknown; did you mean feather"),
        ("[params.Blend]\nfeather = 200\n", "got 200, expected 0 to 40"),
        ("[plate]\npath = 'x'\n", "'plate' is unknown; a preset has about"),
        ("about = 3\n", "about is 3, expected text"),
        ("[params", "is not TOML"),
    ],
)
def test_a_bad_file_says_what_is_wrong(own, text, why) -> None:
    own.mkdir(parents=True)
    (own / "bad.toml").write_text(text)
    with pytest.raises(InputError, match=why):
        preset.find("bad")


def test_weights_are_kept_by_their_whole_path(tmp_path) -> None:
    (tmp_path / "anna.safetensors").write_bytes(b"")
    path = tmp_path / "shot.toml"
    path.write_text('[plate]\npath = "p.mov"\n[params.MouthGenerate]\nweights = "anna.safetensors"\n')
    kept = preset.whole_paths(read_shot(path))
    assert kept == {"MouthGenerate": {"weights": str(tmp_path / "anna.safetensors")}}
