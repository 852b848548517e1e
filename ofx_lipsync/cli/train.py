# SPDX-License-Identifier: Apache-2.0
"""lipsync train: make the shipped weights again, or better ones."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

NETWORKS = ("articulation",)
NONE = "\0"
"""No option belongs to this verb: all of them go to the network's own trainer, --help included."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("train", help="train a network", description=__doc__)
    networks = parser.add_subparsers(dest="network", metavar="NETWORK", required=True)
    for name in NETWORKS:
        network = networks.add_parser(name, help=f"see lipsync train {name} --help", add_help=False, prefix_chars=NONE)
        network.add_argument("arguments", nargs="*")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return int(importlib.import_module(f"ofx_lipsync.train.{args.network}").main(args.arguments) or 0)
