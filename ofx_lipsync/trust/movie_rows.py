# SPDX-License-Identifier: Apache-2.0
"""Hashes of what a movie holds: a coded picture a frame, and the sound, whatever the container says around them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ofx_lipsync.core.errors import MediaError


def movie_hashes(path: Path) -> tuple[list[str], str]:
    """(sha256 of each coded picture in the order of showing, sha256 of the coded sound or empty).

    A changed picture is named by its own hash; pictures coded from it change as well when they are decoded, and are not
    named. Raises: MediaError.
    """
    import av

    pictures: list[tuple[int, str]] = []
    sound: Any = None
    try:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            voices = container.streams.audio[:1]
            for packet in container.demux(video, *voices):
                if packet.size == 0:
                    continue
                if packet.stream is video:
                    at = packet.pts if packet.pts is not None else len(pictures)
                    pictures.append((at, hashlib.sha256(bytes(packet)).hexdigest()))
                else:
                    sound = sound or hashlib.sha256()
                    sound.update(bytes(packet))
    except (av.error.FFmpegError, IndexError, OSError) as error:
        text = getattr(error, "strerror", None) or "it holds no picture"
        raise MediaError(f"{path}: is damaged or no movie ({text}); render or copy it again") from None
    return [digest for _, digest in sorted(pictures)], sound.hexdigest() if sound else ""
