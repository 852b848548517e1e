# SPDX-License-Identifier: Apache-2.0
"""lipsync train: make the shipped weights again, or better ones."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

LESSONS = {
    "sync": ("ofx_lipsync.train.sync", "does this mouth say this sound"),
    "coarticulation": ("ofx_lipsync.train.coarticulation", "sounds to lips and jaw"),
    "hearing": ("ofx_lipsync.train.hearing", "sound to phones and visemes"),
    "generator": ("ofx_lipsync.train.mouth.generator", "lips and what is between them, for anybody"),
    "actor": ("ofx_lipsync.train.mouth.actor", "the same, for one actor, from a reel"),
    "corpus": ("ofx_lipsync.train.speech.corpus", "speech with phone times, which hearing learns from"),
}
NONE = "\0"
"""No option belongs to this verb: all of them go to the network's own trainer, --help included."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("train", help="train a network", description=__doc__)
    networks = parser.add_subparsers(dest="network", metavar="NETWORK", required=True)
    for name, (_, text) in LESSONS.items():
        network = networks.add_parser(name, help=text, add_help=False, prefix_chars=NONE)
        network.add_argument("arguments", nargs="*")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return int(importlib.import_module(LESSONS[args.network][0]).main(args.arguments) or 0)
