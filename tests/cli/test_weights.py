# SPDX-License-Identifier: Apache-2.0
"""lipsync weights: a public checkpoint brought in, and what is installed told."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from ofx_lipsync.cli.main import main
from ofx_lipsync.models.wav2lip_discriminator import Wav2LipDiscriminator


class Code:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_convert_list_and_show(tmp_path, capsys, monkeypatch) -> None:
    torch.save({"state_dict": Wav2LipDiscriminator().state_dict()}, tmp_path / "disc.pth")
    assert main(["weights", "convert", str(tmp_path / "disc.pth"), "--out", str(tmp_path / "w")]) == 0
    assert "layout    wav2lip_disc" in capsys.readouterr().out
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path / "w"))
    (tmp_path / "w" / "other.safetensors").write_bytes(b"no")
    assert main(["weights", "list"]) == 0
    listed = capsys.readouterr().out
    assert "wav2lip_disc  " in listed
    assert "hearing" in listed
    assert "cannot be used" in listed
    assert main(["weights", "show", "disc"]) == 0
    assert "dims.layout    wav2lip_disc" in capsys.readouterr().out


def test_code_is_refused_in_one_line(tmp_path, capsys) -> None:
    torch.save({"state_dict": {}, "hook": Code(tmp_path / "harm")}, tmp_path / "bad.pth")
    assert main(["weights", "convert", str(tmp_path / "bad.pth"), "--out", str(tmp_path)]) == 4
    first = capsys.readouterr().err.splitlines()[0]
    assert "code in a file is never run" in first
    assert not (tmp_path / "harm").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pth"]
