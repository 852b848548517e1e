# SPDX-License-Identifier: Apache-2.0
"""lipsync character: drawn mouths and a line of dialogue in, frames of a talking character with alpha out.

The first frame is at the beginning of the line. `--list` shows what the drawings are taken for, and which stand in for
mouths that were not drawn.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, Sequence

from ofx_lipsync import __version__
from ofx_lipsync.character import DrawnCharacter, frames_of, read_drawings
from ofx_lipsync.cli.progress import progress
from ofx_lipsync.cli.provenance import DRAWN_TYPE
from ofx_lipsync.cli.shot import ARGUMENTS, fingerprint, frame_range, parse_offset, read_line, report
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate, parse_rate
from ofx_lipsync.graph import Settings
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.mouth_set import MouthSet, describe
from ofx_lipsync.media.movie_codec import WRITES as MOVIES
from ofx_lipsync.media.rgba_writer import RgbaWriter
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.nodes.drawn.plan import CharacterPlan

SHARED = ("--audio-offset", "--set", "--colour", "--space", "--frames-syntax", "--progress")
"""Arguments that mean here what they mean to dub."""
HELP = {"--space": "the drawings' colour space (default: what their files say, or sRGB)"}


def register(verbs: Any) -> None:
    parser = verbs.add_parser("character", help="a drawn character says the line", description=__doc__)
    parser.add_argument("mouths", help="a folder of PNGs or SVGs, or a layered PSD, as samples/character")
    parser.add_argument("line", nargs="?", help="the line: wav, flac, mp3, aac, or a movie for its sound")
    parser.add_argument("out", nargs="?", help="sequence (png, exr, tif) as out.####.png, or movie (mov, mkv, mp4)")
    parser.add_argument("--list", action="store_true", help="say what the drawings are taken for, and stop")
    parser.add_argument("--fps", "--rate", dest="rate", metavar="FPS", default="24", help="frames per second (24)")
    parser.add_argument("--shot", metavar="RANGE", help="the shot's frames (default: from 1 on, to the line's end)")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="draw only these frames of the shot")
    parser.add_argument("--background", metavar="#RRGGBB", help="lay the character on a colour; without alpha then")
    parser.add_argument("--codec", help="prores4444, ffv1 or png, which hold alpha; h264 or prores on a background")
    for name, options in ARGUMENTS:
        if name in SHARED:
            parser.add_argument(name, **{**options, **({"help": HELP[name]} if name in HELP else {})})
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    params, colour = _params(args), Colour.load(args.colour)
    if args.list:
        print("\n".join(describe(read_drawings(args.mouths, params, colour))))
        return 0
    if not (args.line and args.out):
        raise UsageError("lipsync character: give mouths, a line and where to write, as mouths/ line.wav out.####.png")
    began = time.monotonic()
    rate, background = parse_rate(args.rate), _colour_of(args.background)
    whole, drawn, sound = _shot(args, rate)
    with RgbaWriter(
        args.out, colour, rate, sound=_cut(args, sound, whole, drawn, rate), codec=args.codec, background=background
    ) as writer:
        mouths = read_drawings(args.mouths, params, colour)
        character = DrawnCharacter(mouths, sound, whole, rate, params)
        plan = character.analyse()
        stamp = _stamp(args, colour, sound, params)
        with progress(args.progress) as shown:
            for frame in shown.stage("draw", drawn):
                writer.write(frame, character.render(plan, frame), stamp)
    seconds = time.monotonic() - began
    report([*_summary(args, mouths, plan, drawn), ("codec", writer.coding or "none"), ("time", f"{seconds:.1f} s")])
    return 0


def _params(args: argparse.Namespace) -> Any:
    params = Settings.parse(args.sets)["Character"]
    return params.with_values(mouths=args.mouths, **({"space": args.space} if args.space else {}))


def _shot(args: argparse.Namespace, rate: Rate) -> tuple[Sequence[int], Sequence[int], Sound]:
    """(frames of the shot, those to draw, the line on the shot's clock)"""
    offset_s = parse_offset(args.audio_offset or "0", rate)
    if args.shot:
        whole: Sequence[int] = frame_range(args.shot, args)
        if list(whole) != list(range(whole[0], whole[-1] + 1)):
            raise UsageError(f"--shot {args.shot}: has gaps; give the whole shot here, and with -F what to draw of it")
        sound, _ = read_line(args.line, offset_s, float(len(whole) / rate))
    else:
        heard = read_sound(args.line, start_s=max(0.0, -offset_s))
        sound = Sound(heard.samples, heard.rate_hz, max(0.0, offset_s))
        whole = frames_of(sound, rate, 1)
    if not args.frames:
        return whole, whole, sound
    wanted, have = sorted(frame_range(args.frames, args)), set(whole)
    absent = [frame for frame in wanted if frame not in have]
    if absent:
        raise UsageError(f"-F {args.frames}: frame {absent[0]} is not in the shot ({whole[0]}-{whole[-1]})")
    return whole, wanted, sound


def _cut(
    args: argparse.Namespace, sound: Sound, whole: Sequence[int], drawn: Sequence[int], rate: Rate
) -> Sound | None:
    """What a movie of the drawn frames sounds like."""
    if Path(args.out).suffix.lower() not in MOVIES:
        return None
    begin_s, end_s = (float((frame - whole[0]) / rate) for frame in (drawn[0], drawn[-1] + 1))
    first, last = (max(0, round((at_s - sound.start_s) * sound.rate_hz)) for at_s in (begin_s, end_s))
    return Sound(sound.samples[:, first:last], sound.rate_hz, max(0.0, sound.start_s - begin_s))


def _colour_of(text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    digits = text.removeprefix("#")
    try:
        if len(digits) != 6:
            raise ValueError
        return int(digits[:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:], 16) / 255
    except ValueError:
        raise UsageError(f"--background: got {text!r}, expected six digits such as #e8ecee") from None


def _stamp(args: argparse.Namespace, colour: Colour, sound: Sound, params: Any) -> dict[str, str | int]:
    return {
        "lipsync/software": f"ofx_lipsync {__version__}",
        "lipsync/version": __version__,
        "lipsync/ai_modified": 0,
        "lipsync/frame_source": "drawings, chosen by the sound",
        "lipsync/digitalSourceType": DRAWN_TYPE,
        "lipsync/colour_config": f"{colour.name} {colour.cache_id}",
        "lipsync/line": fingerprint(sound),
        "lipsync/params": json.dumps(
            {"Character": {**params.as_dict(), "mouths": Path(args.mouths).name}}, sort_keys=True
        ),
    }


def _summary(
    args: argparse.Namespace, mouths: MouthSet, plan: CharacterPlan, drawn: Sequence[int]
) -> list[tuple[str, str]]:
    shown = plan.shown[plan.shown >= 0]
    closed = {"M", "PP"} & set(mouths.alphabet)
    names = {plan.cues.names[mouth] for mouth in shown}
    closures = sum(plan.cues.names[mouth] in closed for mouth in plan.cues.mouth)
    missing = sorted({f"{m} <- {s}" for (_, m), s in mouths.stands_in.items()})
    return [
        ("result", args.out),
        ("frames", f"{len(drawn)} of {len(plan.frames)}, {mouths.canvas.width} x {mouths.canvas.height} px"),
        (
            "drawings",
            f"{mouths.family}, {len(names)} of {len(mouths.alphabet)} mouths shown, {closures} closures heard",
        ),
        *([("stand-ins", ", ".join(missing))] if missing else []),
        *([("left out", ", ".join(mouths.unknown))] if mouths.unknown else []),
    ]
