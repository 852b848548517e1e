# SPDX-License-Identifier: Apache-2.0
"""Lessons show the filmed mouth, another one brought to its shape, and nobody who is held out."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.nodes.mouth import neural
from ofx_lipsync.train.mouth import actor, lessons

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def person(shared_data, tmp_path_factory) -> lessons.Person:
    movie = sorted((shared_data / "grid" / "s33").glob("*.mkv"))[0]
    return lessons.Person.of([actor.talker(movie, tmp_path_factory.mktemp("faces"))])


def test_a_mouth_out_of_itself_is_itself(person) -> None:
    k = int(np.argsort(person.gap)[-3])
    x, truth, weight = lessons.lesson(person, lessons.Draw(k, k, k, 0.0))
    assert x.shape == (9, 64, 64)
    inside = weight > 0.5
    assert np.abs(x[:3] - truth)[:, inside].mean() < 0.02
    assert np.abs(x[3:6] - truth)[:, inside].mean() < 1e-5, "the most open mouth is shown as it was filmed"


def test_another_mouth_is_brought_to_the_shape_and_is_not_the_truth(person) -> None:
    ordered = np.argsort(person.gap)
    x, truth, weight = lessons.lesson(person, lessons.Draw(int(ordered[-3]), int(ordered[3]), int(ordered[3]), 1.0))
    between = neural.between
    wanted = person.points(int(ordered[-3]))
    matrix = neural.inverse(neural.window_matrix(wanted, lessons.HEIGHT_PX))
    np.testing.assert_array_equal(x[6], between(neural.through(matrix, wanted)))
    assert np.abs(x[:3] - truth)[:, weight > 2].mean() > 0.03
    assert np.isfinite(x).all()


def test_frames_beside_the_wanted_one_are_not_drawn(person) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        drawn = lessons.draw(person, rng)
        for k in (drawn.source, drawn.widest):
            assert abs(person.row[k] - person.row[drawn.target]) >= lessons.APART_FRAMES


def test_lessons_are_written_whole(person, tmp_path) -> None:
    file = lessons.write(tmp_path, [person], [1.0], 3, seed=1)
    rows = np.load(file)
    assert rows.shape == (3, 13, 64, 64)
    assert np.isfinite(rows).all()
    assert [path.name for path in tmp_path.iterdir()] == ["lessons.npy"]


def test_an_actor_is_learnt_from_a_movie(shared_data, tmp_path, monkeypatch, capsys) -> None:
    """Two steps, from weights made up here, end to end."""
    import torch

    from ofx_lipsync.models.loader import load_file, save
    from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher, generator

    small = Dimensions(widths=(8, 8, 8, 8))
    torch.manual_seed(1)
    start = tmp_path / "start.safetensors"
    save(start, {k: v.numpy() for k, v in MouthFinisher(small).state_dict().items()}, small.as_dict(), {})
    movies = sorted(str(path) for path in (shared_data / "grid" / "s33").glob("*.mkv"))[:2]
    out = tmp_path / "actor.safetensors"
    words = [*movies, "--out", str(out), "--start", str(start), "--steps", "2", "--lessons", "6"]
    assert actor.main([*words, "--sheets", str(tmp_path / "sheets"), "--report-s", "0"]) == 0
    assert generator(str(out)).correct(np.zeros((9, 64, 64), np.float32)).shape == (3, 64, 64)
    assert load_file(out).card["begun_with"].startswith("start ")
    assert "frames it did not learn from: PSNR" in capsys.readouterr().out
    assert list((tmp_path / "sheets").glob("actor_*.png"))


def test_a_reel_that_teaches_nothing_is_one_line(shared_data, tmp_path) -> None:
    with pytest.raises(InputError, match="is not there; name movies"):
        actor.main([str(tmp_path / "no.mov")])
    movie = sorted((shared_data / "grid" / "s33").glob("*.mkv"))[0]
    with pytest.raises(InputError, match=r"the face is seen on 67 frames \(expected 100 or more\)"):
        actor.main([str(movie), "--work", str(tmp_path)])
