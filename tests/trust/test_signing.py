# SPDX-License-Identifier: Apache-2.0
"""Signatures, as the C2PA library itself judges them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import c2pa
import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.trust.verify import verify

TYPES = {"mov": "video/quicktime", "mp4": "video/mp4", "png": "image/png", "tif": "image/tiff"}
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def signed_file(folder: Path, kind: str) -> Path:
    return folder / (f"dub.{kind}" if kind in ("mov", "mp4") else f"dub.1003.{kind}")


def judged(path: Path, anchors: str | None = None) -> tuple[str, dict]:
    """(state, active manifest), by c2pa alone."""
    settings = {"trust": {"user_anchors": Path(anchors).read_text()}} if anchors else {}
    with (
        path.open("rb") as file,
        c2pa.Context.from_dict(settings) as context,
        c2pa.Reader(TYPES[path.suffix[1:]], file, context=context) as reader,
    ):
        store = json.loads(reader.json())
        return reader.get_validation_state(), store["manifests"][store["active_manifest"]]


@pytest.mark.parametrize("kind", TYPES)
def test_the_c2pa_library_finds_it_valid(results, studio, kind):
    path = signed_file(results(kind, True), kind)
    assert judged(path)[0] == "Valid"
    state, manifest = judged(path, studio.anchors)
    assert state == "Trusted"
    assert manifest["signature_info"]["common_name"] == "VFX signer"
    assert manifest["ingredients"][0]["relationship"] == "parentOf"
    opened, edited = next(a for a in manifest["assertions"] if a["label"] == "c2pa.actions.v2")["data"]["actions"]
    assert (opened["action"], edited["action"]) == ("c2pa.opened", "c2pa.edited")
    assert edited["digitalSourceType"] == SOURCE_TYPE
    assert edited["softwareAgent"]["name"] == "ofx_lipsync"
    assert len(edited["parameters"]["org.ofx-lipsync.model_sha256"]["face networks"]) == 64
    assert edited["changes"][0]["region"][0]["shape"]["width"] > 50


@pytest.mark.parametrize("kind", TYPES)
def test_the_c2pa_library_sees_a_changed_bit(copied, studio, kind):
    path = signed_file(copied(kind, True), kind)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert judged(path)[0] == "Invalid"
    found = verify(str(path))
    assert found.signatures[path.name].state == "Invalid"
    assert not found.is_good(False)


@pytest.mark.parametrize("kind", [*TYPES, "exr", "dpx", "mkv"])
def test_verify_says_who_signed(results, studio, kind, capsys):
    name = f"dub.{kind}" if kind in ("mov", "mp4", "mkv") else f"dub.####.{kind}"
    assert main(["verify", str(results(kind, True) / name), "--trust", studio.anchors]) == 0
    told = capsys.readouterr().out
    assert "Trusted" in told
    assert "VFX signer, Test Studio" in told
    assert main(["verify", str(results(kind, True) / name)]) == 0


def test_another_studios_anchors_do_not_trust_it(results, studio, tmp_path, capsys):
    target = str(results("png", True) / "dub.####.png")
    assert main(["verify", target, "--trust", studio.ended]) == 3
    assert "nobody trusted signed it" in capsys.readouterr().out


def test_a_signed_sidecar_cannot_be_written_anew(copied, studio):
    """A forger who changes a frame, its row and the sidecar's own sum is found by the signature."""
    from ofx_lipsync.trust import sidecar

    folder = copied("exr", True)
    path = folder / "dub.exr.lipsync.json"
    frame = folder / "dub.1002.exr"
    image = oiio.ImageBuf(str(frame))
    pixels = image.get_pixels(oiio.HALF)
    pixels[0, 0] = np.float16(0.5)
    out = oiio.ImageOutput.create(str(frame))
    out.open(str(frame), image.spec())
    out.write_image(pixels)
    out.close()
    content = sidecar.load(path)
    content["frames"][1002]["sha256"] = sidecar.file_sha256(frame)
    path.write_bytes(sidecar.dump(content))
    found = verify(str(path))
    assert (found.changed, found.whole) == ({}, True)
    assert found.signatures[path.name].state == "Invalid"
    (folder / f"{path.name}.c2pa").unlink()
    assert verify(str(path)).is_good(must_be_trusted=False)
    assert not verify(str(path), Path(studio.anchors).read_text()).is_good(must_be_trusted=True)


def test_credentials_of_the_plate_are_carried_on(results, studio, sample_line, tmp_path):
    """A camera or an earlier tool signed the plate: its manifest is in the result's."""
    plate, out = results("mp4", True) / "dub.mp4", tmp_path / "again.mp4"
    code = main(["dub", str(plate), str(sample_line), str(out), "--progress", "none", *studio.options])
    assert code == 0
    assert judged(out, studio.anchors)[1]["ingredients"][0]["active_manifest"] == judged(plate)[1]["label"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"--sign-cert": "ended", "--sign-key": "ended_key"}, "not valid at time of signing"),
        ({"--sign-cert": "chain", "--sign-key": "ended_key"}, "does not match"),
        ({"--sign-cert": "key", "--sign-key": "chain"}, "holds no PEM certificate"),
        ({"--sign-cert": "chain", "--sign-key": "chain"}, "holds no PEM private key"),
        ({"--sign-cert": "chain"}, "LIPSYNC_C2PA_KEY"),
    ],
)
def test_a_key_that_does_not_sign_is_told_before_any_work(dub, studio, tmp_path, capsys, wrong, said):
    options = [word for name, file in wrong.items() for word in (name, getattr(studio, file))]
    assert dub(tmp_path / "out.mov", *options) in (2, 4)
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_movie_that_cannot_be_signed_does_not_appear(dub, studio, tmp_path, monkeypatch, capsys):
    from ofx_lipsync.trust.signing import Signer

    signed = Signer._signed

    def refuses(self, claim, kind, *more, **options):
        if claim.title == "out.mov":
            raise c2pa.C2paError("the token was pulled")
        return signed(self, claim, kind, *more, **options)

    monkeypatch.setattr(Signer, "_signed", refuses)
    assert dub(tmp_path / "out.mov", *studio.options) == 4
    assert "out.mov: cannot be signed (the token was pulled)" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_key_may_come_from_the_environment(dub, studio, tmp_path, monkeypatch):
    monkeypatch.setenv("LIPSYNC_C2PA_CERT", studio.chain)
    monkeypatch.setenv("LIPSYNC_C2PA_KEY", studio.key)
    assert dub(tmp_path / "out.####.png", "-F", "1003") == 0
    assert judged(tmp_path / "out.1003.png", studio.anchors)[0] == "Trusted"


def test_a_picture_is_public_and_who_agreed_is_not(dub, studio, tmp_path):
    consent = ["--consent", "AB-2026-014", "--consent", "performer=Anna Lang", "--consent", "status=cleared"]
    assert dub(tmp_path / "out.####.png", "-F", "1003", *studio.options, *consent) == 0
    content = (tmp_path / "out.1003.png").read_bytes()
    assert b"AB-2026-014" in content
    assert b"Anna" not in content
    assert "Anna Lang" in (tmp_path / "out.png.lipsync.json").read_text()


def test_nothing_of_c2pa_is_loaded_without_a_key(tmp_path):
    code = "import sys, ofx_lipsync.cli.dub, ofx_lipsync.cli.verify; sys.exit('c2pa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path).returncode == 0
