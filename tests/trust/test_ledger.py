# SPDX-License-Identifier: Apache-2.0
"""The sidecar of a farm: tasks at once, killed, run again; the same bytes however the shot was cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.media.writer import put_whole
from ofx_lipsync.trust import sidecar
from ofx_lipsync.trust.ledger import Ledger, join
from ofx_lipsync.trust.verify import verify

RECIPE = {"software": "test", "digitalSourceType": "x", "params": {"Blend": {"feather": 4.0, "keys": {10: 1.0}}}}
SHOT = range(1001, 1041)


def write(ledger: Ledger, folder: Path, frame: int, content: bytes) -> None:
    ledger.takes(frame, {"lipsync/ai_region": "1 2 3 4"} if frame % 2 else {})
    scratch = folder / f".{frame}.tmp"
    scratch.write_bytes(content)
    put_whole(scratch, folder / f"a.{frame}.exr", ledger, frame, f"pixels {frame}")


def task(folder: Path, frames, recipe=RECIPE) -> Ledger:
    ledger = Ledger(str(folder / "a.####.exr"), recipe, SHOT)
    for frame in frames:
        write(ledger, folder, frame, b"%d" % frame)
    return ledger


def rendered(folder: Path, chunks) -> bytes:
    folder.mkdir()
    for chunk in chunks:
        task(folder, chunk).finish()
    return (folder / "a.exr.lipsync.json").read_bytes()


def test_however_it_was_cut_the_bytes_are_the_same(tmp_path):
    whole = rendered(tmp_path / "whole", [SHOT])
    assert rendered(tmp_path / "singles", [[frame] for frame in reversed(SHOT)]) == whole
    assert rendered(tmp_path / "quarters", [SHOT[i::4] for i in range(4)]) == whole
    assert rendered(tmp_path / "again", [SHOT[:20], SHOT[10:], SHOT]) == whole


def test_a_run_of_the_whole_shot_leaves_no_records(tmp_path):
    rendered(tmp_path / "whole", [SHOT])
    assert not (tmp_path / "whole" / ".a.exr.lipsync").exists()


def test_a_killed_task_loses_nothing_that_was_finished(tmp_path):
    """Killed after frame 1005: five records and no sidecar. What runs next joins them."""
    task(tmp_path, SHOT[:5])
    assert not (tmp_path / "a.exr.lipsync.json").exists()
    found = verify(str(tmp_path / "a.####.exr"))
    assert found.frames == list(SHOT[:5])
    task(tmp_path, SHOT[5:]).finish()
    assert (tmp_path / "a.exr.lipsync.json").read_bytes() == rendered(tmp_path / "whole", [SHOT])


def test_tasks_at_once_lose_no_frame(tmp_path):
    """Four processes with ten frames each, all writing and joining at the same time."""
    code = (
        "import sys, pathlib\n"
        "from ofx_lipsync.trust.ledger import Ledger\n"
        "from ofx_lipsync.media.writer import put_whole\n"
        f"recipe, shot = {RECIPE!r}, range(1001, 1041)\n"
        "folder, n = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
        "sys.stdin.read()\n"
        "for frame in shot[n::4]:\n"
        "    ledger = Ledger(str(folder / 'a.####.exr'), recipe, shot)\n"
        "    ledger.takes(frame, {'lipsync/ai_region': '1 2 3 4'} if frame % 2 else {})\n"
        "    scratch = folder / f'.{frame}.tmp'\n"
        "    scratch.write_bytes(b'%d' % frame)\n"
        "    put_whole(scratch, folder / f'a.{frame}.exr', ledger, frame, f'pixels {frame}')\n"
        "    ledger.finish()\n"
    )
    together = tmp_path / "together"
    together.mkdir()
    command = [sys.executable, "-c", code, str(together)]
    running = [subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE) for number in range(4)]
    for process in running:
        process.stdin.close()
    assert [process.wait(60) for process in running] == [0] * 4
    assert (together / "a.exr.lipsync.json").read_bytes() == rendered(tmp_path / "whole", [SHOT])


def test_a_join_between_list_and_rename_is_seen(tmp_path, monkeypatch):
    """Another task finishes just as this one writes its sidecar: it looks again."""
    task(tmp_path, SHOT[:2])
    put, late = sidecar.put, []

    def slow(path, content):
        if path.name == "a.exr.lipsync.json" and not late:
            late.append(True)
            task(tmp_path, SHOT[2:3]).finish()
        put(path, content)

    monkeypatch.setattr(sidecar, "put", slow)
    join(str(tmp_path / "a.####.exr"))
    assert list(sidecar.load(tmp_path / "a.exr.lipsync.json")["frames"]) == list(SHOT[:3])


def test_frames_made_again_say_with_what(tmp_path):
    task(tmp_path, SHOT).finish()
    other = {**RECIPE, "params": {}}
    task(tmp_path, SHOT[3:5], other).finish()
    content = sidecar.load(tmp_path / "a.exr.lipsync.json")
    assert len(content["made_with"]) == 2
    assert content["made_with"][content["frames"][1004]["made_with"]]["params"] == {}
    task(tmp_path, SHOT[3:5]).finish()
    assert (tmp_path / "a.exr.lipsync.json").read_bytes() == rendered(tmp_path / "whole", [SHOT])


def test_a_frame_that_lies_there_whole_is_known(tmp_path):
    ledger = task(tmp_path, SHOT[:4])
    (tmp_path / "a.1002.exr").write_bytes(b"100")
    (tmp_path / "a.1003.exr").unlink()
    again = Ledger(str(tmp_path / "a.####.exr"), RECIPE, SHOT)
    assert [again.holds(frame) for frame in SHOT[:5]] == [True, False, False, True, True]
    ledger.finish()
    assert not Ledger(str(tmp_path / "a.####.exr"), {**RECIPE, "software": "newer"}, SHOT).holds(1001)


def test_an_element_in_which_nothing_is_any_more_leaves_the_sidecar(tmp_path):
    task(tmp_path, SHOT).finish()
    ledger = Ledger(str(tmp_path / "a.####.exr"), RECIPE, SHOT)
    ledger.gone(1004)
    ledger.finish()
    assert list(sidecar.load(tmp_path / "a.exr.lipsync.json")["frames"]) == [f for f in SHOT if f != 1004]


def test_a_damaged_sidecar_is_told_before_the_shot_is_rendered(tmp_path):
    (tmp_path / "a.exr.lipsync.json").write_text("{}")
    with pytest.raises(InputError, match="is no sidecar of lipsync"):
        Ledger(str(tmp_path / "a.####.exr"), RECIPE, SHOT)


def test_a_real_dub_in_chunks_and_after_a_kill(dub, results, tmp_path):
    out = tmp_path / "dub.####.exr"
    for frames in ("1001-1002", "1005-1006", "1003", "1004"):
        assert dub(out, "-F", frames) == 0
    whole = results("exr", False) / "dub.exr.lipsync.json"
    assert (tmp_path / "dub.exr.lipsync.json").read_bytes() == whole.read_bytes()


def test_a_dub_that_is_killed_leaves_what_it_finished(shot, results, tmp_path):
    plate, line, analysis = shot
    out, third = tmp_path / "dub.####.exr", tmp_path / "dub.1003.exr"
    command = [sys.executable, "-m", "ofx_lipsync.cli.main", "dub", plate, line, str(out), "--analysis", analysis]
    running = subprocess.Popen([*command, "--progress", "none"], stdout=subprocess.DEVNULL)
    while not third.exists() and running.poll() is None:
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    found = verify(str(out))
    assert (found.changed, found.missing) == ({}, [])
    assert len(found.extra) <= 1  # written, and killed before its record was
    assert main(["dub", plate, line, str(out), "--analysis", analysis, "--progress", "none"]) == 0
    whole = results("exr", False) / "dub.exr.lipsync.json"
    assert (tmp_path / "dub.exr.lipsync.json").read_bytes() == whole.read_bytes()


def test_a_farm_is_sealed_when_it_is_done(dub, studio, results, tmp_path, capsys):
    out, notes = tmp_path / "dub.####.exr", tmp_path / ".dub.exr.lipsync"
    assert main(["seal", str(out)]) == 4
    for frames in ("1001-1003", "1004-1006"):
        assert dub(out, "-F", frames) == 0
    assert notes.is_dir()
    good = (tmp_path / "dub.1002.exr").read_bytes()
    (tmp_path / "dub.1002.exr").write_bytes(good[:-90])
    assert main(["seal", str(out), *studio.options]) == 3
    assert "frames 1002 are not as they were written" in capsys.readouterr().err
    (tmp_path / "dub.1002.exr").write_bytes(good)
    assert main(["seal", str(out), *studio.options]) == 0
    assert not notes.exists()
    whole = results("exr", False) / "dub.exr.lipsync.json"
    assert (tmp_path / "dub.exr.lipsync.json").read_bytes() == whole.read_bytes()
    assert main(["verify", str(out), "--trust", studio.anchors]) == 0
