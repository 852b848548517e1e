# SPDX-License-Identifier: Apache-2.0
"""Tries the plug-in as a host would: load, describe every node, one frame through the worker."""

from __future__ import annotations

import filecmp
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.scene import bits, noise, ready
from ofx_lipsync.plugin.install import BINARY, BUNDLE, NOTE, found

_AGAIN = "pip install --force-reinstall --no-deps ofx-lipsync"


@dataclass(frozen=True)
class Checked:
    """One thing that was tried. remedy: what mends it; needed: no host can render without."""

    name: str
    good: bool
    text: str
    remedy: str = ""
    needed: bool = True


def check(binary: Path = BUNDLE / BINARY) -> Iterator[Checked]:
    """Everything in turn; stops at what the rest depends on."""
    yield from _installed(binary)
    try:
        began = time.perf_counter()
        host = Host(binary)
    except LipSyncError as error:
        yield Checked("plug-in", False, str(error), _AGAIN)
        return
    yield from _described(host, began)
    with _own_python():
        yield _rendered(host)
        for plugin in host.plugins.values():
            plugin.unload()


def _installed(binary: Path) -> Iterator[Checked]:
    bundles = found()
    if not bundles:
        yield Checked("bundle", False, "not where hosts started from here look", "lipsync install", needed=False)
    for bundle in bundles:
        note = bundle / NOTE
        python = note.read_text().strip() if note.is_file() else ""
        if not os.access(python or "/", os.X_OK) or not python:
            yield Checked("bundle", False, f"{bundle} names no Python that runs (got {python!r})", "lipsync install")
        elif not filecmp.cmp(bundle / BINARY, binary, shallow=False):
            yield Checked("bundle", False, f"{bundle} is of another version", "lipsync install", needed=False)
        else:
            yield Checked("bundle", True, f"{bundle}, Python {python}")


def _described(host: Host, began: float) -> Iterator[Checked]:
    for label, plugin in host.plugins.items():
        contexts = plugin.descriptor.properties.values["OfxImageEffectPropSupportedContexts"]
        params = max(len(plugin.describe(context).params) for context in contexts)
        names = ", ".join(context.removeprefix("OfxImageEffectContext") for context in contexts)
        yield Checked(label, True, f"{params} params, as {names}")
    yield Checked("describing", True, f"{1000 * (time.perf_counter() - began):.0f} ms, no process started")


def _rendered(host: Host) -> Checked:
    """One frame whose result is its source."""
    layout = Layout((0, 0, 64, 36))
    source, out = noise(layout), Picture(layout)
    began = time.perf_counter()
    plugin, effect = ready(host, "FaceDetect", source)
    status = plugin.render(effect, out)
    plugin.destroy(effect)
    if status or not (bits(out.pixels) == bits(source.pixels)).all():
        return Checked("worker", False, effect.message.replace("%%", "%") or f"status {status}", _AGAIN)
    return Checked("worker", True, f"one frame in {time.perf_counter() - began:.1f} s, the start included")


@contextmanager
def _own_python() -> Iterator[None]:
    """The package's own bundle has no note: it is tried with this Python."""
    told = os.environ.get("LIPSYNC_PYTHON")
    os.environ["LIPSYNC_PYTHON"] = told or sys.executable
    try:
        yield
    finally:
        if told is None:
            del os.environ["LIPSYNC_PYTHON"]
