# SPDX-License-Identifier: Apache-2.0
"""lipsync verify: what was written is known again, and every way of changing it is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main
from ofx_lipsync.trust import sidecar
from ofx_lipsync.trust.verify import HEADER, PIXELS, header, verify

KINDS = {"exr": "dub.####.exr", "png": "dub.####.png", "tif": "dub.####.tif", "dpx": "dub.####.dpx",
         "mov": "dub.mov", "mp4": "dub.mp4", "mkv": "dub.mkv"}  # fmt: skip


def rewrite(path: Path, change) -> None:
    """A picture read and written again by another tool."""
    image = oiio.ImageBuf(str(path))
    pixels, spec = image.get_pixels(image.spec().format), oiio.ImageSpec(image.spec())
    change(pixels, spec)
    out = oiio.ImageOutput.create(str(path))
    out.open(str(path), spec)
    out.write_image(pixels)
    out.close()


def one_code(pixels, spec) -> None:
    pixels[3, 4, 1] = np.nextafter(pixels[3, 4, 1], 9) if pixels.dtype.kind == "f" else pixels[3, 4, 1] + 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_known_again(results, kind):
    found = verify(str(results(kind, False) / KINDS[kind]))
    assert found.is_good(must_be_trusted=False)
    assert not found.is_good(must_be_trusted=True)
    assert found.whole
    assert found.frames == list(range(1001, 1007))
    assert not found.signatures
    assert all(row["region"] for row in found.rows.values())


@pytest.mark.parametrize("kind", ["exr", "png", "tif"])
def test_a_changed_pixel_is_told(copied, kind):
    folder = copied(kind)
    rewrite(folder / f"dub.1003.{kind}", one_code)
    found = verify(str(folder / KINDS[kind]))
    assert found.changed == {1003: PIXELS}
    assert not found.is_good(False)


def test_a_new_header_is_told_from_new_pixels(copied):
    folder = copied("exr")
    rewrite(folder / "dub.1002.exr", lambda pixels, spec: spec.attribute("compression", "none"))
    rewrite(folder / "dub.1004.exr", lambda pixels, spec: spec.erase_attribute("lipsync/ai_modified"))
    assert verify(str(folder / KINDS["exr"])).changed == {1002: HEADER, 1004: HEADER}


def test_swapped_cut_lost_and_strange_frames_are_told(copied):
    folder = copied("exr")
    files = {frame: folder / f"dub.{frame}.exr" for frame in range(1001, 1008)}
    one, other = files[1001].read_bytes(), files[1002].read_bytes()
    files[1001].write_bytes(other)
    files[1002].write_bytes(one)
    files[1003].write_bytes(files[1003].read_bytes()[:-200])
    files[1005].unlink()
    files[1007].write_bytes(one)
    found = verify(str(folder / KINDS["exr"]))
    assert found.changed[1001].endswith("it is the picture of frame 1002")
    assert found.changed[1002].endswith("it is the picture of frame 1001")
    assert found.changed[1003] == "damaged"
    assert (found.missing, found.extra) == ([1005], [1007])


def test_an_edited_sidecar_is_told(copied, capsys):
    folder = copied("exr")
    path = folder / "dub.exr.lipsync.json"
    path.write_text(path.read_text().replace('"ai_modified": 1', '"ai_modified": 0'))
    assert verify(str(path)).whole is False
    assert main(["verify", str(path)]) == 3
    assert "the sidecar was edited" in capsys.readouterr().out


def test_a_sidecar_does_not_point_out_of_its_folder(copied, capsys):
    folder = copied("exr")
    path = folder / "dub.exr.lipsync.json"
    path.write_text(path.read_text().replace('"dub.1001.exr"', '"../secret.exr"'))
    assert main(["verify", str(path)]) == 4
    assert "expected one in its own folder" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["mov", "mp4", "mkv"])
def test_a_movie_says_of_itself_which_frames_were_changed(results, kind):
    said = {name.lower(): value for name, value in header(results(kind, False) / f"dub.{kind}").items()}
    assert said["ai_frames"] == "1-6"
    assert said["ai_modified"] == "1"
    assert said["digitalsourcetype"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert said["consent_ref"] == "none"
    assert "feather" in said["params"]


def test_frames_say_of_themselves_what_was_changed(results):
    said = header(results("exr", False) / "dub.1004.exr")
    assert {"software", "version", "model", "model_sha256", "params", "frame_source", "digitalSourceType",
            "consent_ref", "ai_modified", "ai_region"} <= set(said)  # fmt: skip
    assert json.loads(said["model_sha256"])["face networks"] == said["face_networks_sha256"]


@pytest.mark.parametrize("kind", ["exr", "png", "tif", "dpx"])
def test_every_format_says_as_much_as_it_has_room_for(results, kind):
    path = results(kind, False) / f"dub.1004.{kind}"
    told, row = header(path), verify(str(path)).rows[1004]
    assert told["software"].startswith("ofx_lipsync ")
    assert str(told["ai_modified"]) == "1"
    assert told["ai_region"] == " ".join(map(str, row["region"]))
    assert kind == "dpx" or json.loads(told["params"])["Blend"]
    description = oiio.ImageBuf(str(path)).spec().get_string_attribute("ImageDescription")
    assert description.startswith("Eileen Collins")  # the plate's own words stay


@pytest.mark.parametrize(("kind", "stream"), [("mov", 0), ("mkv", 0), ("mov", 1)])
def test_a_movie_names_the_picture_that_was_changed(copied, kind, stream):
    import av

    path = copied(kind) / f"dub.{kind}"
    with av.open(str(path)) as movie:
        packet = [packet for packet in movie.demux(movie.streams[stream]) if packet.size][2]
        at = packet.pos + packet.size // 2
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    found = verify(str(path))
    assert found.changed == ({1003: "coded picture changed"} if stream == 0 else {})
    assert found.wrong == ([] if stream == 0 else ["the sound changed"])


def test_a_movie_without_its_last_frames_says_which(copied):
    import av

    folder = copied("mov")
    path = folder / "dub.mov"
    with av.open(str(path)) as source, av.open(str(folder / "cut.mov"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.pts is not None and packet.pts < 4 * packet.duration:
                packet.stream = stream
                target.mux(packet)
    shutil.move(folder / "cut.mov", path)
    found = verify(str(path))
    assert (found.changed, found.missing, found.wrong) == ({}, [1005, 1006], ["the sound changed"])


def test_a_movie_whose_tags_were_edited_is_told_and_its_frames_are_not(copied):
    folder = copied("mov")
    path = folder / "dub.mov"
    path.write_bytes(path.read_bytes().replace(b"lipsync/ai_modified", b"lipsync/no_modified"))
    found = verify(str(path))
    assert not found.changed
    assert "picture and sound did not" in found.wrong[0]


def test_one_frame_of_a_sequence_is_enough(copied, capsys):
    folder = copied("exr")
    assert main(["verify", str(folder / "dub.1003.exr")]) == 0
    rewrite(folder / "dub.1003.exr", one_code)
    assert main(["verify", str(folder / "dub.1003.exr")]) == 3
    assert main(["verify", str(folder / "dub.1004.exr")]) == 0
    assert "AI-modified" in capsys.readouterr().out


def test_without_a_sidecar_there_is_nothing_to_check(copied, samples, capsys):
    folder = copied("exr")
    (folder / "dub.exr.lipsync.json").unlink()
    assert main(["verify", str(folder / "dub.####.exr")]) == 4
    assert main(["verify", str(folder / "dub.1003.exr")]) == 3
    assert "nothing to check it against" in capsys.readouterr().out
    assert main(["verify", str(samples / "collins" / "portrait.png")]) == 4
    assert "says nothing of where it comes from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("was", "now"),
    [("pixels_sha256", "pixels"), ('"1001": {', '"one": {'), ('"region": [', '"region": ["a", '),
     ('"kind": "sequence"', '"kind": "play"'), ('"kind": "sequence"', '"kind": "movie"'), ("{", "["),
     ('"frames": {', '"frames": 3, "x": {'), ("provenance 1", "provenance 9")],
)  # fmt: skip
def test_a_sidecar_of_any_kind_is_one_clear_line(copied, capsys, was, now):
    path = copied("exr") / "dub.exr.lipsync.json"
    path.write_text(path.read_text().replace(was, now))
    assert main(["verify", str(path)]) == 4
    assert "is no sidecar of lipsync" in capsys.readouterr().err


def test_everything_is_there_as_json(results, capsys):
    assert main(["verify", str(results("exr", False) / "dub.####.exr"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["good"] is True
    assert len(told["rows"]) == 6
    assert told["output"].endswith("dub.####.exr")


def test_two_results_of_one_name_have_two_sidecars():
    names = {sidecar.sidecar_path(out).name for out in ("a/dub.####.exr", "a/dub.mov", "a/dub.%04d.dpx", "####.exr")}
    assert names == {"dub.exr.lipsync.json", "dub.mov.lipsync.json", "dub.dpx.lipsync.json", "frames.exr.lipsync.json"}
