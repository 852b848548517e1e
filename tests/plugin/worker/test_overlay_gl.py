# SPDX-License-Identifier: Apache-2.0
"""The overlay in a real OpenGL, of a real shot: boxes, landmarks and lips lie on the face, and the viewer's state is
left as it was. By the viewer's own OpenGL and by its draw suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from host_shot import FRAMES, SIZE

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.core import landmarks as mesh

pytest.importorskip("OpenGL")
pytest.importorskip("ofx_lipsync.plugin.host.host")
HERE = Path(__file__).parents[1]
FRAME = FRAMES[2]
SCREEN = (960, 720)
CODE = f"""
import json, sys
sys.path.insert(0, {str(HERE)!r})
try:
    from real_gl import GL, Viewer
    options = json.loads(sys.argv[4])
    viewer = Viewer(*{SCREEN}, options["shown"])
except Exception as error:
    print("no OpenGL of fixed functions:", error, file=sys.stderr)
    sys.exit(77)
import numpy as np
from ofx_lipsync.plugin.host.scene import *
from ofx_lipsync.plugin.host.suites import Interact
held, scale, par = np.load(sys.argv[2]), options["scale"], options["par"]
layout = Layout((0, 0, *(round(n * s) for n, s in zip({tuple(SIZE)}, scale))))
host = Host()
plugin = host.plugins[options["node"]]
effect = plugin.create()
source = Picture(layout, held[: layout.shape[0], : layout.shape[1]])
effect.clips["Source"].connect(lambda time: source, layout, ({FRAMES[0]}, {FRAMES[-1]}))
effect.clips["Source"].region = (0.0, 0.0, {SIZE[0]} * par, {float(SIZE[1])})
effect.clips["Source"].properties["OfxImagePropPixelAspectRatio"] = par
effect.set(analysis=sys.argv[1])
scales = {{"OfxImageEffectPropRenderScale": scale}}
assert plugin.render(effect, Picture(layout), {float(FRAME)}, **scales) == 0, effect.message
interact = Interact(effect)
arguments = {{"OfxPropTime": {float(FRAME)}, "OfxInteractPropPixelScale": viewer.pixel_scale, **scales}}
if options["suite"]:
    arguments["OfxInteractPropDrawContext"] = host.drawing.context
for attempt in range(50):
    host.drawing.drawn.clear()
    viewer.clear()
    if options["strange"]:
        viewer.project()
        viewer.strange()
    before = viewer.state()
    assert plugin.overlay(interact, "OfxInteractActionDraw", **arguments) == 0
    after = viewer.state()
    assert before == after, [n for n in before if before[n] != after[n]]
    viewer.show(host.drawing.drawn)
    if (viewer.pixels().max(axis=2) > 0).sum() > 2000:
        break  # the worker answered in time
np.savez(sys.argv[3], pixels=viewer.pixels())
print(viewer.version)
for p in host.plugins.values():
    p.unload()
host.check()
"""
WHOLE = (-40.0, -30.0, SIZE[0] + 40.0, SIZE[1] + 30.0)


@pytest.fixture
def drawn(rgba, analysis, tmp_path):
    """[H, W, 3] uint8 of the viewer, the first row the lowest, and where in it a canonical point is."""
    held = tmp_path / "plate.npy"
    np.save(held, rgba["Source", FRAME].rows)

    def draw(node="FaceDetect", par=1.0, scale=(1.0, 1.0), shown=WHOLE, suite=False, strange=False):
        import json

        options = {"node": node, "par": par, "scale": scale, "shown": shown, "suite": suite, "strange": strange}
        out = tmp_path / "drawn.npz"
        command = [sys.executable, "-c", CODE, analysis, held, out, json.dumps(options)]
        environment = {**os.environ, "LIPSYNC_PYTHON": sys.executable, "PYOPENGL_PLATFORM": "egl"}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
        if done.returncode == 77:
            pytest.skip(done.stderr[-300:])
        assert done.returncode == 0, done.stderr[-3000:]
        return np.load(out)["pixels"]

    return draw


def on_screen(points: np.ndarray, par: float, shown: tuple) -> np.ndarray:
    """[N, 2] column and row of plate pixels, y down."""
    canonical = np.stack([points[:, 0] * par, SIZE[1] - points[:, 1]], axis=1)
    x1, y1, x2, y2 = shown
    return (canonical - (x1, y1)) / (x2 - x1, y2 - y1) * SCREEN


def near(pixels: np.ndarray, places: np.ndarray, colour: tuple) -> float:
    """Share of places with that colour within a pixel and a half."""
    is_it = (np.abs(pixels.astype(int) - np.array(colour)) <= 30).all(axis=2)
    found = 0
    for column, row in places:
        x, y = int(column), int(row)
        found += bool(is_it[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].any())
    return found / len(places)


def along(corners: np.ndarray) -> np.ndarray:
    """Points on the closed line through corners."""
    ends = np.roll(corners, -1, axis=0)
    return np.concatenate([a + np.linspace(0, 1, 40)[:, None] * (b - a) for a, b in zip(corners, ends, strict=True)])


FACE, LIPS, WANTED = (46, 195, 230), (230, 195, 46), (230, 80, 69)
"""The colours, at nine tenths over black."""


def check(pixels: np.ndarray, analysis: str, par: float, shown: tuple) -> None:
    parts = read_analysis(analysis)
    track = parts.faces.chosen_track()
    points = track.landmarks[track.index(FRAME), :, :2]
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    box = on_screen(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), par, shown)
    place = on_screen(points, par, shown)
    assert near(pixels, along(box), FACE) > 0.97
    assert near(pixels, place, FACE) > 0.8  # the rest lie under lips and the cross
    assert (
        near(pixels, along(place[list(mesh.LIPS_OUTER)]), LIPS) + near(pixels, place[list(mesh.LIPS_OUTER)], WANTED)
        > 0.7
    )
    ink = pixels.max(axis=2) > 0
    assert 0.005 < ink.mean() < 0.2
    outside = ink.copy()
    left, low, right, high = (*box.min(axis=0), *box.max(axis=0))
    outside[max(int(low) - 2, 0) : int(high) + 3, max(int(left) - 2, 0) : int(right) + 3] = False
    assert outside.sum() < 200  # the cross alone


CASES = {
    "square": {},
    "strange": {"strange": True},
    "anamorphic": {"par": 2.0, "shown": (-40.0, -30.0, 2 * SIZE[0] + 40.0, SIZE[1] + 30.0)},
    "half": {"scale": (0.5, 0.5)},
    "near": {"shown": (SIZE[0] * 0.2, SIZE[1] * 0.1, SIZE[0] * 0.8, SIZE[1] * 0.9)},
    "suite": {"suite": True},
    "whole": {"node": "LipSync"},
}


@pytest.mark.parametrize("case", CASES)
def test_lines_lie_on_the_face(drawn, analysis, case: str) -> None:
    options = CASES[case]
    pixels = drawn(**options)
    if keep := os.environ.get("LIPSYNC_KEEP"):
        np.save(f"{keep}/{case}.npy", pixels)
    check(pixels, analysis, options.get("par", 1.0), options.get("shown", WHOLE))


def test_suite_and_opengl_draw_the_same(drawn) -> None:
    one, other = ((drawn(suite=suite).max(axis=2) > 0) for suite in (False, True))
    assert (one & other).sum() > 0.85 * (one | other).sum()  # a point is a square, or a dash
