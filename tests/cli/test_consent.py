# SPDX-License-Identifier: Apache-2.0
"""Consent from the command line, the shot file and the studio's environment: exit code 6 before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from ofx_lipsync.cli.main import main

CLEARED = ["--consent", "AB-2026-014", "--consent", "status=cleared"]
GERMAN = ["--consent", "languages=fr,de"]


def dub(out: Path, *more: str) -> int:
    """The plate is not there: whoever gets as far as looking for it has passed."""
    return main(["dub", "absent.####.exr", "absent.wav", str(out), "--progress", "none", *more])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 6, "there is none"),
        (["--consent", "AB-2026-014"], 6, "is pending"),
        (["--consent", "AB-2026-014", "--consent", "status=refused"], 6, "is refused"),
        ([*CLEARED, "--consent", "expires=2020-01-31"], 6, "ended on 2020-01-31"),
        ([*CLEARED, *GERMAN, "--set", "AudioFeature.language=it"], 6, "the line is in it"),
        ([*CLEARED, *GERMAN], 6, "language is not said"),
        ([*CLEARED, *GERMAN, "--set", "AudioFeature.language=de"], 4, "absent"),
        (CLEARED, 4, "absent"),
    ],
)
def test_required_consent(tmp_path, capsys, words, code, said):
    assert dub(tmp_path / "out.mov", "--require-consent", *words) == code
    told = capsys.readouterr().err
    assert said in told
    assert ("LIPSYNC_FAIL code=6 reason=consent" in told) == (code == 6)
    assert not list(tmp_path.iterdir())


def test_a_studio_requires_it_by_environment(tmp_path, capsys, monkeypatch):
    assert dub(tmp_path / "out.mov") == 4
    monkeypatch.setenv("LIPSYNC_REQUIRE_CONSENT", "1")
    assert dub(tmp_path / "out.mov") == 6
    assert main(["portrait", "absent.png", "absent.wav", str(tmp_path / "out.mov")]) == 6
    assert main(["fill", "absent.####.exr", "absent.wav", str(tmp_path / "out.mov")]) == 6
    assert main(["resync", "absent.mov", str(tmp_path / "out.mov")]) == 6
    monkeypatch.setenv("LIPSYNC_REQUIRE_CONSENT", "0")
    assert dub(tmp_path / "out.mov") == 4


SHOT = """
[plate]
path = "absent.####.exr"
[[line]]
path = "absent.wav"
language = "{language}"
[consent]
performer = "Anna Lang"
agreement = "AB-2026-014"
languages = ["fr"]
status = "{status}"
expires = 2099-01-31
[output]
comp = "out.mov"
"""


@pytest.mark.parametrize(
    ("status", "language", "more", "code"),
    [
        ("cleared", "fr", [], 4),
        ("cleared", "it", [], 6),
        ("pending", "fr", [], 6),
        ("pending", "fr", ["--consent", "status=cleared"], 4),
        ("cleared", "fr", ["--set", "AudioFeature.language=it"], 6),
        ("cleared", "fr", ["--consent", "expires=2020-01-01"], 6),
    ],
)
def test_the_block_of_a_shot_file(tmp_path, status, language, more, code):
    shot = tmp_path / "shot.toml"
    shot.write_text(SHOT.format(status=status, language=language))
    assert main(["dub", str(shot), "--require-consent", "--progress", "none", *more]) == code


def test_a_word_of_consent_that_means_nothing_is_usage(tmp_path):
    assert dub(tmp_path / "out.mov", "--consent", "status=yes") == 2
