# SPDX-License-Identifier: Apache-2.0
"""lipsync weights: bring a public checkpoint, and see what is installed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ofx_lipsync.cli.shot import report
from ofx_lipsync.core.errors import LipSyncError


def register(verbs: Any) -> None:
    parser = verbs.add_parser("weights", help="bring, list and show weights of networks", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    convert = actions.add_parser(
        "convert", help="turn a public checkpoint into weights that are safe to load",
        description="Reads tensors alone: a file with code in it is refused, and nothing in it runs.",
    )  # fmt: skip
    convert.add_argument("checkpoint", type=Path, help="the .pth file, as its authors give it")
    convert.add_argument(
        "--out", type=Path, default=Path("."), metavar="DIR", help="folder to write to (default: here)"
    )
    convert.set_defaults(run=_convert)
    listed = actions.add_parser("list", help="every weight file that is found, and where")
    listed.set_defaults(run=_list)
    show = actions.add_parser("show", help="what a weight file says of itself")
    show.add_argument("weights", help="a name, or a .safetensors file")
    show.set_defaults(run=_show)


def _convert(args: argparse.Namespace) -> int:
    from ofx_lipsync.models.public import convert

    path, layout = convert(args.checkpoint, args.out)
    report([("weights", str(path)), ("layout", layout), ("checksum", str(path.with_suffix(".sha256")))])
    return 0


def _list(args: argparse.Namespace) -> int:
    from ofx_lipsync.models.loader import SEARCH_PATH, SHIPPED, load_file

    given = [Path(part) for part in os.environ.get(SEARCH_PATH, "").split(os.pathsep) if part]
    rows = []
    for folder in (*given, SHIPPED):
        for path in sorted(folder.glob("[!.]*.safetensors")):
            try:
                weights = load_file(path)
                rows.append((weights.name, f"{weights.sha256[:12]}  {weights.dims.get('layout', '')}  {path}"))
            except LipSyncError as error:
                rows.append((path.stem, f"cannot be used: {error}"))
    report(rows)
    return 0


def _show(args: argparse.Namespace) -> int:
    from ofx_lipsync.models.loader import load_given

    weights = load_given(args.weights)
    numbers = sum(value.size for value in weights.tensors.values())
    rows = [("name", weights.name), ("sha256", weights.sha256), ("numbers", f"{numbers:,}")]
    rows += [(f"dims.{key}", str(value)) for key, value in sorted(weights.dims.items())]
    report(rows + sorted(weights.card.items()))
    return 0
