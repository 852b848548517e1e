# SPDX-License-Identifier: Apache-2.0
"""The elements of a dub as files: layers for every frame that has some, the shot's curves, and a script for Nuke."""

from __future__ import annotations

import os
from pathlib import Path

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.frames import Finished
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.elements import MAPS, Curves, curves, elements
from ofx_lipsync.export.elements_nk import Taken, curve_table, script
from ofx_lipsync.media.elements_writer import ElementsWriter
from ofx_lipsync.media.writer import put_in_place, scratch_path
from ofx_lipsync.nodes.mouth.steady import corners


class Delivery:
    """Writes the layers of finished frames. The curves and the script of the whole shot are written at once: they hang
    on the analysis alone, so that every machine of a farm writes the same ones."""

    def __init__(self, writer: ElementsWriter, opened: OpenShot, analysis: Analysis) -> None:
        self._writer, self._colour = writer, opened.plate.colour
        self.curves: dict[str, Curves] = {}
        for person in opened.people:
            found = analysis if person is opened else person.analysis
            assert found is not None
            # of several people each has curves and a script of their own
            name = f"{person.person}." if opened.others else ""
            self.curves[name] = curves(found.plan, opened.plate.frames, person.settings)
            stem = writer.pattern.folder / (writer.pattern.head.rstrip("._-") or "elements")
            _put(stem.with_name(f"{stem.name}.{name}csv"), curve_table(self.curves[name]))
            _put(stem.with_name(f"{stem.name}.{name}nk"), script(_taken(writer, opened, found), self.curves[name]))

    def write(self, made: Finished) -> Path | None:
        """The file of the frame's layers, or None where it has none."""
        found = None
        if made.layer is not None:
            found = elements(list(made.people.values()), made.layer, self._colour)
        if found is None:
            self._writer.remove(made.frame.number)
            return None
        said = {
            f"lipsync/{person}{name}": value
            for person, curve in self.curves.items()
            for name, value in curve.at(made.frame.number).items()
        }
        return self._writer.write(made.frame, found.region, found.planes, MAPS, found.colour, said)


def _taken(writer: ElementsWriter, opened: OpenShot, analysis: Analysis) -> Taken:
    plan, plate = analysis.plan, opened.plate
    middle, boxes = corners(plan) if len(plan.frames) else (plate.frames[0], None)
    files = (os.path.abspath(plate.info.path), os.path.abspath(str(writer.pattern)))
    return Taken(*files, plate.display, plan.frames, middle, boxes)


def _put(target: Path, text: str) -> None:
    scratch = scratch_path(target)
    try:
        scratch.write_text(text)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    put_in_place(scratch, target)
