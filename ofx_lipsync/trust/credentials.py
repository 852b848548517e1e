# SPDX-License-Identifier: Apache-2.0
"""Reading a signature with the C2PA library: who, when, and what the library says of it, in its own words."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.trust.signing import EMBEDS
from ofx_lipsync.trust.signing import _c2pa as library

INVALID, VALID, TRUSTED = "Invalid", "Valid", "Trusted"


@dataclass(frozen=True)
class Credential:
    """A manifest as it was found.

    state: the library's word; Trusted needs anchors that the certificate goes back to. when: of the time stamp
    authority where stamped, else what the signer's clock said. wrong: the library's codes, with its reasons.
    """

    state: str
    by: str = ""
    when: str = ""
    stamped: bool = False
    source_type: str = ""
    models: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def anchors(path: str) -> str:
    """PEM of certificates that are trusted. Raises: InputError."""
    try:
        text = Path(path).read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as PEM ({error}); give certificates of those you trust") from None
    if "BEGIN CERTIFICATE" not in text:
        raise InputError(f"{path}: holds no PEM certificate; give certificates of those you trust")
    return text


def inside(path: Path, trusted: str = "") -> Credential | None:
    """Of a file that holds its own; None where it has none."""
    kind = EMBEDS.get(path.suffix.lower())
    if kind is None:
        return None
    with path.open("rb") as file:
        return _read(kind, file, None, trusted)


def beside(content: bytes, manifest: bytes, trusted: str = "") -> Credential:
    """Of a file whose manifest lies beside it."""
    found = _read("application/json", io.BytesIO(content), manifest, trusted)
    return found or Credential(INVALID, wrong=("the signature's file holds none",))


def _read(kind: str, file: Any, manifest: bytes | None, trusted: str) -> Credential | None:
    c2pa = library()
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}  # nobody is asked
    if trusted:
        settings["trust"] = {"user_anchors": trusted}
    try:
        with c2pa.Context.from_dict(settings) as context, c2pa.Reader(kind, file, manifest, context=context) as reader:
            return _told(json.loads(reader.json()), reader.get_validation_state() or INVALID)
    except c2pa.C2paError as error:
        if isinstance(error, c2pa.C2paError.ManifestNotFound):
            return None
        return Credential(INVALID, wrong=(" ".join(str(error).split()),))


def _told(store: dict[str, Any], state: str) -> Credential:
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    signature = active.get("signature_info", {})
    edits = [action for action in _actions(active) if action.get("action") == "c2pa.edited"]
    edit = edits[-1] if edits else {}
    by = ", ".join(name for name in (signature.get("common_name"), signature.get("issuer")) if name)
    models = edit.get("parameters", {}).get("org.ofx-lipsync.model_sha256", {})
    return Credential(
        state, by, signature.get("time") or edit.get("when", ""), bool(signature.get("time")),
        edit.get("digitalSourceType", ""), tuple(f"{name} {sha}" for name, sha in sorted(models.items())),
        tuple(f"{found['code']}: {found.get('explanation', '')}" for found in _failures(store)),
    )  # fmt: skip


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for assertion in manifest.get("assertions", ()):
        if assertion["label"].startswith("c2pa.actions"):
            yield from assertion["data"].get("actions", ())


def _failures(store: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    return found
