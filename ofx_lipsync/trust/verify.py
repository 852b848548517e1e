# SPDX-License-Identifier: Apache-2.0
"""Whether a result is still what was written: every frame against its row of the sidecar, and who signed it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping

from ofx_lipsync.core.errors import InputError, MediaError
from ofx_lipsync.media import movie_codec, picture_file
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.still_marks import PREFIX, said
from ofx_lipsync.trust import credentials, sidecar
from ofx_lipsync.trust.credentials import Credential
from ofx_lipsync.trust.ledger import gathered, pixels_of
from ofx_lipsync.trust.movie_rows import movie_hashes
from ofx_lipsync.trust.signing import EMBEDS

HEADER, PIXELS, DAMAGED = "header changed, pixels as they were", "pixels changed", "damaged"


@dataclass
class Findings:
    """What a check found.

    frames: those that the sidecar knows. changed: frame -> what of it. missing, extra: frames that have no file, or a
    file and no row. rows: of the frames looked at. whole: the sidecar says what it said when written; None without
    one. signatures: where -> what the C2PA library says; empty where nothing is signed. wrong: what else is not right.
    """

    output: str
    kind: str
    frames: list[int] = field(default_factory=list)
    changed: dict[int, str] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)
    whole: bool | None = None
    signatures: dict[str, Credential] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def is_good(self, must_be_trusted: bool) -> bool:
        """Whether all is as it was written, and signed by somebody trusted where that is asked for."""
        states = {found.state for found in self.signatures.values()}
        # Each picture of a sequence may be signed and their order not: it is the sidecar that has to be.
        listed = self.whole is None or any(name.endswith(sidecar.ENDING) for name in self.signatures)
        signed = listed and bool(states) and states <= {credentials.TRUSTED}
        same = not (self.changed or self.missing or self.extra or self.wrong) and self.whole is not False
        return same and credentials.INVALID not in states and (signed or not must_be_trusted)


def verify(target: str, trusted: str = "") -> Findings:
    """target: a movie, a picture, a sequence's name, or a sidecar. trusted: PEM of anchors, empty for none.

    Raises: InputError where there is neither a sidecar nor a signature, or no such file.
    """
    if target.endswith(sidecar.ENDING):
        path = Path(target)
        return _against(path, str(path.parent / str(sidecar.load(path)["output"])), trusted)
    path = sidecar.sidecar_path(target)
    if Pattern.parse(target) is None and not Path(target).is_file():
        raise InputError(f"{target}: there is no such file; a sequence is named as out.####.exr")
    if path.exists() or sidecar.records_folder(path).is_dir():
        return _against(path, target, trusted)
    if Pattern.parse(target) is None:
        return _one_of_many(Path(target), trusted) or _alone(Path(target), trusted)
    raise InputError(f"{target}: there is no {path.name} beside it to check against; keep it with the frames")


def _against(path: Path, target: str, trusted: str) -> Findings:
    """A whole result against its sidecar."""
    records = sidecar.read_records(sidecar.records_folder(path))
    rows, recipes = gathered(path, records)
    content: dict[str, Any] = sidecar.load(path) if path.exists() else {"kind": "sequence"}
    found = Findings(target, str(content["kind"]), sorted(rows), rows=rows, recipes=recipes)
    if path.exists():
        found.whole = sidecar.is_whole(content)
        _look_beside(found, path, trusted)
    if found.kind == "movie":
        _look_at_movie(found, path.parent, content["file"], trusted)
    else:
        _look_at_frames(found, path.parent, trusted)
        pattern = Pattern.parse(target)
        found.extra = sorted(set(pattern.scan()) - set(rows)) if pattern else []
    return found


def _one_of_many(path: Path, trusted: str) -> Findings | None:
    """One frame of a sequence that has a sidecar."""
    number = re.search(r"-?\d+(?=\.[^.]*\Z)", path.name)
    if number is None:
        return None
    pattern = path.with_name(path.name[: number.start()] + "#" * len(number[0]) + path.name[number.end() :])
    if not sidecar.sidecar_path(str(pattern)).exists():
        return None
    whole = sidecar.sidecar_path(str(pattern))
    rows, recipes = gathered(whole, sidecar.read_records(sidecar.records_folder(whole)))
    frame = int(number[0])
    found = Findings(str(path), "sequence", rows={frame: rows[frame]} if frame in rows else {}, recipes=recipes)
    found.frames, found.extra = sorted(found.rows), [] if frame in rows else [frame]
    found.whole = sidecar.is_whole(sidecar.load(whole))
    _look_beside(found, whole, trusted)
    _look_at_frames(found, path.parent, trusted, others=rows)
    return found


def _alone(path: Path, trusted: str) -> Findings:
    """A file without a sidecar: its own signature, and what its header says of itself."""
    signature = credentials.inside(path, trusted)
    told = header(path)
    if signature is None and not told:
        raise InputError(
            f"{path}: says nothing of where it comes from: no sidecar, no signature and no lipsync metadata"
        )
    found = Findings(str(path), "movie" if path.suffix.lower() in movie_codec.WRITES else "sequence")
    found.recipes = {"header": told} if told else {}
    if signature is not None:
        found.signatures[path.name] = signature
    else:
        found.wrong.append("there is nothing to check it against: no sidecar and no signature")
    return found


def _look_beside(found: Findings, path: Path, trusted: str) -> None:
    manifest = sidecar.signature_path(path)
    if manifest.exists():
        found.signatures[path.name] = credentials.beside(path.read_bytes(), manifest.read_bytes(), trusted)


def _look_at_frames(
    found: Findings, folder: Path, trusted: str, others: Mapping[int, Mapping[str, Any]] | None = None
) -> None:
    pictures = {str(row["pixels_sha256"]): frame for frame, row in (others or found.rows).items()}
    for frame, row in found.rows.items():
        path = folder / _name(row["file"])
        if not path.is_file():
            found.missing.append(frame)
            continue
        if sidecar.file_sha256(path) != row["sha256"]:
            found.changed[frame] = _what_changed(path, frame, str(row["pixels_sha256"]), pictures)
        signature = credentials.inside(path, trusted) if _may_hold(path) else None
        if signature is not None:
            found.signatures[path.name] = signature


def _what_changed(path: Path, frame: int, expected: str, pictures: Mapping[str, int]) -> str:
    try:
        _, pixels = pixels_of(path)
    except MediaError:
        return DAMAGED
    if pixels == expected:
        return HEADER
    other = pictures.get(pixels)
    return PIXELS if other in (None, frame) else f"{PIXELS}: it is the picture of frame {other}"


def _look_at_movie(found: Findings, folder: Path, file: Mapping[str, Any], trusted: str) -> None:
    path = folder / _name(file["name"])
    if not path.is_file():
        found.missing = list(found.frames)
        return
    signature = credentials.inside(path, trusted) if _may_hold(path) else None
    if signature is not None:
        found.signatures[path.name] = signature
    if sidecar.file_sha256(path) == file["sha256"]:
        return
    try:
        pictures, sound = movie_hashes(path)
    except MediaError:
        found.wrong.append(f"{path.name} is damaged")
        return
    for frame, picture in zip(found.frames, pictures, strict=False):
        if picture != found.rows[frame]["picture_sha256"]:
            found.changed[frame] = "coded picture changed"
    found.missing = found.frames[len(pictures) :]
    if len(pictures) > len(found.frames):
        found.wrong.append(f"{path.name} has {len(pictures) - len(found.frames)} frames more than were written")
    if sound != file["sound_sha256"]:
        found.wrong.append("the sound changed")
    if not (found.changed or found.missing or found.wrong):
        found.wrong.append(f"the container of {path.name} changed (tags, order or padding); picture and sound did not")


def header(path: Path) -> dict[str, Any]:
    """What a file says of itself under `lipsync/`, without that prefix. Raises: MediaError."""
    if path.suffix.lower() in movie_codec.WRITES:
        import av

        try:
            with av.open(str(path)) as container:
                tags = {name: value for name, value in container.metadata.items() if name.lower().startswith(PREFIX)}
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f"{path}: is no movie that can be read ({error.strerror})") from None
        return {name[len(PREFIX) :]: value for name, value in tags.items()}
    source = picture_file.open_input(path)
    try:
        return {name: value for spec in picture_file.specs(source) for name, value in said(spec).items()}
    finally:
        source.close()


def _may_hold(path: Path) -> bool:
    """Whether to look for a signature inside; where the library is not installed only that would fail, so it is asked
    only of files that say C2PA somewhere in their first or last megabyte."""
    if path.suffix.lower() not in EMBEDS:
        return False
    with path.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        return b"c2pa" in head or b"c2pa" in file.read()


def _name(text: Any) -> str:
    """A file beside the sidecar: a sidecar comes from anywhere, and shall not point elsewhere. Raises: InputError."""
    name = str(text)
    if Path(name).name != name or name in ("", ".", ".."):
        raise InputError(f"sidecar: names the file {name!r}, expected one in its own folder; it is not ours")
    return name
