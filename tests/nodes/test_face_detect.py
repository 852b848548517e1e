# SPDX-License-Identifier: Apache-2.0
"""FaceDetect on real pictures: small faces, moving faces, several, crossing, leaving, cuts, and nobody at all."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.media.reduce import reduce_area, reduced_size
from ofx_lipsync.nodes import face_detect
from ofx_lipsync.nodes._face_cuts import find_cuts
from ofx_lipsync.nodes._face_search import levels, tiles
from ofx_lipsync.nodes._face_smooth import smooth
from ofx_lipsync.nodes.face_detect import Params


class Pictures:
    """A Clip of pictures in memory, [3, H, W] float32 display-encoded, numbered from 1001."""

    rate = Fraction(24)

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        self.pictures = pictures
        self.frames = range(1001, 1001 + len(pictures))
        self.display = Region.of_size(pictures[0].shape[2], pictures[0].shape[1])

    def window(self, frame: int) -> Region:
        return self.display

    def crop(self, frame: int, region: Region) -> Image:
        inside, pixels = region.intersect(self.display), np.zeros((3, *region.shape), np.float32)
        if not inside.is_empty:
            rows, columns = inside.slices_in(self.display)
            pixels[(slice(None), *inside.slices_in(region))] = self.pictures[frame - 1001][:, rows, columns]
        return Image(pixels, region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        width, height = reduced_size(region.width, region.height, longest_px)
        pixels = reduce_area(self.crop(frame, region).pixels.clip(0, 1), width, height)
        return Image(pixels, Region.of_size(width, height), self.display)


def analyse(pictures: Sequence[np.ndarray], **params: object) -> FaceAnalysis:
    clip = Pictures(pictures)
    return face_detect.analyse(clip, clip.frames, Params(**params))


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """[3, 512, 512]: Eileen Collins, face 106 px high (10 to 152), its middle at (222, 120)."""
    import OpenImageIO as oiio

    path = Path(__file__).resolve().parents[2] / "samples" / "collins" / "portrait.png"
    return oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)[..., :3].transpose(2, 0, 1).copy()


def placed(portrait: np.ndarray, width: int, height: int, x: float, y: float, scale: float = 1.0) -> np.ndarray:
    """The portrait with its face's middle at (x, y) of an otherwise grey frame; scale < 0 mirrors it."""
    size = abs(scale)
    matrix = np.array([[1 / scale, 0, 222 - x / scale], [0, 1 / size, 120 - y / size]])
    inside = crop(np.ones((1, *portrait.shape[1:]), np.float32), matrix, (height, width))
    return crop(portrait, matrix, (height, width)) + 0.3 * (1 - inside)


def middles(analysis: FaceAnalysis, track: int = 0) -> np.ndarray:
    return analysis.tracks[track].landmarks[:, :, :2].mean(axis=1)


def test_a_60_px_face_is_found_in_1080p(portrait: np.ndarray) -> None:
    scale = 60 / 106
    analysis = analyse([placed(portrait, 1920, 1080, 1500, 700, scale)] * 2)
    assert len(analysis.tracks) == 1
    np.testing.assert_allclose(analysis.tracks[0].face_height_px(), 60, rtol=0.1)
    np.testing.assert_allclose(middles(analysis), [[1500, 700]] * 2, atol=6)


def test_a_close_up_is_found(portrait: np.ndarray) -> None:
    analysis = analyse([placed(portrait, 640, 360, 320, 180, 3.2)] * 2)
    assert [len(track.frames) for track in analysis.tracks] == [2]


def test_landmarks_stay_on_a_moving_face(portrait: np.ndarray) -> None:
    path = np.array([[200 + 6 * t + 10 * np.sin(t), 200 + 3 * t] for t in range(20)])
    analysis = analyse([placed(portrait, 640, 400, x, y) for x, y in path])
    assert analysis.cuts == ()
    assert analysis.tracks[0].frames.tolist() == list(range(1001, 1021))
    off = analysis.tracks[0].landmarks[:, :, :2] - path[:, None]
    assert np.abs(off - off.mean(axis=0)).mean() < 0.25


def test_a_face_that_leaves_is_absent(portrait: np.ndarray) -> None:
    pictures = [placed(portrait, 480, 320, 300 + 18 * t, 160) for t in range(18)]
    analysis = analyse(pictures)
    frames = analysis.tracks[0].frames.tolist()
    assert frames == list(range(1001, 1001 + len(frames)))
    assert 1009 <= frames[-1] < 1016
    assert list(analysis.missing(range(1001, 1019))) == list(range(frames[-1] + 1, 1019))


def test_a_face_that_enters_between_two_searches_is_followed_back(portrait: np.ndarray) -> None:
    """One face is tracked all along, so the other is looked for only every few frames."""
    still = placed(portrait, 800, 300, 150, 150)
    other = placed(portrait, 800, 300, 600, 150, -1.0)
    pictures = [still] * 6 + [np.concatenate([still[:, :, :400], other[:, :, 400:]], axis=2)] * 8
    analysis = analyse(pictures, search_every=100)
    assert [track.frames[0] for track in analysis.tracks] == [1001, 1007]


def test_a_short_absence_keeps_the_person(portrait: np.ndarray) -> None:
    shown, hidden = placed(portrait, 480, 320, 240, 160), np.full((3, 320, 480), 0.3, np.float32)
    analysis = analyse([shown] * 4 + [hidden] * 3 + [shown] * 4)
    assert [track.frames.tolist() for track in analysis.tracks] == [[1001, 1002, 1003, 1004, 1008, 1009, 1010, 1011]]


def test_nobody_is_no_error() -> None:
    noise = np.random.default_rng(7).random((3, 200, 300), np.float32)
    analysis = analyse([noise, np.zeros_like(noise), np.ones_like(noise)])
    assert (analysis.tracks, analysis.chosen) == ((), -1)
    assert list(analysis.missing([1001, 1002])) == [1001, 1002]


def test_a_plate_of_one_frame_and_of_two(portrait: np.ndarray) -> None:
    picture = placed(portrait, 480, 320, 240, 160)
    assert len(analyse([picture]).tracks[0].frames) == 1
    assert len(analyse([picture] * 2).tracks[0].frames) == 2


def test_no_frames_at_all(portrait: np.ndarray) -> None:
    clip = Pictures([portrait])
    assert face_detect.analyse(clip, [], Params()) == FaceAnalysis((), (), -1)


def test_dead_pixels_do_not_blind_it(portrait: np.ndarray) -> None:
    picture = placed(portrait, 480, 320, 240, 160)
    picture[:, 100:104, 200:204] = np.nan
    picture[0, 160, 240] = np.inf
    analysis = analyse([picture] * 2)
    assert len(analysis.tracks) == 1
    assert np.isfinite(analysis.tracks[0].landmarks).all()


def test_the_same_bits_every_time(portrait: np.ndarray) -> None:
    pictures = [placed(portrait, 480, 320, 200 + 5 * t, 160) for t in range(5)]
    one, two = analyse(pictures).tracks[0], analyse(pictures).tracks[0]
    assert one.landmarks.tobytes() == two.landmarks.tobytes()
    assert one.blendshapes.tobytes() == two.blendshapes.tobytes()


def test_types_and_shapes(portrait: np.ndarray) -> None:
    track = analyse([placed(portrait, 480, 320, 240, 160)] * 3).tracks[0]
    assert (track.frames.dtype, track.landmarks.dtype, track.presence.dtype) == (np.int64, np.float32, np.float32)
    assert (track.landmarks.shape, track.blendshapes.shape) == ((3, 478, 3), (3, 52))
    assert track.blendshapes.dtype == np.float32


def test_progress_counts_every_frame(portrait: np.ndarray) -> None:
    clip, seen = Pictures([placed(portrait, 480, 320, 240, 160)] * 3), []
    face_detect.analyse(clip, clip.frames, Params(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_render_leaves_the_plate(portrait: np.ndarray) -> None:
    clip = Pictures([portrait])
    np.testing.assert_array_equal(face_detect.render(clip, 1001).pixels, portrait)


@pytest.fixture(scope="module")
def two_faces(portrait: np.ndarray) -> list[np.ndarray]:
    """A large face on the left, a smaller one near the middle."""
    left = placed(portrait, 800, 300, 150, 150)
    right = placed(portrait, 800, 300, 430, 150, -0.8)
    return [np.concatenate([left[:, :, :330], right[:, :, 330:]], axis=2)] * 3


@pytest.mark.parametrize(
    ("params", "x"),
    [
        ({"face": "largest"}, 150),
        ({"face": "most_central"}, 430),
        ({"face": "nearest", "face_x": 10.0}, 150),
        ({"face": "nearest", "face_x": 90.0}, 430),
        ({"face": "index", "face_index": 1}, 430),
    ],
)
def test_who_is_chosen(two_faces: list[np.ndarray], params: dict[str, object], x: float) -> None:
    analysis = analyse(two_faces, **params)
    assert len(analysis.tracks) == 2
    assert abs(middles(analysis, analysis.chosen)[0, 0] - x) < 20


def test_a_number_that_nobody_has_is_an_error(two_faces: list[np.ndarray]) -> None:
    with pytest.raises(UsageError, match=r"FaceDetect.face_index: got 5, expected 0 to 1 \(2 people are seen\)"):
        analyse(two_faces, face="index", face_index=5)


def test_search_covers_the_picture_with_every_size() -> None:
    assert levels(1920, 192, 60) == [432, 192]
    assert levels(150, 192, 10) == [150]
    sizes = levels(8192, 192, 40)
    assert all(a / b <= 3.01 for a, b in pairwise(sizes))
    corners = tiles(432, 243, 192, 40)
    assert {x for x, _ in corners} == {0, 120, 240}
    assert {y for _, y in corners} == {0, 51}


def test_a_flash_or_a_pan_is_no_cut(portrait: np.ndarray) -> None:
    small = (portrait[:, ::8, ::8] * 255).astype(np.uint8)
    flash = [small, small, np.minimum(small, 200) + 55, small, small]
    pan = [np.roll(small, 3 * t, axis=2) for t in range(12)]
    assert find_cuts(flash) == []
    assert find_cuts(pan) == []
    assert find_cuts([small] * 3 + [small[:, ::-1]] * 3) == [3]


def test_smoothing_takes_out_tremble_and_keeps_motion(portrait: np.ndarray) -> None:
    """A real face, moved smoothly, with the tremble that the network has on still pictures."""
    track = analyse([placed(portrait, 480, 320, 240, 160)]).tracks[0]
    t, rng = np.arange(40), np.random.default_rng(11)
    way = np.stack([30 * np.sin(t / 6), 20 * np.cos(t / 5), 0 * t], axis=1)
    true = track.landmarks + way[:, None].astype(np.float32)
    seen = true + rng.normal(0, 0.07, (40, 1, 3)) + rng.normal(0, 0.05, true.shape)
    steady = smooth(seen.astype(np.float32))
    before, after = np.abs(seen - true)[:, :, :2].mean(), np.abs(steady - true)[:, :, :2].mean()
    assert after < 0.8 * before


def test_lips_that_shut_for_one_frame_do_shut(portrait: np.ndarray) -> None:
    track = analyse([placed(portrait, 480, 320, 240, 160)]).tracks[0]
    opened = track.landmarks[0].copy()
    opened[[14, 87, 317, 17, 84, 314, 152, 148, 377]] += [0, 9, 0]
    run = np.array([opened] * 12, np.float32)
    run[6] = track.landmarks[0]
    raw, steady = articulation(run)[:, 0], articulation(smooth(run))[:, 0]
    assert raw[5] - steady[6] > 0.97 * (raw[5] - raw[6])
    np.testing.assert_allclose(steady[[5, 7]], raw[[5, 7]], atol=0.03 * (raw[5] - raw[6]))


def spoken(path: Path, count: int) -> list[np.ndarray]:
    import av

    with av.open(str(path)) as movie:
        frames = [
            frame.to_ndarray(format="rgb24") for _, frame in zip(range(count), movie.decode(video=0), strict=False)
        ]
    return [frame.transpose(2, 0, 1).astype(np.float32) / 255 for frame in frames]


@pytest.mark.shared
def test_people_keep_their_identity_over_cuts(shared_data: Path) -> None:
    man, other = (spoken(shared_data / "grid" / name, 14) for name in ("s1/bbaf2n.mkv", "s33/bwwy3s.mkv"))
    analysis = analyse(man[:7] + other[:7] + man[7:] + other[7:])
    assert analysis.cuts == (1008, 1015, 1022)
    assert [track.frames.tolist() for track in analysis.tracks] == [
        [*range(1001, 1008), *range(1015, 1022)],
        [*range(1008, 1015), *range(1022, 1029)],
    ]


@pytest.mark.shared
def test_people_who_cross_keep_their_identity(shared_data: Path) -> None:
    """One walks behind the other, is hidden, and comes out on the far side."""
    front, behind = (spoken(shared_data / "grid" / name, 50) for name in ("s1/bbaf2n.mkv", "s33/bwwy3s.mkv"))
    pictures = []
    for t in range(50):
        picture = np.full((3, 288, 800), 0.25, np.float32)
        for person, x in ((behind, 540 - 10 * t), (front, 20 + 10 * t)):
            picture[:, :, x : x + 220] = person[t][:, :, 70:290]
        pictures.append(picture)
    analysis = analyse(pictures)
    assert [track.identity for track in analysis.tracks] == [0, 1]
    first, second = middles(analysis, 0), middles(analysis, 1)
    assert len(first) == 50
    assert len(second) >= 30
    assert np.diff(first[:, 0]).min() > 5
    assert np.diff(second[:, 0]).max() < -5


@pytest.mark.shared
def test_smoothing_keeps_the_depth_of_closures(shared_data: Path) -> None:
    pictures = spoken(shared_data / "grid" / "s31" / "bgix8n.mkv", 75)
    raw = articulation(analyse(pictures, smoothing=0.0).tracks[0].landmarks)[:, 0]
    steady = articulation(analyse(pictures).tracks[0].landmarks)[:, 0]
    assert np.ptp(steady) > 0.98 * np.ptp(raw)
    assert np.abs(steady - raw).max() < 0.03 * np.ptp(raw)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["girl_with_a_pearl_earring", "mona_lisa", "raphael_la_velata", "sargent_lady_agnew"])
def test_paintings_have_a_face(shared_data: Path, name: str) -> None:
    import OpenImageIO as oiio

    pixels = oiio.ImageBuf(str(shared_data / "portraits" / f"{name}.jpg")).get_pixels(oiio.FLOAT)[..., :3]
    analysis = analyse([np.ascontiguousarray(pixels.transpose(2, 0, 1))])
    assert len(analysis.tracks) == 1
    assert analysis.tracks[0].presence[0] > 0.9
