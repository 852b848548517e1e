# SPDX-License-Identifier: Apache-2.0
"""Times on a 10 ms grid, silences found, one manifest, and the same people held out for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.phones import UNKNOWN, index
from ofx_lipsync.train.speech.alphabets import ARPABET, sound
from ofx_lipsync.train.speech.utterance import (
    RATE_HZ,
    Shelf,
    Utterance,
    read_listing,
    read_manifest,
    silent_stretches,
    split_of,
    timed,
    write_manifest,
)


def utterance(
    path: str = "flite/a.flac", phones: tuple[tuple[str, float], ...] = (("sil", 0.1), ("p", 0.2))
) -> Utterance:
    return Utterance(path, "flite", "BSD", "en", "flite-slt", "exact", "train", phones[-1][1], phones)


def test_labels_hold_at_the_centre_of_ten_milliseconds() -> None:
    labels = utterance(phones=(("sil", 0.096), ("p", 0.204), ("", 0.25))).frames()
    assert labels.tolist() == [0] * 10 + [index("p")] * 10 + [UNKNOWN] * 5


def test_glides_are_divided_and_glottal_stops_keep_the_mouth() -> None:
    phones = timed([(sound(ARPABET, "ay"), 0.1), ((), 0.15), (None, 0.2), (sound(ARPABET, "m"), 0.3)])
    assert phones == (("a", 0.055), ("ɪ", 0.15), ("", 0.2), ("m", 0.3))


def test_long_silences_inside_a_sound_are_found() -> None:
    samples = np.random.default_rng(1).normal(size=RATE_HZ).astype(np.float32) * np.float32(0.1)
    samples[6400:12800] = 0
    assert silent_stretches(samples, (("a", 0.5), ("n", 1.0))) == (("a", 0.4), ("sil", 0.5), ("sil", 0.8), ("n", 1.0))
    samples[6400:12800] = 0.001
    samples[0:6400] = 0.05
    assert silent_stretches(samples, (("a", 0.5), ("n", 1.0))) == (("a", 0.5), ("n", 1.0))


def test_the_same_people_are_held_out() -> None:
    assert [split_of("flite", f"flite-{v}") for v in ("slt", "rms", "awb")] == ["train", "test", "train"]
    assert [n for n in range(620) if split_of("festvox-ru", "", n, 620) == "test"] == list(range(560, 620))
    assert sum(split_of("speechocean", "", n, 124) == "test" for n in range(124)) == 31
    assert split_of("espeak", "espeak-en") == split_of("festival", "festival-kal_diphone") == "train"


def test_a_shelf_goes_on_where_it_was_left(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).normal(size=3200).astype(np.float32) * np.float32(0.1)
    shelf = Shelf(tmp_path, "flite")
    shelf.add(utterance(shelf.name("a b", "1")), samples)
    with (tmp_path / "flite.jsonl").open("a") as listing:
        listing.write('{"path": "flite/cut')
    again = Shelf(tmp_path, "flite")
    assert list(again.known) == ["flite/a-b-1.flac"]
    assert again.minutes() == pytest.approx(0.2 / 60)
    np.testing.assert_allclose(again.known["flite/a-b-1.flac"].samples(tmp_path), samples, atol=2e-4)


def test_one_manifest_of_all_sources(tmp_path: Path) -> None:
    Shelf(tmp_path, "flite").add(utterance())
    Shelf(tmp_path, "espeak").add(replace(utterance("espeak/b.flac"), source="espeak"))
    written = write_manifest(tmp_path)
    assert read_manifest(tmp_path) == written
    assert {u.source for u in written} == {"flite", "espeak"}
    assert read_listing(tmp_path / "flite.jsonl") == [utterance()]


def test_a_corpus_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="lipsync train corpus"):
        read_manifest(tmp_path)
    with pytest.raises(MediaError, match="cannot be read"):
        utterance("none.flac").samples(tmp_path)
