# SPDX-License-Identifier: Apache-2.0
"""Which lines a batch is made of, and what is wrong with a manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ofx_lipsync.core.errors import InputError, LipSyncError, UsageError
from ofx_lipsync.export.manifest import lines_of


def test_a_folder_is_every_sound_below_it(tmp_path: Path) -> None:
    for name in ("b.wav", "a/x.FLAC", "a/notes.txt", ".hidden.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    lines = lines_of([str(tmp_path)], "ru")
    assert [(line.name, line.language) for line in lines] == [("a/x", "ru"), ("b", "ru")]


ROWS = [{"id": "hello", "sound": "s/h_en.wav", "language": "en", "text": "Hello, there"},
        {"id": "hello", "sound": "s/h_ru.wav", "language": "ru"}, {"sound": "s/bye.wav"}]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "toml", "json", "list.json"])
def test_lines_by_languages(kind: str, tmp_path: Path) -> None:
    texts = {
        "csv": 'id,sound,language,text\nhello,s/h_en.wav,en,"Hello, there"\nhello,s/h_ru.wav,ru,\n,s/bye.wav,,\n',
        "toml": "".join("[[line]]\n" + "".join(f"{k} = {v!r}\n" for k, v in row.items()) for row in ROWS),
        "json": json.dumps({"lines": ROWS}),
        "list.json": "\ufeff" + json.dumps(ROWS),
    }
    path = tmp_path / f"m.{kind}"
    path.write_text(texts[kind], encoding="utf-8")
    lines = lines_of([str(path)], "de")
    assert [(x.name, x.out, x.language, x.text) for x in lines] == [
        ("hello", "en/hello", "en", "Hello, there"), ("hello", "ru/hello", "ru", ""), ("bye", "bye", "de", ""),
    ]  # fmt: skip
    assert lines[0].path == tmp_path / "s" / "h_en.wav"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,file\na,b.wav\n", "line 1: there is no field 'file'; a line has id, sound, language"),
        ("id,sound\na,\n", "line 1: it names no sound"),
        ("sound,out\nb.wav,../x\n", "line 1: it would be written to '../x'"),
        ("sound,out\nb.wav,/x\n", "line 1: it would be written to '/x'"),
        ("sound,id\nb.wav,a\nc.wav,A\n", "would be written to the same place as"),
        ("sound\nb.wav,c,d\n", "line 1: is "),
        ("sound\n", "no line in it"),
    ],
)
def test_a_wrong_manifest_says_where(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(LipSyncError) as refused:
        lines_of([str(tmp_path / "m.csv")])
    assert told in str(refused.value)


def test_a_manifest_that_is_none(tmp_path: Path) -> None:
    for name, content in (("a.toml", b"[[line"), ("a.json", b"[[["), ("b.json", b"3"), ("c.json", b"\xff\xfe\x00")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((InputError, UsageError), match=name):
            lines_of([str(tmp_path / name)])
    with pytest.raises(InputError, match="there is no such file"):
        lines_of([str(tmp_path / "none.csv")])


def test_rhubarbs_json_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"mouthCues": []}')
    (line,) = lines_of([str(tmp_path / "a.json")])
    assert line.is_cues


def test_two_files_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give their folder, or a manifest"):
        lines_of(["en/a.wav", "ru/a.wav"])
