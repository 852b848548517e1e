# SPDX-License-Identifier: Apache-2.0
"""lipsync doctor: what is installed, which device, which weights, what is missing and how to get it.

Exit code 0 when a shot can be dubbed here, else 4.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata as installed
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator

from ofx_lipsync import __version__
from ofx_lipsync.core.errors import LipSyncError

DISTRIBUTION = "ofx-lipsync"
NETWORKS = ("articulation", "coarticulation", "hearing", "lower_face")
VIDEO_CODECS = ("prores_ks", "libx264", "ffv1")
SOUND_CODECS = ("pcm_s24le", "aac")


@dataclass(frozen=True)
class Finding:
    """One line of the report. remedy: the command or step that mends it; needed: no shot can be dubbed without."""

    group: str
    name: str
    good: bool
    text: str
    remedy: str = ""
    needed: bool = True


def register(verbs: Any) -> None:
    parser = verbs.add_parser("doctor", help="what is installed and what is missing", description=__doc__)
    parser.add_argument("--host", action="store_true", help="try the plug-in as a host would, one frame included")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    looks = (*LOOKS, plugin) if getattr(args, "host", False) else LOOKS
    findings = [finding for look in looks for finding in look()]
    _show(findings)
    return 4 if any(not f.good and f.needed for f in findings) else 0


def machine() -> Iterator[Finding]:
    """Python, processor, memory."""
    yield Finding("machine", "lipsync", True, f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding("machine", "python", sys.version_info >= (3, 11), platform.python_version(), "install Python 3.11+")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("machine", "processor", True, f"{_processor()}, {cores} cores")
    if hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        yield Finding("machine", "memory", True, f"{memory:.1f} GiB")


def gpu() -> Iterator[Finding]:
    """The CUDA device, through CuPy; the job runs on the processor without one."""
    try:
        runtime = importlib.import_module("cupy").cuda.runtime
    except ImportError:
        remedy = f'pip install "{DISTRIBUTION}[gpu]"'
        yield Finding("machine", "gpu", False, "not used: CuPy is not installed", remedy, needed=False)
        return
    try:
        for index in range(runtime.getDeviceCount()):
            found = runtime.getDeviceProperties(index)
            text = f"{found['name'].decode()}, {found['totalGlobalMem'] / 2**30:.0f} GiB, cuda:{index}"
            yield Finding("machine", "gpu", True, text)
    except runtime.CUDARuntimeError as error:
        why = str(error).split(": ", 1)[-1]
        yield Finding("machine", "gpu", False, f"not used: {why}", "install NVIDIA's driver", needed=False)


def packages() -> Iterator[Finding]:
    """Every package that the wheel names, imported for real: a wheel may be there and its libraries not."""
    try:
        required = installed.requires(DISTRIBUTION) or []
    except installed.PackageNotFoundError:
        yield Finding("packages", DISTRIBUTION, False, "not installed", "pip install .")
        return
    modules: dict[str, str] = {}
    for module, names in installed.packages_distributions().items():
        for name in names:
            if not module.startswith("_"):
                modules.setdefault(_plain(name), module)
    for requirement in required:
        if ";" not in requirement:
            yield _package(requirement, modules)


def kernels() -> Iterator[Finding]:
    """The kernels' library for the processor, built at install time."""
    folder = Path(importlib.import_module("ofx_lipsync.kernels").__path__[0])
    library = folder / "libkernels.so"
    remedy = "install a C compiler, then: pip install --force-reinstall --no-deps ."
    try:
        importlib.import_module("cffi").FFI().dlopen(str(library))
        yield Finding("engine", "kernels", True, f"{len(list(folder.glob('*.cu')))} sources, library built")
    except (OSError, ImportError) as error:
        yield Finding("engine", "kernels", False, f"{library.name} does not load: {error}", remedy)


def weights() -> Iterator[Finding]:
    """Each network's file, found on the search path and checked against its sha256."""
    remedy = "install the package again, or name the folder that has it in OFX_LIPSYNC_MODEL_PATH"
    face = importlib.import_module("ofx_lipsync.models.face_bundle").FaceNetworks
    loader = importlib.import_module("ofx_lipsync.models.loader")
    loads: dict[str, Callable[[], Any]] = {"face": face.load, **{name: partial(loader.load, name) for name in NETWORKS}}
    for name, load in loads.items():
        try:
            yield Finding("weights", name, True, f"sha256 {load().sha256[:16]}, checked")
        except (LipSyncError, ImportError, OSError) as error:
            yield Finding("weights", name, False, str(error), remedy)


def colour() -> Iterator[Finding]:
    """The OCIO config that a dub would use now."""
    source = "$OCIO" if os.environ.get("OCIO") else "pinned built-in"
    try:
        found = importlib.import_module("ofx_lipsync.media.colour").Colour.load(None)
        yield Finding("media", "colour", True, f"{found.name} ({source})")
    except (LipSyncError, ImportError) as error:
        yield Finding("media", "colour", False, str(error), "unset OCIO, or point it at a config that loads")


def codecs() -> Iterator[Finding]:
    """The encoders that movies are written with."""
    remedy = "pip install --force-reinstall av"
    try:
        have = importlib.import_module("av").codecs_available
    except ImportError as error:
        yield Finding("media", "codecs", False, str(error), remedy)
        return
    absent = [name for name in VIDEO_CODECS + SOUND_CODECS if name not in have]
    text = f"no {', '.join(absent)}" if absent else ", ".join(VIDEO_CODECS + SOUND_CODECS)
    yield Finding("media", "codecs", not absent, text, remedy, needed=False)


def transcripts() -> Iterator[Finding]:
    """What reads a transcript aloud, to itself; lines without one need nothing."""
    found = shutil.which("espeak-ng")
    text = found or "not installed: AudioFeature.transcript cannot be used"
    yield Finding("media", "transcripts", found is not None, text, "apt-get install espeak-ng", needed=False)


def queues() -> Iterator[Finding]:
    """What runs a job here; writing one needs nothing."""
    try:
        text = f"openjd-cli {installed.version('openjd-cli')}"
        yield Finding("farm", "openjd", True, text)
    except installed.PackageNotFoundError:
        text = "not installed: lipsync submit --run cannot run a job here"
        yield Finding("farm", "openjd", False, text, f'pip install "{DISTRIBUTION}[farm]"', needed=False)


def plugin() -> Iterator[Finding]:
    """The nodes for hosts: loaded, described, and one frame through the worker."""
    for found in importlib.import_module("ofx_lipsync.plugin.check").check():
        yield Finding("plug-in", found.name, found.good, found.text, found.remedy, found.needed)


def viewer() -> Iterator[Finding]:
    """What `lipsync view` draws with: a window's library, and one for pictures without a window."""
    context = importlib.import_module("ofx_lipsync.view.context")
    try:
        yield Finding("view", "window", True, f"GLFW {importlib.import_module('glfw').get_version_string().decode()}")
    except (ImportError, OSError) as error:
        yield Finding("view", "window", False, f"none: {error}", f'pip install "{DISTRIBUTION}[view]"', needed=False)
    found = [name for name in context.LIBRARIES if context.available(name)]
    text = ", ".join(found) or "neither EGL nor OSMesa: lipsync view --out cannot draw"
    yield Finding("view", "off-screen", bool(found), text, context.REMEDY, needed=False)


def performer() -> Iterator[Finding]:
    """What `lipsync live` hears, sees and is seen with."""
    devices = importlib.import_module("ofx_lipsync.live.devices")
    parts = (("microphone", devices.microphones), ("webcam", devices.webcams), ("virtual camera", devices.cameras))
    for name, look in parts:
        try:
            found = look()
            yield Finding("live", name, bool(found), "; ".join(found) or "none is plugged in", needed=False)
        except LipSyncError as error:
            text, _, remedy = str(error).partition("; ")
            yield Finding("live", name, False, text, remedy, needed=False)


def extras() -> Iterator[Finding]:
    """What some verbs need beside: reading edits, signing."""
    for name, (extra, modules, verbs) in EXTRAS.items():
        absent = [module for module in modules if not _loads(module)]
        text = f"{', '.join(absent)} not installed: {verbs} cannot run" if absent else ", ".join(modules)
        remedy = f'pip install "{DISTRIBUTION}[{extra}]"'
        yield Finding("extras", name, not absent, text, remedy if absent else "", needed=False)


EXTRAS = {
    "edits": ("timeline", ("opentimelineio", "otio_cmx3600_adapter"), "lipsync shots"),
    "credentials": ("trust", ("c2pa",), "signing and checking signatures"),
}
"""What is found -> the extra that brings it, its modules, what goes without."""


def _loads(module: str) -> bool:
    try:
        importlib.import_module(module)
    except (ImportError, OSError):
        return False
    return True


LOOKS = (machine, gpu, packages, kernels, weights, colour, codecs, transcripts, viewer, performer, queues, extras)


def _package(requirement: str, modules: dict[str, str]) -> Finding:
    match = re.match(r"[\w.-]+", requirement)
    name = match[0] if match else requirement
    try:
        version = installed.version(name)
        importlib.import_module(modules.get(_plain(name), name))
        return Finding("packages", name, True, version)
    except installed.PackageNotFoundError:
        return Finding("packages", name, False, "not installed", f'pip install "{requirement}"')
    except (ImportError, OSError) as error:
        return Finding(
            "packages", name, False, f"does not load: {error}", f'pip install --force-reinstall "{requirement}"'
        )


def _plain(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _processor() -> str:
    """The processor as its maker calls it, where the system says so."""
    try:
        match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return match[1] if match else platform.processor() or platform.machine()


def _show(findings: list[Finding]) -> None:
    group = ""
    for finding in findings:
        if finding.group != group:
            group = finding.group
            print(f"\n{group}")
        mark = "ok" if finding.good else "MISSING" if finding.needed else "-"
        print(f"  {mark:<8} {finding.name:<14} {finding.text}")
        if not finding.good and finding.remedy:
            print(f"  {'':<8} {'':<14} get it: {finding.remedy}")
    absent = [f.name for f in findings if not f.good and f.needed]
    print(f"\nA shot can be dubbed here: {'no, for want of ' + ', '.join(absent) if absent else 'yes'}.")
