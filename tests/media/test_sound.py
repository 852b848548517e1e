# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import soundfile

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media import Colour, open_plate, open_writer, read_sound, resample


def tone(rate_hz: int, seconds: float, channels: int = 1) -> np.ndarray:
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.stack([0.5 * np.sin(2 * np.pi * (220 + 110 * c) * t) for c in range(channels)]).astype(np.float32)


@pytest.mark.parametrize(
    ("ending", "rate_hz", "channels", "subtype"),
    [
        ("wav", 48000, 2, "PCM_24"),
        ("wav", 11025, 1, "FLOAT"),
        ("flac", 44100, 6, "PCM_24"),
        ("aiff", 96000, 1, "PCM_24"),
        ("w64", 16000, 3, "FLOAT"),
    ],
)
def test_files_come_as_they_are(tmp_path: Path, ending: str, rate_hz: int, channels: int, subtype: str) -> None:
    path, samples = str(tmp_path / f"s.{ending}"), tone(rate_hz, 0.3, channels)
    soundfile.write(path, samples.T, rate_hz, subtype=subtype)
    sound = read_sound(path)
    assert (sound.rate_hz, sound.samples.shape, sound.start_s) == (rate_hz, samples.shape, 0.0)
    np.testing.assert_allclose(sound.samples, samples, atol=1.0 / (1 << 22))


@pytest.mark.parametrize("ending", ["mp3", "ogg"])
def test_lossy_files_sound_alike(tmp_path: Path, ending: str) -> None:
    path, samples = str(tmp_path / f"s.{ending}"), tone(48000, 1.0)
    soundfile.write(path, samples.T, 48000)
    sound = read_sound(path)
    n = min(sound.samples.shape[1], samples.shape[1]) - 4800
    assert np.corrcoef(sound.samples[0, 4800:n], samples[0, 4800:n])[0, 1] > 0.99


def test_only_the_part_asked_for_is_read(tmp_path: Path) -> None:
    path, samples = str(tmp_path / "s.wav"), tone(48000, 2.0)
    soundfile.write(path, samples.T, 48000, subtype="FLOAT")
    part = read_sound(path, start_s=0.5, duration_s=0.25)
    assert part.start_s == 0.5
    np.testing.assert_array_equal(part.samples, samples[:, 24000:36000])
    assert read_sound(path, start_s=1.75, duration_s=9).samples.shape == (1, 12000)
    with pytest.raises(MediaError, match="nothing is left at 2"):
        read_sound(path, start_s=2.0)


def test_a_ten_hour_file_costs_what_its_part_costs(tmp_path: Path) -> None:
    """A sparse file: 10 h of 48 kHz stereo as 24-bit RF64, of which one second is real."""
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(str(path), "w", 48000, 2, "PCM_24", format="RF64") as file:
        file.seek(36000 * 48000 - 1)
        file.write(np.full((1, 2), 0.25))
    import tracemalloc

    tracemalloc.start()
    sound = read_sound(str(path), start_s=35999.5, duration_s=1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sound.samples.shape == (2, 24000)
    assert sound.samples[0, -1] == pytest.approx(0.25)
    assert peak < 4 << 20


def test_bad_sound_is_one_clear_line(tmp_path: Path) -> None:
    text = tmp_path / "line.wav"
    text.write_text("Hello, this is the script.\n" * 10)
    cases = {text: "is not sound that can be read", tmp_path / "none.wav": "no such file"}
    empty = tmp_path / "empty.flac"
    empty.touch()
    cases[empty] = "is empty"
    silent = tmp_path / "nothing.wav"
    soundfile.write(str(silent), np.zeros((0, 1)), 48000)
    cases[silent] = "has no samples"
    wild = tmp_path / "nan.wav"
    soundfile.write(str(wild), np.array([0.0, np.nan, 0.0], np.float32), 48000, subtype="FLOAT")
    cases[wild] = "not numbers"
    script = tmp_path / "line.m4a"
    script.write_text("no sound either")
    cases[script] = "cannot be opened"
    for path, reason in cases.items():
        with pytest.raises(MediaError, match=reason) as caught:
            read_sound(str(path))
        assert "\n" not in str(caught.value)


def test_resampling_keeps_time_and_level() -> None:
    sound = Sound(tone(44100, 1.0, 2), 44100, 0.25)
    other = resample(sound, 16000)
    assert (other.rate_hz, other.samples.shape, other.start_s) == (16000, (2, 16000), 0.25)
    np.testing.assert_allclose(other.samples[:, 800:-800], tone(16000, 1.0, 2)[:, 800:-800], atol=2e-3)
    assert resample(sound, 44100) is sound


@pytest.mark.parametrize(("name", "exact"), [("a.mov", True), ("a.mkv", True), ("a.mp4", False)])
@pytest.mark.parametrize(
    ("rate_hz", "channels", "seconds"), [(48000, 1, 2.3), (44100, 2, 0.8), (16000, 1, 1.0), (96000, 6, 1.0)]
)
def test_sound_in_a_movie_is_sample_exact_and_whole(
    movie: Callable, colour: Colour, tmp_path: Path, name: str, exact: bool, rate_hz: int, channels: int, seconds: float
) -> None:
    samples = tone(rate_hz, seconds, channels)
    with (
        open_plate(movie("p.mp4", 24), colour=colour) as plate,
        open_writer(str(tmp_path / name), plate, sound=Sound(samples, rate_hz)) as writer,
    ):
        for n in plate.frames:
            writer.write(plate.load(n))
    with open_plate(str(tmp_path / name), colour=colour) as dubbed:
        assert len(dubbed.frames) == 24
    back = read_sound(str(tmp_path / name))
    assert (back.rate_hz, len(back.samples), back.start_s) == (rate_hz, channels, 0.0)
    assert back.samples.shape[1] >= samples.shape[1]
    if exact:
        assert back.samples.shape[1] == samples.shape[1]
        np.testing.assert_allclose(back.samples, samples, atol=0.51 / (1 << 23))
    else:
        middle = slice(2000, samples.shape[1] - 2000)
        full_band = [c for c in range(channels) if c != 3]  # the fourth of six is the low-frequency one
        pairs = zip(back.samples[full_band, middle], samples[full_band, middle], strict=True)
        assert min(np.corrcoef(heard, said)[0, 1] for heard, said in pairs) > 0.98


def test_late_and_early_lines_keep_their_place(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    samples = tone(48000, 0.5)
    for start_s, place in ((0.25, 12000), (-0.125, -6000)):
        path = str(tmp_path / f"late{place}.mov")
        with (
            open_plate(movie("p.mp4", 24), colour=colour) as plate,
            open_writer(path, plate, sound=Sound(samples, 48000, start_s)) as writer,
        ):
            for n in plate.frames:
                writer.write(plate.load(n))
        back = read_sound(path).samples
        assert back.shape[1] == 24000 + place
        np.testing.assert_allclose(back[:, max(0, place) :], samples[:, max(0, -place) :], atol=1e-6)
        assert not back[:, : max(0, place)].any()


def test_part_of_a_movies_sound(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    samples, path = tone(48000, 3.0), str(tmp_path / "m.mov")
    with (
        open_plate(movie("p.mp4", 72), colour=colour) as plate,
        open_writer(path, plate, sound=Sound(samples, 48000)) as writer,
    ):
        for n in plate.frames:
            writer.write(plate.load(n))
    part = read_sound(path, start_s=1.25, duration_s=0.5)
    assert part.start_s == pytest.approx(1.25)
    np.testing.assert_allclose(part.samples, samples[:, 60000:84000], atol=1e-6)
    with pytest.raises(MediaError, match="has no sound track 1"):
        read_sound(path, stream=1)
    with pytest.raises(MediaError, match="has no sound track 0"):
        read_sound(movie("mute.mp4", 2))
