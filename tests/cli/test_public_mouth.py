# SPDX-License-Identifier: Apache-2.0
"""A public checkpoint from its .pth to a dubbed movie."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch

from ofx_lipsync.cli.main import main
from ofx_lipsync.models.wav2lip import Wav2Lip


def pictures(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(np.int16)


@pytest.mark.shared
def test_a_checkpoint_is_converted_and_dubs(shared_data, tmp_path, monkeypatch, capsys) -> None:
    torch.manual_seed(5)
    torch.save({"state_dict": Wav2Lip().state_dict(), "global_step": 1}, tmp_path / "random.pth")
    assert main(["weights", "convert", str(tmp_path / "random.pth"), "--out", str(tmp_path)]) == 0
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    clip, out = sorted((shared_data / "grid" / "s30").glob("*.mkv"))[0], tmp_path / "out.mkv"
    short = tmp_path / "short.mkv"
    _cut(clip, short, 6)
    asked = ["--set", "MouthGenerate.engine=neural", "--set", "MouthGenerate.weights=random"]
    assert main(["dub", str(short), str(clip), str(out), "--progress", "none", *asked]) == 0
    told = capsys.readouterr().out
    assert "6 dubbed" in told
    assert "random, a public network of 96 px" in told
    plate, dubbed = pictures(short), pictures(out)
    changed = np.abs(dubbed - plate).max(axis=3) > 8
    assert dubbed.shape == plate.shape
    assert (changed.mean(axis=(1, 2)) > 0.005).all()
    assert changed.mean() < 0.2
    assert main(["dub", str(short), str(clip), str(tmp_path / "no.mkv"), *asked[:1], "MouthGenerate.engine=auto",
                 *asked[2:]]) != 0  # fmt: skip
    assert "is 'auto', but random is of layout 'wav2lip'" in capsys.readouterr().err
    assert not (tmp_path / "no.mkv").exists()


def _cut(clip: Path, short: Path, frames: int) -> None:
    """The first frames of a clip, without loss."""
    with av.open(str(clip)) as source, av.open(str(short), "w") as made:
        stream = made.add_stream("ffv1", rate=25)
        taken = source.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = taken.width, taken.height, "yuv420p"
        for number, frame in enumerate(source.decode(taken)):
            if number == frames:
                break
            made.mux(stream.encode(av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), format="yuv420p")))
        made.mux(stream.encode())
