# SPDX-License-Identifier: Apache-2.0
"""--review: a movie to look at, made beside the master from the same frames."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ofx_lipsync import __version__
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.cli.trust import Trust
from ofx_lipsync.core.errors import ConsentError, UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.trust.burn_in import BurnIn
from ofx_lipsync.trust.review import DisplayView, Review, ReviewWriter


def add_review_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("review")
    group.add_argument("--review", metavar="MOVIE", help="a movie to look at as well, with words burnt in")
    group.add_argument("--review-view", metavar="NAME", help="view of the OCIO config (default: the display's)")
    group.add_argument(
        "--clean-review", action="store_true", help="without the warning, where consent is cleared; else it stays"
    )


def review_path(args: argparse.Namespace) -> str | None:
    """Of the option, or of the shot file's [output] where the whole shot is rendered: a chunk's would replace it.

    Raises: UsageError where frames would be left out of it."""
    if args.review and args.skip_existing:
        raise UsageError(
            "--review: shows frames as they are made, and --skip-existing makes some only; give one of them"
        )
    in_parts = args.frames or args.skip_existing
    written = args.asked.at(args.asked.output.review) if getattr(args, "asked", None) and not in_parts else ""
    path: str | None = args.review or written or None
    return path


def open_review(args: argparse.Namespace, opened: OpenShot, trust: Trust, sound: Sound) -> Review:
    """One that writes nothing where no review is asked for.

    Raises: ConsentError where the warning is to go and consent is not cleared; OutputError, ColourError.
    """
    path = review_path(args)
    if path is None:
        return Review()
    plate = opened.plate
    shown = DisplayView(plate.colour, graded=plate.info.kind == "movie", view=args.review_view)
    burn_in = BurnIn(
        _name(opened), _version(args.out), _warns(args, trust), plate.rate, plate.frames[0], plate.info.timecode
    )
    return ReviewWriter(path, plate, shown, burn_in, sound, marked=True)


def _warns(args: argparse.Namespace, trust: Trust) -> bool:
    """The warning goes by itself where consent is cleared and has not ended; it cannot be taken away before."""
    try:
        trust.require()
    except ConsentError:
        if args.clean_review:
            raise
        return True
    return False


def _version(out: str) -> str:
    """The result's own, as v012 of ab_0010_v012.####.exr, and the software's."""
    version = re.search(r"(?<![a-z0-9])v\d+", Path(out).name, re.IGNORECASE)
    return f"{version[0]}   lipsync {__version__}" if version else f"lipsync {__version__}"


def _name(opened: OpenShot) -> str:
    """The shot's name, or the plate's."""
    if opened.file.name:
        return opened.file.name
    pattern = Pattern.parse(opened.plate.info.path)
    return Path(opened.plate.info.path).stem if pattern is None else pattern.head.rstrip("._-") or "shot"
