# SPDX-License-Identifier: Apache-2.0
"""One request of the host while it is in work: its pictures, what else it asks for on the way, and whether to go on."""

from __future__ import annotations

import sys
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Mapping

import numpy as np

from ofx_lipsync.core.errors import LipSyncError, MediaError
from ofx_lipsync.plugin.card import CardPicture, Mapped, Share, UnreachableError
from ofx_lipsync.plugin.channel import Channel, ResultFile, check_size, close_all, read_into
from ofx_lipsync.plugin.pictures import DEPTHS, Layout, Picture
from ofx_lipsync.plugin.protocol import Kind, Message, ProtocolError, Value
from ofx_lipsync.plugin.store import Counters, Hash, Store

FETCHED = -1
"""As `image` of NEED: the picture that the KNOWN just received names."""
_MOST_IMAGES = 64
_AT_HAND = 4
"""Fetched pictures that stay within reach whatever the store's limit is."""


class AbortedError(LipSyncError):
    """The host wants no more of this request."""

    reason = "aborted"


@dataclass(frozen=True)
class Named:
    """A picture that the request names. frame: None is the request's own time. share: where it lies on a card."""

    index: int
    clip: str
    frame: int | None
    layout: Layout
    key: Hash
    share: Share | None = None


class Request:
    """What a node may ask of the host. One thread works on a request; `channel` carries nothing else meanwhile."""

    def __init__(self, channel: Channel, message: Message, store: Store, counters: Counters) -> None:
        self.message = message
        self.images = _named(message)
        self._channel, self._store, self._counters = channel, store, counters
        self._at_hand: OrderedDict[tuple[str, int], Picture] = OrderedDict()
        # What was fetched, by clip and frame: what an analysis was made from.
        self.seen: dict[tuple[str, int], Hash] = {}
        self._uploaded: dict[int, Picture] = {}
        self.why = ""
        self.mapped = ExitStack()
        """What of the host's card is open here, until the request is answered."""
        self._progress, self._stage = -1.0, ""

    def check(self) -> None:
        """To be called between steps.  Raises: AbortedError when the host wants no more."""
        message = self._channel.poll()
        if message is not None and not self._is_abort(message):
            close_all(message.fds)
            raise ProtocolError(f"{message.kind.name}: came while a request was in work")

    def named(self, clip: str, frame: int | None = None) -> Named | None:
        """The request's own picture of a clip, of another time where `frame` says so."""
        return next((n for n in self.images if n.clip == clip and n.frame == frame), None)

    def picture(self, named: Named) -> Picture:
        """A picture that the request names: as it is held, or sent by the shim now."""
        on_card = self._on_card(named)
        if on_card is not None:
            return on_card
        held = self._uploaded.get(named.index) or self._store.picture(named.key)
        if held is not None and held.layout.alike(named.layout):
            self._counters.add(known=int(named.index not in self._uploaded))
            self._uploaded[named.index] = held
            return held
        self._uploaded[named.index] = self._needed(named.index)
        return self._uploaded[named.index]

    def target(self, layout: Layout) -> Mapped | None:
        """Where the result lies on the host's card, or None where it goes back in memory."""
        share = Share.read(self.message, "out.")
        try:
            return None if share is None else self.mapped.enter_context(Mapped(share, layout))
        except UnreachableError:
            return None

    def _on_card(self, named: Named) -> Picture | None:
        if named.share is None or named.index in self._uploaded:
            return self._uploaded.get(named.index)
        try:
            mapped = self.mapped.enter_context(Mapped(named.share, named.layout))
        except UnreachableError as error:
            print(f"lipsync worker: pictures on the host's card are sent through memory: {error}", file=sys.stderr)
            return None
        self._uploaded[named.index] = CardPicture(mapped)
        return self._uploaded[named.index]

    def fetch(self, clip: str, frame: int) -> Picture | None:
        """A clip's picture at another time, or None where the host has none to give."""
        if (clip, frame) not in self._at_hand:
            picture = self._fetched(clip, frame)
            if picture is None:
                return None
            self._at_hand[clip, frame] = picture
            if len(self._at_hand) > _AT_HAND:
                self._at_hand.popitem(last=False)
        self._at_hand.move_to_end((clip, frame))
        return self._at_hand[clip, frame]

    def progress(self, done: float, stage: str) -> None:
        """done: 0..1. Says so a hundred times at most, and at each new stage; is a step for `check`."""
        self.check()
        if done - self._progress >= 0.01 or done >= 1 or stage != self._stage:
            self._progress, self._stage = done, stage
            self._channel.send(Message(Kind.PROGRESS, self.message.id, {"done": float(done), "stage": stage}))

    def done(self, stage: str) -> None:
        """The last word: what was made is written, and an abort comes too late."""
        self._channel.send(Message(Kind.PROGRESS, self.message.id, {"done": 1.0, "stage": stage}))

    def keys(self, param: str, times: np.ndarray, values: np.ndarray) -> None:
        """Keyframes for a param of the host's node, [N] each; none takes away those that it has."""
        pairs = np.ascontiguousarray(np.stack([times, values], axis=1), np.float64)
        body: dict[str, Value] = {"param": param, "count": len(pairs)}
        if not len(pairs):
            return self._channel.send(Message(Kind.KEYS, self.message.id, body))
        file = ResultFile()
        try:
            fd = file.fill(pairs.reshape(-1).view(np.uint8).data)
            self._channel.send(Message(Kind.KEYS, self.message.id, body, (fd,)))
        finally:
            file.close()

    def _fetched(self, clip: str, frame: int) -> Picture | None:
        self.check()
        self._ask(Kind.FETCH, {"clip": clip, "time": float(frame)})
        answer = self._answer(Kind.PICTURE, Kind.KNOWN, Kind.NONE)
        if answer.kind == Kind.NONE:
            self.why = answer.text("why", "")
            return None
        self.seen[clip, frame] = key_of(answer)
        if answer.kind == Kind.PICTURE:
            return self._received(answer)
        held = self._store.picture(key_of(answer))
        if held is None or not held.layout.alike(Layout.read(answer)):
            return self._needed(FETCHED)
        self._counters.add(known=1)
        return held

    def _needed(self, index: int) -> Picture:
        self._ask(Kind.NEED, {"image": index})
        return self._received(self._answer(Kind.PICTURE))

    def _ask(self, kind: Kind, body: Mapping[str, Value]) -> None:
        self._channel.send(Message(kind, self.message.id, body))

    def _answer(self, *kinds: Kind) -> Message:
        while True:
            message = self._channel.receive()
            if self._is_abort(message):
                continue
            if message.kind not in kinds or message.id != self.message.id:
                close_all(message.fds)
                wanted = " or ".join(kind.name for kind in kinds)
                raise ProtocolError(f"{message.kind.name} of request {message.id}: came, expected {wanted}")
            return message

    def _is_abort(self, message: Message) -> bool:
        """False for other messages; an abort of an earlier request has come too late and is let go."""
        if message.kind != Kind.ABORT:
            return False
        close_all(message.fds)
        if message.id == self.message.id:
            raise AbortedError("aborted")
        return True

    def _received(self, message: Message) -> Picture:
        """Copied at once: the shim uses its memory files again."""
        try:
            if len(message.fds) != 1:
                raise ProtocolError(f"PICTURE: has {len(message.fds)} files, expected 1")
            layout = Layout.read(message)
            check_size(message.fds[0], layout.size)
            content = np.empty(layout.size, np.uint8)
            read_into(message.fds[0], content.data)
        finally:
            close_all(message.fds)
        rows = content.view(DEPTHS[layout.depth]).reshape(layout.height, layout.width, layout.comps)
        picture = Picture(layout, rows)
        self._store.put(key_of(message), picture)
        self._counters.add(uploads=1, uploaded_bytes=layout.size)
        return picture


def no_frame(clip: str, frame: int, why: str) -> MediaError:
    """why: what the host said, or nothing."""
    said = f" ({why})" if why else ""
    return MediaError(
        f"{clip}: the host gives no picture of frame {frame}{said}; name the plate on disk in plate_file, "
        "or check the range"
    )


def _named(message: Message) -> list[Named]:
    """The pictures imageN of a request, N from 0 without gaps; those without a layout are said of a clip, not held."""
    found: list[Named] = []
    for index in range(_MOST_IMAGES):
        prefix = f"image{index}."
        if prefix + "clip" not in message.body:
            break
        if prefix + "depth" not in message.body:
            continue
        frame = frame_of(message, prefix) if prefix + "time" in message.body else None
        if "time" in message.body and frame == frame_of(message):
            frame = None
        layout, key = Layout.read(message, prefix), key_of(message, prefix)
        found.append(Named(index, message.text(prefix + "clip"), frame, layout, key, Share.read(message, prefix)))
    return found


def key_of(message: Message, prefix: str = "") -> Hash:
    """The hash of a picture, (0, 0) where the shim gives none."""
    return message.integer(f"{prefix}hash.hi", 0), message.integer(f"{prefix}hash.lo", 0)


def frame_of(message: Message, prefix: str = "") -> int:
    """The frame that a request, or a picture of it, is about.  Raises: ProtocolError for a time that is no number."""
    time = message.number(prefix + "time")
    if not abs(time) < 1e9:
        raise ProtocolError(f"{message.kind.name} {prefix}time: got {time}, expected a frame number")
    return round(time)
