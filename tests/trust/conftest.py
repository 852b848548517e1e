# SPDX-License-Identifier: Apache-2.0
"""A small shot, dubbed once a format, and a studio's certificates made for the day."""

from __future__ import annotations

import datetime
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ofx_lipsync.cli.main import main

FIRST, LAST = 1001, 1006


@dataclass(frozen=True)
class Studio:
    """PEM files: chain and key of whoever signs, anchors of those who trust it; a chain that ended yesterday."""

    chain: str
    key: str
    anchors: str
    ended: str
    ended_key: str

    @property
    def options(self) -> list[str]:
        return ["--sign-cert", self.chain, "--sign-key", self.key]


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    folder = tmp_path_factory.mktemp("studio")
    chain, key, anchors = _chain(days=30)
    ended, ended_key, _ = _chain(days=-1)
    contents = {"chain": chain, "key": key, "anchors": anchors, "ended": ended, "ended_key": ended_key}
    for name, content in contents.items():
        (folder / f"{name}.pem").write_bytes(content)
    return Studio(**{name: str(folder / f"{name}.pem") for name in contents})


def _chain(days: int) -> tuple[bytes, bytes, bytes]:
    """ES256: (leaf and root, leaf's key, root), as C2PA asks of certificates."""
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Test Root", "Test Root", root_key, root_key, 60, [_usage(sign_certificates=True)])
    extended = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    leaf = _certificate("VFX signer", "Test Root", leaf_key, root_key, days, [_usage(False), extended])
    private = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in (leaf, root)]
    return b"".join(pem), private, pem[1]


def _certificate(subject: str, issuer: str, key, signer, days: int, extensions: list) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=90))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(key is signer, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    for extension, critical in extensions:
        built = built.add_extension(extension, critical)
    return built.sign(signer, hashes.SHA256())


def _name(common: str) -> x509.Name:
    parts = ((NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, "Test Studio"))
    return x509.Name([x509.NameAttribute(*part) for part in parts])


def _usage(sign_certificates: bool) -> tuple[x509.KeyUsage, bool]:
    signs = not sign_certificates
    usage = x509.KeyUsage(signs, False, False, False, False, sign_certificates, sign_certificates, False, False)
    return usage, True


@pytest.fixture(scope="session")
def shot(tmp_path_factory: pytest.TempPathFactory, samples: Path, sample_line: Path) -> tuple[str, str, str]:
    """(plate of six frames, line, analysis)"""
    folder = tmp_path_factory.mktemp("shot")
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    plate = str(folder / "plate.####.exr")
    still = module.scene_linear_still()
    for frame in range(FIRST, LAST + 1):
        pixels = module.view(still, (frame - FIRST) / 40, 400, 226)
        module.write_frame(Path(plate.replace("####", str(frame))), pixels, frame)
    analysis = str(folder / "shot.lipsync")
    assert main(["analyse", plate, str(sample_line), analysis, "--progress", "none"]) == 0
    return plate, str(sample_line), analysis


@pytest.fixture(scope="session")
def dub(shot: tuple[str, str, str]) -> Callable[..., int]:
    plate, line, analysis = shot

    def run(out: object, *more: str) -> int:
        return main(["dub", plate, line, str(out), "--analysis", analysis, "--progress", "none", *more])

    return run


@pytest.fixture(scope="session")
def results(dub: Callable[..., int], studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with `dub.####.KIND` or `dub.KIND`, signed or not; made once, to be copied before it is harmed."""
    made: dict[tuple[str, bool], Path] = {}

    def result(kind: str, signed: bool) -> Path:
        if (kind, signed) not in made:
            folder = tmp_path_factory.mktemp(f"{kind}-{signed}")
            assert dub(folder / name(kind), *(studio.options if signed else [])) == 0
            made[kind, signed] = folder
        return made[kind, signed]

    return result


def name(kind: str) -> str:
    return f"dub.{kind}" if kind in ("mov", "mp4", "mkv") else f"dub.####.{kind}"


@pytest.fixture
def copied(results: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """The same, to be harmed."""

    def copy(kind: str, signed: bool = False) -> Path:
        return Path(shutil.copytree(results(kind, signed), tmp_path / f"{kind}-{signed}"))

    return copy
