# SPDX-License-Identifier: Apache-2.0
"""Drawn frames out: RGBA pictures and movies that keep their alpha, or lie on a colour.

PNG and movies hold straight alpha in sRGB, as players and editors expect; EXR holds premultiplied scene-linear light;
TIFF is straight sRGB of 16 bits. Nothing is seen under its name before it is whole.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Mapping

import av
import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import OutputError, UsageError
from ofx_lipsync.core.image import SCENE_LINEAR, Image
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import screen_codes
from ofx_lipsync.media.movie_codec import WRITES as MOVIES
from ofx_lipsync.media.muxed import Muxed
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.sound_track import SoundTrack
from ofx_lipsync.media.still_marks import say
from ofx_lipsync.media.still_space import header_of_space
from ofx_lipsync.media.still_writer import WRITES, write_file
from ofx_lipsync.media.writer import Seal, check_writable

STILLS = (".png", ".exr", ".tif", ".tiff")
KEYED = {
    "prores4444": ("prores_ks", "yuva444p10le", {"profile": "4", "vendor": "apl0", "alpha_bits": "16"}),
    "ffv1": ("ffv1", "bgra", {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"}),
    "png": ("png", "rgba", {}),
}
"""Codecs that hold alpha: FFmpeg's encoder, what it is given, its options."""
FLAT = {
    "h264": ("libx264", "yuv420p", {"crf": "16", "preset": "medium"}),
    "prores": ("prores_ks", "yuv422p10le", {"profile": "3", "vendor": "apl0"}),
}
_HOLDS = {"mov": ("prores4444", "png", "h264", "prores"), "matroska": ("ffv1", "png", "h264"), "mp4": ("h264",)}
_THREADS = "4"


class RgbaWriter:
    """Frames of one size in order; `with` finishes or takes back.  coding: how a movie is stored."""

    def __init__(
        self, path: str, colour: Colour, rate: Rate, *, sound: Sound | None = None, codec: str | None = None,
        background: tuple[float, float, float] | None = None,
    ) -> None:  # fmt: skip
        """background: sRGB 0..1 to lay frames on, which keep their alpha without.  Raises: OutputError, UsageError."""
        check_writable(path)
        self._path, self._colour, self._rate, self._background = Path(path), colour, rate, background
        suffix = self._path.suffix.lower()
        self._pattern, self.coding = Pattern.parse(path), ""
        self._movie: _Movie | None = None
        self._written: set[int] = set()
        if suffix in MOVIES:
            self._movie = _Movie(self._path, rate, sound, codec, keyed=background is None)
            self.coding = self._movie.coding
        elif suffix not in STILLS:
            known = ", ".join((*STILLS, *MOVIES))
            raise OutputError(f"{path}: files ending in {suffix or 'nothing'} are not written; choose one of {known}")
        elif codec is not None:
            raise OutputError(f"{path}: a sequence has no movie codec; give a movie name such as out.mov")

    def write(self, frame: int, image: Image, metadata: Mapping[str, str | int] | None = None) -> None:
        """image: RGBA, premultiplied, scene-linear."""
        planes = image.pixels if self._background is None else self._laid(image.pixels)
        if self._movie is not None:
            self._movie.write(screen_codes(planes, self._colour))
            return
        if self._pattern is None and self._written - {frame}:
            raise OutputError(f"{self._path}: is one file, but there are more frames; give a name such as out.####.png")
        target = self._path if self._pattern is None else self._pattern.path(frame)
        pixels, header = self._stored(planes, image)
        say(header, WRITES[self._path.suffix.lower()], metadata or {})
        write_file(target, [header], [pixels])
        self._written.add(frame)

    def _stored(self, planes: np.ndarray, image: Image) -> tuple[np.ndarray, Any]:
        suffix = self._path.suffix.lower()
        if suffix == ".exr":
            with np.errstate(over="ignore"):
                pixels = np.ascontiguousarray(planes.transpose(1, 2, 0), np.float16)
        else:
            pixels = screen_codes(planes, self._colour, np.uint8 if suffix == ".png" else np.uint16)
        header = oiio.ImageSpec(image.region.width, image.region.height, 4, oiio.TypeDesc(_TYPES[pixels.dtype.name]))
        header.attribute("DateTime", "")  # the wall clock stays out: same input, same bytes
        header.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (self._rate.numerator, self._rate.denominator))
        if suffix == ".exr":
            header.attribute("compression", "zip")
            for name, kind, value in header_of_space(self._colour, SCENE_LINEAR):
                header.attribute(name, oiio.TypeDesc(kind), value)
        else:
            header.attribute("oiio:UnassociatedAlpha", 1)
        return pixels, header

    def _laid(self, planes: np.ndarray) -> np.ndarray:
        codes = np.array(self._background, np.float32).reshape(3, 1, 1)
        light = self._colour.to_working(codes, self._colour.look_space)
        return np.concatenate([planes[:3] + (1 - planes[3]) * light, np.ones_like(planes[3:])])

    def __enter__(self) -> RgbaWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if self._movie is not None:
            self._movie.abort() if error is not None else self._movie.close()


_TYPES = {"float16": "half", "uint8": "uint8", "uint16": "uint16"}


class _Movie(Muxed):
    def __init__(self, target: Path, rate: Rate, sound: Sound | None, codec: str | None, keyed: bool) -> None:
        container = MOVIES[target.suffix.lower()]
        known = KEYED if keyed else FLAT | KEYED
        chosen = codec or next((name for name in _HOLDS[container] if name in (KEYED if keyed else FLAT)), None)
        if chosen is None:
            raise OutputError(f"{target}: mp4 holds no alpha; give .mov or .mkv, or lay it on a --background")
        if chosen not in KEYED | FLAT:
            raise UsageError(f"codec: got {chosen!r}, expected {' or '.join(KEYED | FLAT)}")
        if chosen not in known or chosen not in _HOLDS[container]:
            holds = ", ".join(name for name in _HOLDS[container] if name in known)
            raise OutputError(f"{target}: {container} with alpha does not hold {chosen} (it holds {holds})")
        super().__init__(target)
        self._encoder, self._format, self._options = known[chosen]
        self.coding = f"{chosen} {self._format}"
        self._rate, self._sound_given = rate, sound
        self._count = 0

    def write(self, codes: np.ndarray) -> None:
        """codes: [H, W, 4] uint8, straight sRGB."""
        with self._guarded():
            if self._container is None:
                self._begin(*codes.shape[:2])
            frame = _frame(codes, self._format)
            frame.pts, frame.time_base = self._count, 1 / self._rate
            self._count += 1
            self._mux(self._stream.encode(frame))
            if self._sound is not None:
                self._sound.until(float(self._count / self._rate))

    def _begin(self, height: int, width: int) -> None:
        if self._format == "yuv420p" and (width % 2 or height % 2):
            raise OutputError(f"{self._target}: h264 needs even sizes (got {width}x{height}); set Character.height")
        kind = MOVIES[self._target.suffix.lower()]
        self._container = av.open(str(self._scratch), "w", format=kind, options={"fflags": "+bitexact"})
        stream = self._container.add_stream(
            self._encoder, rate=self._rate, options={**self._options, "threads": _THREADS}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, self._format
        stream.time_base = stream.codec_context.time_base = Fraction(1 / self._rate)
        context = stream.codec_context
        context.color_primaries, context.color_trc = 1, 13
        context.colorspace, context.color_range = (1, 1) if "yuv" in self._format else (0, 2)
        self._stream = stream
        if self._sound_given is not None:
            self._sound = SoundTrack(str(self._target), self._container, self._sound_given)

    def close(self) -> None:
        if self._container is None:
            raise OutputError(f"{self._target}: no frames were written; a movie needs at least one")
        self._finish(Seal())


def _frame(codes: np.ndarray, pixel_format: str) -> Any:
    """The picture as the encoder takes it; colours of YUV by BT.709 at video levels."""
    frame = av.VideoFrame.from_ndarray(codes, format="rgba")
    if pixel_format == "rgba":
        return frame
    weights = {"dst_colorspace": 1, "dst_color_range": 1} if "yuv" in pixel_format else {}
    return frame.reformat(format=pixel_format, **weights)
