# SPDX-License-Identifier: Apache-2.0
"""Movies in and out of a script: a Read that starts at 1001 gives the movie that `lipsync dub` makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ofx_lipsync.cli.main import main

SCRIPT = """Root {
 first_frame 1001
 last_frame 1006
 fps 24
}
Read {
 inputs 0
 file_type mov
 file movies/plate.mov
 last 6
 frame_mode "start at"
 frame 1001
 colorspace sRGB
 name Read1
}
OFXorg.ofxlipsync.lipsync_v1 {
 line sound/line.flac
 name LipSync1
}
Write {
 file movies/nk.mov
 file_type mov
 mov64_codec ap4h
 mov_prores_codec_profile "ProRes 4:4:4:4 12-bit"
 name Write1
}
"""


@pytest.fixture
def movie(here) -> str:
    """The plate as a movie, its frames counted from 1."""
    Path("movies").mkdir(exist_ok=True)
    made = "movies/plate.mov"
    if not Path(made).exists():
        words = ["dub", "plate/plate.####.exr", "sound/line.flac", made, "--codec", "prores", "--progress", "none"]
        assert main([*words, "--analysis", "shot.lipsync"]) == 0
    return made


def test_a_movie_that_starts_at_1001(movie):
    Path("movie.nk").write_text(SCRIPT)
    assert main(["render", "movie.nk", "--progress", "none"]) == 0
    assert main(["dub", "movies/plate.mov", "sound/line.flac", "movies/ref.mov", "--codec", "prores4444", "--progress",
                 "none"]) == 0  # fmt: skip
    assert Path("movies/nk.mov").read_bytes() == Path("movies/ref.mov").read_bytes()
    # A half of it, as files of frames under the script's numbers.
    assert main(["render", "movie.nk", "-F", "1004-1006", "--set", "Write1.file=movies/nk.####.png", "--set",
                 "Write1.file_type=png", "--progress", "none"]) == 0  # fmt: skip
    assert sorted(p.name for p in Path("movies").glob("*.png")) == [f"nk.{frame}.png" for frame in (1004, 1005, 1006)]


def test_a_colour_space_that_a_movie_cannot_have_is_refused_before_work(movie, capsys):
    text = SCRIPT.replace(" mov64_codec ap4h", " mov64_codec ap4h\n colorspace ACEScg")
    Path("refused.nk").write_text(text)
    assert main(["render", "refused.nk", "--progress", "none"]) == 4
    assert "colorspace" in capsys.readouterr().err
