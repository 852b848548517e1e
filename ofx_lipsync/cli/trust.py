# SPDX-License-Identifier: Apache-2.0
"""The arguments about consent and signing that every verb shares which changes a person's picture."""

from __future__ import annotations

import argparse
import datetime
import os
from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

from ofx_lipsync.core.consent import Consent, require
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import read_params
from ofx_lipsync.media.writer import Writer
from ofx_lipsync.shotfile import Line, ShotFile
from ofx_lipsync.shotfile.schema import Signing
from ofx_lipsync.trust.ledger import Ledger
from ofx_lipsync.trust.review import Review
from ofx_lipsync.trust.signing import Signer

CERT, KEY, AUTHORITY, REQUIRE = "LIPSYNC_C2PA_CERT", "LIPSYNC_C2PA_KEY", "LIPSYNC_C2PA_TSA", "LIPSYNC_REQUIRE_CONSENT"

ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--consent", {"metavar": "REF", "action": "append", "default": [],
                   "help": "the performer's agreement, its number or NAME=VALUE of performer, agreement, scope, "
                           "languages, status (cleared), expires; may be given several times"}),
    ("--require-consent", {"action": "store_true",
                           "help": f"stop with exit code 6 unless consent is cleared (or ${REQUIRE}=1)"}),
)  # fmt: skip
SIGNING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--sign-cert", {"metavar": "PEM", "help": f"certificate chain to sign results with, leaf first (or ${CERT})"}),
    ("--sign-key", {"metavar": "PEM", "help": f"its private key (or ${KEY})"}),
    ("--sign-tsa", {"metavar": "URL", "help": f"time stamp authority to ask when signing (or ${AUTHORITY})"}),
)  # fmt: skip


def add_trust_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("trust")
    for name, options in (*ARGUMENTS, *SIGNING):
        group.add_argument(name, **options)


def add_signing_arguments(parser: argparse.ArgumentParser) -> None:
    for name, options in SIGNING:
        parser.add_argument(name, **options)


@dataclass(frozen=True)
class Trust:
    """What a run may do, and whose name it is signed with. spoken: the language of each line, empty where unsaid."""

    consent: Consent | None
    signer: Signer | None
    spoken: Sequence[str] = ("",)

    def require(self) -> None:
        """Raises: ConsentError where consent is not cleared for this, today."""
        for language in self.spoken:
            require(self.consent, language, datetime.date.today())

    def begin(
        self,
        writer: Writer | Review,
        out: str,
        recipe: Mapping[str, Any],
        shot: Sequence[int],
        plate: str,
        movie: Any = None,
    ) -> Ledger:
        """Watch a writer from its first frame on; `finish` leaves the sidecar once it is closed. movie: its tags."""
        ledger = Ledger(out, recipe, shot, plate, self.signer)
        writer.seal = ledger
        writer.tags.update(movie or {})
        return ledger


def vouched(args: argparse.Namespace) -> Trust:
    """Consent checked and the key tried, before any work; of a shot file's block the options win.

    Raises: ConsentError where consent is required and wanting; UsageError or InputError about the key.
    """
    shot: ShotFile | None = getattr(args, "asked", None)
    block = {name: value for name, value in vars(shot.consent).items() if value} if shot else {}
    trust = Trust(Consent.parse(args.consent, block), None, _spoken(args, shot))
    if args.require_consent or os.environ.get(REQUIRE, "").lower() in ("1", "true", "yes", "on"):
        trust.require()
    return replace(trust, signer=signing(args, shot))


def _spoken(args: argparse.Namespace, shot: ShotFile | None) -> list[str]:
    """The language of every line, empty where nobody said: the param's default is only a guess for transcripts."""
    if shot is None:
        said = [text for text in args.sets if text.startswith("AudioFeature.language=")]  # a script's knobs are others
        return [read_params(said).get("AudioFeature", {}).get("language", "")]
    lines = shot.lines or (Line(),)
    said = [bool(line.language) or any("language" in p.get("AudioFeature", {}) for p in (shot.params, line.params))
            for line in lines]  # fmt: skip
    return [shot.settings(at)["AudioFeature"].language if known else "" for at, known in enumerate(said)]


def signing(args: argparse.Namespace, shot: ShotFile | None = None) -> Signer | None:
    """Options win over the shot file, which wins over the environment."""
    written = shot.trust if shot else Signing()
    at = shot.at if shot else str
    cert = args.sign_cert or at(written.sign_cert) or os.environ.get(CERT)
    key = args.sign_key or at(written.sign_key) or os.environ.get(KEY)
    if not cert and not key:
        return None
    if not cert or not key:
        wanting = f"--sign-key (or ${KEY})" if cert else f"--sign-cert (or ${CERT})"
        raise UsageError(f"{wanting}: is missing; signing needs the certificate chain and its private key")
    return Signer.read(cert, key, args.sign_tsa or written.sign_tsa or os.environ.get(AUTHORITY) or "")
