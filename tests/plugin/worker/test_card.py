# SPDX-License-Identifier: Apache-2.0
"""The shim and the worker over a card that is none: the same pixels as without one, and how much of them moves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from host_shot import FRAMES, SIZE

pytest.importorskip("ofx_lipsync.plugin.host.host")
HERE = Path(__file__).parents[1]
FRAME = FRAMES[3]
WHOLE = SIZE[0] * SIZE[1] * 16
"""Bytes of a frame."""
CODE = f"""
import sys
import numpy as np
sys.path.insert(0, {str(HERE)!r})
from cuda_host import *
card, host = cuda_host()
first, last, frame = {FRAMES[0]}, {FRAMES[-1]}, {FRAME}
kind, held = int(sys.argv[3]), np.load(sys.argv[4])
layout = Layout((0, 0, *{tuple(SIZE)}), padding=64)
plate = {{first + n: CardPicture(card, layout, rows, kind) for n, rows in enumerate(held)}}
def node(label, **params):
    plugin = host.plugins[label]
    effect = plugin.create()
    effect.clips["Source"].connect(lambda time: plate.get(round(time)), layout, (first, last))
    effect.set(analysis=sys.argv[2], **params)
    return plugin, effect
def made(plugin, effect, **more):
    out = CardPicture(card, layout, None, kind)
    assert render(card, plugin, effect, out, float(frame), **more) == 0, effect.message
    assert out.guards_hold()
    return out
whole, blend, mouth, detect = map(node, ("LipSync", "Blend", "MouthGenerate", "FaceDetect"))
patch = made(*mouth)
blend[1].clips["Mouth"].connect(lambda time: patch, layout, (first, last))
seen = dict(whole=made(*whole), again=made(*whole), comp=made(*blend), mouth=patch, source=made(*detect))
seen["part"] = made(*whole, window=(40, 20, 300, 150))
whole[1].set(view="matte")
seen["matte"] = made(*whole)
np.savez(sys.argv[5], moved=card.bytes(), **{{name: picture.pixels for name, picture in seen.items()}})
for plugin in host.plugins.values():
    plugin.unload()
host.check()
"""


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or pytest.skip("no C compiler here to build a driver with")
    library = tmp_path_factory.mktemp("cuda") / "libcuda.so.1"
    command = [compiler, "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", HERE / "fake_cuda.c", "-o", library]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def on_card(driver, rgba, analysis, tmp_path):
    """Renders on the card: what came of it, and the lines of the worker's copies."""
    python, log = tmp_path / "python", tmp_path / "copies.log"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{HERE / "fake_cupy"}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    held = tmp_path / "plate.npy"
    np.save(held, np.stack([rgba["Source", frame].rows for frame in FRAMES]))

    def run(kind: int, **more: str):
        log.write_text("")
        out = tmp_path / "made.npz"
        environment = {**os.environ, "LIPSYNC_PYTHON": str(python), "FAKE_CUDA_LOG": str(log), **more}
        command = [sys.executable, "-c", CODE, driver, analysis, str(kind), held, out]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return np.load(out), log.read_text().splitlines(), done.stderr

    return run


def check(made, rgba, dubbed) -> None:
    source = rgba["Source", FRAME].rows
    assert np.array_equal(made["source"], source)
    assert np.array_equal(made["whole"][::-1, :, :3], dubbed[FRAME])
    assert np.array_equal(made["whole"][..., 3], source[..., 3])
    for same in ("again", "comp"):
        assert np.array_equal(made[same], made["whole"])
    assert np.array_equal(made["part"][20:150, 40:300], made["whole"][20:150, 40:300])
    assert np.isnan(made["part"]).all() or (made["part"].view(np.uint8)[:20] == 0xA5).all()
    changed = (made["whole"] != source).any(axis=2)
    assert 0 < changed.mean() < 0.2
    assert (made["matte"][..., 0][changed] > 0).all()
    assert np.count_nonzero(made["mouth"]) > 0


def moved(lines: list[str], way: str) -> list[int]:
    return [int(line.split()[1]) for line in lines if line.startswith(way + " ")]


def test_by_handle_only_what_the_mouth_touches_moves(on_card, rgba, dubbed) -> None:
    made, lines, _ = on_card(0)
    check(made, rgba, dubbed)
    assert moved(lines, "across") == [WHOLE, WHOLE, WHOLE, 260 * 130 * 16]
    assert 0 < max(moved(lines, "up")) < 0.2 * WHOLE
    assert max(moved(lines, "down")) < 0.2 * WHOLE
    assert lines.count("open") == lines.count("close") > 0
    assert 0 < made["moved"][2] == WHOLE  # FaceDetect's result is its source: copied by the shim


def test_memory_without_handles_goes_through_memory(on_card, rgba, dubbed) -> None:
    made, lines, _ = on_card(1)
    check(made, rgba, dubbed)
    assert lines == []
    assert made["moved"][0] >= 5 * WHOLE


def test_a_worker_that_is_refused_is_sent_the_pixels(on_card, rgba, dubbed) -> None:
    made, lines, told = on_card(0, FAKE_CUDA_REFUSES="1")
    check(made, rgba, dubbed)
    assert lines == []
    assert told.count("sent through memory") == 1


def test_cupy_has_the_calls_that_are_used() -> None:
    """The real one, which needs no card for this."""
    runtime = pytest.importorskip("cupy.cuda.runtime")
    for name in ("setDevice", "deviceSynchronize", "ipcOpenMemHandle", "ipcCloseMemHandle", "memcpy2D"):
        assert callable(getattr(runtime, name))
    assert issubclass(runtime.CUDARuntimeError, RuntimeError)
    assert [runtime.memcpyHostToDevice, runtime.memcpyDeviceToHost, runtime.memcpyDeviceToDevice] == [1, 2, 3]
