# SPDX-License-Identifier: Apache-2.0
"""Sequences out: as they came in where the format is the same, else converted by name and in the open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.image import SCENE_LINEAR, Image
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media import timecode
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.picture_file import specs
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.still_frame import StillFrame, codes
from ofx_lipsync.media.still_marks import PREFIX, say
from ofx_lipsync.media.still_space import header_of_space
from ofx_lipsync.media.writer import KEY, PIXELS, Seal, Writer, pixels_sha256, put_whole, remove_stale, scratch_path

WRITES = {".exr": "exr", ".dpx": "dpx", ".tif": "tiff", ".tiff": "tiff", ".png": "png"}

_END_OF_PNG = b"IEND\xaeB`\x82"
_LOSSY = ("dwaa", "dwab", "b44", "b44a", "pxr24", "jpeg", "lossy")
_OWN = (
    "oiio:",
    "openexr:",
    "png:",
    "dpx:",
    "tiff:",
    "exif:",
    "iptc:",
    "icc",
    "compression",
    "colorinteropid",
    "chromaticities",
)
"""Header fields that belong to one format and mean nothing in another."""


class StillWriter(Writer):
    """One file a frame, each whole before it gets its name."""

    def __init__(self, path: str, plate: Plate, rate: Rate | None) -> None:
        self._pattern = Pattern.parse(path)
        self._path = Path(path)
        self._format = WRITES[self._path.suffix.lower()]
        self._plate = plate
        self._rate = rate
        self._written: set[int] = set()
        remove_stale(self._path.parent, self._path.suffix)

    def write(self, frame: Frame) -> None:
        if self._pattern is None and self._written - {frame.number}:
            raise OutputError(f"{self._path}: is one file, but there are more frames; give a name such as out.####.exr")
        target = self._path if self._pattern is None else self._pattern.path(frame.number)
        if isinstance(frame, StillFrame) and WRITES.get(frame.path.suffix.lower()) == self._format:
            headers, parts = [self._header(h, frame) for h in frame.headers], frame.parts
        else:
            header, pixels = self._converted(frame)
            headers, parts = [header], [pixels]
        self._put(target, headers, parts, frame)

    def _put(self, target: Path, headers: list[Any], parts: list[np.ndarray], frame: Frame) -> None:
        """The file, with a digest of its pixels where the frame says what it was made from."""
        digest = pixels_sha256(headers, parts)
        _say_key(headers, frame, digest)
        self.seal.takes(frame.number, frame.metadata)
        write_file(target, headers, parts, self.seal, frame.number, digest)
        self._written.add(frame.number)

    def close(self) -> None:
        """Nothing is left to do: every frame written is whole."""

    def abort(self) -> None:
        """Nothing is left to do: a frame that failed has removed its scratch file."""

    def _header(self, source: Any, frame: StillFrame) -> Any:
        """The part's own header. Lossy codecs become zip: a second generation would change untouched pixels."""
        header = oiio.ImageSpec(source)
        if header.get_string_attribute("compression").split(":")[0] in _LOSSY:
            header.attribute("compression", "zip")
        set_time(header, self._rate, None)
        for name, value in frame.metadata.items():
            own = not name.startswith(PREFIX)
            if own and isinstance(value, (str, int, float)) and frame.main.spec.getattribute(name) != value:
                header.attribute(name, value)
        say(header, self._format, _marks(frame))
        return header

    def _converted(self, frame: Frame) -> tuple[Any, np.ndarray]:
        image = frame.image()
        if self._format == "exr":
            return self._linear(frame, image)
        deep = self._plate.info.dtype not in ("uint8", "yuv420p", "yuv422p", "yuv444p", "gbrp")
        floating = self._plate.info.dtype in ("half", "float")
        still = isinstance(frame, StillFrame)
        space = self._plate.info.space if still and (not floating or self._format == "tiff") else None
        rgb = self._plate.colour.from_working(_filled(image), space or self._plate.colour.look_space).transpose(1, 2, 0)
        if floating and self._format == "tiff":
            return self._spec(frame, rgb.shape, "float", 32), rgb
        bits = 10 if self._format == "dpx" else 16 if deep else 8
        kind = "uint8" if bits == 8 else "uint16"
        return self._spec(frame, rgb.shape, kind, bits), codes(rgb, bits, np.dtype(kind))

    def _linear(self, frame: Frame, image: Image) -> tuple[Any, np.ndarray]:
        kind = "float" if self._plate.info.dtype == "float" else "half"
        rgb = image.pixels.transpose(1, 2, 0)
        header = self._spec(frame, rgb.shape, kind, 16)
        header.x, header.y = image.region.x0, image.region.y0
        for name, type_name, value in header_of_space(self._plate.colour, SCENE_LINEAR):
            header.attribute(name, oiio.TypeDesc(type_name), value)
        header.attribute("compression", "zips")
        with np.errstate(over="ignore"):
            return header, np.ascontiguousarray(rgb, dtype=np.float16 if kind == "half" else np.float32)

    def _spec(self, frame: Frame, shape: tuple[int, ...], kind: str, bits: int) -> Any:
        """A plain RGB header that carries over rate, timecode and what people wrote into the source's."""
        header = oiio.ImageSpec(shape[1], shape[0], 3, oiio.TypeDesc(kind))
        header.full_width, header.full_height = frame.display.width, frame.display.height
        header.full_x, header.full_y = (frame.display.x0, frame.display.y0) if self._format == "exr" else (0, 0)
        carry_over(header, frame)
        say(header, self._format, _marks(frame))
        if self._format == "dpx":
            header.attribute("oiio:BitsPerSample", bits)
            header.attribute("dpx:FrameRate", float(self._rate or self._plate.rate))
        start, first = self._plate.info.timecode, self._plate.frames[0]
        text = timecode.advance(start, frame.number - first, self._plate.rate) if start else ""
        set_time(header, self._rate or self._plate.rate, text or None)
        return header


def _marks(frame: Frame) -> dict[str, Any]:
    """What the frame says of itself."""
    told = frame.metadata.items()
    return {name: value for name, value in told if name.startswith(PREFIX) and isinstance(value, (str, int, float))}


def _say_key(headers: list[Any], frame: Frame, digest: str) -> None:
    """What the frame was made from stands in its first part alone; what the plate said of itself there is gone."""
    for header in headers:
        for name in (KEY, PIXELS):
            header.erase_attribute(name)
    if KEY in frame.metadata:
        headers[0].attribute(KEY, frame.metadata[KEY])
        headers[0].attribute(PIXELS, digest)


def carry_over(header: Any, frame: Frame) -> None:
    """What people wrote into the source's header, and what we say of the frame."""
    if isinstance(frame, StillFrame):
        for field in frame.main.spec.extra_attribs:
            if not field.name.lower().startswith(_OWN):
                header.attribute(field.name, field.type, field.value)
    for name, value in frame.metadata.items():
        if name.startswith("lipsync/") and isinstance(value, (str, int, float)):
            header.attribute(name, value)


def set_time(header: Any, rate: Rate | None, code: str | None) -> None:
    """Rate and timecode as EXR types them. An empty DateTime keeps the wall clock out: same input, same bytes."""
    if rate is not None:
        header.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (rate.numerator, rate.denominator))
    word = timecode.pack(code) if code else None
    if word is not None:
        header.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (word, 0))
    if not header.get_string_attribute("DateTime"):
        header.attribute("DateTime", "")


def _filled(image: Image) -> np.ndarray:
    """[3, H, W] of the whole display window, black where there is no data."""
    if image.region == image.display:
        return image.pixels
    planes = np.zeros((3, *image.display.shape), np.float32)
    inside = image.region.intersect(image.display)
    if not inside.is_empty:
        rows, columns = inside.slices_in(image.display)
        planes[:, rows, columns] = image.window(inside).pixels
    return planes


def write_file(
    target: Path, headers: list[Any], parts: list[np.ndarray], seal: Seal | None = None, number: int | None = None,
    digest: str = "",
) -> None:  # fmt: skip
    """A picture file, whole before it has its name. seal: watches it, as frame `number`. digest: its `pixels_sha256`,
    where it is known already."""
    scratch = scratch_path(target)
    try:
        _encode(scratch, target, headers, parts)
        if target.suffix.lower() == ".dpx":
            _name_dpx(scratch, target.name)
        if not _ends_well(scratch):
            raise OutputError(f"{target}: cannot be written (its end is missing); check space and rights")
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    if seal is None:
        put_whole(scratch, target, Seal())
    else:
        put_whole(scratch, target, seal, number, digest or pixels_sha256(headers, parts))


def _ends_well(path: Path) -> bool:
    """Whether the last rows of every part are there. Libraries write their last bytes as they close, and most do not
    say when the disk had no room for them."""
    if path.suffix.lower() == ".png" and not path.read_bytes().endswith(_END_OF_PNG):
        return False
    source = oiio.ImageInput.open(str(path))
    if source is None:
        oiio.geterror()
        return False
    try:
        return all(_last_rows(source, part, spec) for part, spec in enumerate(specs(source)))
    finally:
        source.close()


def _last_rows(source: Any, part: int, spec: Any) -> bool:
    right, bottom, channels = spec.x + spec.width, spec.y + spec.height, spec.nchannels
    if spec.tile_width:
        x = spec.x + (spec.width - 1) // spec.tile_width * spec.tile_width
        y = spec.y + (spec.height - 1) // spec.tile_height * spec.tile_height
        pixels = source.read_tiles(part, 0, x, right, y, bottom, spec.z, spec.z + 1, 0, channels, oiio.FLOAT)
    else:
        pixels = source.read_scanlines(part, 0, bottom - 1, bottom, spec.z, 0, channels, oiio.FLOAT)
    failed = bool(source.geterror())
    return pixels is not None and not failed


def _name_dpx(path: Path, name: str) -> None:
    """A DPX says its own name (SMPTE 268M, bytes 36 to 135); OpenImageIO puts the scratch name there, which differs
    from run to run."""
    with path.open("r+b") as file:
        file.seek(36)
        file.write(name.encode()[:99].ljust(100, b"\0"))


def _encode(scratch: Path, target: Path, headers: list[Any], parts: list[np.ndarray]) -> None:
    output = oiio.ImageOutput.create(str(scratch))
    if output is None:
        raise OutputError(f"{target}: OpenImageIO cannot write this kind of file; give .exr, .dpx, .tif or .png")
    multi = len(headers) > 1
    done = output.open(str(scratch), tuple(headers) if multi and output.supports("multiimage") else headers[0])
    for number, (header, pixels) in enumerate(zip(headers, parts, strict=True)):
        if done and number:
            done = output.open(str(scratch), header, "AppendSubimage")
        done = done and output.write_image(np.ascontiguousarray(pixels))
    if not output.close() or not done:
        raise OutputError(
            f"{target}: cannot be written ({' '.join(output.geterror().split())}); check space and rights"
        )
