# SPDX-License-Identifier: Apache-2.0
"""Pictures on a host's CUDA card: through memory, and by handle. There is no card here: the driver is a fake whose
memory faults where the plug-in touches it itself. Each in a process of its own: the driver is found in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ofx_lipsync.plugin.host.host import Host

HERE = Path(__file__).parent
HEAD = f"""
import random, sys
sys.path.insert(0, {str(HERE)!r})
from cuda_host import *
from ofx_lipsync.plugin.host.scene import *
from ofx_lipsync.plugin.host.picture import COMPONENTS, DEPTHS, GUARD
full = Layout((0, 0, 24, 16))
"""
TAIL = """
for p in host.plugins.values(): p.unload()
host.check()
assert host.effects.lent == {} and host.messages.dialogs == []
"""
SUPPORTED = "OfxImageEffectPropCudaRenderSupported"


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or pytest.skip("no C compiler here to build a driver with")
    library = tmp_path_factory.mktemp("cuda") / "libcuda.so.1"
    command = [compiler, "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", HERE / "fake_cuda.c", "-o", library]
    subprocess.run(command, check=True)
    return library


def run(code: str, *arguments: object, **environment: str) -> str:
    command = [sys.executable, "-c", HEAD + code + TAIL, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_declared_only_where_the_host_says_so(worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(**says: str) -> set[str]:
        host = Host(says={f"OfxImageEffectPropCuda{name}Supported": value for name, value in says.items()})
        sets = [p.descriptor.properties for p in host.plugins.values()]
        for plugin in host.plugins.values():
            plugin.unload()
        return {f"{s.get(SUPPORTED)} {s.get('OfxImageEffectPropCudaStreamSupported')}" for s in sets}

    assert said() == said(Render="false") == said(Render="maybe") == {"false None"}
    assert said(Render="true") == {"true None"}
    assert said(Render="true", Stream="true") == {"true true"}
    assert said(Stream="true") == {"false None"}
    monkeypatch.setenv("LIPSYNC_CUDA", "0")
    assert said(Render="true", Stream="true") == {"false None"}


def test_describing_opens_no_driver(worker, tmp_path: Path) -> None:
    """A library of the driver's name that must never be loaded."""
    code = """
host = Host(says=ON_CARD)
for label, plugin in host.plugins.items():
    for context in plugin.descriptor.properties.values["OfxImageEffectPropSupportedContexts"]:
        plugin.describe(context)
plugin, effect = ready(host, "FaceDetect", noise(full))
out = Picture(full)
assert plugin.render(effect, out) == 0
assert (bits(out.pixels) == bits(effect.clips["Source"].picture(1.0).pixels)).all()
assert "libcuda" not in open("/proc/self/maps").read()
"""
    run(code)


RANDOM = """
card, host = cuda_host()
plugin = host.plugins["FaceDetect"]
effect = plugin.create()
for seed in range(60):
    dice = random.Random(seed)
    x, y = dice.randint(-50, 50), dice.randint(-50, 50)
    bounds = x, y, x + dice.randint(1, 90), y + dice.randint(1, 50)
    depth, components = dice.choice(list(DEPTHS)), dice.choice(list(COMPONENTS))
    layouts = [Layout(bounds, depth, components, dice.choice((0, 4, 60, 1024))) for _ in range(2)]
    source = CardPicture(card, layouts[0], noise(layouts[0], seed).pixels, KIND)
    out = CardPicture(card, layouts[1], None, KIND)
    x1, y1, x2, y2 = bounds
    wx1, wy1 = dice.randint(x1, x2 - 1), dice.randint(y1, y2 - 1)
    part = (wx1, wy1, dice.randint(wx1 + 1, x2), dice.randint(wy1 + 1, y2))
    window = dice.choice((bounds, part))
    effect.clips["Source"].connect(lambda time: source, source.layout)
    assert render(card, plugin, effect, out, float(seed), window=window) == 0, effect.message
    rows, columns = slice(window[1] - y1, window[3] - y1), slice(window[0] - x1, window[2] - x1)
    assert (bits(out.pixels[rows, columns]) == bits(source.pixels[rows, columns])).all(), seed
    out.pixels[rows, columns].view(np.uint8)[...] = GUARD
    assert out.guards_hold() and (out.memory == GUARD).all(), seed
    assert source.fetch().guards_hold()
print(*card.bytes())
"""


@pytest.mark.parametrize("kind", ["PLAIN", "POOLED"])
def test_any_picture_through_memory(driver: Path, worker, kind: str) -> None:
    """This worker opens no handles: where one is offered, it asks for the pixels, and from then on they are sent."""
    down, up, across = map(int, run(RANDOM.replace("KIND", kind), driver).split())
    assert down > across > 0 == up  # a picture that went in is the result: it never leaves the card again
    offered = [r for r in worker.requests if "image0.ipc" in r]
    assert len(offered) == (1 if kind == "PLAIN" else 0)
    assert all(r["image0.hash.hi"] or r["image0.hash.lo"] for r in worker.requests if "image0.ipc" not in r)


def test_a_known_picture_is_not_sent_again(driver: Path, worker) -> None:
    code = """
card, host = cuda_host()
source = CardPicture(card, full, noise(full).pixels, POOLED)
plugin, effect = ready(host, "FaceDetect", source)
for time in range(4):
    assert render(card, plugin, effect, CardPicture(card, full), float(time)) == 0
"""
    run(code, driver)
    assert len(worker.lines("upload")) == 1


def test_what_the_worker_makes_goes_up(driver: Path, worker) -> None:
    """And its hash with it: the next node knows the picture."""
    code = """
from test_render import pattern
card, host = cuda_host()
source = CardPicture(card, full, noise(full).pixels, POOLED)
plugin, effect = ready(host, "MouthGenerate", source, input_space="pattern")
out = CardPicture(card, Layout(full.bounds, padding=64), None, POOLED)
assert render(card, plugin, effect, out, 3.0) == 0
assert bits(out.pixels).tobytes() == pattern(out.pixels.nbytes, "3") and out.guards_hold()
node, next_one = ready(host, "FaceDetect", out)
assert render(card, node, next_one, CardPicture(card, full), 3.0) == 0
"""
    run(code, driver)
    assert len(worker.lines("result")) == 1
    assert worker.lines("upload") == []


def test_a_slate_on_the_card(driver: Path, worker) -> None:
    code = """
card, host = cuda_host()
big = Layout((0, 0, 640, 200), padding=16)
source = CardPicture(card, big, noise(big).pixels)
plugin, effect = ready(host, "FaceDetect", source, input_space="fail", on_error="slate")
out, window = CardPicture(card, big), (8, 20, 600, 190)
assert render(card, plugin, effect, out, window=window) == 0 and "100%" in effect.message
ink = out.pixels[20:190, 8:600]
assert 100 < (ink[..., 0] == 1).sum() < ink[..., 0].size / 2 and out.guards_hold()
ink.view(np.uint8)[...] = GUARD
assert (out.memory == GUARD).all()
effect.set(on_error="fail")
assert render(card, plugin, effect, out) == 1
"""
    run(code, driver)


FAILS = """
card, host = cuda_host()
plugin, effect = ready(host, "FaceDetect", CardPicture(card, full, noise(full).pixels, POOLED))
card.fail(CALL)
out = CardPicture(card, full)
assert render(card, plugin, effect, out) == 1002
print(effect.message)
assert (out.memory == GUARD).all()
card.fail()
assert render(card, plugin, effect, out) == 0 and effect.message == ""
"""


@pytest.mark.parametrize("call", ["cuMemcpy2DAsync", "cuStreamSynchronize", "cuPointerGetAttribute"])
def test_a_card_that_fails_is_one_sentence(driver: Path, worker, call: str) -> None:
    """The host may try again without its card; the worker is blameless."""
    told = run(FAILS.replace("CALL", repr(call)), driver)
    assert told.count("\n") == 1
    assert f"({call}: CUDA_ERROR_INVALID_VALUE)" in told
    assert "LIPSYNC_CUDA=0" in told
    assert len(worker.pids) == 1


def test_a_card_that_fails_while_the_worker_waits(driver: Path, worker) -> None:
    """The picture is offered by its handle, asked for, and cannot be read."""
    code = """
card, host = cuda_host()
plugin, effect = ready(host, "FaceDetect", CardPicture(card, full, noise(full).pixels))
card.fail("cuMemcpy2DAsync")
assert render(card, plugin, effect, CardPicture(card, full)) == 1002 and "cuMemcpy2DAsync" in effect.message
card.fail()
assert render(card, plugin, effect, CardPicture(card, full)) == 0
"""
    run(code, driver)
    assert len(worker.pids) == 1


def test_no_driver_is_one_sentence(worker) -> None:
    """The pictures are never touched: their address is none of memory."""
    code = """
host = Host(says=ON_CARD)
class Nowhere(Picture):
    def properties(self):
        found = super().properties()
        found["OfxImagePropData"] = 0x7000
        return found
plugin, effect = ready(host, "FaceDetect", Nowhere(full))
assert plugin.render(effect, Nowhere(full), OfxImageEffectPropCudaEnabled=1) == 1002
print(effect.message)
assert plugin.render(effect, Picture(full), window=(0, 0, 0, 0)) == 0
"""
    if subprocess.run(
        [sys.executable, "-c", "import ctypes; ctypes.CDLL('libcuda.so.1')"], capture_output=True
    ).returncode:
        assert "(libcuda.so.1 is not here or too old)" in run(code)


def test_a_host_with_a_card_may_render_without_it(driver: Path, worker) -> None:
    code = """
card, host = cuda_host()
source = noise(Layout(full.bounds, padding=8, flipped=True))
plugin, effect = ready(host, "FaceDetect", source)
out = Picture(full)
assert plugin.render(effect, out, OfxImageEffectPropCudaEnabled=0) == 0
assert (bits(out.pixels) == bits(source.pixels)).all() and card.bytes() == [0, 0, 0]
"""
    run(code, driver)
