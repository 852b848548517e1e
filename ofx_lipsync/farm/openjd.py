# SPDX-License-Identifier: Apache-2.0
"""The job as Open Job Description, for Deadline Cloud and every other queue that reads it, and for `openjd run`.

Two steps: Analyse looks at the shot once; Render is cut into chunks and waits for it. On a host that renders, an engine
stays for the session: it is started before the first chunk and stopped after the last, whatever became of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ofx_lipsync.core.errors import FrameError, UsageError
from ofx_lipsync.farm.job import SHOT, Job, inputs, write_text
from ofx_lipsync.media.pattern import Pattern

TEMPLATE, PARAMETERS, BUNDLE = "template.json", "parameters.json", "parameter_values.json"
NOTIFY_S = 60
"""From the polite signal to the last one. A task needs the time of one frame."""
_ENGINE = "{{Session.WorkingDirectory}}/lipsync.sock"


def write(job: Job) -> list[tuple[str, str]]:
    """template.json and the two spellings of its values; returns how to go on, for the summary."""
    values = parameters(job)
    write_text(job.folder / TEMPLATE, _text(template(job)))
    write_text(job.folder / PARAMETERS, _text(values))
    bundle = {"parameterValues": [{"name": name, "value": value} for name, value in values.items()]}
    write_text(job.folder / BUNDLE, _text(bundle))
    given = f"--job-param file://{job.folder / PARAMETERS}"
    return [
        ("run here", f"openjd run {job.folder / TEMPLATE} {given}"),
        ("Deadline Cloud", f"deadline bundle submit {job.folder}"),
    ]


def run(job: Job) -> None:
    """Through the openjd command.  Raises: UsageError where it is not installed, FrameError where a task failed."""
    command = openjd()
    given = f"file://{job.folder / PARAMETERS}"
    done = subprocess.run([command, "run", str(job.folder / TEMPLATE), "--job-param", given], check=False)
    if done.returncode:
        raise FrameError(f"{job.folder}: openjd says {done.returncode}, a task failed; what it said stands above")


def openjd() -> str:
    """The command, beside this Python or on the path.  Raises: UsageError."""
    beside = Path(sys.executable).with_name("openjd")
    found = str(beside) if beside.exists() else shutil.which("openjd")
    if found is None:
        raise UsageError('lipsync submit: openjd is not installed; pip install "ofx-lipsync[farm]"')
    return found


def here() -> str:
    """This very program, for a job that runs here."""
    return str(Path(sys.executable).with_name("lipsync"))


def parameters(job: Job) -> dict[str, str]:
    """Values of the template's parameters, paths whole."""
    files = {name: _folder_or_file(path)[0] for name, path in inputs(job.shot)}
    return {
        "Shot": str(job.folder / SHOT),
        **files,
        "Analysis": str(job.analysis),
        "OutFolder": str(job.out.parent),
        "Frames": str(job.frames),
        "ChunkSize": str(job.chunk),
        "Threads": str(job.threads),
        "LipSync": job.lipsync,
    }


def template(job: Job) -> dict[str, Any]:
    """The template, valid for `openjd check`."""
    return {
        "specificationVersion": "jobtemplate-2023-09",
        **({} if job.is_movie else {"extensions": ["TASK_CHUNKING"]}),
        "name": f"lipsync {job.name}"[:128],
        "parameterDefinitions": _definitions(job),
        "steps": [_analyse(job), _render(job)],
    }


def _definitions(job: Job) -> list[dict[str, Any]]:
    def path(name: str, kind: str, flow: str, text: str) -> dict[str, Any]:
        return {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow, "description": text}

    found = [path("Shot", "FILE", "IN", "The shot as it was submitted; it names the other inputs.")]
    for name, given in inputs(job.shot):
        kind = _folder_or_file(given)[1]
        found.append(path(name, kind, "IN", f"{name}, so that it is taken along where hosts share no disk."))
    found += [
        path("Analysis", "FILE", "INOUT", "What was found in the shot: made by Analyse, read by Render."),
        path("OutFolder", "DIRECTORY", "OUT", "Where the dubbed frames go."),
        {"name": "Frames", "type": "STRING", "description": "Frames to make, as 1001-1100 or 1001-1100:2."},
        {"name": "ChunkSize", "type": "INT", "default": job.chunk, "minValue": 1, "description": "Frames a task."},
        {"name": "Threads", "type": "INT", "default": job.threads, "minValue": 1, "description": "Threads a task."},
        {"name": "LipSync", "type": "STRING", "default": "lipsync", "description": "The command on the hosts."},
    ]
    return found


def _analyse(job: Job) -> dict[str, Any]:
    words = ["analyse", "{{Param.Shot}}", "{{Param.Analysis}}", "--skip-existing"]
    return {
        "name": "Analyse",
        "description": "Looks at the whole shot and hears the whole line, once.",
        "script": {"actions": {"onRun": _action(words, 900 + 10 * len(job.frames))}},
        "hostRequirements": _host(job),
    }


def _render(job: Job) -> dict[str, Any]:
    words = ["dub", "{{Param.Shot}}", f"{{{{Param.OutFolder}}}}/{job.out.name}", "--analysis", "{{Param.Analysis}}"]
    step: dict[str, Any] = {
        "name": "Render",
        "description": "Dubs the frames; those that are there already and the same are left alone.",
        "dependencies": [{"dependsOn": "Analyse"}],
        "stepEnvironments": [_environment(job)],
        "hostRequirements": _host(job),
    }
    if job.is_movie:
        return {**step, "script": {"actions": {"onRun": _action(words, 900 + 30 * len(job.frames))}}}
    words += ["--skip-existing", "--frames={{Task.Param.Frame}}", "--frames-syntax", "openjd"]
    frame = {
        "name": "Frame",
        "type": "CHUNK[INT]",
        "range": "{{Param.Frames}}",
        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "NONCONTIGUOUS"},
    }
    return {
        **step,
        "parameterSpace": {"taskParameterDefinitions": [frame]},
        "script": {"actions": {"onRun": _action(words, 900 + 30 * job.chunk)}},
    }


def _environment(job: Job) -> dict[str, Any]:
    """The engine of a session. It is stopped even after a failed chunk, and ends by itself where that is not done."""
    neural = any(job.shot.settings(line)["MouthGenerate"].engine != "plate" for line in range(len(job.shot.lines)))
    start = ["serve", "start", "--openjd", "--socket", _ENGINE, *(["--torch"] if neural else [])]
    stop = ["serve", "stop", "--socket", _ENGINE]
    actions = {
        name: {"command": "{{Param.LipSync}}", "args": words, "timeout": 180}
        for name, words in (("onEnter", start), ("onExit", stop))
    }
    return {
        "name": "Engine",
        "description": "One lipsync engine a host, so that each chunk does not load everything again.",
        "script": {"actions": actions},
    }


def _action(words: list[str], timeout_s: int) -> dict[str, Any]:
    return {
        "command": "{{Param.LipSync}}",
        "args": [*words, "--threads", "{{Param.Threads}}", "--progress", "openjd"],
        "timeout": timeout_s,
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTIFY_S},
    }


def _host(job: Job) -> dict[str, Any]:
    amounts = [("amount.worker.vcpu", job.threads), ("amount.worker.memory", job.memory_mib)]
    return {
        "amounts": [{"name": name, "min": least} for name, least in amounts],
        "attributes": [{"name": "attr.worker.os.family", "anyOf": ["linux"]}],
    }


def _folder_or_file(path: str) -> tuple[str, str]:
    """A sequence travels as its folder."""
    whole = os.path.abspath(path)
    return (os.path.dirname(whole), "DIRECTORY") if Pattern.parse(whole) else (whole, "FILE")


def _text(content: Any) -> str:
    return json.dumps(content, indent=1) + "\n"
