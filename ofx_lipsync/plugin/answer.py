# SPDX-License-Identifier: Apache-2.0
"""What a render gives back: a picture that came in as it stands, or new rows in the layout that the host asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.plugin.card import CardPicture, Mapped, UnreachableError
from ofx_lipsync.plugin.job import SOURCE, Job
from ofx_lipsync.plugin.pictures import ALPHA, RGBA, Layout, Picture, Place, as_layout, part_of, stored


@dataclass(frozen=True, eq=False)
class Change:
    """A result that is Source but for `part`, [H, W, C] top down: both lie on the host's card."""

    source: CardPicture
    target: Mapped
    place: Place
    part: np.ndarray
    region: Region

    def put(self) -> bool:
        """Source copied on the card, the part sent up. False where the card refuses."""
        if not self.region.is_empty:
            rows, columns = self.region.slices_in(self.place.region(self.target.layout))
            lowest = self.target.layout.height - (rows.start + self.region.height)
        try:
            self.target.copy_from(self.source.mapped)
            if not self.region.is_empty:
                self.target.write(np.ascontiguousarray(self.part[::-1]), lowest, columns.start)
        except UnreachableError:
            return False
        return True

    def rows(self) -> np.ndarray:
        """The same in memory."""
        layout = self.target.layout
        rows = as_layout(Picture(self.source.layout, self.source.rows), layout)
        if not self.region.is_empty:
            part_of(Picture(layout, rows), self.place, self.region)[...] = self.part
        return rows


@dataclass(frozen=True, eq=False)
class Answer:
    """image: index of the picture that is the result. change: what is made on the host's card. rows: [H, W, C], bottom
    to top. packet: what is kept beside the result for Blend, packet_bytes of it; recipe: how it was made."""

    image: int | None = None
    change: Change | None = None
    rows: np.ndarray | None = None
    packet: Any = None
    packet_bytes: int = 0
    recipe: Any = None


def passed(job: Job) -> Answer:
    """Source as it came; without a byte moved where its layout is the one asked for."""
    named = job.need(SOURCE)
    if named.layout.alike(job.out):
        return Answer(image=named.index)
    return Answer(rows=as_layout(job.source(), job.out))


def composed(job: Job, rgb: np.ndarray, region: Region, matte: np.ndarray) -> Answer:
    """Source with `rgb` ([3, H, W], working space, of `region`) where matte ([H, W]) is above 0.

    Elsewhere, and in alpha, the host's own bytes. What lies outside Source stays transparent."""
    source = job.source()
    inside = region.intersect(job.place.region(job.out)).intersect(job.place.region(source.layout))
    if isinstance(source, CardPicture) and (target := _over(job, source)) is not None:
        return Answer(change=_changed(job, source, target, rgb, region, inside, matte))
    rows = as_layout(source, job.out)
    if not inside.is_empty:
        y, x = inside.slices_in(region)
        part = part_of(Picture(job.out, rows), job.place, inside)
        job.colour.put(part, job.out, rgb[:, y, x], matte[y, x] > 0)
    return Answer(rows=rows)


def _over(job: Job, source: CardPicture) -> Mapped | None:
    """Where the result lies on the card, where it can be Source's own bytes but for a part."""
    have, want = source.layout, job.out
    whole = have.x1 <= want.x1 and have.y1 <= want.y1 and have.x2 >= want.x2 and have.y2 >= want.y2
    same = (have.depth, have.comps) == (want.depth, want.comps)
    return job.request.target(want) if whole and same else None


def _changed(
    job: Job, source: CardPicture, target: Mapped, rgb: np.ndarray, region: Region, inside: Region, matte: np.ndarray
) -> Change:
    if inside.is_empty:
        return Change(source, target, job.place, np.empty((0, 0, job.out.comps)), inside)
    y, x = inside.slices_in(region)
    part = part_of(source, job.place, inside).copy()
    job.colour.put(part, job.out, rgb[:, y, x], matte[y, x] > 0)
    return Change(source, target, job.place, part, inside)


def painted(job: Job, rgba: np.ndarray, region: Region, layout: Layout | None = None) -> np.ndarray:
    """Rows that show `rgba` ([4, H, W], premultiplied, working space) on transparent black; layout: the asked one."""
    layout = layout or job.out
    rows = layout.empty()
    inside = region.intersect(job.place.region(layout))
    if inside.is_empty:
        return rows
    y, x = inside.slices_in(region)
    part = part_of(Picture(layout, rows), job.place, inside)
    planes = _in_host_space(job, np.ascontiguousarray(rgba[:, y, x]))
    for channel, plane in enumerate(planes[3:] if layout.comps == ALPHA else planes[: layout.comps]):
        part[..., channel] = stored(plane, layout.depth)
    return rows


def grey(job: Job, values: np.ndarray, region: Region) -> Answer:
    """A matte as a picture: its numbers as they are in every channel, opaque."""
    rows = job.out.empty()
    if job.out.comps == RGBA:
        rows[..., 3] = stored(np.ones(rows.shape[:2], np.float32), job.out.depth)
    inside = region.intersect(job.place.region(job.out))
    if not inside.is_empty:
        part = part_of(Picture(job.out, rows), job.place, inside)
        part[..., :3] = stored(values[inside.slices_in(region)], job.out.depth)[..., None]
    return Answer(rows=rows)


def data(job: Job, planes: np.ndarray, region: Region) -> Answer:
    """Numbers [C, H, W] as they are in red, green and so on, opaque; a region inside the picture that is asked for."""
    rows = job.out.empty()
    part = part_of(Picture(job.out, rows), job.place, region)
    for channel, plane in enumerate(planes[: job.out.comps]):
        part[..., channel] = stored(plane, job.out.depth)
    if job.out.comps == RGBA:
        part[..., 3] = stored(np.ones(region.shape, np.float32), job.out.depth)
    return Answer(rows=rows)


def _in_host_space(job: Job, rgba: np.ndarray) -> np.ndarray:
    """Premultiplied pixels in the host's space: a curve must see colour without its alpha."""
    colour = job.colour
    if colour.colour.is_same(colour.space):
        return rgba
    alpha = rgba[3]
    with np.errstate(divide="ignore", invalid="ignore"):
        bare = np.where(alpha > 0, rgba[:3] / alpha, 0).astype(np.float32)
    return np.concatenate([colour.colour.from_working(bare, colour.space) * alpha, rgba[3:]])
