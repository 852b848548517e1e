# SPDX-License-Identifier: Apache-2.0
"""--person NAME, for verbs that look at one mouth at a time."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.shotfile import ShotFile
from ofx_lipsync.shotfile.schema import Params, merged


def add_person_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--person", metavar="NAME", help="whose mouth, where several speak (default: the first line's)")


def person_of(opened: OpenShot, name: str | None) -> OpenShot:
    """The shot as one person's.  Raises: UsageError naming those that there are."""
    found = [person for person in opened.people if name in (None, person.person)]
    if not found:
        names = ", ".join(person.person for person in opened.people)
        raise UsageError(f"--person {name}: nobody in {opened.file.called} is called so; there are {names}")
    return found[0]


def with_params_of(shot: ShotFile, name: str | None, given: Params) -> ShotFile:
    """The shot file with other params: everybody's, or with a name those of that person alone.  Raises: UsageError."""
    if name is None:
        return shot.with_params(given)
    if name not in shot.people:
        raise UsageError(f"--person {name}: nobody in {shot.called} is called so; there are {', '.join(shot.people)}")
    row = shot.people.index(name)
    line = shot.lines[row]
    changed = replace(line, params=merged(line.params, given))
    return replace(shot, lines=(*shot.lines[:row], changed, *shot.lines[row + 1 :]))
