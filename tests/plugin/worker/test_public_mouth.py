# SPDX-License-Identifier: Apache-2.0
"""A public checkpoint in a host: MouthGenerate and the one-in-all node paint with it from the analysis' own sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from host_shot import FRAMES
from shim_client import FailedError

from ofx_lipsync.analysis import read_parts, write_analysis
from ofx_lipsync.models.loader import save
from ofx_lipsync.models.wav2lip import Wav2Lip

FRAME = FRAMES[4]


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("weights") / "public.safetensors"
    save(path, {key: value.numpy() for key, value in Wav2Lip().state_dict().items()}, {"layout": "wav2lip"}, {})
    return str(path)


def test_both_nodes_paint_the_same_and_need_the_sound(host, analysis, rgba, weights, tmp_path) -> None:
    source, given = rgba["Source", FRAME], {"engine": "neural", "weights": weights}

    def rendered(node, file=analysis, prefix=""):
        params = {"analysis": str(file), **{prefix + name: value for name, value in given.items()}}
        return host.line().render(node, FRAME, params, {"Source": source}, rgba)

    mouth = rendered("MouthGenerate")
    plain = host.line().render("MouthGenerate", FRAME, {"analysis": analysis}, {"Source": source}, rgba)
    assert 0.005 < (mouth.rows[..., 3] > 0).mean() < 0.4
    assert not np.array_equal(mouth.rows, plain.rows)
    one = rendered("LipSync", prefix="MouthGenerate_")
    blend = host.line().render("Blend", FRAME, {"analysis": analysis}, {"Source": source, "Mouth": mouth}, rgba)
    assert np.array_equal(one.rows, blend.rows)
    parts = read_parts(analysis)
    old = replace(parts, audio=replace(parts.audio, mel_start_s=float("nan")))
    write_analysis(tmp_path / "old.lipsync", old)
    with pytest.raises(FailedError, match="goes by the sound"):
        rendered("MouthGenerate", tmp_path / "old.lipsync")
