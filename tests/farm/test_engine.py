# SPDX-License-Identifier: Apache-2.0
"""The resident engine: what a task does in it is what it does alone, and nothing outlives whom it was for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator

import OpenImageIO as oiio
import pytest

from ofx_lipsync.bench.farm_cases import COMMAND, Farm, digests
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.farm import client, wire

SLOW = 1500
"""Frames of a still without a face, whose analysis takes minutes."""


@pytest.fixture(scope="module")
def engine(farm: Farm) -> Iterator[str]:
    with farm.engine() as path:
        yield path


@pytest.fixture
def words(farm: Farm, engine: str, tmp_path: Path) -> list[str]:
    """A dub of the whole plate in the engine, into the test's folder."""
    return [*farm.dub(tmp_path), "--engine-socket", engine]


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> str:
    picture = oiio.ImageBuf(oiio.ImageSpec(480, 360, 3, "half"))
    oiio.ImageBufAlgo.noise(picture, "gaussian", 0.2, 0.05)
    path = str(tmp_path_factory.mktemp("noise") / "still.exr")
    picture.write(path)
    return path


@pytest.fixture
def endless(farm: Farm, engine: str, noise: str, tmp_path: Path) -> list[str]:
    """One that lasts long enough to be stopped."""
    (tmp_path / "endless").mkdir()
    out = str(tmp_path / "endless" / "out.####.exr")
    return ["dub", noise, farm.line, out, "--shot", f"1-{SLOW}", "--progress", "plain", "--engine-socket", engine]


def started(words: list[str], **more: object) -> subprocess.Popen:
    return subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def status(engine: str) -> dict:
    return client.ask(Path(engine), "status")


def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s
        time.sleep(0.05)


def at_work(engine: str) -> None:
    """A task has begun, and is past its first steps."""
    until(lambda: status(engine)["running"] == 1)
    time.sleep(0.5)


def test_the_bytes_the_report_and_the_progress_are_the_same(farm, words, tmp_path):
    task = started(words)
    said, _ = task.communicate(timeout=120)
    assert task.returncode == 0, said
    assert digests(tmp_path) == digests(farm.folder / "whole")
    assert "render 12/12 frames" in said
    assert "frames                   12 in, 12 out, 12 dubbed" in said


def test_folder_environment_and_umask_are_the_clients_own(farm, engine, tmp_path):
    command = [*COMMAND, "dub", farm.plate, farm.line, "here.####.exr", "--analysis", farm.analysis, "-F", "1001"]
    task = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "LIPSYNC_SOCKET": engine, "CUE_FRAME": "0001-render"}, umask=0o077,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert "ALF_PROGRESS 100%" in task.stderr
    assert (tmp_path / "here.1001.exr").stat().st_mode & 0o777 == 0o600


def test_exit_codes_and_the_farms_line_pass_through(words):
    task = started([*words, "-F", "7"])
    said, _ = task.communicate(timeout=60)
    assert task.returncode == 2
    assert said.strip().splitlines()[-1] == "LIPSYNC_FAIL code=2 reason=usage"


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stop_reaches_the_task(endless, tmp_path, engine, sent, code):
    task = started(endless, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    at_work(engine)
    task.send_signal(sent)
    said, _ = task.communicate(timeout=60)
    assert task.returncode == code, said
    assert f"LIPSYNC_FAIL code={code} " in said
    assert not [path for path in (tmp_path / "endless").iterdir() if path.name.startswith(".") and path.is_file()]
    until(lambda: status(engine)["running"] == 0)


def test_a_client_that_is_killed_takes_its_task_along(endless, engine, tmp_path):
    task = started(endless)
    at_work(engine)
    task.kill()
    task.communicate()
    until(lambda: status(engine)["running"] == 0)
    assert not [path for path in (tmp_path / "endless").iterdir() if path.name.startswith(".") and path.is_file()]


def test_tasks_wait_their_turn_and_may_be_stopped_while_they_wait(farm, endless, words, engine, tmp_path):
    first = started(endless)
    at_work(engine)
    second = started(words)
    until(lambda: status(engine)["waiting"] == 1)
    third = started(words)
    until(lambda: status(engine)["waiting"] == 2)
    third.send_signal(signal.SIGTERM)
    said, _ = third.communicate(timeout=60)
    assert third.returncode == 143
    assert "waiting for the engine, 2 in line" in said
    assert "LIPSYNC_FAIL code=143 reason=terminated" in said
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    (tmp_path / "endless").rename(tmp_path.parent / f"{tmp_path.name}-endless")
    assert digests(tmp_path) == digests(farm.folder / "whole")


def test_an_engine_of_other_code_is_refused(engine, monkeypatch, words, capsys):
    monkeypatch.setattr(wire, "build", lambda: "0.0.9-other")
    assert main(words) == 5
    err = capsys.readouterr().err
    assert "it runs 0.1.0-" in err
    assert "this is 0.0.9-other" in err
    assert err.strip().splitlines()[-1] == "LIPSYNC_FAIL code=5 reason=engine"


def test_garbage_on_the_socket_hurts_nobody(engine, words):
    for content in (b"GET / HTTP/1.1\r\n\r\n", b"[1, 2]\n", b'{"do": "run"}\n', b'{"do": "dance"}\n', b"{" * 5000):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(engine)
            stranger.sendall(content)
    until(lambda: status(engine)["running"] == 0)
    task = started([*words, "-F", "1001"])
    said, _ = task.communicate(timeout=60)
    assert task.returncode == 0, said


def test_the_socket_is_the_users_alone(engine):
    assert Path(engine).stat().st_mode & 0o777 == 0o600
    assert Path(engine).parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_refused(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(UsageError, match="others may write there"):
        wire.own_folder(tmp_path)


def test_a_name_too_long_for_a_socket_is_said(tmp_path):
    with pytest.raises(UsageError, match="107 bytes"):
        wire.check_path(tmp_path / ("x" * 120))


def test_an_engine_that_was_asked_for_must_be_there(farm, tmp_path, capsys):
    code = main([*farm.dub(tmp_path, "1001"), "--engine-socket", str(tmp_path / "none.sock")])
    err = capsys.readouterr().err
    assert code == 5
    assert "nobody listens" in err
    assert "lipsync serve start" in err
    assert not list(tmp_path.iterdir())


def test_an_engine_that_was_offered_may_be_missing_and_that_is_said(farm, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LIPSYNC_SOCKET", str(tmp_path / "none.sock"))
    assert main(farm.dub(tmp_path, "1001")) == 0
    assert "this task works without it" in capsys.readouterr().err
    assert (tmp_path / "out.1001.exr").is_file()


def test_a_second_engine_on_the_same_socket_is_refused(engine, capsys):
    assert main(["serve", "run", "--socket", engine]) == 5
    assert "listens there already" in capsys.readouterr().err


def test_starting_and_stopping_twice_is_no_trouble(engine, tmp_path, capsys):
    assert main(["serve", "start", "--socket", engine, "--openjd"]) == 0
    assert capsys.readouterr().out == f"openjd_env: LIPSYNC_SOCKET={engine}\n"
    assert main(["serve", "stop", "--socket", str(tmp_path / "none.sock")]) == 0
    assert main(["serve", "status", "--socket", str(tmp_path / "none.sock")]) == 5


def test_idle_or_killed_it_leaves_nothing_running(farm, endless, tmp_path):
    """A name left by a killed engine is taken over; a task whose engine is killed ends too; idle engines end."""
    path = str(tmp_path / "run" / "e.sock")
    farm.run(["serve", "start", "--socket", path])
    task = started([*endless[:-1], path])
    at_work(path)
    assert task.poll() is None
    os.kill(status(path)["pid"], signal.SIGKILL)
    said, _ = task.communicate(timeout=60)
    assert task.returncode == 5
    assert "went away in mid-task" in said
    assert Path(path).exists()
    farm.run(["serve", "start", "--socket", path, "--idle", "0.2"])
    until(lambda: not Path(path).exists())
