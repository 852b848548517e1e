# SPDX-License-Identifier: Apache-2.0
"""Keeps a device open: notices when it has gone, and tries again, ever less often, until it is back.

It has a thread of its own, so that a driver that hangs while it opens holds up nobody else.
"""

from __future__ import annotations

import threading
from typing import Callable, Protocol

from ofx_lipsync.core.errors import LipSyncError

LOOKS_S = 0.1
FIRST_S, LONGEST_S = 0.25, 4.0
"""How long before a device is tried again, at first and after many tries."""


class Opened(Protocol):
    def alive(self) -> bool: ...

    def close(self) -> None: ...


class Keeper:
    """name: what a person calls the device. open: opens it, or raises a LipSyncError that says why not. say: is told
    when it goes and when it is back, in the keeper's thread."""

    def __init__(self, name: str, open: Callable[[], Opened], say: Callable[[str], None] | None = None) -> None:
        self.name = name
        self._say = say or (lambda text: None)
        self.openings = 0
        self.why = ""
        """Why it is not open; empty while it is."""
        self._open = open
        self._opened: Opened | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {name}", daemon=True)

    def start(self, waits: bool = False) -> None:
        """Opens it for the first time here and now. waits: it need not be there yet.

        Raises: what `open` raises, so that a wrong name is said at once."""
        if waits:
            self._try()
        else:
            self._opened = self._open()
            self.openings = 1
        self._thread.start()

    @property
    def live(self) -> bool:
        return self._opened is not None

    def close(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(LONGEST_S)
        self._drop("")

    def _keep(self) -> None:
        wait_s = FIRST_S
        while not self._end.wait(LOOKS_S if self._opened else wait_s):
            if self._opened is None:
                self._try()
                wait_s = min(2 * wait_s, LONGEST_S)
            elif not self._opened.alive():
                self._drop(f"{self.name} has gone")
                self._say(self.why)
            else:
                wait_s = FIRST_S

    def _try(self) -> None:
        try:
            self._opened = self._open()
            self.openings += 1
            if self.why:
                self._say(f"{self.name} is back" if self.openings > 1 else f"{self.name} is there")
            self.why = ""
        except LipSyncError as error:
            self.why = str(error)
        except Exception as error:  # a driver may throw anything while a plug is being pulled
            self.why = f"{self.name}: {error or type(error).__name__}"

    def _drop(self, why: str) -> None:
        opened, self._opened = self._opened, None
        self.why = why
        if opened is not None:
            try:
                opened.close()
            except Exception as error:  # closing what is no longer there
                self.why = why and f"{why} ({error})"
