# SPDX-License-Identifier: Apache-2.0
"""Frames through the shim: every kind of picture, nothing written outside it, nothing left out."""

from __future__ import annotations

import random
import threading
import time
import zlib

import numpy as np
import pytest

from ofx_lipsync.plugin.host.abi import FAILED, OK
from ofx_lipsync.plugin.host.effect import Effect
from ofx_lipsync.plugin.host.host import Host, Plugin
from ofx_lipsync.plugin.host.picture import COMPONENTS, DEPTHS, GUARD, Layout, Picture
from ofx_lipsync.plugin.host.scene import bits, noise, ready

FULL = Layout((0, 0, 24, 16))


def pattern(size: int, key: str) -> bytes:
    block = random.Random(zlib.crc32(key.encode())).randbytes(4099)
    return (block * (size // len(block) + 1))[:size]


def random_layout(dice: random.Random, depth: str, components: str, bounds: tuple) -> Layout:
    return Layout(bounds, depth, components, dice.choice((0, 0, 4, 60, 1024)), dice.random() < 0.5)


def random_bounds(dice: random.Random) -> tuple[int, int, int, int]:
    x, y = dice.randint(-50, 50), dice.randint(-50, 50)
    return x, y, x + dice.randint(1, 90), y + dice.randint(1, 50)


def one_random_render(plugin: Plugin, effect: Effect, seed: int) -> None:
    """The answer is the source, or a pattern, in any layout; the window may be a part of the picture."""
    dice = random.Random(seed)
    depth, components = dice.choice(list(DEPTHS)), dice.choice(list(COMPONENTS))
    bounds = random_bounds(dice)
    source = noise(random_layout(dice, depth, components, bounds), seed)
    out = Picture(random_layout(dice, depth, components, bounds))
    x1, y1, x2, y2 = bounds
    wx1, wy1 = dice.randint(x1, x2 - 1), dice.randint(y1, y2 - 1)
    part = (wx1, wy1, dice.randint(wx1 + 1, x2), dice.randint(wy1 + 1, y2))
    window = dice.choice((bounds, bounds, part))
    effect.clips["Source"].connect(lambda time: SOURCES.get(threading.get_ident()), source.layout)
    SOURCES[threading.get_ident()] = source
    scale = dice.choice(([1.0, 1.0], [0.5, 0.5], [0.25, 0.5]))
    status = plugin.render(effect, out, float(seed), window=window, OfxImageEffectPropRenderScale=scale)
    assert status == OK, (seed, effect.message)
    check_window(out, window, expected_rows(source, window, effect, seed), seed)
    assert source.guards_hold()


SOURCES: dict[int, Picture] = {}


def expected_rows(source: Picture, window: tuple, effect: Effect, seed: int) -> np.ndarray:
    x1, y1, _, _ = source.layout.bounds
    wx1, wy1, wx2, wy2 = window
    part = bits(source.pixels[wy1 - y1 : wy2 - y1, wx1 - x1 : wx2 - x1])
    if effect.params["input_space"].value != "pattern":
        return part
    return np.frombuffer(pattern(part.size, f"{seed:g}"), np.uint8).reshape(part.shape)


def check_window(out: Picture, window: tuple, expected: np.ndarray, seed: int) -> None:
    x1, y1, _, _ = out.layout.bounds
    wx1, wy1, wx2, wy2 = window
    rows = bits(out.pixels).reshape(*out.pixels.shape[:2], -1)
    inside = rows[wy1 - y1 : wy2 - y1, wx1 - x1 : wx2 - x1]
    assert np.array_equal(inside.reshape(expected.shape), expected), f"pixels differ, seed {seed}"
    outside = rows.copy()
    outside[wy1 - y1 : wy2 - y1, wx1 - x1 : wx2 - x1] = GUARD
    assert (outside == GUARD).all(), f"written outside the window, seed {seed}"
    assert out.guards_hold(), f"written outside the picture, seed {seed}"


@pytest.mark.parametrize("mode", ["", "pattern"], ids=["source", "made"])
@pytest.mark.parametrize("threads", [1, 4])
def test_random_pictures(host: Host, worker, mode: str, threads: int) -> None:
    plugin, effect = ready(host, input_space=mode)
    wrong: list[BaseException] = []

    def run(thread: int) -> None:
        try:
            for seed in range(thread, 60, threads):
                one_random_render(plugin, effect, seed)
        except BaseException as error:
            wrong.append(error)

    running = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if wrong:
        raise wrong[0]
    assert len(worker.pids) == 1
    assert plugin.destroy(effect) == OK


def test_a_plate_is_sent_once_whatever_its_rows_look_like(host: Host, worker) -> None:
    pixels = noise(FULL).pixels
    for padding, flipped in ((0, False), (32, False), (0, True), (4, True)):
        layout = Layout(FULL.bounds, padding=padding, flipped=flipped)
        for label in ("FaceDetect", "LipSync"):
            plugin, effect = ready(host, label, Picture(layout, pixels))
            assert plugin.render(effect, Picture(layout)) == OK
            plugin.destroy(effect)
    assert worker.lines("upload") == [f"upload {24 * 16 * 16}"]


def test_one_bit_is_another_picture(host: Host, worker) -> None:
    source = noise(FULL)
    plugin, effect = ready(host, source=source)
    plugin.render(effect, Picture(FULL))
    for at in ((0, 0, 0), (15, 23, 3), (7, 12, 1)):
        source.pixels.view(np.uint32)[at] ^= 1
        assert plugin.render(effect, Picture(FULL)) == OK
    assert len(worker.lines("upload")) == 4


def test_where_the_source_has_no_pixels_there_is_black(host: Host, worker) -> None:
    source = noise(Layout((4, 4, 12, 10)))
    plugin, effect = ready(host, source=source)
    out = Picture(FULL)
    assert plugin.render(effect, out) == OK
    assert np.array_equal(bits(out.pixels[4:10, 4:12]), bits(source.pixels))
    out.pixels[4:10, 4:12] = 0
    assert (bits(out.pixels) == 0).all()


def test_a_chain_of_our_nodes_sends_the_plate_once(host: Host, worker) -> None:
    """What MouthGenerate gave comes back as Blend's input by its hash, whatever rows the host keeps it in."""
    plate = noise(FULL)
    mouth = Picture(FULL)
    for label, mode, out in (("FaceDetect", "", Picture(FULL)), ("MouthGenerate", "pattern", mouth)):
        plugin, effect = ready(host, label, plate, input_space=mode)
        assert plugin.render(effect, out) == OK
    worker.wait_for("result")
    upside_down = Picture(Layout(FULL.bounds, padding=64, flipped=True), mouth.pixels)
    plugin, effect = ready(host, "Blend", plate)
    effect.clips["Mouth"].connect(lambda time: upside_down, upside_down.layout)
    assert plugin.render(effect, Picture(FULL)) == OK
    assert len(worker.lines("upload")) == 1


def test_a_picture_of_another_kind_than_asked_is_refused(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(Layout(FULL.bounds, "OfxBitDepthByte")))
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert "fits no picture" in effect.message


@pytest.mark.parametrize("mode", ["unsealed", "short"])
def test_memory_that_could_be_cut_short_is_refused(host: Host, worker, mode: str) -> None:
    plugin, effect = ready(host, source=noise(FULL), input_space=mode)
    out = Picture(FULL)
    assert plugin.render(effect, out) == FAILED
    assert out.guards_hold()
    effect.set(input_space="")
    assert plugin.render(effect, out) == OK
    assert effect.message == ""


def test_no_source_is_a_sentence(host: Host, worker) -> None:
    plugin, effect = ready(host)
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert effect.message == "FaceDetect: nothing is connected to Source; connect the plate."


def test_an_abort_ends_the_frame_soon_and_leaves_the_worker(host: Host, worker) -> None:
    plugin, effect = ready(host, source=noise(FULL), input_space="slow")
    threading.Timer(0.3, effect.aborted.set).start()
    began = time.monotonic()
    assert plugin.render(effect, Picture(FULL)) == FAILED
    assert time.monotonic() - began < 5
    assert worker.lines("aborted")
    assert effect.message == ""
    effect.aborted.clear()
    effect.set(input_space="")
    assert plugin.render(effect, Picture(FULL)) == OK
    assert len(worker.pids) == 1


def test_two_host_threads_wait_side_by_side(host: Host, worker) -> None:
    """One frame that takes its time does not hold up another."""
    plugin, slow = ready(host, source=noise(FULL), input_space="slow")
    thread = threading.Thread(target=plugin.render, args=(slow, Picture(FULL)))
    thread.start()
    worker.wait_for("render FaceDetect slow")
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == OK
    assert thread.is_alive()
    slow.aborted.set()
    thread.join(10)
    assert not thread.is_alive()
