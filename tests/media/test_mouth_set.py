# SPDX-License-Identifier: Apache-2.0
"""Drawn mouths out of folders, PSDs and SVGs: names, sizes, stand-ins, and light that is multiplied in once."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.phones import ADOBE, OVR
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.drawing import screen_codes
from ofx_lipsync.media.mouth_set import describe, read_mouth_set

RED = (200, 30, 40, 255)


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour.load()


def write(path: Path, codes: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = oiio.ImageSpec(codes.shape[1], codes.shape[0], codes.shape[2], str(codes.dtype))
    spec.attribute("oiio:UnassociatedAlpha", 1)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    assert output.write_image(codes)
    output.close()


def mouth(colour_codes=RED, box=(10, 12, 30, 20), size=(40, 32), dtype=np.uint8) -> np.ndarray:
    codes = np.zeros((size[1], size[0], 4), dtype)
    x0, y0, x1, y1 = box
    codes[y0:y1, x0:x1] = np.array(colour_codes) * (257 if dtype == np.uint16 else 1)
    return codes


def folder(path: Path, names: list[str], **more) -> Path:
    for n, name in enumerate(names):
        write(path / f"{name}.png", mouth((200 - n, n, 40, 255), **more))
    return path


def psd(path: Path, layers: dict[str, tuple[int, int]], size=(60, 50)) -> Path:
    from PIL import Image
    from psd_tools import PSDImage

    made = PSDImage.new(mode="RGBA", size=size)
    for name, (left, top) in layers.items():
        made.create_pixel_layer(Image.new("RGBA", (12, 6), (200, 10, 0, 128)), name=name, left=left, top=top)
    made.save(str(path))
    return path


def svg(text: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40" width="80" height="40">{text}</svg>'


@pytest.mark.parametrize(
    ("names", "family", "alphabet"),
    [
        ([name.upper() for name in ADOBE], "Character Animator", ADOBE),
        (["neutral", "ah", "d", "ee", "f", "l", "m", "oh", "r", "s", "uh", "w_oo"], "Character Animator", ADOBE),
        (["AI", "E", "etc", "FV", "L", "MBP", "O", "rest", "U", "WQ"], "Preston Blair", ADOBE),
        ([f"lisa-{letter}" for letter in "ABCDEFGHX"], "Rhubarb", ADOBE),
        ([f"viseme_{name}" for name in OVR], "OVR", OVR),
    ],
)
def test_every_family_is_known_by_its_names(tmp_path, colour, names, family, alphabet) -> None:
    found = read_mouth_set(str(folder(tmp_path, names)), colour)
    assert (found.family, found.alphabet) == (family, alphabet)
    assert set(found.mouths["neutral"]) == set(alphabet)
    assert not found.unknown


def test_rhubarbs_letters_are_not_adobes(tmp_path, colour) -> None:
    """Rhubarb's D is wide open and its F puckered; Adobe's are a tongue at the teeth, and teeth on the lip."""
    found = read_mouth_set(str(folder(tmp_path, list("ABCDEFGHX"))), colour).mouths["neutral"]
    assert found["Aa"] is not found["D"]
    greens = {name: screen_codes(found[name].pixels, colour)[0, 0, 1] for name in ("Aa", "W-Oo", "F", "M", "Neutral")}
    assert greens == {"Aa": 3, "W-Oo": 5, "F": 6, "M": 0, "Neutral": 8}


def test_missing_mouths_have_stand_ins_that_are_said(tmp_path, colour) -> None:
    found = read_mouth_set(str(folder(tmp_path, ["Neutral", "Aa", "Oh", "S"])), colour)
    assert found.stands_in["neutral", "W-Oo"] == "Oh"
    assert found.stands_in["neutral", "M"] == "Neutral"
    assert found.mouths["neutral"]["W-Oo"] is found.mouths["neutral"]["Oh"]
    assert any("W-Oo <- Oh" in line for line in describe(found))


def test_expressions_parts_and_in_betweens(tmp_path, colour) -> None:
    folder(tmp_path / "Happy", [*ADOBE, "Aa_to_M_1", "Aa_to_M_2", "eyes_open"])
    folder(tmp_path, [*ADOBE, "head", "blink", "scribble"])
    found = read_mouth_set(str(tmp_path), colour)
    assert found.expressions == ("neutral", "happy")
    assert len(found.between["happy", "Aa", "M"]) == 2
    assert found.part("head", "happy") is found.parts["neutral", "head"]
    assert found.part("eyes_closed", "neutral") is not None
    assert found.unknown == ("neutral/scribble",)


def test_straight_alpha_is_multiplied_in_light_and_comes_back(tmp_path, colour) -> None:
    folder(tmp_path, ["Neutral"])
    codes = mouth((188, 96, 40, 128))
    codes[codes[..., 3] == 0, :3] = (255, 0, 255)  # what a paint program left under nothing
    write(tmp_path / "Aa.png", codes)
    drawing = read_mouth_set(str(tmp_path), colour).mouths["neutral"]["Aa"]
    assert drawing.region == Region(10, 12, 30, 20)
    light = colour.to_working(np.float32([188, 96, 40]).reshape(3, 1, 1) / 255, colour.look_space)[:, 0, 0]
    np.testing.assert_allclose(drawing.pixels[:3, 3, 3], light * (128 / 255), rtol=1e-5)
    np.testing.assert_array_equal(screen_codes(drawing.pixels, colour)[3, 3], [188, 96, 40, 128])


def test_sixteen_bits_are_read_to_the_last(tmp_path, colour) -> None:
    folder(tmp_path, ["Neutral"])
    codes = mouth(dtype=np.uint16)
    codes[12:20, 10:30] = (40001, 20003, 777, 65535)
    write(tmp_path / "Aa.png", codes)
    drawing = read_mouth_set(str(tmp_path), colour).mouths["neutral"]["Aa"]
    np.testing.assert_allclose(
        screen_codes(drawing.pixels, colour, np.uint16)[2, 2], (40001, 20003, 777, 65535), atol=1
    )


def test_a_psd_keeps_its_layers_places(tmp_path, colour) -> None:
    path = psd(tmp_path / "mila.psd", {"Neutral": (10, 20), "AA": (12, 22), "happy/Aa": (9, 21), "happy/rest": (8, 8)})
    found = read_mouth_set(str(path), colour)
    assert found.canvas == Region(0, 0, 60, 50)
    assert found.expressions == ("neutral", "happy")
    drawing = found.mouths["neutral"]["Aa"]
    assert drawing.region == Region(12, 22, 24, 28)
    np.testing.assert_array_equal(screen_codes(drawing.pixels, colour)[0, 0], [200, 10, 0, 128])


def test_a_puppets_other_layers_may_have_any_names(tmp_path, colour) -> None:
    psd(tmp_path / "puppet.psd", {"Neutral": (10, 20), "Aa": (12, 22), "Layer 1": (0, 0), "Layer 2": (1, 1)})
    from psd_tools import PSDImage

    made = PSDImage.open(str(tmp_path / "puppet.psd"))
    made[3].name = "Layer 1"
    made.save(str(tmp_path / "puppet.psd"))
    assert read_mouth_set(str(tmp_path / "puppet.psd"), colour).unknown == ("neutral/Layer 1", "neutral/Layer 1'")


def test_svgs_are_drawn_at_the_height_asked_for(tmp_path, colour) -> None:
    for name, y in (("Neutral", 10), ("Aa", 20)):
        (tmp_path / f"{name}.svg").write_text(svg(f'<rect x="20" y="{y}" width="40" height="10" fill="#c81e28"/>'))
    assert read_mouth_set(str(tmp_path), colour).canvas == Region(0, 0, 80, 40)
    found = read_mouth_set(str(tmp_path), colour, height_px=120)
    assert found.canvas == Region(0, 0, 240, 120)
    assert found.mouths["neutral"]["Aa"].region == Region(60, 60, 180, 90)


def test_pictures_are_resized_to_the_height_asked_for(tmp_path, colour) -> None:
    found = read_mouth_set(str(folder(tmp_path, ["Neutral", "Aa"])), colour, height_px=64)
    assert found.canvas == Region(0, 0, 80, 64)
    region = found.mouths["neutral"]["Aa"].region
    assert abs(region.x0 - 20) <= 3
    assert abs(region.y1 - 40) <= 3


def test_mouths_toml_names_what_is_not_known(tmp_path, colour) -> None:
    folder(tmp_path, ["shut", "shouting", "guide"])
    (tmp_path / "mouths.toml").write_text('ignore = ["guide"]\n[names]\nshut = "Neutral"\nshouting = "Aa"\n')
    found = read_mouth_set(str(tmp_path), colour)
    assert found.stands_in["neutral", "M"] == "Neutral"
    assert found.mouths["neutral"]["Aa"] is not found.mouths["neutral"]["M"]
    assert not found.unknown


def test_small_drawings_are_placed_where_mouths_toml_says(tmp_path, colour) -> None:
    folder(tmp_path, ["Neutral", "Aa"], size=(20, 10), box=(2, 2, 18, 8))
    write(tmp_path / "head.png", mouth(size=(100, 80), box=(0, 0, 100, 80)))
    with pytest.raises(MediaError, match=r"is 20 x 10 px, expected the set's 100 x 80; .* mouth = \[x, y\]"):
        read_mouth_set(str(tmp_path), colour)
    (tmp_path / "mouths.toml").write_text("mouth = [50, 60]\n")
    assert read_mouth_set(str(tmp_path), colour).mouths["neutral"]["Aa"].region == Region(42, 57, 58, 63)


def broken_psd(path: Path) -> None:
    psd(path / "flat.psd", {})


def two_of_a_name(path: Path) -> None:
    psd(path / "twice.psd", {"Neutral": (1, 1), "Aa": (2, 2)})
    from psd_tools import PSDImage

    made = PSDImage.open(str(path / "twice.psd"))
    made[1].name = "Neutral"
    made.save(str(path / "twice.psd"))


@pytest.mark.parametrize(
    ("make", "name", "text"),
    [
        (lambda path: None, "nothing.psd", "there is no such folder or file"),
        (broken_psd, "flat.psd", "has no layers"),
        (two_of_a_name, "twice.psd", "two layers are named 'Neutral'"),
        (lambda path: (path / "empty").mkdir(), "empty", "holds no drawings"),
        (lambda path: folder(path / "odd", ["one", "two"]), "odd", "no drawing's name is a mouth's"),
        (lambda path: folder(path / "m", ["Aa", "Oh"]), "m", "neutral has no drawing for Neutral"),
        (lambda path: (path / "x.txt").write_text("a"), "x.txt", "is one file; give a folder"),
    ],
)
def test_what_is_not_a_set_says_so(tmp_path, colour, make, name, text) -> None:
    make(tmp_path)
    with pytest.raises(MediaError, match=text):
        read_mouth_set(str(tmp_path / name), colour)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<svg", "is not an SVG that can be drawn"),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>',
            "is 99999 px high, expected 1 to 8192",
        ),
        (b"\xff\xfe\x00", "is not an SVG that can be drawn"),
    ],
)
def test_a_broken_svg_is_one_clear_line(tmp_path, colour, content, text) -> None:
    folder(tmp_path, ["Neutral"])
    (tmp_path / "Aa.svg").write_bytes(content)
    with pytest.raises(MediaError, match=text):
        read_mouth_set(str(tmp_path), colour)


def test_an_svg_loads_no_other_file(tmp_path, colour) -> None:
    """An SVG from a stranger must not bring pictures of this machine into the film."""
    write(tmp_path / "secret" / "face.png", mouth(box=(0, 0, 40, 32)))
    folder(tmp_path / "set", ["Neutral"], size=(80, 40))
    picture = f'<image href="{tmp_path}/secret/face.png" width="80" height="40"/>'
    inner = base64.b64encode(svg(picture).encode()).decode()
    nested = f'<image href="data:image/svg+xml;base64,{inner}" width="80" height="40"/>'
    quoted = picture.replace('"', "'").replace("href", "xlink:href")
    hidden = picture.replace("/secret", "&#47;secret")
    for number, text in enumerate((picture, nested, quoted, hidden)):
        own = svg(f'{text}<rect width="4" height="4"/>').replace(
            "<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"'
        )
        (tmp_path / "set" / "Aa.svg").write_text(own)
        drawn = read_mouth_set(str(tmp_path / "set"), colour).mouths["neutral"]["Aa"]
        assert drawn.region == Region(0, 0, 4, 4), number


def test_an_svg_with_hidden_names_is_refused(tmp_path, colour) -> None:
    folder(tmp_path, ["Neutral"])
    entity = f"<!DOCTYPE svg [<!ENTITY x '&#60;image href=\"{tmp_path}/a.png\"/>'>]>"
    (tmp_path / "Aa.svg").write_text(entity + svg("&x;"))
    with pytest.raises(MediaError, match="declares entities that are not plain text"):
        read_mouth_set(str(tmp_path), colour)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("canvas = 5", "canvas is 5, expected two numbers"),
        ('family = "Disney"', "family is 'Disney', expected Character Animator or"),
        ("colour = 1", "there is no entry 'colour'"),
        ("[names]\na = 1", r"\[names\] has"),
        ("= =", "is not TOML"),
        ("space = 4", "space is 4, expected text"),
    ],
)
def test_a_wrong_mouths_toml_is_refused(tmp_path, colour, text, error) -> None:
    folder(tmp_path, ["Neutral", "Aa"])
    (tmp_path / "mouths.toml").write_text(text)
    with pytest.raises(MediaError, match=error):
        read_mouth_set(str(tmp_path), colour)
