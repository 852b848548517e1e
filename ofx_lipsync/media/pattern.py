# SPDX-License-Identifier: Apache-2.0
"""File names of sequences: plate.####.exr, plate.%04d.exr, plate.@@@@.exr, plate.$F4.exr."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r"#+|@+|%0?(\d*)d|\$F(\d*)")


@dataclass(frozen=True)
class Pattern:
    """A sequence's name with its frame number taken out. Padding counts the sign, as C's %04d does: -005."""

    folder: Path
    head: str
    padding: int
    tail: str

    @classmethod
    def parse(cls, path: str) -> Pattern | None:
        """The pattern in a path's last part, or None for a plain file. The last token counts: v##.####.exr."""
        folder, name = os.path.split(path)
        tokens = list(_TOKEN.finditer(name))
        if not tokens:
            return None
        token = tokens[-1]
        text = token[0]
        padding = len(text) if text[0] in "#@" else int(token[1] or token[2] or 1)
        return cls(Path(folder or "."), name[: token.start()], padding, name[token.end() :])

    def path(self, frame: int) -> Path:
        """The file of a frame as it is written."""
        return self.folder / f"{self.head}{frame:0{self.padding}d}{self.tail}"

    def scan(self) -> dict[int, Path]:
        """Frames on disk, ascending. Other paddings of the same number are read too, the exact name first."""
        number = re.compile(re.escape(self.head) + r"(-?\d+)" + re.escape(self.tail) + r"\Z")
        found: dict[int, Path] = {}
        for name in sorted(os.listdir(self.folder)) if self.folder.is_dir() else []:
            match = number.match(name)
            if match is None:
                continue
            frame = int(match[1])
            if frame not in found or self.path(frame).name == name:
                found[frame] = self.folder / name
        return dict(sorted(found.items()))

    def __str__(self) -> str:
        return str(self.folder / f"{self.head}{'#' * self.padding}{self.tail}")
