# SPDX-License-Identifier: Apache-2.0
"""Plates, movies, sound and colour: the only room that reads and writes picture and sound files."""

from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.plate import Frame, Plate, PlateInfo
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.writer import Writer, check_writable

__all__ = [
    "Colour", "Frame", "Plate", "PlateInfo", "Writer", "check_writable", "open_plate", "open_writer", "read_sound",
    "resample",
]  # fmt: skip
