# SPDX-License-Identifier: Apache-2.0
"""Write nodes: which frames, which file, and how it is stored.

What the script does not say stays as the plate has it (channels, type, compression, colour space), so that a plain
Write gives the bytes of `lipsync dub`. What it says is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from ofx_lipsync.core.errors import InputError, OutputError, UsageError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.still_writer import WRITES
from ofx_lipsync.media.writer import Writer, check_writable
from ofx_lipsync.nk.reads import Reads, project_range
from ofx_lipsync.nk.script import Node, Script
from ofx_lipsync.nk.spaces import space_named
from ofx_lipsync.nk.stored import NodeWriter, Stored
from ofx_lipsync.nk.values import Values
from ofx_lipsync.nk.walk import Walk

_TYPES = {"exr": (".exr",), "dpx": (".dpx",), "tiff": (".tif", ".tiff"), "tif": (".tif", ".tiff"), "png": (".png",),
          "mov": (".mov", ".mp4", ".m4v", ".mkv"), "mov64": (".mov", ".mp4", ".m4v"), "mov32": (".mov",)}  # fmt: skip
_COMPRESSION = {
    "none": "none", "zip (1 scanline)": "zips", "zip (16 scanlines)": "zip", "piz wavelet (32 scanlines)": "piz",
    "rle": "rle", "b44": "b44", "b44a": "b44a", "pxr24": "pxr24", "dwaa": "dwaa", "dwab": "dwab",
    "zips": "zips", "zip": "zip", "piz": "piz",
}  # fmt: skip
_CODECS = {"appr": "prores", "apch": "prores", "apcn": "prores", "ap4h": "prores4444", "ap4x": "prores4444",
           "avc1": "h264", "h264": "h264", "ffv1": "ffv1"}  # fmt: skip
_LIMIT = 1_000_000


@dataclass(frozen=True)
class Output:
    """path: with its folder. stored: what the script says of how. codec: of a movie, or None. limit: its own frames."""

    node: Node
    path: str
    stored: Stored
    codec: str | None
    limit: FrameRange | None
    folders: bool

    @property
    def is_movie(self) -> bool:
        return Path(self.path).suffix.lower() in movie_codec.WRITES


def chosen(script: Script, values: Values, names: Sequence[str]) -> list[Node]:
    """The Writes asked for, or all that are enabled, in their render order.

    Raises: UsageError for a name that is no Write, InputError where there is none.
    """
    writes = [n for n in script.nodes if n.kind == "Write"]
    have = ", ".join(n.full_name for n in writes) or "none"
    for name in names:
        if name not in (n.full_name for n in writes):
            raise UsageError(f"-X {name}: {script.path} has no Write of that name (it has {have}); check the name")
    if names:
        picked = [n for n in writes if n.full_name in names]
        off = [n.full_name for n in picked if values.flag(n, "disable", 0)]
        if off:
            raise UsageError(f"-X {off[0]}: is disabled in {script.path}; enable it, or --set {off[0]}.disable=false")
    else:
        picked = [n for n in writes if not values.flag(n, "disable", 0)]
    if not picked:
        raise InputError(f"{script.path}: has no Write that is enabled (it has {have}); nothing is to be rendered")
    return sorted(picked, key=lambda n: values.number(n, "render_order", 0, 1.0))


def frames_of(output: Output, walk: Walk, reads: Reads, asked: FrameRange | None) -> list[int]:
    """Frames to render, ascending: those of -F, or the project's, within the Write's own limits. Nodes that were saved
    without their project have the range of what comes in."""
    wanted = asked if asked is not None else output.limit or _range(output.node, walk, reads)
    inside = [f for f in sorted(wanted) if output.limit is None or f in output.limit]
    if not inside:
        raise UsageError(
            f"-F {asked}: none of these frames is within the limits of {output.node.full_name} ({output.limit}); give "
            "others"
        )
    return inside


def _range(node: Node, walk: Walk, reads: Reads) -> FrameRange:
    root, above = walk.values.script.root, node.input(0)
    if above is None or any(walk.values.has(root, knob) for knob in ("first_frame", "last_frame")):
        return project_range(walk.values)
    first, last = walk.range_of(above, 0, reads.range)
    if not 0 <= last - first < _LIMIT:
        raise walk.stop(node, f"what comes in is frames {first} to {last}, expected the first first; give -F")
    return FrameRange(range(first, last + 1))


def output_of(node: Node, values: Values, colour: Colour) -> Output:
    """Raises: InputError naming the knob that cannot be done."""
    path = values.path(node, "file")
    if not path:
        raise InputError(f"{values.script.path}: {node.full_name}.file: is empty; name the result")
    if "%v" in path.lower():
        raise values.refused(node, "file", "has a view in it (%V), and stereo is not written here")
    suffix = Path(path).suffix.lower()
    kind = values.text(node, "file_type").strip().lower()
    if kind and suffix not in _TYPES.get(kind, ()):
        known = suffix in WRITES or suffix in movie_codec.WRITES
        raise values.refused(
            node, "file_type", f"files of this kind ending in {suffix or 'nothing'} are not written without Nuke"
            if known else f"{suffix or 'no ending'} is not written without Nuke",
        )  # fmt: skip
    if values.text(node, "transformType", "colorspace") not in ("colorspace", "default", "input"):
        raise values.refused(
            node, "transformType", "a display transform is not written without Nuke; choose colorspace"
        )
    limit = None
    if values.flag(node, "use_limit", 0):
        first, last = values.whole(node, "first", 0, 1), values.whole(node, "last", 0, 1)
        if not 0 <= last - first < _LIMIT:
            raise values.refused(node, "last", f"its limits are frames {first} to {last}, expected the first first")
        limit = FrameRange(range(first, last + 1))
    return Output(node, path, _stored(node, values, colour, suffix), _codec(node, values), limit,
                  values.flag(node, "create_directories", 0))  # fmt: skip


def open_output(output: Output, plate: Plate, sound: Sound | None) -> Writer:
    """A writer for frames of this plate.  Raises: OutputError before anything is rendered."""
    if output.folders:
        _make_folder(output.path)
    if output.is_movie:
        _check_movie_space(output, plate)
        return open_writer(output.path, plate, sound=sound, codec=output.codec)
    if output.stored.is_plain or Path(output.path).suffix.lower() not in WRITES:
        return open_writer(output.path, plate)
    check_writable(output.path, plate)
    return NodeWriter(output.path, plate, output.stored)


def _make_folder(path: str) -> None:
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot make {folder} ({error.strerror}); choose another folder") from None


def _check_movie_space(output: Output, plate: Plate) -> None:
    """A movie's codes stay what the plate's are; pictures become what a screen shows."""
    wanted = output.stored.space
    gives = plate.info.space if plate.info.kind == "movie" else plate.colour.look_space
    if wanted is not None and not plate.colour.is_same(wanted, gives):
        raise OutputError(
            f"{output.node.full_name}.colorspace: movies of this plate are written in {gives!r}, not in {wanted!r}; "
            "choose that, or write a sequence"
        )


def _stored(node: Node, values: Values, colour: Colour, suffix: str) -> Stored:
    space = colour.check(SCENE_LINEAR) if values.flag(node, "raw", 0) else space_named(values, node, colour, suffix)
    compression = None
    if values.has(node, "compression"):
        name = values.text(node, "compression").strip()
        compression = _COMPRESSION.get(name.lower()) if suffix == ".exr" else name.lower()
        if compression is None:
            raise values.refused(node, "compression", f"is none of {', '.join(_COMPRESSION)}")
    if compression in ("dwaa", "dwab"):
        compression += f":{values.number(node, 'dw_compression_level', 0, 45):g}"
    return Stored(space, _depth(node, values), compression, _channels(node, values))


def _depth(node: Node, values: Values) -> str | None:
    """half, float, or bits as text."""
    if not values.has(node, "datatype"):
        return None
    words = values.text(node, "datatype").lower()
    depth = next((d for word, d in (("half", "half"), ("float", "float")) if word in words), None)
    bits = words.split()[0] if words.split() else ""
    if depth is None and bits not in ("8", "10", "12", "16"):
        raise values.refused(node, "datatype", "expected half, float or 8, 10, 12 or 16 bit")
    return depth or bits


def _channels(node: Node, values: Values) -> tuple[str, ...] | None:
    """Names as files have them, or None for all."""
    if not values.has(node, "channels"):
        return None
    words = values.text(node, "channels").replace("{", " ").replace("}", " ").split()
    sets = {"rgb": "RGB", "rgba": "RGBA", "alpha": "A"}
    if words == ["all"]:
        return None
    names: list[str] = []
    for word in words:
        short = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B", "rgba.alpha": "A"}.get(word)
        names += [short] if short else sets.get(word.lower(), "") or [word]
    return tuple(dict.fromkeys(names))


def _codec(node: Node, values: Values) -> str | None:
    knob = next((k for k in ("mov64_codec", "mov_codec", "codec") if values.has(node, k)), None)
    if knob is None:
        return None
    words = values.text(node, knob).split()
    codec = next((_CODECS[w.strip("{}\"'").lower()] for w in words if w.strip("{}\"'").lower() in _CODECS), None)
    if codec is None:
        raise values.refused(node, knob, f"is none of {', '.join(_CODECS)}")
    if codec == "prores" and "4:4:4" in values.text(node, "mov_prores_codec_profile"):
        return "prores4444"
    return codec
