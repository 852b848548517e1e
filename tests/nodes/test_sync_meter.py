# SPDX-License-Identifier: Apache-2.0
"""SyncMeter: sounds moved against lips that are known; faces that say nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import MediaError, ModelError
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.offset import FaceSync, OffsetCurve, SyncReport
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import node
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.nodes._sync_read import speakers
from ofx_lipsync.nodes.sync_meter import Params, analyse, chosen, render

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CLIP = "grid/s31/bgiq6p.mkv"
"""Of a person that nothing was trained on."""


class Grey:
    """A plate that shows nothing."""

    frames, rate, display = range(1, 51), Fraction(25), Region.of_size(64, 48)

    def window(self, frame: int) -> Region:
        return self.display

    def crop(self, frame: int, region: Region) -> Image:
        return Image(np.full((3, *region.shape), 0.25, np.float32), region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        size = Region.of_size(max(1, min(longest_px, region.width)), max(1, min(longest_px, region.height)))
        return Image(np.full((3, *size.shape), 0.5, np.float32), size, size)


@pytest.fixture(scope="module")
def clip(shared_data: Path):
    """The plate, its faces and its sound; the face is looked for once."""
    with open_plate(str(shared_data / CLIP)) as plate:
        faces = node("FaceDetect").analyse(plate, plate.frames, node("FaceDetect").Params())
        yield plate, faces, read_sound(str(shared_data / CLIP))


def report_of(clip, sound: Sound, **params) -> SyncReport:
    plate, faces, _ = clip
    return analyse(plate, faces, sound, plate.frames, Params(**params))


def later(sound: Sound, offset_s: float) -> Sound:
    return Sound(sound.samples, sound.rate_hz, sound.start_s + offset_s)


@pytest.mark.shared
@pytest.mark.parametrize("frames", [-12, -3, 0, 5, 12])
def test_a_sound_moved_by_frames_is_found_there(clip, frames: int) -> None:
    told = report_of(clip, later(clip[2], frames / 25)).faces[0]
    sure = told.curve.confidence > 0.5
    assert sure.mean() > 0.3
    assert abs(np.median(told.curve.offset_s[sure]) - frames / 25) < 0.04
    assert abs(told.offset_s - frames / 25) <= 0.04


@pytest.mark.shared
def test_parts_of_a_frame_count(clip) -> None:
    at = [np.median(report_of(clip, later(clip[2], ms / 1000)).faces[0].curve.offset_s[30:100]) for ms in (0, 13, 27)]
    assert np.allclose(np.diff(at), [0.013, 0.014], atol=0.005)


@pytest.mark.shared
@pytest.mark.parametrize("tower", ["shape", "picture"])
def test_each_tower_finds_it_alone(clip, tower: str) -> None:
    assert abs(report_of(clip, later(clip[2], 0.2), by=tower).faces[0].offset_s - 0.2) <= 0.04


@pytest.mark.shared
def test_who_speaks_is_told_while_a_voice_is_heard(clip) -> None:
    found = report_of(clip, clip[2])
    assert 0.2 < (found.speaking == 0).mean() < 0.9
    assert (found.speaking[found.voice < 0.3] == -1).all()
    assert chosen(clip[1], found) is found.faces[0]


@pytest.mark.shared
def test_silence_noise_and_no_sound_here_say_nothing(clip) -> None:
    noise = (0.1 * np.random.default_rng(3).normal(size=(1, 48000))).astype(np.float32)
    for samples, start_s in ((np.zeros((2, 48000), np.float32), 0.0), (noise, 0.0), (clip[2].samples, 900.0)):
        told = report_of(clip, Sound(samples, 16000, start_s))
        assert told.faces[0].curve.confidence.max() < 0.3
        assert (told.speaking == -1).all()


@pytest.mark.shared
def test_a_frozen_face_says_nothing(clip) -> None:
    plate, faces, sound = clip
    track = faces.tracks[0]
    still = FaceTrack(0, track.frames, np.repeat(track.landmarks[30:31], len(track.frames), axis=0), track.presence,
                      track.blendshapes)  # fmt: skip
    told = analyse(plate, FaceAnalysis((still,), (), 0), sound, plate.frames, Params(by="shape"))
    assert told.faces[0].curve.confidence.max() < 0.3


@pytest.mark.shared
def test_a_face_that_is_seen_for_a_while_is_measured_there(clip) -> None:
    plate, faces, sound = clip
    track = faces.tracks[0]
    part = FaceTrack(0, track.frames[10:50], track.landmarks[10:50], track.presence[10:50], track.blendshapes[10:50])
    told = analyse(plate, FaceAnalysis((part,), (), 0), sound, plate.frames, Params()).faces[0]
    assert told.curve.confidence[110:].max() == 0
    assert abs(told.offset_s) <= 0.04


def test_sounds_that_are_no_numbers_are_refused() -> None:
    sound = Sound(np.full((1, 1600), np.nan, np.float32), 16000)
    with pytest.raises(MediaError, match="NaN"):
        analyse(Grey(), FaceAnalysis((), (), -1), sound, range(1, 51), Params())


def test_weights_that_are_not_there_are_named() -> None:
    sound = Sound(np.zeros((1, 1600), np.float32), 16000)
    with pytest.raises(ModelError, match=r"nobody\.safetensors"):
        analyse(Grey(), FaceAnalysis((), (), -1), sound, range(1, 51), Params(network="nobody"))
    with pytest.raises(ModelError, match="sync network"):
        analyse(Grey(), FaceAnalysis((), (), -1), sound, range(1, 51), Params(network="hearing"))


def test_nobody_seen_is_no_error_here() -> None:
    found = analyse(
        Grey(), FaceAnalysis((), (), -1), Sound(np.zeros((1, 1600), np.float32), 16000), range(1, 51), Params()
    )
    assert found.faces == ()
    assert (found.speaking == -1).all()


def made(confidence: float, identity: int = 0) -> FaceSync:
    times = (np.arange(100) + 0.5) / 50
    curve = OffsetCurve(times, np.full(100, 0.1, np.float32), np.full(100, confidence, np.float32))
    return FaceSync(identity, curve, np.linspace(-0.6, 0.6, 61), np.zeros((100, 61), np.float32), 1.0, 0.2, 0.1)


def test_the_surest_face_speaks_where_there_is_a_voice() -> None:
    voice = np.repeat(np.float32([0, 1]), 50)
    assert speakers([made(0.6), made(0.9)], voice, 0.5).tolist() == [-1] * 50 + [1] * 50
    assert (speakers([made(0.2), made(0.3)], voice, 0.5) == -1).all()


def test_the_strip_lies_over_the_lower_edge_and_leaves_the_rest() -> None:
    report = SyncReport(made(1.0).curve.times_s, (made(1.0),), np.zeros(100, np.int64), np.ones(100, np.float32))
    over = render(Grey(), 10, report, Params(), time_s=0.36).pixels
    assert (over[:, :42] == 0.25).all()
    assert (over[:, 42:] != 0.25).any()
    assert (over[:, 42:, 11] == 1).all()  # where this frame is
    assert (render(Grey(), 10, report, Params(view="none")).pixels == 0.25).all()
    assert (render(Grey(), 10, report, Params(view="strip")).pixels != 0.25).all()
