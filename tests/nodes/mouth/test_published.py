# SPDX-License-Identifier: Apache-2.0
"""Public weights: the right sound, the right picture, a change where it belongs and nowhere else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from ofx_lipsync.core.errors import ModelError, UsageError
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.graph import Settings
from ofx_lipsync.models.loader import save
from ofx_lipsync.models.wav2lip import Wav2Lip
from ofx_lipsync.nodes import blend, mouth_generate
from ofx_lipsync.nodes.mouth import published
from ofx_lipsync.nodes.mouth.points import INDEX, NOSE_BASE_ROW
from ofx_lipsync.nodes.mouth_generate import Params, analyse, render


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """Of the published layout, taught nothing."""
    torch.manual_seed(5)
    state = {key: value.numpy() for key, value in Wav2Lip().state_dict().items()}
    path = tmp_path_factory.mktemp("weights") / "public.safetensors"
    save(path, state, {"layout": "wav2lip"}, {})
    return str(path)


@pytest.fixture(scope="module")
def plan(portrait, curve):
    return analyse(portrait.faces, portrait.rate, portrait.frames, curve(np.zeros((8, 6))), Params(), plate=portrait)


@pytest.fixture
def audio(curve) -> AudioAnalysis:
    mel = np.random.default_rng(6).uniform(-4, 4, (80, 60)).astype(np.float32)
    return AudioAnalysis(mel, np.zeros(8, np.float32), curve(np.zeros((8, 6))))


def made(shot, plan, audio, frame, **params):
    given = Params(engine="neural", **params)
    return render(shot, frame, plan, given, heard=(audio, (frame - shot.frames[0]) / 25))


def comped(shot, patch, frame) -> tuple[np.ndarray, np.ndarray]:
    image, matte = blend.render(shot.crop(frame, patch.image.region), patch, blend.Params())
    here, there = (image.region.intersect(shot.display).slices_in(box) for box in (shot.display, image.region))
    whole, alpha = shot.pictures[shot.faces.index(frame)].copy(), np.zeros(shot.display.shape, np.float32)
    whole[(slice(None), *here)], alpha[here] = image.pixels[(slice(None), *there)], matte[there]
    return whole, alpha


def test_the_lower_face_changes_and_all_else_keeps_its_bits(portrait, plan, audio, weights) -> None:
    odd = dataclasses.replace(portrait, pictures=portrait.pictures.copy())
    odd.pictures[:, :, :6, :6] = np.array([np.nan, -0.5, 60.0], np.float32)[:, None, None]
    frame = odd.frames[2]
    whole, alpha = comped(odd, made(odd, plan, audio, frame, weights=weights), frame)
    outside = np.broadcast_to(alpha == 0, whole.shape)
    assert np.array_equal(whole[outside].view(np.int32), odd.pictures[2][outside].view(np.int32))
    x, y = odd.faces.landmarks[2, 17, :2].astype(int)
    assert np.abs(whole - odd.pictures[2])[:, y, x].max() > 0.01
    assert alpha[y, x] > 0.9
    assert 0.005 < (alpha > 0).mean() < 0.3
    x, y = odd.faces.landmarks[2, 168, :2].astype(int)
    assert alpha[y, x] == 0


def test_colours_are_compared_on_cheeks_and_not_where_a_jaw_drops(portrait, plan, audio, weights) -> None:
    patch = made(portrait, plan, audio, portrait.frames[0], weights=weights)
    for chin in (17, 18, 200, 199, 175, 152):
        x, y = portrait.faces.landmarks[0, chin, :2].astype(int)
        assert patch.skin[y - patch.image.region.y0, x - patch.image.region.x0] == 0
    assert (patch.skin > 0.5).sum() > 100


def test_nan_negatives_and_highlights_live_within_it(portrait, plan, audio, weights) -> None:
    odd = dataclasses.replace(portrait, pictures=portrait.pictures.copy())
    x, y = odd.faces.landmarks[0, 200, :2].astype(int)
    odd.pictures[0, :, y, x], odd.pictures[0, :, y, x + 2], odd.pictures[0, :, y, x - 2] = np.nan, 60.0, -5.0
    patch = made(odd, plan, audio, odd.frames[0], weights=weights)
    row, column = y - patch.image.region.y0, x - patch.image.region.x0
    bare = patch.image.pixels[:3] / np.maximum(patch.image.pixels[3], 1e-6)
    assert np.isnan(bare).any(axis=0).sum() == 1
    assert np.isnan(bare[:, row, column]).all()
    assert bare[:, row, column + 2].min() > 40
    assert bare[:, row, column - 2].max() < -2


def test_any_order_gives_the_same_bits_and_sound_counts(portrait, plan, audio, weights) -> None:
    frames = portrait.frames[:3]
    forth = [made(portrait, plan, audio, frame, weights=weights).image.pixels for frame in frames]
    back = [made(portrait, plan, audio, frame, weights=weights).image.pixels for frame in reversed(frames)][::-1]
    for one, other in zip(forth, back, strict=True):
        assert np.array_equal(one.view(np.int32), other.view(np.int32))
    assert not np.array_equal(forth[0], forth[1]), "equal pictures, other sound"


def test_strength_mixes_and_none_is_no_patch(portrait, plan, audio, weights) -> None:
    frame = portrait.frames[0]
    assert made(portrait, plan, audio, frame, weights=weights, strength=0.0) is None
    half, whole = (made(portrait, plan, audio, frame, weights=weights, strength=s).image for s in (0.5, 1.0))
    plate = portrait.crop(frame, whole.region).pixels
    full = whole.pixels[3] > 0.999
    shown = [published.displayed(part[:3, full]) for part in (plate, half.pixels, whole.pixels)]
    np.testing.assert_allclose(shown[1] - shown[0], (shown[2] - shown[0]) / 2, atol=1e-3)


def test_region_covers_the_patch_and_no_library_frame_is_asked_for(portrait, plan, audio, weights) -> None:
    params = Params(engine="neural", weights=weights)
    read = []

    class Watched:
        display, frames = portrait.display, portrait.frames

        def window(self, frame):
            return portrait.display

        def crop(self, frame, region):
            read.append((frame, region))
            return portrait.crop(frame, region)

    frame = portrait.frames[4]
    patch = render(Watched(), frame, plan, params, heard=(audio, 0.16))
    assert mouth_generate.region(frame, plan, params) == patch.image.region == patch.ground.region
    assert [number for number, _ in read] == [frame]
    assert patch.image.region.contains(read[0][1])
    assert mouth_generate.wanted(plan, portrait.frames, params=params) == {}
    edges = patch.image.pixels[3]
    assert not max(edges[0].max(), edges[-1].max(), edges[:, 0].max(), edges[:, -1].max())


class Listening:
    """Keeps what it is given and answers with the face as it is."""

    def make(self, heard: np.ndarray, face: np.ndarray) -> np.ndarray:
        self.heard, self.face = heard, face
        return face[3:].copy()


def test_a_frame_hears_the_sixteen_columns_it_was_trained_on(portrait, plan, audio, monkeypatch, weights) -> None:
    network = Listening()
    monkeypatch.setattr(mouth_generate, "_public_network", lambda params: network)
    for row in range(1, 8):
        made(portrait, plan, audio, portrait.frames[row], weights=weights)
        first = int(80 * (row - 1) / 25)
        np.testing.assert_array_equal(network.heard, audio.mel[:, first : first + 16])
    made(portrait, plan, audio, portrait.frames[0], weights=weights)
    assert (network.heard[:, :4] == -4).all()
    np.testing.assert_array_equal(network.heard[:, 4:], audio.mel[:, :12])
    later = dataclasses.replace(audio, mel_start_s=0.05)
    made(portrait, plan, later, portrait.frames[7], weights=weights, sync_offset=50.0)
    first = int(80 * 6 / 25 - 8)
    np.testing.assert_array_equal(network.heard, audio.mel[:, first : first + 16])


def test_it_sees_what_it_was_trained_on_and_no_difference_is_no_change(
    portrait, plan, audio, monkeypatch, weights
) -> None:
    network = Listening()
    monkeypatch.setattr(mouth_generate, "_public_network", lambda params: network)
    red = dataclasses.replace(portrait, pictures=portrait.pictures.copy())
    red.pictures[:, 1:] *= 0.2
    patch = made(red, plan, audio, red.frames[0], weights=weights)
    assert network.face.shape == (6, 96, 96)
    assert not network.face[:3, 48:].any()
    np.testing.assert_array_equal(network.face[:3, :48], network.face[3:, :48])
    assert network.face[5].mean() > 1.3 * network.face[3].mean()
    assert 0 <= network.face.min() < network.face.max() <= 1
    plate, alpha = red.crop(red.frames[0], patch.image.region).pixels, patch.image.pixels[3]
    away = (alpha > 0.999) & (patch.skin > 0.5)
    np.testing.assert_allclose(patch.image.pixels[:3, away] / alpha[away], plate[:, away], atol=1e-4)


def test_the_box_is_that_of_the_face_and_turns_with_it(portrait) -> None:
    landmarks, height = portrait.faces.landmarks[0], float(portrait.faces.face_height_px()[0])
    points = landmarks[INDEX, :2].astype(np.float64)
    for degrees in (0, 20):
        turn = np.radians(degrees)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = published.box_matrix(points @ spin.T, height)
        mesh = published.through(published.inverse(matrix), landmarks[:, :2].astype(np.float64) @ spin.T)
        assert mesh[INDEX][NOSE_BASE_ROW] == pytest.approx([48, 0.57 * 96])
        assert 85 < mesh[152, 1] < 97, "the chin is a little inside"
        assert -8 < mesh[10, 1] < 8
        assert -8 < mesh[234, 0] < 12
        assert 84 < mesh[454, 0] < 104


def test_display_values_go_there_and_back() -> None:
    light = np.array([-3, -0.001, 0, 0.002, 0.18, 1, 60], np.float32)
    np.testing.assert_allclose(published.linear(published.displayed(light)), light, rtol=1e-5)
    np.testing.assert_allclose(published.displayed(light[4:6]), [0.46136, 1.0], atol=1e-4)


def test_what_cannot_be_done_is_said(portrait, plan, audio, weights, tmp_path) -> None:
    with pytest.raises(UsageError, match="engine: is 'auto', but public is of layout 'wav2lip'"):
        Settings.parse(["MouthGenerate.engine=auto", f"MouthGenerate.weights={weights}"]).key()
    old = dataclasses.replace(audio, mel_start_s=float("nan"))
    frame, params = portrait.frames[0], Params(engine="neural", weights=weights)
    for heard in (None, (old, 0.0)):
        with pytest.raises(UsageError, match="goes by the sound"):
            render(portrait, frame, plan, params, heard=heard)
    other, short = tmp_path / "other.safetensors", tmp_path / "short.safetensors"
    save(other, {"a": np.zeros(1, np.float32)}, {"layout": "wav2lip_disc"}, {})
    save(short, {"a": np.zeros(1, np.float32)}, {"layout": "wav2lip"}, {})
    with pytest.raises(ModelError, match="is of another network"):
        made(portrait, plan, audio, frame, weights=str(other))
    with pytest.raises(ModelError, match="weights do not fit the network"):
        made(portrait, plan, audio, frame, weights=str(short))
    short.write_bytes(short.read_bytes()[:-3])
    with pytest.raises(ModelError, match="damaged or changed"):
        made(portrait, plan, audio, frame, weights=str(short))
    assert mouth_generate.note(Params()) is None
    assert "strength" in mouth_generate.note(params)
