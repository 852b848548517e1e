# SPDX-License-Identifier: Apache-2.0
"""`lipsync resync` from files to files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from ofx_lipsync.cli.main import main
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.trust.verify import verify

RATE_HZ, FRAMES = 48000, 50
LATE_S = 0.12


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of grey frames, each its own grey, and noise that comes 120 ms late."""
    path = tmp_path_factory.mktemp("scene") / "scene.mkv"
    with av.open(str(path), "w") as out:
        picture = out.add_stream("ffv1", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for number in range(FRAMES):
            grey = np.full((72, 64), 128, np.uint8)
            grey[:48] = 40 + 3 * number
            frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
            frame.pts = number
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        noise = np.random.default_rng(3).integers(-3000, 3000, (1, 2 * RATE_HZ)).astype(np.int16)
        heard = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        out.mux(sound.encode(heard))
        out.mux(sound.encode(None))
    return path


@pytest.fixture
def curve(tmp_path: Path) -> Path:
    rows = [f"{t:.1f},{LATE_S * 1000:g},0.9" for t in np.arange(0.1, 2, 0.1)]
    (tmp_path / "curve.csv").write_text("seconds,offset_ms,confidence\n" + "\n".join(rows) + "\n")
    return tmp_path / "curve.csv"


def run(scene: Path, out: Path, curve: Path, *more: str) -> int:
    return main(["resync", str(scene), str(out), "--curve", str(curve), "--progress", "none", *more])


def greys(path: Path) -> list[int]:
    with av.open(str(path)) as movie:
        return [int(frame.to_ndarray(format="gray")[20, 20]) for frame in movie.decode(video=0)]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as movie:
        return [bytes(packet) for packet in movie.demux(video=0) if packet.size]


def test_sound_moves_and_the_picture_is_copied_as_stored(scene: Path, curve: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    assert run(scene, out, curve) == 0
    given, made = read_sound(str(scene)).samples, read_sound(str(out)).samples
    assert made.shape == (1, 2 * RATE_HZ)
    lag = round(LATE_S * RATE_HZ)
    np.testing.assert_allclose(made[:, :RATE_HZ], given[:, lag : lag + RATE_HZ], atol=2**-15)
    assert packets(out) == packets(scene)


def test_the_plan_is_kept_edited_and_read_back(
    scene: Path, curve: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    plan = tmp_path / "plan.csv"
    assert run(scene, tmp_path / "a.wav", curve, "--plan", str(plan), "--plot", str(tmp_path / "p.png")) == 0
    assert "sound late by +120 ms; sound" in capsys.readouterr().out
    assert (tmp_path / "p.png").stat().st_size > 3000
    text = plan.read_text()
    assert text.splitlines()[1] == "0.000000,2.000000,120.000,120.000,sound"
    plan.write_text(text.replace("120.000,120.000", "40.000,40.000"))
    assert main(["resync", str(scene), str(tmp_path / "b.wav"), "--plan", str(plan), "--progress", "none"]) == 0
    given, made = read_sound(str(scene)).samples, soundfile.read(tmp_path / "b.wav", dtype="float32")[0]
    np.testing.assert_allclose(made[:RATE_HZ], given[0, 1920 : 1920 + RATE_HZ], atol=2**-15)


def test_the_picture_gives_way_frame_for_frame(scene: Path, curve: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    assert run(scene, out, curve, "--fix", "picture") == 0
    given = greys(scene)
    assert greys(out) == [given[0]] * 3 + given[:-3]
    assert np.array_equal(read_sound(str(out)).samples, read_sound(str(scene)).samples)


def test_frames_that_show_others_say_so(scene: Path, curve: Path, tmp_path: Path) -> None:
    assert run(scene, tmp_path / "out.mkv", curve, "--fix", "picture") == 0
    found = verify(str(tmp_path / "out.mkv"))
    assert found.is_good(must_be_trusted=False)
    assert not any(row["region"] for row in found.rows.values())
    assert any(row["frame_source"].startswith("frame ") for row in found.rows.values())


def test_a_sequence_gets_its_sound_beside_it(scene: Path, curve: Path, tmp_path: Path) -> None:
    assert run(scene, tmp_path / "out.####.exr", curve, "--fix", "picture", "--shot", "1-8") == 0
    with open_plate(str(tmp_path / "out.####.exr")) as plate:
        assert list(plate.frames) == list(range(1, 9))
    assert soundfile.info(tmp_path / "out.wav").frames == 8 * RATE_HZ // 25


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--fix", "picture"], "fix=picture changes the picture"),
        (["--plot", "plot.jpg"], "written as .png"),
        (["--set", "Resync.least_confidence=1"], "nothing tells how late the sound is"),
    ],
)
def test_wrong_wishes_are_named(
    scene: Path, curve: Path, tmp_path: Path, more: list[str], said: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(scene, tmp_path / "out.wav", curve, *more) != 0
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("*.wav"))


def test_no_output_may_be_an_input(scene: Path, curve: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(scene, scene, curve) == 2
    assert "is an input as well" in capsys.readouterr().err
