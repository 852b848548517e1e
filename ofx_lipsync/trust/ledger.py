# SPDX-License-Identifier: Apache-2.0
"""Notes what is written as it is written, signs it where there is a key, and leaves the sidecar beside it.

Tasks of a farm run at once, are killed and run again. So each leaves one small file a frame under its own name, and at
its end joins all that lie there into the sidecar. Whoever writes the sidecar last looks whether more files came
meanwhile and joins again, so the last sidecar has them all, without a lock that a killed task could leave behind.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Mapping, Sequence

from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media import picture_file
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.still_marks import PREFIX, said
from ofx_lipsync.media.writer import Seal, pixels_sha256
from ofx_lipsync.trust import sidecar
from ofx_lipsync.trust.movie_rows import movie_hashes
from ofx_lipsync.trust.signing import EMBEDS, Claim, Signer


class Ledger(Seal):
    """One sequence or movie.

    recipe: what it is made with, JSON-able, with `digitalSourceType`. shot: all frames of the shot, of which a task may
    write a part. plate: name or pattern of the file that it is made from.
    """

    def __init__(
        self, out: str, recipe: Mapping[str, Any], shot: Sequence[int], plate: str = "", signer: Signer | None = None
    ) -> None:
        self.out = out
        self.recipe = dict(recipe)
        self.recipe_id = sidecar.recipe_id(self.recipe)
        self.sidecar = sidecar.sidecar_path(out)
        self.signer = signer
        self._shot = set(shot)
        self._plate = plate
        self._folder = sidecar.records_folder(self.sidecar)
        self._rows: dict[int, dict[str, Any]] = {}
        self._kind = "sequence"
        self._file: dict[str, Any] = {}
        self._gone: set[int] = set()
        if self.sidecar.exists():
            sidecar.load(self.sidecar)  # what cannot be joined is said before the shot is rendered

    def takes(self, number: int, metadata: dict[str, Any]) -> None:
        region = _region(str(metadata.get("lipsync/ai_region", "")))
        self._rows[number] = {
            "region": region,
            "frame_source": str(metadata.get("lipsync/frame_source", "plate")),
            "made_with": self.recipe_id,
        }

    def whole(self, scratch: Path, target: Path, number: int | None, pixels: str) -> None:
        if self.signer is not None and target.suffix.lower() in EMBEDS:
            self.signer.embed(scratch, self._claim(target.name, number))
        if number is None:
            self._kind = "movie"
            pictures, sound = movie_hashes(scratch)
            for frame, digest in zip(sorted(self._rows), pictures, strict=True):
                self._rows[frame]["picture_sha256"] = digest
            self._file = {"name": target.name, "sha256": sidecar.file_sha256(scratch), "sound_sha256": sound}
        else:
            self._rows[number] |= {
                "file": target.name, "sha256": sidecar.file_sha256(scratch), "pixels_sha256": pixels,
            }  # fmt: skip

    def placed(self, target: Path, number: int | None) -> None:
        if number is not None:
            self._folder.mkdir(exist_ok=True)
            record = {"row": self._rows[number], "recipe": self.recipe}
            sidecar.put(self._folder / f"{number}.json", sidecar.dump(record))

    def gone(self, frame: int) -> None:
        """A frame has no file any more, as an element in which nothing is: its row goes."""
        self._rows.pop(frame, None)
        self._folder.mkdir(exist_ok=True)
        sidecar.put(self._folder / f"{frame}.json", sidecar.dump({"row": None, "recipe": None}))
        self._gone.add(frame)

    def holds(self, frame: int) -> bool:
        """Whether a frame lies there as it was written, made as it would be made now, so that it need not be made
        again; or has neither a file nor a row, as an element in which nothing is. Nothing is known of a movie's."""
        row, path = self._row(frame), self._path(frame)
        if row is None:
            return not path.exists()
        same = row["made_with"] == self.recipe_id and path.is_file()
        return same and sidecar.file_sha256(path) == row["sha256"]

    def adopt(self, frame: int) -> bool:
        """Note a frame that nobody noted and that is known to be whole and made as it would be now, but for what the
        performer agreed to: that is compared. Says whether it was noted. Raises: MediaError."""
        path = self._path(frame)
        if self._row(frame) is not None or not path.is_file():
            return False
        headers, pixels = pixels_of(path)
        told = {f"{PREFIX}{name}": value for spec in headers for name, value in said(spec).items()}
        agreed = told.get(f"{PREFIX}consent_ref", self.recipe.get("consent_ref"))
        if agreed != self.recipe.get("consent_ref"):
            return False
        self.takes(frame, told)
        self._rows[frame] |= {"file": path.name, "sha256": sidecar.file_sha256(path), "pixels_sha256": pixels}
        self.placed(path, frame)
        return True

    def _row(self, frame: int) -> dict[str, Any] | None:
        record = sidecar.read_record(self._folder, frame)
        row: dict[str, Any] | None = record["row"] if record else self._known().get(frame)
        return row

    def _path(self, frame: int) -> Path:
        pattern = Pattern.parse(self.out)
        return Path(self.out) if pattern is None else pattern.path(frame)

    def finish(self) -> str:
        """Leave the sidecar; returns what a user should know of it. Raises: OutputError."""
        if self._kind == "movie":
            recipes = {self.recipe_id: self.recipe}
            content = sidecar.document(self.out, "movie", self._rows, recipes)
            self._put({**content, "file": self._file})
        else:
            join(self.out, self.signer)
            if self._shot <= set(self._rows) | self._gone:
                shutil.rmtree(self._folder, ignore_errors=True)  # nobody else had a part of this shot
        signed = "signed" if self.signer else "not signed: no key is given (--sign-cert, --sign-key)"
        return f"{self.sidecar.name}, {signed}"

    def _known(self) -> dict[int, dict[str, Any]]:
        rows: dict[int, dict[str, Any]] = sidecar.load(self.sidecar)["frames"] if self.sidecar.exists() else {}
        return rows

    def _put(self, content: dict[str, Any]) -> None:
        written = sidecar.dump(content)
        sidecar.put(self.sidecar, written)
        sign_beside(self.sidecar, written, content, self.signer)

    def _claim(self, title: str, number: int | None) -> Claim:
        changed = [frame for frame, row in self._rows.items() if row["region"]]
        if number is None:
            return Claim(title, self.recipe, str(FrameRange(sorted(changed))), _around(self._rows), self._source(None))
        return Claim(title, self.recipe, str(number), _around({number: self._rows[number]}), self._source(number))

    def _source(self, number: int | None) -> Path | None:
        pattern = Pattern.parse(self._plate) if self._plate else None
        if pattern is None:
            return Path(self._plate) if self._plate else None
        return pattern.path(min(self._rows) if number is None else number)


def gathered(path: Path, records: Mapping[int, Mapping[str, Any]]) -> tuple[dict[int, Any], dict[str, Any]]:
    """(rows, recipes) of a sidecar and of what tasks left since. Raises: InputError."""
    before = sidecar.load(path) if path.exists() else {"frames": {}, "made_with": {}}
    rows = before["frames"] | {frame: record["row"] for frame, record in records.items()}
    rows = {frame: row for frame, row in rows.items() if row is not None}
    recipes = before["made_with"] | {r["row"]["made_with"]: r["recipe"] for r in records.values() if r["row"]}
    return rows, recipes


def pixels_of(path: Path) -> tuple[list[Any], str]:
    """(headers, `pixels_sha256`) of a picture file. Raises: MediaError."""
    source = picture_file.open_input(path)
    try:
        headers = picture_file.specs(source)
        return headers, pixels_sha256(headers, picture_file.read_all(source, path, headers))
    finally:
        source.close()


def join(out: str, signer: Signer | None = None) -> Path:
    """Join what tasks left into the sidecar of a sequence, and sign it."""
    path = sidecar.sidecar_path(out)
    folder = sidecar.records_folder(path)
    while True:
        # Records before the sidecar: what a finished run takes away from the folder is in the sidecar by then.
        records = sidecar.read_records(folder)
        content = sidecar.document(out, "sequence", *gathered(path, records))
        written = sidecar.dump(content)
        sidecar.put(path, written)
        sign_beside(path, written, content, signer)
        if sidecar.read_records(folder) == records and path.read_bytes() == written:
            return path


def sign_beside(path: Path, written: bytes, content: Mapping[str, Any], signer: Signer | None) -> None:
    """The signature of a sidecar; one that is not of this content any more is taken away."""
    target = sidecar.signature_path(path)
    if signer is None:
        target.unlink(missing_ok=True)
        return
    rows = content["frames"]
    changed = FrameRange(int(frame) for frame, row in rows.items() if row["region"])
    recipe = list(content["made_with"].values())[-1]
    sidecar.put(target, signer.beside(written, Claim(path.name, recipe, str(changed), _around(rows))))


def _region(text: str) -> list[int] | None:
    """x0 y0 x1 y1; of several dubs in one frame, what holds all of them."""
    edges = [int(edge) for edge in re.findall(r"-?\d+", text)]
    found = _around({at: {"region": edges[at : at + 4]} for at in range(0, len(edges) - 3, 4)})
    return [found.x0, found.y0, found.x1, found.y1] if found else None


def _around(rows: Mapping[Any, Mapping[str, Any]]) -> Region | None:
    """What was generated in any of the frames."""
    whole = Region(0, 0, 0, 0)
    for row in rows.values():
        whole = whole.union(Region(*row["region"])) if row["region"] else whole
    return None if whole.is_empty else whole
