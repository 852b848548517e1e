# SPDX-License-Identifier: Apache-2.0
"""A page of pictures and words, drawn with OpenImageIO and the fonts that come with it, and kept as an 8-bit file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.media.writer import check_writable, put_in_place, scratch_path

Grey = tuple[float, float, float]
PAPER, PANEL, INK, FAINT, ACCENT = (
    (0.085, 0.09, 0.10), (0.125, 0.13, 0.145), (0.90, 0.90, 0.90), (0.58, 0.60, 0.63), (1.0, 0.70, 0.25),
)  # fmt: skip
"""Dark and without colour round pictures, or an eye would judge skin against the page."""
PLAIN, BOLD = "DroidSans", "DroidSans-Bold"
WRITES = (".png", ".jpg", ".jpeg")
JPEG = "jpeg:93"


class Page:
    """width x height px. Positions are the upper left corner's, x right, y down."""

    def __init__(self, width: int, height: int, paper: Grey = PAPER) -> None:
        self.pixels = np.empty((height, width, 3), np.float32)
        self.pixels[...] = paper
        self._words: list[tuple[int, int, str, int, str, Grey]] = []

    def panel(self, x: int, y: int, width: int, height: int, grey: Grey = PANEL) -> None:
        self.pixels[y : y + height, x : x + width] = grey

    def frame(self, x: int, y: int, width: int, height: int, grey: Grey = ACCENT, thick: int = 3) -> None:
        """A line round a rectangle, outside it."""
        for at, high in ((y - thick, thick), (y + height, thick)):
            self.panel(max(x - thick, 0), max(at, 0), width + 2 * thick, high, grey)
        for at in (x - thick, x + width):
            self.panel(max(at, 0), max(y - thick, 0), thick, height + 2 * thick, grey)

    def picture(self, x: int, y: int, picture: np.ndarray) -> None:
        """picture: [3, H, W] display values; what does not fit on the page is left out."""
        height, width = (min(have, room) for have, room in zip(picture.shape[1:], self._room(x, y), strict=True))
        self.pixels[y : y + height, x : x + width] = picture[:, :height, :width].transpose(1, 2, 0)

    def words(
        self, x: int, y: int, text: str, size: int = 14, *,
        bold: bool = False, ink: Grey = INK, within: int | None = None, align: str = "left",
    ) -> int:  # fmt: skip
        """One line of text, cut with dots where it is wider than `within` px. y: of the top of a capital
        letter's line. Returns the text's width, px."""
        shown = text if within is None else fitted(text, within, size, bold)
        wide = text_width(shown, size, bold)
        left = x + {"left": 0, "middle": ((within or wide) - wide) // 2, "right": (within or wide) - wide}[align]
        self._words.append((left, y + size, shown, size, BOLD if bold else PLAIN, ink))
        return wide

    def array(self) -> np.ndarray:
        """[3, H, W] float32 display values, words and all."""
        import OpenImageIO as oiio

        height, width = self.pixels.shape[:2]
        drawn = oiio.ImageBuf(oiio.ImageSpec(width, height, 3, "float"))
        drawn.set_pixels(drawn.roi, np.ascontiguousarray(self.pixels))
        for x, y, text, size, font, ink in self._words:
            oiio.ImageBufAlgo.render_text(drawn, x, y, text, size, font, ink)
        return np.asarray(drawn.get_pixels(oiio.FLOAT), np.float32).transpose(2, 0, 1)

    def write(self, path: str | Path) -> None:
        write_picture(path, self.array())

    def _room(self, x: int, y: int) -> tuple[int, int]:
        height, width = self.pixels.shape[:2]
        return max(0, height - y), max(0, width - x)


def text_width(text: str, size: int, bold: bool = False) -> int:
    """px."""
    import OpenImageIO as oiio

    return int(oiio.ImageBufAlgo.text_size(text, size, BOLD if bold else PLAIN).xend) if text else 0


def fitted(text: str, within: int, size: int, bold: bool = False) -> str:
    """The text, or as much of it as `within` px hold, with dots."""
    if text_width(text, size, bold) <= within:
        return text
    kept = len(text)
    while kept and text_width(f"{text[:kept].rstrip()}...", size, bold) > within:
        kept -= 1
    return f"{text[:kept].rstrip()}..." if kept else ""


def resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """[3, height, width] float32 of a picture [3, H, W] of display values, 0..1."""
    import OpenImageIO as oiio

    if picture.shape[1:] == (height, width):
        return picture
    rows = np.ascontiguousarray(picture.transpose(1, 2, 0), np.float32)
    whole = oiio.ImageBuf(oiio.ImageSpec(rows.shape[1], rows.shape[0], 3, "float"))
    whole.set_pixels(whole.roi, rows)
    made: Any = oiio.ImageBufAlgo.resize(whole, filtername="lanczos3", roi=oiio.ROI(0, width, 0, height, 0, 1, 0, 3))
    return np.clip(np.asarray(made.get_pixels(oiio.FLOAT), np.float32).transpose(2, 0, 1), 0, 1)


def write_picture(path: str | Path, pixels: np.ndarray) -> None:
    """An 8-bit picture for looking at, [3, H, W] display values, PNG or JPEG by its ending.  Raises: OutputError."""
    import OpenImageIO as oiio

    target = Path(path)
    if target.suffix.lower() not in WRITES:
        raise OutputError(f"{target}: got {target.suffix or 'no ending'}, expected {' or '.join(WRITES)}")
    check_writable(str(target))
    _, height, width = pixels.shape
    picture = oiio.ImageBuf(oiio.ImageSpec(width, height, 3, "uint8"))
    picture.specmod().attribute("compression", JPEG if target.suffix.lower() != ".png" else "zip")
    picture.specmod().attribute("png:compressionLevel", 3)
    picture.set_pixels(picture.roi, np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    scratch = scratch_path(target)
    try:
        if not picture.write(str(scratch)):
            raise OutputError(f"{target}: cannot be written ({picture.geterror()}); check space and rights")
        put_in_place(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)
