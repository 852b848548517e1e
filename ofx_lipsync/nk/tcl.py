# SPDX-License-Identifier: Apache-2.0
"""The few commands in a text knob that are understood; none is run.

[value root.name], [value NODE.KNOB], [file dirname ...], [getenv NAME], and the ways people write the script's folder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Callable

_COMMAND = re.compile(r"\\(.)|\[", re.DOTALL)
_VALUE = re.compile(r"value (?:knob )?\{?([\w.]+)\}?")
_FOLDER = re.compile(r"file dirname (.+)", re.DOTALL)
_VARIABLE = re.compile(r"getenv (\w+)")
_HERE = re.compile(r"(?:python )?\{?\s*nuke\.script_directory\(\)\s*\}?")
_DEEPEST = 20


def replaced(text: str, script: str, value: Callable[[str], str], depth: int = 0) -> str:
    """The text with its commands replaced and escapes undone. script: its path. value: a knob's text by its name.

    Raises: ValueError saying which command is not understood.
    """
    made, at = [], 0
    while (match := _COMMAND.search(text, at)) is not None:
        made.append(text[at : match.start()])
        if match[1] is not None:
            made.append(match[1] if match[1] in "[]\\" else match[0])
            at = match.end()
            continue
        end = _closing(text, match.start())
        if end is None or depth > _DEEPEST:
            raise ValueError("a [ is never closed" if end is None else "commands are nested too deeply")
        made.append(_command(text[match.start() + 1 : end].strip(), script, value, depth))
        at = end + 1
    return "".join([*made, text[at:]])


def _command(command: str, script: str, value: Callable[[str], str], depth: int) -> str:
    if _HERE.fullmatch(command):
        return str(Path(script).resolve().parent)
    if match := _VARIABLE.fullmatch(command):
        return os.environ.get(match[1], "")
    if match := _VALUE.fullmatch(command):
        return str(Path(script).resolve()) if match[1] == "root.name" else value(match[1])
    if match := _FOLDER.fullmatch(command):
        return os.path.dirname(replaced(match[1].strip().strip("{}"), script, value, depth + 1))
    raise ValueError(f"[{command[:40]}] is not run here; [value NODE.KNOB], [file dirname ...] and [getenv NAME] are")


def _closing(text: str, at: int) -> int | None:
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == "[") - (text[place] == "]")
        if depth == 0:
            return place
    return None
