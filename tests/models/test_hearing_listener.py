# SPDX-License-Identifier: Apache-2.0
"""The NumPy network is the trained one, and blocks of any size give the same bits."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.models.bands import bands_db, frames_of, heard, levels, line_db, line_heard, loudness_db
from ofx_lipsync.models.hearing_listener import Heard, Hearing, posteriors
from ofx_lipsync.models.loader import Weights

RNG = np.random.default_rng(3)
LINE = (RNG.normal(size=9700) * 0.1 * np.repeat(RNG.random(97), 100)).astype(np.float32)


@pytest.fixture(scope="module")
def trained():  # type: ignore[no-untyped-def]
    """A small network with random weights, as torch has it and as it is shipped."""
    import torch

    from ofx_lipsync.models import hearing

    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = hearing.Hearing(hearing.Dimensions(stem=16, width=24, back=8)).eval()
    tensors = {key: value.detach().numpy() for key, value in network.state_dict().items()}
    return network, Weights("tiny", "", asdict(network.dims), {}, tensors)


def streamed(network: Hearing, sizes: list[int]) -> Heard:
    stream, parts, at, turn = network.stream(), [], 0, 0
    while at < len(LINE):
        parts.append(stream.push(LINE[at : at + sizes[turn % len(sizes)]]))
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    parts.append(stream.finish())
    return Heard(np.concatenate([p.phones for p in parts]), np.concatenate([p.lips for p in parts]))


def test_numpy_is_torch(trained) -> None:  # type: ignore[no-untyped-def]
    import torch

    network, weights = trained
    bands = bands_db(frames_of(LINE))
    with torch.no_grad():
        live, _ = network(torch.from_numpy(heard(bands, levels(loudness_db(bands))))[None])
        _, whole = network(torch.from_numpy(line_heard(bands))[None])
    for ours, theirs in ((streamed(Hearing(weights), [9700]), live), (Hearing(weights).line(LINE), whole)):
        wanted = posteriors(theirs[0].numpy())
        np.testing.assert_allclose(ours.phones, wanted.phones, atol=1e-5)
        np.testing.assert_allclose(ours.lips, wanted.lips, atol=1e-5)


@pytest.mark.parametrize("sizes", [[1, 159, 160, 161], [7], [512], [4800], [3, 1, 4000, 0, 2]])
def test_blocks_of_any_size_give_the_same_bits(trained, sizes: list[int]) -> None:  # type: ignore[no-untyped-def]
    network = Hearing(trained[1])
    whole, parts = streamed(network, [len(LINE)]), streamed(network, sizes)
    assert np.array_equal(whole.phones, parts.phones)
    assert np.array_equal(whole.lips, parts.lips)


@pytest.mark.parametrize("count", [0, 1, 159, 160, 400, 799, 801])
def test_every_whole_ten_milliseconds_are_told(trained, count: int) -> None:  # type: ignore[no-untyped-def]
    network = Hearing(trained[1])
    stream = network.stream()
    told = len(stream.push(LINE[:count]).phones) + len(stream.finish().phones)
    assert told == count // 160
    assert network.line(LINE[:count]).phones.shape == (count // 160, 50)


def test_what_is_told_does_not_wait_longer_than_it_says(trained) -> None:  # type: ignore[no-untyped-def]
    """Frame t is out once its own end and the latency have been heard; at most 60 ms."""
    stream = Hearing(trained[1]).stream()
    assert stream.latency_s <= 0.060
    samples = 160 + round(stream.latency_s * 16000)
    assert len(stream.push(LINE[: samples - 1]).phones) == 0
    assert len(stream.push(LINE[samples - 1 : samples]).phones) == 1


def test_the_past_does_not_hear_the_future(trained) -> None:  # type: ignore[no-untyped-def]
    network = Hearing(trained[1])
    other = LINE.copy()
    other[8000:] = 0
    before = 8000 // 160 - 6
    a, b = network.stream().push(LINE), network.stream().push(other)
    assert np.array_equal(a.phones[:before], b.phones[:before])


def test_a_long_line_is_heard_in_stretches_as_if_at_once(trained, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    network = Hearing(trained[1])
    whole = network.line(LINE)
    monkeypatch.setattr("ofx_lipsync.models.hearing_listener.STRETCH", 20)
    monkeypatch.setattr("ofx_lipsync.models.hearing_listener.BEYOND", 60)
    np.testing.assert_allclose(network.line(LINE).phones, whole.phones, atol=1e-4)
    assert np.array_equal(line_db(LINE), bands_db(frames_of(LINE)))


def test_samples_of_another_kind_are_refused(trained) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="expected \\[N\\] float32"):
        Hearing(trained[1]).stream().push(LINE.astype(np.float64))


def test_weights_of_another_network_are_refused(trained) -> None:  # type: ignore[no-untyped-def]
    weights = trained[1]
    with pytest.raises(ModelError, match="dims lack 'back'"):
        Hearing(replace(weights, dims={k: v for k, v in weights.dims.items() if k != "back"}))
    with pytest.raises(ModelError, match=r"stem\.weight has another shape"):
        Hearing(replace(weights, dims={**weights.dims, "taps": 7}))


def test_hearing_needs_no_torch() -> None:
    program = "import sys, ofx_lipsync.models.hearing_listener, ofx_lipsync.models.viseme_choice as v; v.VisemeChoice()"
    subprocess.run([sys.executable, "-c", f"{program}; assert 'torch' not in sys.modules"], check=True)
