# SPDX-License-Identifier: Apache-2.0
"""A plate of EXR files from talking clips, as a farm gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.region import Region
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.still_writer import write_file

FIRST = 1001


def plate_of(clips: Sequence[Path], folder: Path, frames: int, size: tuple[int, int] | None = None) -> str:
    """Half EXR from 1001 on, clips one after the other, enlarged to `size` where it is given. Returns the pattern."""
    folder.mkdir(parents=True)
    number = FIRST
    for clip in clips:
        with open_plate(str(clip)) as plate:
            for frame in plate.frames:
                if number == FIRST + frames:
                    return str(folder / "plate.####.exr")
                pixels = plate.crop(frame, Region.of_size(plate.display.width, plate.display.height)).pixels
                _write(folder / f"plate.{number}.exr", pixels.transpose(1, 2, 0), size)
                number += 1
    return str(folder / "plate.####.exr")


def speech_of(clips: Sequence[Path], out: Path) -> Path:
    """A line: the sound of clips one after the other, 16 kHz."""
    import soundfile

    from ofx_lipsync.media.sound import read_sound

    sounds = [read_sound(str(clip)) for clip in clips]
    soundfile.write(out, np.concatenate([sound.mono() for sound in sounds]), sounds[0].rate_hz)
    return out


def _write(path: Path, pixels: np.ndarray, size: tuple[int, int] | None) -> None:
    """[H, W, 3] float32, scene-linear."""
    if size is not None:
        import cv2

        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, "half")
    for name, value in (("compression", "zip"), ("oiio:ColorSpace", "lin_ap1_scene"), ("DateTime", "")):
        spec.attribute(name, value)
    spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (25, 1))
    write_file(path, [spec], [np.ascontiguousarray(pixels, np.float16)])
