# SPDX-License-Identifier: Apache-2.0
"""lipsync install: puts the nodes for Nuke, Natron and Resolve where these look for plug-ins."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(verbs: Any) -> None:
    parser = verbs.add_parser("install", help="put the plug-in where hosts look", description=__doc__)
    parser.add_argument("--dir", metavar="DIR", help="folder for the bundle (default: where hosts look, if writable)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ofx_lipsync.plugin.install import NOTE, install

    done = install(Path(args.dir).expanduser() if args.dir else None)
    print(f"Installed {done.bundle}")
    print(f"It uses {(done.bundle / NOTE).read_text().strip()}")
    if not done.seen:
        print("Hosts find it when they are started with:")
        print(f'  export OFX_PLUGIN_PATH="{done.bundle.parent}${{OFX_PLUGIN_PATH:+:$OFX_PLUGIN_PATH}}"')
    print("Check it with: lipsync doctor --host")
    return 0
