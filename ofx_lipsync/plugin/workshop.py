# SPDX-License-Identifier: Apache-2.0
"""What all requests of a worker share: pictures held, analysis files read, plans made, the colour config."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, TypeVar

from ofx_lipsync.analysis import Parts, read_parts
from ofx_lipsync.core.errors import AnalysisError, UsageError
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.plugin.store import Counters, Store

Stamp = tuple[str, int, int, int]
"""A file as it is now: another size, time or inode is another file."""
T = TypeVar("T")
_FILES, _PLANS, _MOUTHS = 8, 16, 10_000


class Workshop:
    """host: the host's name as HELLO says it. Safe to use from several threads."""

    def __init__(self, host: str = "") -> None:
        self.host = host
        self.store = Store()
        self.counters = Counters()
        self._lock = threading.Lock()
        self._files: OrderedDict[Stamp, Parts] = OrderedDict()
        self._of_shots: OrderedDict[tuple[Stamp, str], Any] = OrderedDict()
        self._mouths: OrderedDict[tuple[str, int], Any] = OrderedDict()
        self._plans: OrderedDict[tuple[Stamp, str], MouthPlan] = OrderedDict()

    @cached_property
    def colour(self) -> Colour:
        return Colour.load()

    def analysis(self, path: str) -> tuple[Stamp, Parts]:
        """A shot's file, read again only when it has changed.

        Raises: UsageError where no file is named; AnalysisError where it is missing or damaged.
        """
        stamp = stamp_of(path)
        with self._lock:
            if stamp not in self._files:
                self._files[stamp] = read_parts(path)
                _trim(self._files, _FILES)
            self._files.move_to_end(stamp)
            return stamp, self._files[stamp]

    def plan(self, stamp: Stamp, params: str, make: Callable[[], MouthPlan]) -> MouthPlan:
        """A plan by its file and MouthGenerate's params; made under the lock, so that two renders share one."""
        with self._lock:
            if (stamp, params) not in self._plans:
                self._plans[stamp, params] = make()
                _trim(self._plans, _PLANS)
            self._plans.move_to_end((stamp, params))
            return self._plans[stamp, params]

    def of_shot(self, stamp: Stamp, what: str, make: Callable[[], T]) -> T:
        """What an overlay needs to know of an analysis file: made once, since it looks at the whole shot."""
        with self._lock:
            if (stamp, what) not in self._of_shots:
                self._of_shots[stamp, what] = make()
                _trim(self._of_shots, _PLANS)
            self._of_shots.move_to_end((stamp, what))
            found: T = self._of_shots[stamp, what]
            return found

    def remember_mouth(self, path: str, frame: int, params: Any) -> None:
        """MouthGenerate's params of a frame as they were last: what Blend tries where it does not know a picture."""
        with self._lock:
            self._mouths[path, frame] = params
            _trim(self._mouths, _MOUTHS)

    def remembered_mouth(self, path: str, frame: int) -> Any:
        with self._lock:
            return self._mouths.get((path, frame))


def stamp_of(path: str) -> Stamp:
    if not path:
        raise UsageError("analysis: no file is named; name the shot's analysis file and press Analyse")
    try:
        stat = os.stat(path)
    except OSError as error:
        raise AnalysisError(
            f"{path}: cannot be read ({error.strerror}); press Analyse, or make it with: lipsync analyse"
        ) from None
    return str(Path(path)), stat.st_size, stat.st_mtime_ns, stat.st_ino


def _trim(kept: OrderedDict, most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
