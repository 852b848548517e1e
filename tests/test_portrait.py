# SPDX-License-Identifier: Apache-2.0
"""A still that speaks, end to end: real detector, real networks, real files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.cli.portrait import open_still
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.portrait import Portrait
from ofx_lipsync.trust.verify import verify

STILL = ["--set", "Portrait.head_motion=0", "--set", "Portrait.blinks=0", "--set", "Portrait.brows=0"]
SPEAKING, BLINKING = 33, 64


@pytest.fixture(scope="session")
def float_still(tmp_path_factory, sample_portrait: Path) -> Path:
    """The sample as a float EXR with a depth channel and pixels that no clamp would survive."""
    rgb = oiio.ImageBuf(str(sample_portrait)).get_pixels(oiio.FLOAT)[:, :, :3] ** 2.2
    rgb[:4, :4], rgb[-3:, -3:] = np.nan, [-0.25, 60.0, 1e-7]
    spec = oiio.ImageSpec(512, 512, 4, "float")
    spec.channelnames = ("R", "G", "B", "depth.Z")
    path = tmp_path_factory.mktemp("still") / "still.exr"
    out = oiio.ImageBuf(spec)
    out.set_pixels(out.roi, np.concatenate([rgb, np.full((512, 512, 1), 7, np.float32)], axis=2))
    assert out.write(str(path))
    return path


def make(still: Path, line: Path, out: Path, *more: str) -> int:
    return main(["portrait", str(still), str(line), str(out), "--progress", "none", *more])


def pixels(path: Path) -> np.ndarray:
    return oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", ["png", "exr"])
def test_a_held_head_changes_the_lower_face_alone(kind, sample_portrait, float_still, sample_line, tmp_path) -> None:
    still = sample_portrait if kind == "png" else float_still
    assert make(still, sample_line, tmp_path / f"out.####.{kind}", "-F", f"1,{SPEAKING}", *STILL) == 0
    own, first, speaking = (pixels(p) for p in (still, *sorted(tmp_path.glob(f"out.*.{kind}"))))
    assert np.array_equal(own, first, equal_nan=True)
    changed = ((own != speaking) & ~(np.isnan(own) & np.isnan(speaking))).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert 500 < changed.sum() < 20_000
    args = build_parser(["portrait"]).parse_args(["portrait", str(still), str(sample_line), "out.mkv", *STILL])
    with open_still(args) as opened:
        portrait = Portrait(opened.shot, opened.settings)
        analysis = portrait.analyse()
        touched = portrait.render(analysis, SPEAKING)[0].image.region
    landmarks = analysis.plan.landmarks
    assert rows.min() >= touched.y0 and rows.max() < touched.y1  # noqa: PT018
    assert columns.min() >= touched.x0 and columns.max() < touched.x1  # noqa: PT018
    assert rows.min() > landmarks[[468, 473], 1].max()


def test_an_8_bit_still_gives_a_deep_exr(sample_portrait, sample_line, tmp_path) -> None:
    """What does not move keeps its codes, what does is not rounded to codes again."""
    from ofx_lipsync.media.colour import Colour

    assert make(sample_portrait, sample_line, tmp_path / "out.####.exr", "-F", str(SPEAKING)) == 0
    colour = Colour.load()
    linear = np.ascontiguousarray(pixels(next(tmp_path.glob("*.exr"))).transpose(2, 0, 1))
    codes = colour.from_working(linear, "sRGB Encoded Rec.709 (sRGB)")[0] * 255
    off = np.abs(codes - np.rint(codes))
    nose, corner = off[120:135, 215:235], off[480:, :40]
    assert np.median(corner) < 0.06
    assert np.median(nose) > 0.15


def test_any_chunk_gives_the_same_bytes(sample_portrait, sample_line, tmp_path) -> None:
    for folder, ranges in (("whole", ["62-66"]), ("parts", ["64-66", "62-63"])):
        (tmp_path / folder).mkdir()
        for part in ranges:
            assert make(sample_portrait, sample_line, tmp_path / folder / "out.####.exr", "-F", part) == 0
    whole, parts = (sorted((tmp_path / folder).glob("*.exr")) for folder in ("whole", "parts"))
    assert [p.name for p in whole] == [p.name for p in parts] == [f"out.{n:04d}.exr" for n in range(62, 67)]
    assert [digest(p) for p in whole] == [digest(p) for p in parts]
    assert len({digest(p) for p in whole}) == 5


def test_a_movie_has_the_line_and_its_leads(sample_portrait, sample_line, tmp_path, capsys) -> None:
    import av

    out = tmp_path / "out.mkv"
    leads = ["--set", "Portrait.lead_in=0.4", "--set", "Portrait.lead_out=0.2", "-F", "1-12", "--fps", "24"]
    assert make(sample_portrait, sample_line, out, *leads) == 0
    said = capsys.readouterr().out
    assert "frames  12 of 1-109, 24 a second" in said
    assert "face    115 px high, turned -1 degrees" in said
    with av.open(str(out)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 12
    sound, line = read_sound(str(out)), read_sound(str(sample_line))
    assert np.abs(sound.samples[0, :6400]).max() == 0
    assert np.allclose(sound.samples[0, 6400:8000], line.samples[0, :1600], atol=1e-4)


def test_every_changed_frame_says_so(sample_portrait, sample_line, tmp_path) -> None:
    assert make(sample_portrait, sample_line, tmp_path / "out.####.exr", "-F", f"1,{SPEAKING}") == 0
    first, speaking = (oiio.ImageBuf(str(p)).spec() for p in sorted(tmp_path.glob("*.exr")))
    assert first.get_int_attribute("lipsync/ai_modified") == 0
    assert speaking.get_int_attribute("lipsync/ai_modified") == 1
    assert '"blinks": 14.0' in speaking.get_string_attribute("lipsync/params")
    found = verify(str(tmp_path / "out.####.exr"))
    assert found.is_good(must_be_trusted=False)
    assert next(iter(found.recipes.values()))["seed"] == {
        "Blend.grain_seed": 0, "Portrait.blink_seed": 1, "Portrait.motion_seed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("still", "text"),
    [
        ("missing.png", "there is no such file"),
        ("dark.png", r"no face is found in the still; .*FaceDetect.smallest_face"),
        ("movie.mkv", "is a movie, expected one picture"),
    ],
)
def test_a_wrong_still_is_one_clear_line(still, text, sample_portrait, sample_line, tmp_path, capsys) -> None:
    if still == "dark.png":
        assert oiio.ImageBuf(oiio.ImageSpec(64, 64, 3, "uint8")).write(str(tmp_path / still))
    if still == "movie.mkv":
        assert make(sample_portrait, sample_line, tmp_path / still, "-F", "1-2", *STILL) == 0
        capsys.readouterr()
    assert make(tmp_path / still, sample_line, tmp_path / "out.mov") in (2, 3, 4)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2
    import re

    assert re.search(text, said)
    assert not (tmp_path / "out.mov").exists()
