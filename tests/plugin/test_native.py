# SPDX-License-Identifier: Apache-2.0
"""The shim under the sanitizers, valgrind and a fuzzer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ofx_lipsync.plugin.host.host import BINARY

ROUNDS, MANY_ROUNDS = 100_000, 20_000_000
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")
OURS = re.compile(r"0x[0-9A-Fa-f]+:? .*(LipSync\.ofx|shim_\w+\.c)")
"""A line of a stack that is the shim's."""
LIFE = """
import ctypes, sys, threading
stays = ctypes.CDLL(sys.argv[1])  # mapped to the end, or a leak's place has no name
from pathlib import Path
from ofx_lipsync.plugin.host.effect import Effect
from ofx_lipsync.plugin.host.scene import *
full = Layout((-3, 5, 61, 38), "OfxBitDepthHalf", "OfxImageComponentRGB", padding=6, flipped=True)
host = Host(Path(sys.argv[1]))
for label, plugin in host.plugins.items():
    for context in plugin.descriptor.properties.values["OfxImageEffectPropSupportedContexts"]:
        plugin.describe(context)
def frames(plugin, effect):
    for time, mode in enumerate(("", "pattern", "fail", "crash", "garbage4", "short", "")):
        effect.set(input_space=mode)
        plugin.render(effect, Picture(full), float(time))
for label in ("FaceDetect", "MouthGenerate", "Blend", "LipSync"):
    for on_error in ("fail", "slate"):
        plugin, effect = ready(host, label, noise(full), analysis="a", on_error=on_error)
        for what in ("RegionOfDefinition", "FramesNeeded", "RegionsOfInterest", "ClipPreferences"):
            plugin.ask("OfxImageEffectActionGet" + what, effect)
        frames(plugin, effect)
        plugin.destroy(effect)
plugin, effect = ready(host, "FaceDetect", noise(full))
threads = [threading.Thread(target=frames, args=(plugin, effect)) for _ in range(3)]
[t.start() for t in threads], [t.join() for t in threads]
effect.set(input_space="")
plugin.press(effect, "analyse")
plugin.destroy(effect)
for plugin in host.plugins.values():
    plugin.unload()
host.check()
assert host.effects.lent == {}
print("lived")
"""


@pytest.fixture(scope="session")
def compiler() -> str:
    return shutil.which("cc") or pytest.skip("no C compiler here")


def texts(checkout: Path) -> list[Path]:
    return sorted((checkout / "ofx_lipsync" / "plugin").glob("shim*.c"))


def build(compiler: str, *arguments: object) -> None:
    done = subprocess.run([compiler, "-std=c17", "-g", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode and re.search(r"cannot find .*(asan|ubsan|fuzzer)", done.stderr):
        pytest.skip("the compiler has no sanitizers here")
    assert done.returncode == 0, done.stderr[-3000:]


def test_it_builds_without_a_warning(compiler: str, checkout: Path, tmp_path: Path) -> None:
    flags = ("-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-z,defs")
    build(compiler, *flags, *texts(checkout), "-o", tmp_path / "LipSync.ofx", "-lm", "-ldl", "-pthread")


def test_a_whole_life_under_the_sanitizers(compiler: str, checkout: Path, tmp_path: Path, worker) -> None:
    binary = tmp_path / "LipSync.ofx"
    build(compiler, "-O1", "-fPIC", "-shared", *SANITIZED, *texts(checkout), "-o", binary, "-lm", "-ldl")
    done = sanitized(compiler, binary, LIFE)
    assert "lived" in done.stdout, done.stderr[-3000:]


def sanitized(compiler: str, binary: Path, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs it; no fault and no leak is the shim's."""
    library = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    more = {"LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=1:exitcode=0", "PYTHONMALLOC": "malloc"}
    command = [sys.executable, "-c", code, *map(str, (binary, *arguments))]
    done = subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True)
    assert "ERROR: AddressSanitizer" not in done.stderr, done.stderr[-3000:]
    assert "runtime error" not in done.stderr, done.stderr[-3000:]
    assert not OURS.search(done.stderr), done.stderr[-3000:]  # Python leaks, the shim does not
    return done


ON_CARD = """
import sys
sys.path.insert(0, sys.argv[3])
sys.argv[1:3] = sys.argv[2], sys.argv[1]
from pathlib import Path
from cuda_host import *
from ofx_lipsync.plugin.host.scene import *
card, host = cuda_host(binary=Path(sys.argv[2]))
full = Layout((-3, 5, 640, 138), "OfxBitDepthHalf", "OfxImageComponentRGBA", padding=6)
for kind in (POOLED, PLAIN, PLAIN):
    for on_error in ("fail", "slate"):
        source = CardPicture(card, full, noise(full).pixels, kind)
        plugin, effect = ready(host, "LipSync", source, analysis="a", on_error=on_error)
        for time, mode in enumerate(("", "pattern", "fail", "crash", "garbage4", "short", "")):
            effect.set(input_space=mode)
            render(card, plugin, effect, CardPicture(card, full), float(time))
        card.fail("cuMemcpy2DAsync")
        assert render(card, plugin, effect, CardPicture(card, full)) == 1002
        card.fail()
        plugin.destroy(effect)
for plugin in host.plugins.values():
    plugin.unload()
host.check()
print("lived")
"""


def test_a_life_on_a_card_under_the_sanitizers(compiler: str, checkout: Path, tmp_path: Path, worker) -> None:
    binary, driver, here = tmp_path / "LipSync.ofx", tmp_path / "libcuda.so.1", checkout / "tests" / "plugin"
    build(compiler, "-O1", "-fPIC", "-shared", *SANITIZED, *texts(checkout), "-o", binary, "-lm", "-ldl")
    build(compiler, "-fPIC", "-shared", "-Wl,-soname,libcuda.so.1", here / "fake_cuda.c", "-o", driver)
    done = sanitized(compiler, binary, ON_CARD, driver, here)
    assert "lived" in done.stdout, done.stderr[-3000:]


def live(binary: Path, more: dict[str, str], *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-c", LIFE, str(binary)]
    return subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.host
def test_a_whole_life_under_valgrind(tmp_path: Path, worker, monkeypatch: pytest.MonkeyPatch) -> None:
    valgrind = shutil.which("valgrind") or pytest.skip("valgrind is not here")
    monkeypatch.setenv("LIPSYNC_TIMEOUT", "60")
    more = {"PYTHONMALLOC": "malloc"}
    done = live(BINARY, more, valgrind, "--leak-check=full", "--show-leak-kinds=definite", "--num-callers=30")
    assert "lived" in done.stdout, done.stderr[-3000:]
    blocks = re.split(r"^==\d+== $", done.stderr, flags=re.MULTILINE)
    ours = [block for block in blocks if OURS.search(block)]
    assert not ours, "\n".join(ours)[:3000]


def harness(compiler: str, checkout: Path, folder: Path, *flags: str) -> Path:
    plugin = checkout / "ofx_lipsync" / "plugin"
    shim = (plugin / f"shim_{part}.c" for part in ("wire", "gl", "faces"))
    sources = (checkout / "tests" / "plugin" / "fuzz_wire.c", *shim)
    build(compiler, "-O1", *SANITIZED, *flags, f"-I{plugin}", *sources, "-o", folder / "fuzz", "-ldl", "-lm")
    return folder / "fuzz"


def test_broken_packets(compiler: str, checkout: Path, tmp_path: Path) -> None:
    fuzz = harness(compiler, checkout, tmp_path, "-DALONE")
    done = subprocess.run([fuzz, str(ROUNDS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    accepted = int(done.stdout.split()[0])
    assert 0.1 * ROUNDS < accepted < 0.9 * ROUNDS  # both ways through the reader are taken


@pytest.mark.slow
def test_many_broken_packets(compiler: str, checkout: Path, tmp_path: Path) -> None:
    fuzz = harness(compiler, checkout, tmp_path, "-DALONE")
    done = subprocess.run([fuzz, str(MANY_ROUNDS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.host
def test_the_reader_under_libfuzzer(checkout: Path, tmp_path: Path) -> None:
    names = ("clang", *(f"clang-{version}" for version in range(25, 13, -1)))
    clang = next(filter(None, map(shutil.which, names)), None) or pytest.skip("clang is not here")
    fuzz = harness(clang, checkout, tmp_path, "-fsanitize=fuzzer,address,undefined")
    done = subprocess.run([fuzz, "-max_total_time=60", "-max_len=4096"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
