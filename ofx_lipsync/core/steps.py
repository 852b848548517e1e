# SPDX-License-Identifier: Apache-2.0
"""How far a long computation is, said at least once a second of work: whoever listens may raise to stop it."""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, TypeVar

Item = TypeVar("Item")


class Steps:
    """Call it between steps with the share that is done, 0..1; a part of it is a shorter stretch of the same way."""

    def __init__(self, tell: Callable[[float], None], first: float = 0.0, last: float = 1.0) -> None:
        self._tell, self._first, self._last = tell, first, last

    @classmethod
    def of(cls, progress: Callable[[int, int], None] | None, total: int) -> Steps:
        """progress: called with (done, total)."""
        if progress is None:
            return NO_STEPS
        return cls(lambda share: progress(round(share * total), total))

    def __call__(self, share: float) -> None:
        """Raises: what the listener raises to stop."""
        self._tell(self._first + share * (self._last - self._first))

    def part(self, first: float, last: float) -> Steps:
        """first, last: shares of this way at which the part begins and ends."""
        length = self._last - self._first
        return Steps(self._tell, self._first + first * length, self._first + last * length)

    def parts(self, count: int) -> list[Steps]:
        """Even parts, one after the other."""
        return [self.part(n / count, (n + 1) / count) for n in range(count)]

    def over(self, items: Iterable[Item], count: int) -> Iterator[Item]:
        """The items, each told before it is worked on."""
        for number, item in enumerate(items):
            self(number / count)
            yield item
        self(1.0)


NO_STEPS = Steps(lambda share: None)
