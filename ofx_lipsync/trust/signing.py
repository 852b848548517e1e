# SPDX-License-Identifier: Apache-2.0
"""Content Credentials (C2PA) with a studio's own key: inside png, tiff, mov and mp4, beside everything else.

A signature says who vouches for a file, and that it is still the file that was vouched for. It says nothing of whether
what is seen is true, and whoever strips it leaves a file that merely says nothing.
"""

from __future__ import annotations

import base64
import datetime
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

from ofx_lipsync import __version__
from ofx_lipsync.core.errors import InputError, OutputError, UsageError
from ofx_lipsync.core.region import Region

EMBEDS = {
    ".png": "image/png", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".mov": "video/quicktime", ".mp4": "video/mp4", ".m4v": "video/mp4",
}  # fmt: skip
"""Endings of files that hold a manifest. EXR, DPX and Matroska do not: their sidecar is signed in their place."""
ASSERTION = "org.ofx-lipsync.render"
_BESIDE = "application/json"
_KEYS = (
    ("es256", "06082a8648ce3d030107"),
    ("es384", "06052b81040022"),
    ("es512", "06052b81040023"),
    ("ed25519", "06032b6570"),
    ("ps256", "06092a864886f70d010101"),
)
"""Signature algorithms of C2PA by the object identifier that a key's file holds (RFC 5480, 8410, 8017)."""


@dataclass(frozen=True)
class Claim:
    """What is vouched for. title: the file's name. recipe: what it was made with. frames: those changed, as a range.
    region: what was generated of a picture, y down. plate: the file it was made from, with the credentials it has."""

    title: str
    recipe: Mapping[str, Any]
    frames: str = ""
    region: Region | None = None
    plate: Path | None = None

    def manifest(self) -> dict[str, Any]:
        """As C2PA 2.x words it. Time: the signer's own clock, unless an authority stamps the signature."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        agent = {"name": "ofx_lipsync", "version": __version__}
        edited: dict[str, Any] = {
            "action": "c2pa.edited",
            "when": now,
            "softwareAgent": agent,
            "digitalSourceType": self.recipe["digitalSourceType"],
            "description": "The mouth was changed by a machine to say another line.",
            "parameters": {f"org.ofx-lipsync.{name}": value for name, value in self._parameters().items()},
        }
        if self.region is not None:
            edited["changes"] = [{"description": "generated pixels", "region": [_shape(self.region)]}]
        return {
            "claim_generator_info": [agent],
            "title": self.title,
            "assertions": [
                {"label": "c2pa.actions.v2", "data": {"actions": [edited]}},
                {"label": ASSERTION, "data": _public(self.recipe)},
            ],
        }

    def _parameters(self) -> dict[str, Any]:
        frames = {"frames": self.frames} if self.frames else {}
        return {"model_sha256": self.recipe.get("model_sha256", {}), **frames}


@dataclass(frozen=True)
class Signer:
    """A certificate chain, leaf first, and the leaf's private key, both PEM. authority: URL of a time stamp service
    (RFC 3161), which learns the signature and nothing of the picture; empty asks nobody."""

    chain: bytes
    key: bytes
    algorithm: str
    authority: str = ""

    @classmethod
    def read(cls, chain: str, key: str, authority: str = "") -> Signer:
        """Raises: InputError where files are missing or no PEM; UsageError where c2pa is not installed."""
        _c2pa()
        certificates, private = _pem(chain, b"CERTIFICATE"), _pem(key, b"PRIVATE KEY")
        signer = cls(certificates, private, _algorithm(private, key), authority)
        signer.check(chain, key)
        return signer

    def check(self, chain: str, key: str) -> None:
        """Sign a word, so that an expired certificate is told before a night of rendering. Raises: InputError."""
        claim = Claim("check", {"digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"})
        try:
            self._signed(claim, _BESIDE, io.BytesIO(b"{}"), io.BytesIO(), beside=True, ask=False)
        except Exception as error:
            raise InputError(
                f"{chain}: does not sign with {key} ({_reason(error)}); give the certificate chain, leaf first, and "
                "the leaf's own key, both valid today"
            ) from None

    def embed(self, path: Path, claim: Claim) -> None:
        """Put a manifest into a whole file. path: under its scratch name. Raises: OutputError."""
        signed = path.with_name(f"{path.stem}.signed{path.suffix}")
        try:
            with path.open("rb") as source, signed.open("w+b") as target:
                self._signed(claim, EMBEDS[path.suffix.lower()], source, target)
            os.replace(signed, path)
        except Exception as error:
            raise OutputError(f"{claim.title}: cannot be signed ({_reason(error)}); it is not written") from None
        finally:
            signed.unlink(missing_ok=True)

    def beside(self, content: bytes, claim: Claim) -> bytes:
        """A manifest for what holds none. Raises: OutputError."""
        try:
            return self._signed(claim, _BESIDE, io.BytesIO(content), io.BytesIO(), beside=True)
        except Exception as error:
            raise OutputError(f"{claim.title}: cannot be signed ({_reason(error)})") from None

    def _signed(
        self, claim: Claim, kind: str, source: Any, target: Any, beside: bool = False, ask: bool = True
    ) -> bytes:
        c2pa = _c2pa()
        authority = self.authority.encode() if self.authority and ask else None
        info = c2pa.C2paSignerInfo(self.algorithm.encode(), self.chain, self.key, authority)
        quiet = {"builder": {"thumbnail": {"enabled": False}}}
        with (
            c2pa.Context.from_dict(quiet) as context,
            c2pa.Builder(claim.manifest(), context=context) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            _begin(builder, claim)
            if beside:
                builder.set_no_embed()
            manifest: bytes = builder.sign(signer, kind, source, target)
        return manifest


def _begin(builder: Any, claim: Claim) -> None:
    """The first action: a plate was opened, with whatever credentials its camera gave it, or something was made."""
    c2pa = _c2pa()
    if claim.plate is None or not claim.plate.is_file():
        composite = c2pa.C2paDigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
        builder.set_intent(c2pa.C2paBuilderIntent.CREATE, composite)
        return
    builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
    kind = EMBEDS.get(claim.plate.suffix.lower(), "application/octet-stream")
    with claim.plate.open("rb") as plate:
        builder.add_ingredient({"title": claim.plate.name, "relationship": "parentOf"}, kind, plate)


def _shape(region: Region) -> dict[str, Any]:
    return {
        "type": "spatial",
        "shape": {
            "type": "rectangle", "unit": "pixel", "origin": {"x": float(region.x0), "y": float(region.y0)},
            "width": float(region.width), "height": float(region.height),
        },
    }  # fmt: skip


def _public(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe without who agreed to it: a picture goes further than a sidecar, so it says the paper's number."""
    return {name: value for name, value in recipe.items() if name != "consent"}


def _c2pa() -> Any:
    try:
        import c2pa
    except ImportError:
        raise UsageError('signing: needs c2pa-python; pip install "ofx-lipsync[trust]"') from None
    return c2pa


def _pem(path: str, word: bytes) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check --sign-cert and --sign-key") from None
    if b"-----BEGIN " not in content or word + b"-----" not in content:
        raise InputError(f"{path}: holds no PEM {word.decode().lower()}; give --sign-cert chain.pem --sign-key key.pem")
    if b"ENCRYPTED" in content:
        raise InputError(f"{path}: is locked with a passphrase, which a farm cannot type; give a key without one")
    return content


def _algorithm(key: bytes, path: str) -> str:
    content = b"".join(_blocks(key))
    for name, identifier in _KEYS:
        if bytes.fromhex(identifier) in content:
            return name
    raise InputError(f"{path}: is a key of a kind that C2PA does not sign with; expected EC P-256, Ed25519 or RSA-PSS")


def _blocks(pem: bytes) -> Iterator[bytes]:
    """What stands between BEGIN and END lines."""
    inside: list[bytes] = []
    for line in pem.splitlines():
        if line.startswith(b"-----BEGIN"):
            inside = []
        elif line.startswith(b"-----END"):
            yield base64.b64decode(b"".join(inside))
        else:
            inside.append(line.strip())


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
