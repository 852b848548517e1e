# SPDX-License-Identifier: Apache-2.0
"""Which codec, pixel format and sound a movie is written with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from ofx_lipsync.core.errors import OutputError, UsageError
from ofx_lipsync.media.plate import PlateInfo

WRITES = {".mov": "mov", ".mp4": "mp4", ".m4v": "mp4", ".mkv": "matroska"}

_ENCODERS = {"h264": "libx264", "prores": "prores_ks", "prores4444": "prores_ks", "ffv1": "ffv1"}
_CONTAINERS = {
    "mov": ("prores", "prores4444", "h264"),
    "mp4": ("h264",),
    "matroska": ("h264", "ffv1", "prores", "prores4444"),
}
_PACKED = {"gbrp": "bgr0", "gbrap": "bgra"}
"""8-bit RGB as FFV1 takes it: the same codes in another order."""

_LOSSLESS = ("ffv1", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "png", "qtrle", "v210", "v410", "r210")
_FINE = ("prores", "dnxhd", "cfhd")


@dataclass(frozen=True)
class Picture:
    """codec: our name. encoder, options: FFmpeg's. pixel_format: what the encoder is given."""

    codec: str
    encoder: str
    pixel_format: str
    options: dict[str, str]


def container_of(path: str) -> str:
    return WRITES[Path(path).suffix.lower()]


def picture_for(path: str, info: PlateInfo, codec: str | None) -> Picture:
    """The codec asked for, or the one closest to the plate's that the container holds.

    h264: CRF 15, preset ultrafast with CABAC, 8x8 transform and deblocking: a fifth of veryfast's cost at the same
    PSNR, in files half as large again. prores: 422 HQ. ffv1: lossless, 16 slices with checksums.
    """
    container = container_of(path)
    allowed = _CONTAINERS[container]
    chosen = codec or _closest(info, allowed)
    if chosen not in _ENCODERS:
        raise UsageError(f"codec: got {chosen!r}, expected {' or '.join(_ENCODERS)}")
    if chosen not in allowed:
        raise OutputError(
            f"{path}: {container} does not hold {chosen} (it holds {', '.join(allowed)}); choose another ending"
        )
    encoder = _ENCODERS[chosen]
    name = _pixel_format(chosen, encoder, info)
    odd = (info.width % 2 and "444" not in name) or (info.height % 2 and "420" in name)
    if chosen == "h264" and odd:
        chroma = "4:2:0 needs even sizes" if "420" in name else "4:2:2 needs an even width"
        raise OutputError(
            f"{path}: h264 {chroma} (got {info.width}x{info.height}); write .mov with codec prores4444, "
            "or .mkv with ffv1"
        )
    options = _options(chosen)
    if chosen == "ffv1" and odd:
        # FFmpeg splits odd sizes into slices by itself or not at all.
        del options["slices"]
    return Picture(chosen, encoder, name, options)


def coding_text(picture: Picture, info: PlateInfo) -> str:
    """`h264 yuv420p`, and what the plate has where that is another: a loss of depth or chroma is not kept quiet."""
    own = f"{picture.codec} {picture.pixel_format}"
    if info.kind != "movie" or info.dtype == picture.pixel_format:
        return own
    return f"{own} (the plate is {info.codec} {info.dtype})"


def _closest(info: PlateInfo, allowed: tuple[str, ...]) -> str:
    fine = info.kind != "movie" or info.codec in _LOSSLESS + _FINE
    wanted = ["h264"]
    if fine:
        keyed = "A" in info.channels and info.kind == "movie"
        prores = "prores4444" if keyed or "444" in info.dtype or info.dtype.startswith("gb") else "prores"
        wanted = ["ffv1", prores] if info.codec in _LOSSLESS else [prores]
    return next(name for name in [*wanted, "h264"] if name in allowed)


def _pixel_format(codec: str, encoder: str, info: PlateInfo) -> str:
    """The plate's own format where the encoder takes it, else the nearest with no less chroma and depth it can."""
    taken = [f.name for f in av.Codec(encoder, "w").video_formats or []]
    if info.kind != "movie":
        return {"h264": "yuv420p", "prores": "yuv422p10le", "prores4444": "yuv444p10le", "ffv1": "gbrp16le"}[codec]
    own = info.dtype.replace("yuvj", "yuv")
    if codec == "prores":
        return "yuv422p10le"
    if codec == "prores4444" and (own not in taken or "444" not in own):
        return "yuva444p10le" if "A" in info.channels else "yuv444p10le"
    if own in taken:
        return own
    if codec == "ffv1" and own in _PACKED:
        return _PACKED[own]
    chroma = "444" if "444" in own or own.startswith("gb") else "422" if "422" in own or "440" in own else "420"
    return f"yuv{chroma}p" + ("10le" if own.endswith("le") else "")


def _options(codec: str) -> dict[str, str]:
    if codec == "h264":
        return {"crf": "15", "preset": "ultrafast", "x264-params": "cabac=1:8x8dct=1:deblock=0,0"}
    if codec == "ffv1":
        return {"level": "3", "slices": "16", "slicecrc": "1", "g": "1"}
    return {"profile": "4" if codec == "prores4444" else "3", "vendor": "apl0"}


@dataclass(frozen=True)
class SoundCoding:
    """encoder: FFmpeg's. sample_format: what it is given. exact: samples come back as they were, to 24 bits."""

    encoder: str
    sample_format: str
    exact: bool
    options: dict[str, str]


def sound_for(path: str, channels: int) -> SoundCoding:
    """24-bit PCM in mov, 24-bit FLAC in mkv, AAC in mp4, which players know nothing better in."""
    return {
        "mov": SoundCoding("pcm_s24le", "s32", True, {}),
        "matroska": SoundCoding("flac", "s32", True, {"bits_per_raw_sample": "24"}),
        "mp4": SoundCoding("aac", "fltp", False, {"b": f"{160 * channels}k"}),
    }[container_of(path)]


def sound_rate(coding: SoundCoding, rate_hz: int) -> int:
    """The rate itself, or the next the encoder takes."""
    taken: Any = av.Codec(coding.encoder, "w").audio_rates
    if not taken or rate_hz in taken:
        return rate_hz
    above = [rate for rate in taken if rate > rate_hz]
    return int(min(above) if above else max(taken))
