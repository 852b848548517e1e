# SPDX-License-Identifier: Apache-2.0
"""The demo's plate: a still portrait filmed with a slow push-in, as scene-linear half-float EXR frames.

    python samples/make_plate.py out/demo/plate.####.exr

The move is continuous to a fraction of a pixel, so that a mouth that does not follow it exactly is seen at once.
Each frame is one Lanczos resampling of the still: sRGB decoded to linear (IEC 61966-2-1), resampled in linear light,
turned to ACEScg (AP1), never clamped. The same arguments give the same frames. Needs NumPy and OpenImageIO only.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

STILL = Path(__file__).with_name("collins") / "portrait.png"
FIRST_FRAME = 1001
FPS = 24

# Linear Rec.709 (D65) to ACEScg (AP1, ACES white), Bradford adapted; rows sum to one, so grey stays grey.
REC709_TO_AP1 = np.array(
    [
        [0.6130974024, 0.3395231462, 0.0473794514],
        [0.0701937225, 0.9163538791, 0.0134523985],
        [0.0206155929, 0.1095697729, 0.8698146342],
    ]
)

# Where the camera looks on the still, first and last frame: centre (px of the still, y down) and height of the view.
CENTRE_FROM, CENTRE_TO = np.array([228.0, 131.0]), np.array([224.0, 122.0])
HEIGHT_FROM, HEIGHT_TO = 240.0, 212.0


def scene_linear_still() -> np.ndarray:
    """[H, W, 3] float64, ACEScg, from the sRGB still."""
    pixels = oiio.ImageBuf(str(STILL)).get_pixels(oiio.FLOAT)[:, :, :3].astype(np.float64)
    linear = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    return linear @ REC709_TO_AP1.T


def ease(t: float) -> float:
    """0..1 to 0..1 with a soft start and stop (a dolly has weight)."""
    return t * t * (3 - 2 * t)


def lanczos_rows(start: float, step: float, count: int, size: int, lobes: int = 3) -> np.ndarray:
    """[count, size] weights that read `count` samples, `step` source px apart, from `size` source px.

    start: source position of the first output pixel's centre (pixel centres at +0.5). Edge pixels are held.
    """
    centres = start + step * np.arange(count)
    support = np.arange(-lobes + 1, lobes + 1)
    taps = np.floor(centres - 0.5).astype(int)[:, None] + support
    distance = taps + 0.5 - centres[:, None]
    weights = np.where(np.abs(distance) < lobes, np.sinc(distance) * np.sinc(distance / lobes), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.zeros((count, size))
    np.add.at(rows, (np.arange(count)[:, None], np.clip(taps, 0, size - 1)), weights)
    return rows


def view(still: np.ndarray, t: float, width: int, height: int) -> np.ndarray:
    """[height, width, 3] float64: what the camera sees at t in 0..1 of the move."""
    s = ease(t)
    centre = CENTRE_FROM + s * (CENTRE_TO - CENTRE_FROM)
    # Equal ratios, not equal steps: a push-in at constant speed looks constant.
    step = HEIGHT_FROM * (HEIGHT_TO / HEIGHT_FROM) ** s / height
    start = centre - step * (np.array([width, height]) - 1) / 2
    columns = lanczos_rows(start[0], step, width, still.shape[1])
    rows = lanczos_rows(start[1], step, height, still.shape[0])
    across = np.tensordot(columns, still, axes=(1, 1))  # [width, H, 3]
    return np.ascontiguousarray(np.tensordot(rows, across, axes=(1, 1)))  # [height, width, 3]


def timecode(frame: int) -> np.ndarray:
    """SMPTE 12M words of a frame number counted from 00:00:00:00 at 24 fps: packed BCD, then empty user bits."""
    seconds, frames = divmod(frame, FPS)
    minutes, seconds = divmod(seconds, 60)
    fields = (frames, seconds, minutes % 60, minutes // 60)
    word = sum((value // 10 << 4 | value % 10) << 8 * place for place, value in enumerate(fields))
    return np.array([word, 0], dtype=np.uint32)


def write_frame(path: Path, pixels: np.ndarray, frame: int) -> None:
    """One ZIP-compressed half EXR; the finished file appears under its name in one step."""
    height, width, _ = pixels.shape
    spec = oiio.ImageSpec(width, height, 3, "half")
    spec.attribute("compression", "zip")
    spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
    spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), np.array([FPS, 1], dtype=np.int32))
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), timecode(frame))
    spec.attribute("DateTime", "1998:01:01 00:00:00")  # the portrait's age, not the run's: same bytes every time
    spec.attribute("Copyright", "NASA, public domain")
    spec.attribute("ImageDescription", "Eileen Collins, NASA portrait, with a camera move added; lip-sync demo plate")
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    picture = oiio.ImageBuf(spec)
    picture.set_pixels(picture.roi, pixels.astype(np.float32))
    if not picture.write(str(part)):
        raise OSError(f"{path}: cannot be written ({picture.geterror()})")
    os.replace(part, path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Film the demo's still with a slow push-in, as EXR frames.")
    parser.add_argument("pattern", help="where to write, such as out/demo/plate.####.exr")
    parser.add_argument("--frames", type=int, default=96, help="how many frames, 1001 being the first (default 96)")
    parser.add_argument("--size", default="960x540", help="width x height in pixels (default 960x540)")
    args = parser.parse_args()
    width, height = (int(part) for part in args.size.split("x"))
    still = scene_linear_still()
    Path(args.pattern).parent.mkdir(parents=True, exist_ok=True)
    for index in range(args.frames):
        frame = FIRST_FRAME + index
        pixels = view(still, index / max(args.frames - 1, 1), width, height)
        write_frame(Path(args.pattern.replace("####", f"{frame:04d}")), pixels, frame)
    print(f"{args.pattern}  {FIRST_FRAME}-{FIRST_FRAME + args.frames - 1}  {width}x{height}  {FPS} fps  ACEScg")


if __name__ == "__main__":
    main()
