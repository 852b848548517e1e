# SPDX-License-Identifier: Apache-2.0
"""The rigs that come with the tool, as tables beside this package, and those that users write."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.rig import Rig, rig_of

SHIPPED = Path(__file__).parents[1] / "rigs"
NAMES = ("arkit", "ovr", "vrm", "live2d", "lips")


@lru_cache(maxsize=32)
def rig(name: str) -> Rig:
    """A rig by its shipped name, or from a .toml file.

    Raises: InputError where there is no such rig or file; UsageError for a table that is wrong.
    """
    if name in NAMES:
        return rig_of((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"), f"rig {name}")
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"--rig: there is no rig or file {name!r}; give {', '.join(NAMES)}, or a table such as my_rig.toml"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: cannot be read ({error}); save the table as UTF-8 text") from None
    return rig_of(text, name, {shipped: rig(shipped) for shipped in NAMES})
