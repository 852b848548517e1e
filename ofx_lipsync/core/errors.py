# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as one tree.

LipSyncError                 anything a user can act on
├── UsageError               the command or a parameter is wrong              exit 2
├── FrameError               some frames could not be made                    exit 3
├── InputError               an input file is missing or unreadable           exit 4
│   ├── MediaError           picture or sound is broken or of a kind unknown
│   ├── ColourError          a colour space or config is unknown
│   ├── AnalysisError        the analysis file is damaged, old or of another shot
│   ├── ShotError            a shot file is no TOML or says what is not known
│   └── ModelError           weights are missing, damaged or do not fit
├── DeviceError              no such device, or out of its memory             exit 5
├── EngineError              the resident engine is not there, or went away   exit 5
├── ConsentError             the performer has not agreed to this              exit 6
└── OutputError              the result cannot be written                     exit 4

Text: *Node or file: what is wrong (got X, expected Y); what to do.*
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator


class LipSyncError(Exception):
    """Anything a user can act on; `exit_code` is what the command line returns."""

    exit_code = 1
    reason = "internal"


class UsageError(LipSyncError):
    """The command, a parameter's name or its value is wrong."""

    exit_code = 2
    reason = "usage"


class FrameError(LipSyncError):
    """Some frames could not be made."""

    exit_code = 3
    reason = "frames"


class InputError(LipSyncError):
    """An input is missing or cannot be read."""

    exit_code = 4
    reason = "input"


class MediaError(InputError):
    """Picture or sound is broken, empty or of an unknown kind."""

    reason = "media"


class ColourError(InputError):
    """A colour space, display or OCIO config is unknown."""

    reason = "colour"


class AnalysisError(InputError):
    """The analysis file is damaged, too old, or belongs to another shot."""

    reason = "analysis"


class ShotError(InputError):
    """The shot file cannot be read, or holds what is unknown or wrong."""

    reason = "shot"


class ModelError(InputError):
    """Weights are missing, damaged, or do not fit the network."""

    reason = "model"


class DeviceError(LipSyncError):
    """The compute device is absent or out of memory; a farm may try elsewhere."""

    exit_code = 5
    reason = "device"


class EngineError(LipSyncError):
    """The resident engine is not there, is of another version, or went away; a farm may try again."""

    exit_code = 5
    reason = "engine"


class ConsentError(LipSyncError):
    """The performer has not agreed, no longer agrees, or has agreed to something else."""

    exit_code = 6
    reason = "consent"


class OutputError(LipSyncError):
    """The result cannot be written."""

    exit_code = 4
    reason = "output"


@contextmanager
def at_frame(number: int) -> Iterator[None]:
    """What goes wrong in the block happened at this frame: farms read it off the last line."""
    try:
        yield
    except Exception as error:
        error.frame = number  # type: ignore[attr-defined]
        raise
