# SPDX-License-Identifier: Apache-2.0
"""Twenty-two scripts of growing difficulty, rendered: the bytes of `lipsync dub` where that can make the same."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.media.colour import PINNED
from ofx_lipsync.nk.curve import Curve

from .conftest import FIRST, LAST, read_exr

WHOLE = range(FIRST, LAST + 1)
SOME = (1002, 1005)


def render(script: str, frames: Sequence[int] = SOME, *more: str) -> int:
    text = ",".join(map(str, frames))
    return main(["render", f"{script}.nk", "-F", text, "--progress", "none", *more])


def dub(here: Path, name: str, *more: str, frames: Sequence[int] = SOME) -> str:
    """A reference by the command line; its pattern."""
    (here / "ref").mkdir(exist_ok=True)
    out = f"ref/{name}.####.exr"
    text = ",".join(map(str, frames))
    assert main(["dub", "plate/plate.####.exr", "sound/line.flac", out, "-F", text, "--progress", "none", *more]) == 0
    return out


def same_bytes(ours: str, reference: str, frames: Sequence[int] = SOME, moved: int = 0) -> None:
    for frame in frames:
        made = Path(ours.replace("####", f"{frame + moved:04d}")).read_bytes()
        assert made == Path(reference.replace("####", str(frame))).read_bytes(), (ours, frame)


def changed(path: str, frame: int) -> int:
    """How many pixels differ from the plate."""
    plate = read_exr(Path(f"plate/plate.{frame}.exr"))[0]
    return int((read_exr(Path(path.replace("####", str(frame))))[0] != plate).any(axis=2).sum())


@pytest.fixture(scope="session")
def plain(show) -> str:
    """The dub that most scripts ask for, whole; made with the analysis file that they name."""
    folder = show / "ref"
    folder.mkdir(exist_ok=True)
    out = str(folder / "plain.####.exr")
    assert main(["dub", str(show / "plate/plate.####.exr"), str(show / "sound/line.flac"), out, "--progress", "none",
                 "--analysis", str(show / "shot.lipsync")]) == 0  # fmt: skip
    return out


def test_01_a_read_and_a_write_give_the_plate(here):
    assert render("01_read_write") == 0
    for frame in SOME:
        (made, new), (plate, old) = (read_exr(Path(p.format(frame))) for p in ("out/01.{}.exr", "plate/plate.{}.exr"))
        assert np.array_equal(made, plate, equal_nan=True)
        assert (new.x, new.y, new.channelnames, new.format) == (old.x, old.y, old.channelnames, old.format)
        assert not new.get_int_attribute("lipsync/ai_modified")


@pytest.mark.parametrize(("number", "use"), [("02", "dub"), ("03", "adr_fix"), ("04", "subtle")])
def test_toolsets_as_we_export_them_give_the_bytes_of_a_dub(here, number, use):
    from ofx_lipsync.export.uses import USES

    sets = [f"{node}.{param}={value}" for node, params in USES[use].items() for param, value in params.items()]
    assert render(f"{number}_toolset_{use}") == 0
    reference = dub(here, number, *(word for text in sets for word in ("--set", text)))
    same_bytes(f"out/{number}.####.exr", reference)


def test_05_our_gizmo_inside_a_script(here, plain):
    assert render("05_gizmo") == 0
    same_bytes("out/05.####.exr", plain)


def test_06_a_script_saved_with_an_ocio_config(here):
    """Its config's name is Nuke's own; the public one that it was made from stands for it."""
    assert render("06_saved_with_ocio", SOME, "--set", "FaceDetect1.analysis=", "--set", "MouthGenerate1.analysis=",
                  "--set", "AudioFeature1.analysis=") == 0  # fmt: skip
    config = "cg-config-v1.0.0_aces-v1.3_ocio-v2.1"
    same_bytes("out/06.####.exr", dub(here, "06", "--colour", config))


def test_07_curves_and_expressions(here, plain):
    """Straight keyframes stay keyframes; what the engine has no keyframes for becomes a value a frame."""
    assert render("07_animated", WHOLE) == 0
    amount = {1001: 0.0, 1004: 1.0}
    mix = {f: min((f - 1000) / 3, 1.0) for f in WHOLE}
    erode = {f: (0.25 if f >= 1004 else 0.0) for f in WHOLE}
    smooth = Curve.parse(["x1001", "5", "x1003", "9", "x1006", "7"])
    feather = {f: smooth.at(f) for f in WHOLE}
    sets = {"MouthGenerate.strength": amount, "Blend.mix": mix, "Blend.erode": erode, "Blend.feather": feather}
    words = []
    for name, keys in sets.items():
        words += ["--set", f"{name}={','.join(f'{f}:{v!r}' for f, v in keys.items())}"]
    same_bytes("out/07.####.exr", dub(here, "07", "--analysis", "shot.lipsync", *words, frames=WHOLE), WHOLE)


def test_08_a_holdout_through_a_shuffle(here, plain):
    assert render("08_holdout") == 0
    reference = dub(here, "08", "--analysis", "shot.lipsync", "--holdout", "matte/matte.####.exr")
    same_bytes("out/08.####.exr", reference)
    assert 0 < changed(reference, SOME[0]) < changed(plain, SOME[0])


def test_09_a_holdout_from_alpha_the_other_way_round(here, plain):
    """Its alpha is the inverse of the other matte's red."""
    assert render("09_holdout_alpha") == 0
    dub(here, "09", "--analysis", "shot.lipsync", "--holdout", "matte/matte.####.exr")
    for frame in SOME:
        ours, theirs = (read_exr(Path(p.format(frame)))[0] for p in ("out/09.{}.exr", "ref/09.{}.exr"))
        assert np.array_equal(ours, theirs, equal_nan=True)


def test_10_a_read_that_starts_at_1_and_an_offset(here, plain):
    assert render("10_start_at", (12, 15)) == 0
    for frame in SOME:
        ours = read_exr(Path(f"out/10.{frame - 990:04d}.exr"))[0]
        assert np.array_equal(ours, read_exr(Path(plain.replace("####", str(frame))))[0], equal_nan=True)


def test_11_a_switch_takes_the_plate_and_then_the_dub(here, plain):
    assert render("11_switch", WHOLE) == 0
    same_bytes("out/11.####.exr", plain, (1004, 1005, 1006))
    for frame in (1001, 1002, 1003):
        assert changed("out/11.####.exr", frame) == 0


def test_12_a_logo_over_the_dub(here, plain):
    assert render("12_merge_over") == 0
    for frame in SOME:
        below, above = read_exr(Path(plain.replace("####", str(frame))))[0], read_exr(Path(f"out/12.{frame}.exr"))[0]
        rows, columns = slice(20 - 4, 60 - 4), slice(20 + 8, 80 + 8)
        outside = np.ones(below.shape[:2], bool)
        outside[rows, columns] = False
        assert np.array_equal(below[outside], above[outside], equal_nan=True)
        # At mix 0.75: half of what is below goes, and the logo's colour comes, three quarters of each.
        logo = np.array([0.2, 0.1, 0.0], np.float32).astype(np.float16).astype(np.float32)
        wanted = below[rows, columns, :3] * 0.625 + 0.75 * logo
        assert np.allclose(above[rows, columns, :3], wanted, rtol=2e-3, atol=1e-4)


def test_13_a_crop_becomes_the_format(here, plain):
    assert render("13_crop_reformat") == 0
    made, spec = read_exr(Path(f"out/13.{SOME[0]}.exr"))
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, 350, 200)
    # Nuke counts from below: 14 rows go at the top, of 234, and 4 more where the plate has no pixels.
    whole = read_exr(Path(plain.replace("####", str(SOME[0]))))[0]
    assert np.array_equal(made, whole[14 - 4 : 214 - 4, 18 : 18 + 350], equal_nan=True)
    assert spec.get_int_attribute("lipsync/ai_modified") == 1


def test_14_several_writes_in_their_order_within_their_limits(here, plain, capsys):
    assert render("14_writes", WHOLE) == 0
    said = capsys.readouterr().out
    assert said.index("14b") < said.index("14a")
    same_bytes("out/14a.####.exr", plain, WHOLE)
    names = sorted(p.name for p in Path("out").glob("14*"))
    assert [n for n in names if n.startswith("14b") and n.endswith(".png")] == ["14b.1003.png", "14b.1004.png"]
    assert not [n for n in names if n.startswith("14c")]
    assert len(list(Path("out/deeper").glob("*.dpx"))) == len(WHOLE)
    png = oiio.ImageInput.open("out/14b.1003.png").spec()
    assert str(png.format) == "uint16"
    assert png.get_string_attribute("lipsync/software")
    assert render("14_writes", (1001,), "-X", "Write1") == 0
    assert render("14_writes", (1001,), "-X", "Preview") == 2
    assert render("14_writes", (1001,), "-X", "Write2") == 2


def test_15_stored_as_the_write_says(here, plain):
    assert render("15_stored", SOME, "--colour", PINNED) == 0
    made, spec = read_exr(Path(f"out/15.{SOME[0]}.exr"))
    assert (str(spec.format), spec.channelnames) == ("float", ("R", "G", "B", "depth.Z"))
    assert spec.get_string_attribute("compression") == "piz"
    whole = read_exr(Path(plain.replace("####", str(SOME[0]))))[0]
    assert np.array_equal(made[..., 3], whole[..., 3])
    ap1_to_ap0 = np.array([[0.69545, 0.14068, 0.16387], [0.04479, 0.85967, 0.09553], [-0.00553, 0.00403, 1.00150]])
    assert np.allclose(made[..., :3], whole[..., :3] @ ap1_to_ap0.T, rtol=3e-3, atol=1e-3)


def test_16_two_dubs_of_one_plate(here, plain):
    """Both are of the one face there is; the second goes over the first and leaves the rest of it."""
    assert render("16_two_people") == 0
    path = Path(f"out/16.{SOME[1]}.exr")
    assert changed(str(path), SOME[1]) > 300
    said = read_exr(path)[1].get_string_attribute("lipsync/line")
    assert len(said.split("; ")) == 2


def test_17_clones_and_user_knobs(here):
    assert render("17_clones") == 0
    same_bytes("out/17.####.exr", dub(here, "17", "--analysis", "shot.lipsync", "--set", "Blend.feather=6"))


def test_18_all_four_in_one_node(here):
    assert render("18_all_in_one") == 0
    sets = ("MouthGenerate.opening=1.1", "MouthGenerate.strength=1001:0.5,1006:1", "Blend.feather=6")
    reference = dub(here, "18", "--holdout", "matte/matte.####.exr", *(w for s in sets for w in ("--set", s)))
    same_bytes("out/18.####.exr", reference)


def test_19_groups_within_groups(here):
    assert render("19_nested_groups") == 0
    sets = ("--set", "Blend.feather=5", "--set", "Blend.mix=0.9")
    same_bytes("out/19.####.exr", dub(here, "19", "--analysis", "shot.lipsync", *sets))


def test_20_a_comp_with_much_else_in_it(here):
    assert render("20_big_comp", (1001, 1002), "-X", "WriteDub,WriteHeld", "--set", "AudioFeature1.transcript=") == 0
    same_bytes("out/20.####.exr", "ref/plain.####.exr", (1001, 1002))
    held = {Path(f"out/20h.{frame}.exr").read_bytes() for frame in (1001, 1002)}
    assert held == {Path("ref/plain.1003.exr").read_bytes()}


def test_21_an_unknown_class_on_the_way_is_one_line_with_node_and_class(here, capsys):
    assert render("21_grade_on_path") == 4
    lines = capsys.readouterr().err.splitlines()
    assert "Grade7 (Grade)" in lines[0]
    assert lines[1] == "LIPSYNC_FAIL code=4 reason=input"
    assert not list(Path("out").glob("21*"))


def test_22_a_python_expression_is_not_run(here, capsys):
    assert render("22_python_in_a_knob") == 4
    said = capsys.readouterr().err
    assert "Read1.file" in said
    assert "nuke.thisNode().name()" in said


def test_frames_outside_the_shot_are_refused(here, capsys):
    assert render("05_gizmo", (1001, 1010)) == 2
    assert "frame 1010" in capsys.readouterr().err


def test_set_over_the_script_by_node_and_by_kind(here, plain):
    reference = dub(here, "set", "--analysis", "shot.lipsync", "--set", "Blend.feather=12", frames=(1003,))
    for name, target in (("a", "Blend.feather=12"), ("b", "Blend1.feather=12")):
        assert render("06_saved_with_ocio", (1003,), "--set", target, "--set", f"Write1.file=out/set{name}.####.exr",
                      "--colour", PINNED) == 0  # fmt: skip
        same_bytes(f"out/set{name}.####.exr", reference, (1003,))


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("Blend1.feather=400", 4, "Blend1: Blend.feather: got 400.0, expected 0 to 40"),
        ("Blend1.feather=soft", 4, "Blend1.feather"),
        ("FaceDetect1.face=everybody", 4, "FaceDetect1.face"),
        ("Blend.feather=400", 2, "Blend.feather"),
        ("Nobody.feather=4", 2, "no node 'Nobody'"),
        ("feather", 2, "cannot read"),
        ("AudioFeature1.line=", 4, "AudioFeature1.line"),
        ("AudioFeature1.line=nowhere.wav", 4, "nowhere.wav"),
        ("MouthGenerate1.first_frame=1002", 4, "1002 to 0"),
        ("Read1.file=nowhere/p.####.exr", 4, "nowhere/p.####.exr"),
        ("Write1.file=plate/plate.####.exr", 4, "would overwrite"),
        ("Write1.file=sound/line.flac", 4, "exr"),
        ("Write1.file=", 4, "Write1.file"),
        ("Write1.datatype=deep", 4, "Write1.datatype"),
        ("Write1.compression=lzw", 4, "Write1.compression"),
        ("Write1.colorspace=Panalog", 4, "Panalog"),
        ("Read1.frame_mode=backwards", 4, "Read1.frame_mode"),
        ("root.fps=fast", 2, "fast"),
    ],
)
def test_wrong_knobs_are_one_error_and_nothing_is_written(here, capsys, target, code, words):
    before = sorted(Path("out").rglob("*"))
    assert render("06_saved_with_ocio", SOME, "--set", target, "--colour", PINNED) == code
    said = capsys.readouterr().err.splitlines()
    assert words in said[-2]
    assert len(said) == 2
    assert sorted(Path("out").rglob("*")) == before


def test_a_reel(here, show):
    reel = str(show.resolve() / "matte" / "reel.####.exr")
    for frame in (1, 2, 3):
        (show / f"matte/reel.{frame:04d}.exr").write_bytes((show / f"plate/plate.{1000 + frame}.exr").read_bytes())
    words = ("--set", "MouthGenerate.library=reel", "--set", "MouthGenerate1.reel=matte/reel.####.exr")
    names = ("FaceDetect1", "AudioFeature1", "MouthGenerate1")
    no_file = [word for name in names for word in ("--set", f"{name}.analysis=")]
    assert render("08_holdout", SOME, *words, *no_file, "--set", "Write1.file=out/reel.####.exr") == 0
    sets = ("--set", "MouthGenerate.library=reel", "--set", f"MouthGenerate.reel={reel}")
    same_bytes("out/reel.####.exr", dub(here, "reel", "--holdout", "matte/matte.####.exr", *sets))


def test_nodes_saved_without_a_project_render_what_comes_in(here, plain):
    """A toolset, pasted from the menu and filled in: the range is the plate's own."""
    text = Path("02_toolset_dub.nk").read_text()
    assert text.count("project_directory") == 1
    nodes = text[text.index("StickyNote {") :].replace("out/02.", "out/bare.")
    Path("bare.nk").write_text(nodes)
    assert main(["render", "bare.nk", "--progress", "none"]) == 0
    assert sorted(p.name for p in Path("out").glob("bare.*.exr") if "lipsync" not in p.name) == [
        f"bare.{frame}.exr" for frame in WHOLE
    ]
