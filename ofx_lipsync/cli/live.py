# SPDX-License-Identifier: Apache-2.0
"""lipsync live: a microphone and a webcam move a drawn character, in a window, as a camera, in OBS.

    lipsync live samples/character --window
    lipsync live samples/character --http 8765 --webcam 0 --mouth blend

The mouth follows the sound by about a tenth of a second; keys and OBS are explained in docs/live.md.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.live.controls import KEYS

LEAST_PX, MOST_PX = 16, 4096


def register(verbs: Any) -> None:
    parser = verbs.add_parser(
        "live", help="a microphone and a webcam move a drawn character", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter, epilog=f"Keys in the window: {KEYS}",
    )  # fmt: skip
    add = parser.add_argument
    add("set", nargs="?", metavar="SET", help="folder of drawings, or a layered PSD")
    add("--list", action="store_true", help="what is plugged in, and no more")
    add("--mic", metavar="N|NAME|FILE|none", default="", help="microphone (default: the system's own choice)")
    add("--webcam", metavar="N|FILE|none", default="none", help="webcam for head, eyes and brows (default: none)")
    add("--mouth", choices=("voice", "face", "blend"), default="voice",
        help="who moves the mouth; blend: the voice while it speaks, else the face (default: voice)")  # fmt: skip
    add("--window", action="store_true", help="show it in a window (without any other way out: always)")
    add("--headless", action="store_true", help="draw and measure, and show it nowhere")
    add("--virtual-camera", metavar="DEVICE", nargs="?", const="", help="send it to a virtual camera, over the colour")
    add("--pipe", metavar="PATH", help="write raw RGBA frames to a named pipe, or - for standard output")
    add("--http", metavar="PORT", type=int, help="show it with its alpha to this machine's browsers, and OBS'")
    add("--background", metavar="COLOUR", default="transparent",
        help="behind the character: transparent, green, #rrggbb (default: transparent)")  # fmt: skip
    add("--size", metavar="WxH", default="720x720", help="of a frame in px (default: 720x720)")
    add("--rate", metavar="FPS", type=float, default=60.0, help="frames a second (default: 60)")
    add("--offset", metavar="MS", type=float, default=0.0, help="move the mouth this much later (default: 0)")
    add("--hold", metavar="MS", type=float, default=50.0, help="how long a mouth stays at least (default: 50)")
    add("--mirror", action="store_true", help="move as a mirror would")
    add("--seconds", metavar="N", type=float, help="stop after N seconds")
    add("--no-loop", dest="loop", action="store_false", help="a file that stands in for a device is played once")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ofx_lipsync.live import devices

    if args.list:
        print(devices.table())
        return 0
    options = parsed(args)
    from ofx_lipsync.live.perform import perform

    # standard output may be a stream of frames
    perform(args.set, options, lambda text: print(text, file=sys.stderr, flush=True))
    return 0


def parsed(args: argparse.Namespace) -> Any:
    """live.options.Options.  Raises: UsageError, before anything is opened."""
    from ofx_lipsync.live.controls import background_of
    from ofx_lipsync.live.options import Options

    if not args.set:
        raise UsageError("live: which character? give a folder of drawings, such as samples/character, or --list")
    if args.mouth != "voice" and args.webcam == "none":
        raise UsageError(f"--mouth {args.mouth}: there is no face to follow; name a webcam with --webcam 0")
    if not 1 <= args.rate <= 240:
        raise UsageError(f"--rate: got {args.rate:g}, expected 1 to 240 frames a second")
    for name, value in (("offset", args.offset), ("hold", args.hold)):
        if not 0 <= value <= 2000:
            raise UsageError(f"--{name}: got {value:g}, expected 0 to 2000 ms{EARLIER if name == 'offset' else ''}")
    if args.http is not None and not 0 <= args.http <= 65535:
        raise UsageError(f"--http: got {args.http}, expected a port from 1024 to 65535, or 0 for any that is free")
    try:
        background = background_of(args.background)
    except ValueError as error:
        raise UsageError(f"--background: {error}") from None
    width, height = size_of(args.size)
    shown = args.headless or args.http is not None or args.pipe or args.virtual_camera is not None
    return Options(
        args.mic, args.webcam, args.mouth, args.offset / 1000, args.hold / 1000, width, height, args.rate, background,
        args.window or not shown, args.virtual_camera, args.pipe, args.http, args.seconds, args.mirror, args.loop,
    )  # fmt: skip


EARLIER = "; a mouth cannot be early: delay the sound in OBS instead (Advanced Audio Properties, Sync Offset)"


def size_of(text: str) -> tuple[int, int]:
    """Raises: UsageError."""
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdigit() and LEAST_PX <= int(part) <= MOST_PX for part in parts):
        raise UsageError(f"--size: got {text!r}, expected such as 720x720, {LEAST_PX} to {MOST_PX} px")
    return int(parts[0]), int(parts[1])
