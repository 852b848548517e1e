# SPDX-License-Identifier: Apache-2.0
"""The hash of pixels: the same from memory and from the file, for every way of storing them."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.media import picture_file
from ofx_lipsync.media.still_writer import write_file
from ofx_lipsync.media.writer import Seal, pixels_sha256

CASES = [("exr", "layers"), ("exr", "half"), ("exr", "float"), ("exr", "mixed"), ("png", "uint8"), ("png", "uint16"),
         ("tif", "float"), ("tif", "uint16"), ("dpx", "uint8"), ("dpx", "uint16")]  # fmt: skip


class Listens(Seal):
    def whole(self, scratch, target, number, pixels):
        self.pixels = pixels


@pytest.mark.parametrize(("kind", "stored"), CASES)
def test_from_memory_and_from_the_file(kind, stored, tmp_path):
    values = np.random.default_rng(1).random((7, 11, 4 if kind != "dpx" else 3)) * 60
    spec = oiio.ImageSpec(11, 7, values.shape[2], oiio.TypeDesc("float" if stored in ("mixed", "layers") else stored))
    if stored == "layers":
        spec.channelnames = ("R", "matte.Z", "raw.R", "B")
    if stored == "mixed":
        spec.channelformats = (oiio.HALF, oiio.HALF, oiio.HALF, oiio.FLOAT)
    types = {
        "layers": np.float32,
        "half": np.float16,
        "float": np.float32,
        "mixed": np.float32,
        "uint8": np.uint8,
        "uint16": np.uint16,
    }
    heard = Listens()
    target = tmp_path / f"a.{kind}"
    spec.attribute("oiio:UnassociatedAlpha", 1)
    write_file(target, [spec], [values.astype(types[stored])], heard, 1)
    source = picture_file.open_input(target)
    headers = picture_file.specs(source)
    assert pixels_sha256(headers, picture_file.read_all(source, target, headers)) == heard.pixels
    source.close()
