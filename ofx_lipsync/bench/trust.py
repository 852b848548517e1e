# SPDX-License-Identifier: Apache-2.0
"""The mark of review movies after coding, on filmed faces of several sizes, and what hashing a 4K frame costs."""

from __future__ import annotations

import argparse
import io
import json
import time
from pathlib import Path
from typing import Any, Iterator

import numpy as np

from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.media.writer import pixels_sha256
from ofx_lipsync.trust import mark

SCALES, CRFS, FRAMES, CLIPS = (1, 2, 3), (18, 23, 28), 48, 3
MOUTH = (150, 265, 120, 245)
"""Rows and columns of a GRID picture in which the lower face lies."""


def main(args: argparse.Namespace) -> None:
    figures: dict[str, Any] = {"hash 4K half RGBA, CPU s": _hashing()}
    print(f"sha256 of the pixels of a 3840 x 2160 half RGBA frame: {figures['hash 4K half RGBA, CPU s']:.3f} CPU s\n")
    print(f"{'clip':<14}{'scale':>6}{'dB there':>10}" + "".join(f"{f'crf {crf}':>9}{'plain':>7}" for crf in CRFS))
    speakers = sorted((shared_folder(args.data) / "grid").iterdir())
    for clip in [min(folder.glob("*.mkv")) for folder in speakers][: args.clips or CLIPS]:
        for scale in SCALES:
            row = _row(clip, scale)
            figures[f"{clip.parent.name}/{clip.stem} x{scale}"] = row
            scores = "".join(f"{row[f'marked {crf}']:>9.1f}{row[f'plain {crf}']:>7.1f}" for crf in CRFS)
            print(f"{clip.parent.name + '/' + clip.stem:<14}{scale:>6}{row['psnr']:>10.1f}{scores}", flush=True)
    print(f"\nfound from {mark.FOUND:g}")
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))


def _row(clip: Path, scale: int) -> dict[str, float]:
    plain = list(_pictures(clip, scale))
    area = np.zeros(plain[0].shape[:2], bool)
    y0, y1, x0, x1 = (edge * scale for edge in MOUTH)
    area[y0:y1, x0:x1] = True
    height, width = plain[0].shape[:2]
    marks, marked = mark.pattern(height, width), [picture.copy() for picture in plain]
    for picture in marked:
        mark.add_mark(picture, area, marks)
    squares = [np.mean((a[area].astype(float) - b[area]) ** 2) for a, b in zip(marked, plain, strict=True)]
    row = {"psnr": float(10 * np.log10(255**2 / np.mean(squares)))}
    for crf in CRFS:
        row |= {f"marked {crf}": _coded(marked, crf), f"plain {crf}": _coded(plain, crf)}
    return row


def _pictures(clip: Path, scale: int) -> Iterator[np.ndarray]:
    import av
    import cv2

    with av.open(str(clip)) as movie:
        for frame, _ in zip(movie.decode(video=0), range(FRAMES), strict=False):
            picture = frame.to_ndarray(format="rgb24")
            yield np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))


def _coded(pictures: list[np.ndarray], crf: int) -> float:
    """The score of a movie as x264 leaves it."""
    import av

    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as movie:
        stream = movie.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast", "threads": "4"})
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        for picture in pictures:
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        movie.mux(stream.encode(None))
    held.seek(0)
    with av.open(held, "r") as coded:
        return mark.score(frame.to_ndarray(format="gray") for frame in coded.decode(video=0))


def _hashing() -> float:
    import OpenImageIO as oiio

    header = oiio.ImageSpec(3840, 2160, 4, "half")
    pixels = np.random.default_rng(1).random((2160, 3840, 4), np.float32).astype(np.float16)
    began = time.process_time()
    pixels_sha256([header], [pixels])
    return time.process_time() - began
