# SPDX-License-Identifier: Apache-2.0
"""What the viewer shows, and the point that the artist drags. Each in a process of its own: OpenGL is found in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ofx_lipsync.plugin.host.host import Host

HEAD = """
import ctypes, sys
from ofx_lipsync.plugin.host.scene import *
from ofx_lipsync.plugin.host.suites import Interact
if sys.argv[1]:
    gl = ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
    drawn = (ctypes.c_char * 65536).in_dll(gl, "DRAWN")
full = Layout((0, 0, 200, 100))
host = Host()
plugin, effect = ready(host, NODE, noise(full))
interact = Interact(effect)
scale = {"OfxInteractPropPixelScale": [1.0, 1.0], "OfxPropTime": 1.0}
draw = lambda: plugin.overlay(interact, "OfxInteractActionDraw", **scale)
pen = lambda what, x, y: plugin.overlay(
    interact, "OfxInteractActionPen" + what, OfxInteractPropPenPosition=[x, y], **scale)
"""


@pytest.fixture(scope="session")
def gl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or pytest.skip("no C compiler here to build a viewer with")
    library = tmp_path_factory.mktemp("gl") / "libfake_gl.so"
    subprocess.run([compiler, "-shared", "-fPIC", Path(__file__).with_name("fake_gl.c"), "-o", library], check=True)
    return library


def run(code: str, gl: Path | str, node: str = "FaceDetect", log: Path | str = "") -> str:
    command = [sys.executable, "-c", HEAD.replace("NODE", repr(node)) + code + "\nhost.check()", str(gl), str(log)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_before_a_render_only_the_point_is_drawn_and_nothing_starts(gl: Path, worker) -> None:
    shown = run("assert draw() == 0\nprint(drawn.value.decode())", gl)
    assert shown.strip() == "push\ncolour 1 0.6 0\nbegin1 88,50 112,50 100,38 100,62 end\npop"
    assert worker.pids == []


def test_lines_of_the_worker_are_drawn(gl: Path, worker) -> None:
    """One closed outline, one point; a line that leaves the points is left out; not a number is no place."""
    code = "plugin.render(effect, Picture(full)); draw(); draw()\nprint(drawn.value.decode())"
    shown = run(code, gl)
    assert shown.count("colour 0 1 0\nbegin2 10,10 20,10 20,20 end\n") == 2
    assert shown.count("colour 1 0 0\nbegin0 20,20 0,1 end\n") == 2
    assert shown.count("begin3") == 0


@pytest.mark.parametrize("node", ["FaceDetect", "LipSync"])
def test_dragging_the_point_picks_the_face(gl: Path, worker, node: str) -> None:
    code = """
assert pen("Down", 150.0, 90.0) == 14
assert pen("Motion", 100.0, 50.0) == 14
assert pen("Down", 105.0, 52.0) == 0
assert pen("Motion", 40.0, 75.0) == 0
assert pen("Up", 50.0, 80.0) == 0
assert pen("Motion", 100.0, 50.0) == 14
found = {n.removeprefix("FaceDetect_"): p for n, p in effect.params.items()}
print(found["face_x"].value, found["face_y"].value, found["face"].value, interact.redraws, host.params.edits)
"""
    assert run(code, gl, node).split() == ["25.0", "20.0", "2", "2", "0"]


CLICK = """
def click(x, y):
    answer = pen("Down", x, y), pen("Up", x, y)
    found = {n.removeprefix("FaceDetect_"): p for n, p in effect.params.items()}
    return answer[0], *(found[n].value for n in ("face", "face_x", "face_y", "face_index"))
"""


@pytest.mark.parametrize("node", ["FaceDetect", "LipSync"])
def test_a_click_on_a_face_picks_it(gl: Path, worker, node: str) -> None:
    """By its point, or where no point will do by its number; the smallest box counts."""
    code = (
        CLICK
        + """
plugin.render(effect, Picture(full)); draw()
print(click(150.0, 60.0), click(25.0, 25.0), interact.redraws, host.params.edits)
"""
    )
    assert run(code, gl, node).strip() == "(0, 2, 75.0, 27.5, None) (0, 3, 75.0, 27.5, 2) 2 0"


def test_a_click_on_nothing_or_on_the_chosen_face_changes_nothing(gl: Path, worker) -> None:
    code = CLICK + "plugin.render(effect, Picture(full)); draw()\n"
    code += "print(click(7.0, 7.0), click(60.0, 10.0), interact.redraws)"
    assert run(code, gl).strip() == "(14, None, None, None, None) (14, None, None, None, None) 0"


def test_a_click_needs_no_draw_before_it_and_starts_no_worker(gl: Path, worker) -> None:
    assert run(CLICK + "print(click(150.0, 60.0))", gl).strip() == "(14, None, None, None, None)"
    assert worker.pids == []
    code = CLICK + "plugin.render(effect, Picture(full)); print(click(150.0, 60.0))"
    assert run(code, gl).strip() == "(0, 2, 75.0, 27.5, None)"


def test_a_click_while_the_worker_is_silent_is_let_go(gl: Path, worker) -> None:
    code = (
        CLICK
        + """
import glob, os, signal
plugin.render(effect, Picture(full))
pid = int(open(sys.argv[2]).read().split()[1])
os.kill(pid, signal.SIGSTOP)
while any(") T " not in open(stat).read() for stat in glob.glob(f"/proc/{pid}/task/*/stat")):
    pass
print(click(150.0, 60.0))
os.kill(pid, signal.SIGCONT)
"""
    )
    assert run(code, gl, log=worker.log).strip() == "(14, None, None, None, None)"


def test_the_point_of_a_data_window_is_seen_against_the_project(gl: Path, worker) -> None:
    """The window's own place is no frame: FaceDetect's percents are of the plate's format."""
    code = """
effect.clips["Source"].region = (-20.0, 10.0, 900.0, 700.0)
assert pen("Down", 960.0, 540.0) == 0
assert pen("Up", 480.0, 810.0) == 0
print(effect.params["face_x"].value, effect.params["face_y"].value)
"""
    assert run(code, gl).split() == ["25.0", "25.0"]


def test_a_point_far_outside_stays_within_its_range(gl: Path, worker) -> None:
    code = 'pen("Down", 100.0, 50.0); pen("Up", 1e9, -1e9)\n'
    code += 'print(effect.params["face_x"].value, effect.params["face_y"].value)'
    assert run(code, gl).split() == ["200.0", "200.0"]


def test_nodes_without_a_face_point_leave_the_pen_alone(gl: Path, worker) -> None:
    assert run('print(pen("Down", 100.0, 50.0))', gl, "Blend").split() == ["14"]


def test_without_opengl_nothing_is_drawn(worker) -> None:
    assert run("print(draw())", "").split() == ["1"]


def test_a_host_with_a_draw_suite_draws_itself(worker) -> None:
    """The same lines, points as dashes, and no OpenGL asked for."""
    code = """
plugin.render(effect, Picture(full))
context = host.drawing.context
draw = lambda: plugin.overlay(interact, "OfxInteractActionDraw", OfxInteractPropDrawContext=context, **scale)
while not any(shape == 2 for shape, *_ in host.drawing.drawn):
    assert draw() == 0
loop = next(d for d in host.drawing.drawn if d[0] == 2)
dash = host.drawing.drawn[host.drawing.drawn.index(loop) + 1]
cross = host.drawing.drawn[-1]
assert loop[1] == [(10.0, 10.0), (20.0, 10.0), (20.0, 20.0)] and loop[3] == 1.0
assert [round(c, 1) for c in loop[2]] == [0.0, 1.0, 0.0, 0.9]
assert dash[0] == 0 and dash[1] == [(19.0, 20.0), (21.0, 20.0), (-1.0, 1.0), (1.0, 1.0)]
assert cross[1] == [(88.0, 50.0), (112.0, 50.0), (100.0, 38.0), (100.0, 62.0)]
assert plugin.overlay(interact, "OfxInteractActionDraw", OfxInteractPropDrawContext=0, **scale) == 1
"""
    run(code, "")


def test_without_a_draw_suite_none_is_offered(worker) -> None:
    host = Host(without=("OfxDrawSuite",))
    for plugin in host.plugins.values():
        assert "OfxImageEffectPluginPropOverlayInteractV1" in plugin.descriptor.properties.values
        assert "OfxImageEffectPluginPropOverlayInteractV2" not in plugin.descriptor.properties.values
        plugin.unload()


def test_the_cross_is_even_on_a_screen_of_oblong_pixels(gl: Path, worker) -> None:
    shown = run('scale["OfxInteractPropPixelScale"] = [2.0, 1.0]\ndraw(); print(drawn.value.decode())', gl)
    assert "begin1 76,50 124,50 100,38 100,62 end" in shown
