# SPDX-License-Identifier: Apache-2.0
"""lipsync preset: params with a name, for the next shot of the show.

    lipsync preset list
    lipsync preset show subtle
    lipsync preset save close_up shot.toml --about "Faces over 800 px."
    lipsync preset apply close_up other_shot.toml

Presets are looked for in the folders of $LIPSYNC_PRESETS, then in ~/.config/ofx_lipsync/presets, where they are saved.
"""

from __future__ import annotations

import argparse
from typing import Any

from ofx_lipsync.cli.shot import report
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import read_params
from ofx_lipsync.shotfile import read_shot, write_shot
from ofx_lipsync.shotfile.schema import merged
from ofx_lipsync.tuning import preset


def register(verbs: Any) -> None:
    parser = verbs.add_parser("preset", help="save, show and apply params by name", description=__doc__,
                              formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="every preset, and where it is")
    listed.set_defaults(run=_list)
    shown = actions.add_parser("show", help="what a preset sets, as TOML")
    shown.add_argument("name")
    shown.set_defaults(run=_show)
    saved = actions.add_parser("save", help="keep a shot's params under a name, but for what is the shot's alone")
    saved.add_argument("name")
    saved.add_argument("shot", nargs="?", help="the shot file they are taken from")
    saved.add_argument("--set", metavar="NODE.PARAM=VALUE", action="append", default=[], dest="sets",
                       help="a param besides, or instead of a shot file")  # fmt: skip
    saved.add_argument("--about", metavar="TEXT", default="", help="a sentence for the list")
    saved.add_argument("--overwrite", action="store_true", help="replace one that is there")
    saved.set_defaults(run=_save)
    applied = actions.add_parser("apply", help="set a shot file's params as the preset has them")
    applied.add_argument("name")
    applied.add_argument("shots", nargs="+", metavar="SHOT", help="shot files")
    applied.set_defaults(run=_apply)


def _list(args: argparse.Namespace) -> int:
    found = preset.presets()
    wide = max(len(one.name) for one in found)
    for one in found:
        print(f"{one.name:<{wide}}  {one.about or ', '.join(one.sets)}  [{one.place}]")
    return 0


def _show(args: argparse.Namespace) -> int:
    one = preset.find(args.name)
    print(preset.to_toml(one.about, one.params), end="")
    return 0


def _save(args: argparse.Namespace) -> int:
    if not args.shot and not args.sets:
        raise UsageError("lipsync preset save: nothing to save; name a shot file, or params with --set")
    given = merged(preset.whole_paths(read_shot(args.shot)) if args.shot else {}, read_params(args.sets))
    path = preset.save(args.name, given, args.about, args.overwrite)
    report([("preset", str(path)), *(("set", text) for text in preset.read_preset(path).sets), *_left(given)])
    return 0


def _left(given: Any) -> list[tuple[str, str]]:
    """What was not taken, said rather than lost."""
    kept = preset.without_shot(given)
    left = [f"{n}.{p}" for n, values in given.items() for p in values if p not in kept.get(n, {})]
    return [("left out", f"{', '.join(left)}: of that shot alone")] if left else []


def _apply(args: argparse.Namespace) -> int:
    one = preset.find(args.name)
    shots = [(path, read_shot(path)) for path in args.shots]
    for path, shot in shots:
        write_shot(path, shot.with_params(one.params))
    report([*(("shot file", path) for path, _ in shots), *(("set", text) for text in one.sets)])
    return 0
