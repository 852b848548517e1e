# SPDX-License-Identifier: Apache-2.0
"""What a re-run skips, what it makes again, and that it reads what it skips."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.bench.farm_cases import Farm, digests
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.farm import existing
from ofx_lipsync.media import open_plate, open_writer
from ofx_lipsync.media.writer import KEY, PIXELS


@pytest.fixture
def there(farm: Farm, tmp_path: Path) -> Path:
    """Four frames, rendered earlier."""
    folder = tmp_path / "there"
    folder.mkdir()
    for frame in farm.frames[:4]:
        shutil.copy2(farm.folder / "whole" / f"out.{frame}.exr", folder)
    return folder


def again(farm: Farm, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, str]:
    """Renders the first four frames; what the summary says."""
    words = [*farm.dub(folder, "1001-1004"), "--skip-existing", *more, "--progress", "none"]
    assert main(words) == 0
    lines = (line.split("  ", 1) for line in capsys.readouterr().out.splitlines() if "  " in line)
    return {name.strip(): text.strip() for name, text in lines}


def test_whole_frames_are_left_alone(farm, there, capsys):
    before = {path: path.stat().st_ino for path in there.glob("*.exr")}
    said = again(farm, there, capsys)
    assert said["skipped"].startswith("1001-1004:")
    assert said["frames"] == "4 in, 4 out, 0 dubbed"
    assert {path: path.stat().st_ino for path in there.glob("*.exr")} == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_a_frame_that_was_cut_short_is_made_again(farm, there, capsys, share):
    path = there / "out.1002.exr"
    os.truncate(path, int(path.stat().st_size * share))
    said = again(farm, there, capsys)
    assert said["made again"] == f"1002: {existing.DAMAGED}"
    assert digests(there) == {name: sha for name, sha in digests(farm.folder / "whole").items() if name[4:8] < "1005"}


def test_a_file_that_opens_well_and_lost_its_end_is_no_frame(farm, there):
    path = there / "out.1002.exr"
    key = oiio.ImageInput.open(str(path)).spec().get_string_attribute(KEY)
    assert existing.fault_of(path, key) is None
    os.truncate(path, path.stat().st_size - 200)
    assert oiio.ImageInput.open(str(path)) is not None
    assert existing.fault_of(path, key) == existing.DAMAGED


def test_a_lost_block_is_seen_where_nothing_is_packed(tmp_path):
    """Uncompressed, no library would notice."""
    pixels = np.random.default_rng(5).random((64, 64, 3)).astype(np.float16)
    spec = oiio.ImageSpec(64, 64, 3, "half")
    spec.attribute("compression", "none")
    spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
    plain = oiio.ImageOutput.create("x.exr")
    plain.open(str(tmp_path / "p.0001.exr"), spec)
    plain.write_image(pixels)
    plain.close()
    path = tmp_path / "o.0001.exr"
    with open_plate(str(tmp_path / "p.####.exr")) as plate, open_writer(str(tmp_path / "o.####.exr"), plate) as writer:
        frame = plate.load(1)
        frame.metadata[KEY] = "abc"
        writer.write(frame)
    assert existing.fault_of(path, "abc") is None
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(64))
    assert oiio.ImageBuf(str(path)).read(force=True)
    assert existing.fault_of(path, "abc") == existing.CHANGED


def test_other_params_are_another_frame(farm, there, capsys):
    said = again(farm, there, capsys, "--set", "Blend.feather=9")
    assert said["made again"] == f"1001-1004: {existing.OTHER}"
    assert again(farm, there, capsys, "--set", "Blend.feather=9")["skipped"].startswith("1001-1004")


def test_the_plates_own_frames_are_not_taken_for_results(farm, there, small_plate, capsys):
    shutil.copy(small_plate.replace("####", "1003"), there / "out.1003.exr")
    assert again(farm, there, capsys)["made again"] == f"1003: {existing.FOREIGN}"


def test_a_frame_under_another_number_is_another_frame(farm, there, capsys):
    shutil.copy(there / "out.1001.exr", there / "out.1004.exr")
    assert again(farm, there, capsys)["made again"] == f"1004: {existing.OTHER}"


def test_frames_that_stay_as_the_plate_has_them_are_skipped_by_the_same_rule(farm, there, capsys):
    off = ("--set", "MouthGenerate.strength=1001:0,1002:0,1003:1")
    assert again(farm, there, capsys, *off)["frames left as they are"] == "1001-1002"
    untouched = oiio.ImageInput.open(str(there / "out.1001.exr")).spec()
    assert untouched.get_string_attribute(KEY)
    assert untouched.getattribute("lipsync/ai_modified") is None
    assert again(farm, there, capsys, *off)["skipped"].startswith("1001-1004")


@pytest.mark.parametrize("name", ["out.####.png", "out.####.exr"])
def test_what_is_read_back_is_what_was_written(farm, tmp_path, name):
    words = ["dub", farm.plate, farm.line, str(tmp_path / name), "--analysis", farm.analysis, "-F", "1003"]
    assert main([*words, "--progress", "none"]) == 0
    path = tmp_path / name.replace("####", "1003")
    header = oiio.ImageInput.open(str(path)).spec()
    assert len(header.get_string_attribute(PIXELS)) == 64
    assert existing.fault_of(path, header.get_string_attribute(KEY)) is None


@pytest.mark.parametrize("name", ["out.mov", "out.####.dpx", "out.####.tif"])
def test_what_cannot_be_skipped_is_said_before_any_work(name):
    with pytest.raises(UsageError, match="skip-existing"):
        existing.check_skippable(name)


def test_what_is_made_of_a_dubbed_frame_does_not_inherit_its_key(farm, tmp_path):
    source = str(farm.folder / "whole" / "out.####.exr")
    with open_plate(source) as plate, open_writer(str(tmp_path / "o.####.exr"), plate) as writer:
        assert KEY not in plate.load(1001).metadata
        writer.write(plate.load(1001))
    header = oiio.ImageInput.open(str(tmp_path / "o.1001.exr")).spec()
    assert header.getattribute(KEY) is None
    assert header.getattribute(PIXELS) is None
    assert header.getattribute("lipsync/ai_modified") == 1


def test_one_picture_of_one_frame_can_be_skipped(farm, tmp_path, capsys):
    words = ["dub", farm.plate, farm.line, str(tmp_path / "still.exr"), "--analysis", farm.analysis, "-F", "1003"]
    for said in ("1 dubbed", "0 dubbed"):
        assert main([*words, "--skip-existing", "--progress", "none"]) == 0
        assert said in capsys.readouterr().out


def test_scratch_files_of_the_dead_go_and_others_stay(farm, there, capsys):
    gone = there / f".out.1002.{platform.node()}.999999999.tmp.exr"
    living = there / f".out.1002.{platform.node()}.{os.getppid()}.tmp.exr"
    elsewhere = there / ".out.1002.another-host.999999999.tmp.exr"
    for path in (gone, living, elsewhere):
        path.write_bytes(b"half")
    again(farm, there, capsys)
    assert not gone.exists()
    assert living.exists()
    assert elsewhere.exists()


def test_skip_and_overwrite_exclude_each_other(farm, there, capsys):
    assert main([*farm.dub(there), "--skip-existing", "--overwrite"]) == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_failure_names_its_frame(farm, tmp_path, capsys):
    (tmp_path / "out.1003.exr").mkdir()
    assert main([*farm.dub(tmp_path, "1002-1004"), "--progress", "none"]) == 4
    assert capsys.readouterr().err.strip().splitlines()[-1] == "LIPSYNC_FAIL code=4 reason=output frame=1003"
    assert [path.name for path in tmp_path.glob("*.exr") if path.is_file()] == ["out.1002.exr"]


def test_an_analysis_of_the_same_shot_is_kept_and_another_is_made_again(farm, tmp_path, capsys):
    path = tmp_path / "shot.lipsync"
    shutil.copy(farm.analysis, path)
    words = ["analyse", farm.plate, farm.line, str(path), "--progress", "none"]
    assert main(words) == 2
    node, before = path.stat().st_ino, path.read_bytes()
    assert main([*words, "--skip-existing"]) == 0
    assert "there already, and of this shot" in capsys.readouterr().out
    assert path.stat().st_ino == node
    assert main([*words, "--skip-existing", "--audio-offset", "2f"]) == 0
    assert "was made with another line" in capsys.readouterr().out
    assert path.read_bytes() != before
    path.write_bytes(before[: len(before) // 2])
    assert main([*words, "--skip-existing"]) == 0
    assert "is not a whole analysis file" in capsys.readouterr().out
    assert path.read_bytes() == before
