# SPDX-License-Identifier: Apache-2.0
"""lipsync verify: what a result says of itself, who signed it, and whether it is still what was written.

Exit code 0 when every frame is as it was written and no signature is broken (and, with --trust, somebody trusted signed
it), 3 when that is not so, 4 when there is nothing to check or it cannot be read.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from ofx_lipsync.cli.shot import report
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.trust import credentials
from ofx_lipsync.trust.credentials import Credential
from ofx_lipsync.trust.mark import FOUND, movie_score
from ofx_lipsync.trust.verify import Findings, verify

WORDS = {
    credentials.TRUSTED: "Trusted: valid, and the signer goes back to a certificate of --trust",
    credentials.VALID: "Valid: unchanged since it was signed; whether to trust the signer, --trust anchors.pem tells",
    credentials.INVALID: "Invalid",
}


def register(verbs: Any) -> None:
    parser = verbs.add_parser("verify", help="provenance of a file or sequence", description=__doc__)
    parser.add_argument("target", help="movie, picture, sequence as out.####.exr, or the .lipsync.json beside them")
    parser.add_argument("--trust", metavar="PEM", help="certificates of those you trust; then a signature is required")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--mark", action="store_true", help="look for the mark of review movies; needs nothing beside")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.mark:
        return _look_for_mark(args.target)
    trusted = credentials.anchors(args.trust) if args.trust else ""
    found = verify(args.target, trusted)
    good = found.is_good(bool(trusted))
    if args.json:
        print(json.dumps({**asdict(found), "good": good}, indent=1, sort_keys=True))
    else:
        report([*_lines(found), ("verdict", _verdict(found, good, bool(trusted)))])
    return 0 if good else 3


def _look_for_mark(path: str) -> int:
    score = movie_score(path)
    found = score >= FOUND
    what = "a review movie of lipsync, mouth generated" if found else "not found, which proves nothing"
    report([("result", path), ("mark", f"{what} (score {score:.1f}, found from {FOUND:g})")])
    return 0 if found else 3


def _lines(found: Findings) -> list[tuple[str, str]]:
    return [
        ("result", f"{found.output} ({found.kind})"),
        *_frames(found),
        *_made(found),
        *_signed(found),
        *[("wrong", text) for text in found.wrong],
    ]


def _frames(found: Findings) -> list[tuple[str, str]]:
    if not found.frames:
        return []
    good = len(found.frames) - len(found.changed) - len(found.missing)
    lines = [("frames", f"{FrameRange(found.frames)}: {good} of {len(found.frames)} as they were written")]
    for what in sorted(set(found.changed.values())):
        lines.append(("changed", f"{FrameRange(f for f, w in sorted(found.changed.items()) if w == what)}: {what}"))
    for name, frames in (("missing", found.missing), ("not in the sidecar", found.extra)):
        lines += [(name, str(FrameRange(frames)))] if frames else []
    return lines


def _made(found: Findings) -> list[tuple[str, str]]:
    """By each recipe: usually there is one."""
    lines: list[tuple[str, str]] = []
    for name, recipe in found.recipes.items():
        rows = {frame: row for frame, row in found.rows.items() if row["made_with"] == name}
        changed = [frame for frame, row in sorted(rows.items()) if row["region"]]
        lines.append(("made with", f"{recipe.get('software', 'unknown')}, {recipe.get('colour_config', '')}"))
        where = recipe.get("ai_region", "")
        if changed:
            around = Region(0, 0, 0, 0)
            for frame in changed:
                around = around.union(Region(*rows[frame]["region"]))
            where = f"{around.x0} {around.y0} {around.x1} {around.y1}"
        frames = str(FrameRange(changed)) if changed else recipe.get("ai_frames", "none" if rows else "")
        lines.append(("AI-modified", f"frames {frames or 'not said'}; inside {where or 'not said'} (x0 y0 x1 y1 px)"))
        lines.append(("source type", str(recipe.get("digitalSourceType", "not said")).rpartition("/")[2]))
        lines.append(("consent", _consent(recipe)))
    return lines


def _consent(recipe: dict[str, Any]) -> str:
    block = recipe.get("consent")
    if not block:
        return str(recipe.get("consent_ref", "none")).replace("none", "none stated")
    told = [f"{name} {_text(block[name])}" for name in ("status", "scope", "languages", "expires") if block.get(name)]
    return ", ".join([block.get("agreement") or "no agreement named", *told])


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _signed(found: Findings) -> list[tuple[str, str]]:
    if not found.signatures:
        return [("signature", "none")]
    lines = []
    for credential, count in Counter(map(_said, found.signatures.values())).items():
        where = next(name for name, given in found.signatures.items() if _said(given) == credential)
        lines += [("signature", f"{where}{f' and {count - 1} more' if count > 1 else ''}: {credential[0]}")]
        lines += [(name, text) for name, text in zip(("signed by", "signed at"), credential[1:], strict=True) if text]
    return lines


def _said(credential: Credential) -> tuple[str, str, str]:
    codes = [code for code in credential.wrong if credential.state == credentials.INVALID]
    why = f" ({'; '.join(codes)})" if codes else ""
    clock = "by a time stamp authority" if credential.stamped else "by the signer's own clock"
    when = f"{credential.when[:10]}, {clock}" if credential.when else ""
    return WORDS.get(credential.state, credential.state) + why, credential.by, when


def _verdict(found: Findings, good: bool, must_be_trusted: bool) -> str:
    if good:
        return "as it was written" + ("" if found.signatures else "; not signed, so a careful forger is not found out")
    if found.whole is False:
        return "NOT as it was written: the sidecar was edited"
    bad = found.changed or found.missing or found.extra or found.wrong
    broken = credentials.INVALID in {given.state for given in found.signatures.values()}
    if bad or broken:
        return "NOT as it was written"
    return "as it was written, but nobody trusted signed it" if must_be_trusted else "not known"
