# SPDX-License-Identifier: Apache-2.0
"""Writes the generated part of nuke_scripts/.

python -m ofx_lipsync.export.scripts nuke_scripts
"""

from __future__ import annotations

import sys
from pathlib import Path

from ofx_lipsync.export import elements_nk, nuke, tables
from ofx_lipsync.export.uses import USES


def files() -> dict[str, str]:
    """Path below nuke_scripts/ -> text, of every file that is made and not written by hand."""
    return {
        "gizmos/LipSync.gizmo": nuke.gizmo(),
        **{f"ToolSets/LipSync/{use}.nk": nuke.toolset(use) for use in USES},
        "ToolSets/LipSync/elements.nk": elements_nk.toolset(),
        "python/lipsync_tables.py": tables.tables(),
        "natron/LipSyncExt.py": tables.extension(),
    }


def write(folder: Path) -> None:
    for name, text in files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
