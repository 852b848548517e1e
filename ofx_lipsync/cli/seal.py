# SPDX-License-Identifier: Apache-2.0
"""lipsync seal: when a farm is done, join what its tasks noted, sign the sidecar, and clear up.

Nothing is sealed that is not as it was written: frames that changed, are damaged or missing are named, with exit
code 3.
"""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from ofx_lipsync.cli.shot import report
from ofx_lipsync.cli.trust import add_signing_arguments, signing
from ofx_lipsync.core.errors import FrameError, InputError
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.trust import sidecar
from ofx_lipsync.trust.ledger import join, sign_beside
from ofx_lipsync.trust.verify import Findings, verify


def register(verbs: Any) -> None:
    parser = verbs.add_parser("seal", help="join a farm's notes of a result, and sign them", description=__doc__)
    parser.add_argument("target", help="sequence as out.####.exr, or a movie")
    add_signing_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    signer = signing(args)
    path = sidecar.sidecar_path(args.target)
    folder = sidecar.records_folder(path)
    if not path.exists() and not folder.is_dir():
        raise InputError(f"{args.target}: there is no {path.name} beside it, nor notes of a farm; nothing to seal")
    found = verify(args.target)
    _refuse(found, args.target)
    if found.kind == "movie":
        sign_beside(path, path.read_bytes(), sidecar.load(path), signer)
    else:
        join(args.target, signer)
        shutil.rmtree(folder, ignore_errors=True)
    frames = f"{FrameRange(found.frames)}, as they were written"
    signed = "signed" if signer else "not signed: no key is given (--sign-cert, --sign-key)"
    report([("result", args.target), ("frames", frames), ("sidecar", f"{path.name}, {signed}")])
    return 0


def _refuse(found: Findings, target: str) -> None:
    wrong = sorted({*found.changed, *found.missing})
    if wrong:
        raise FrameError(f"{target}: frames {FrameRange(wrong)} are not as they were written; render them again first")
    if found.wrong or found.whole is False:
        raise FrameError(f"{target}: {'; '.join(found.wrong) or 'its sidecar was edited'}; render it again first")
