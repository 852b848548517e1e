# SPDX-License-Identifier: Apache-2.0
"""lipsync train: make the shipped weights again, or better ones."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

NETWORKS = ("articulation",)


def register(verbs: Any) -> None:
    parser = verbs.add_parser("train", help="train a network", description=__doc__, add_help=False)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see lipsync train NETWORK --help")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return int(importlib.import_module(f"ofx_lipsync.train.{args.network}").main(args.arguments) or 0)
