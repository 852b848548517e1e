# SPDX-License-Identifier: Apache-2.0
"""The job for OpenCue: its specification (cjsl 1.13) as XML, to launch with pycue, and the command line of a frame.

Two layers: analyse, one frame; render, cut into chunks, which waits for it. Nothing of OpenCue is needed to write it.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
from xml.etree import ElementTree

from ofx_lipsync.farm.job import SHOT, Job, write_text

SPEC = "job.xml"
_HEAD = """<?xml version="1.0"?>
<!DOCTYPE spec PUBLIC "SPI Cue Specification Language" "http://localhost:8080/spcue/dtd/cjsl-1.13.dtd">
"""


def write(job: Job) -> list[tuple[str, str]]:
    """job.xml; returns how to go on, for the summary."""
    write_text(job.folder / SPEC, _HEAD + spec(job))
    launch = f'python -c "import opencue; opencue.api.launchSpecAndWait(open({str(job.folder / SPEC)!r}).read())"'
    return [("launch", launch), ("command", render_command(job))]


def analyse_command(job: Job) -> str:
    """Of the layer analyse."""
    return shlex.join([job.lipsync, "analyse", str(job.folder / SHOT), str(job.analysis), "--skip-existing"])


def render_command(job: Job) -> str:
    """Of the layer render, with OpenCue's word for the frames of a chunk in it, which no quote may hide."""
    words = [job.lipsync, "dub", str(job.folder / SHOT), str(job.out), "--analysis", str(job.analysis)]
    return shlex.join(words) + ("" if job.is_movie else " --skip-existing --frames=#FRAMESPEC#")


def spec(job: Job) -> str:
    """The XML, without its head. Threads and memory are asked for; tasks read CUE_THREADS for what they got."""
    user, show = pwd.getpwuid(os.getuid()).pw_name, os.environ.get("CUE_SHOW") or os.environ.get("SHOW") or "testing"
    root = ElementTree.Element("spec")
    for name, text in (("facility", "local"), ("show", show), ("shot", plain(job.name)), ("user", user)):
        ElementTree.SubElement(root, name).text = text
    ElementTree.SubElement(root, "uid").text = str(os.getuid())
    cue = ElementTree.SubElement(root, "job", name=plain(f"lipsync_{job.name}"))
    for name, text in (("paused", "False"), ("maxretries", "2"), ("autoeat", "False")):
        ElementTree.SubElement(cue, name).text = text
    layers = ElementTree.SubElement(cue, "layers")
    first = str(job.frames[0])
    _layer(layers, job, "analyse", "Util", analyse_command(job), first, 1)
    _layer(layers, job, "render", "Render", render_command(job), first if job.is_movie else str(job.frames), job.chunk)
    depend = ElementTree.SubElement(
        ElementTree.SubElement(root, "depends"), "depend", type="LAYER_ON_LAYER", anyframe="False"
    )
    job_name = str(cue.get("name"))
    for name, text in (("depjob", job_name), ("deplayer", "render"), ("onjob", job_name), ("onlayer", "analyse")):
        ElementTree.SubElement(depend, name).text = text
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _layer(
    layers: ElementTree.Element, job: Job, name: str, kind: str, command: str, frames: str, chunk: int
) -> None:  # fmt: skip
    layer = ElementTree.SubElement(layers, "layer", name=name, type=kind)
    parts = (("cmd", command), ("range", frames), ("chunk", str(chunk)), ("cores", f"{job.threads:.1f}"),
             ("threadable", "True" if job.threads > 1 else "False"), ("memory", f"{job.memory_mib}m"))  # fmt: skip
    for part, text in parts:
        ElementTree.SubElement(layer, part).text = text
    ElementTree.SubElement(ElementTree.SubElement(layer, "services"), "service").text = "default"


def plain(name: str) -> str:
    """What OpenCue takes as a name."""
    return re.sub(r"[^A-Za-z0-9_.]+", "_", name).strip("_.") or "shot"
