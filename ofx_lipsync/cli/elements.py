# SPDX-License-Identifier: Apache-2.0
"""The elements of a dub as files: layers for every frame that has some, the shot's curves, and a script for Nuke."""

from __future__ import annotations

import os
from pathlib import Path

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.frames import Finished
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.elements import MAPS, curves, elements
from ofx_lipsync.export.elements_nk import Taken, curve_table, script
from ofx_lipsync.media.elements_writer import ElementsWriter
from ofx_lipsync.media.writer import put_in_place, scratch_path
from ofx_lipsync.nodes.mouth.steady import corners


class Delivery:
    """Writes the layers of finished frames. The curves and the script of the whole shot are written at once: they hang
    on the analysis alone, so that every machine of a farm writes the same ones."""

    def __init__(self, writer: ElementsWriter, opened: OpenShot, analysis: Analysis) -> None:
        self._writer, self._colour = writer, opened.plate.colour
        self.curves = curves(analysis.plan, opened.plate.frames, opened.settings)
        plan, plate = analysis.plan, opened.plate
        middle, boxes = corners(plan) if len(plan.frames) else (plate.frames[0], None)
        taken = Taken(
            os.path.abspath(plate.info.path), os.path.abspath(str(writer.pattern)), plate.display, plan.frames, middle,
            boxes,
        )  # fmt: skip
        stem = writer.pattern.folder / (writer.pattern.head.rstrip("._-") or "elements")
        _put(stem.with_name(stem.name + ".csv"), curve_table(self.curves))
        _put(stem.with_name(stem.name + ".nk"), script(taken, self.curves))

    def write(self, made: Finished) -> Path | None:
        """The file of the frame's layers, or None where it has none."""
        found = None
        if made.dubbed is not None and made.layer is not None:
            found = elements([made.dubbed], made.layer, self._colour)
        if found is None:
            self._writer.remove(made.frame.number)
            return None
        said = {f"lipsync/{name}": value for name, value in self.curves.at(made.frame.number).items()}
        return self._writer.write(made.frame, found.region, found.planes, MAPS, found.colour, said)


def _put(target: Path, text: str) -> None:
    scratch = scratch_path(target)
    try:
        scratch.write_text(text)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    put_in_place(scratch, target)
