# SPDX-License-Identifier: Apache-2.0
"""The OpenFX C interface as cffi sees it, read from the shim's own header, and what every suite does with handles."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any, Callable

from cffi import FFI

OK, FAILED, UNKNOWN, BAD_HANDLE, BAD_INDEX = 0, 1, 3, 9, 10
REPLY_NO, REPLY_DEFAULT = 13, 14
_HEADER = Path(__file__).parents[1] / "ofx.h"


def _declarations() -> str:
    text = _HEADER.read_text().split("/* ---- names")[0]
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


ffi: Any = FFI()
ffi.cdef(_declarations())
ffi.cdef("int OfxGetNumberOfPlugins(void); OfxPlugin *OfxGetPlugin(int index); OfxStatus OfxSetHost(const OfxHost *);")


class Handles:
    """Objects by the handle that the plug-in holds; one that it must no longer hold is refused, not a crash."""

    def __init__(self) -> None:
        self._next = itertools.count(0x1000, 16)
        self._objects: dict[int, Any] = {}
        self._local = threading.local()

    def give(self, thing: Any) -> int:
        number = next(self._next)
        self._objects[number] = thing
        return number

    def drop(self, number: int) -> None:
        self._objects.pop(number, None)

    def find(self, pointer: Any, kind: type) -> Any:
        """The object behind a pointer; LookupError where there is none of that kind."""
        thing = self._objects.get(int(ffi.cast("uintptr_t", pointer)))
        if not isinstance(thing, kind):
            raise LookupError(f"no {kind.__name__} has this handle")
        return thing

    def __len__(self) -> int:
        return len(self._objects)

    def lend_text(self, text: str) -> Any:
        """A C string that dies at this thread's next call, as the interface says that it may."""
        self.end_loans()
        self._local.text = ffi.new("char[]", text.encode())
        return self._local.text

    def end_loans(self) -> None:
        lent = getattr(self._local, "text", None)
        if lent is not None:
            ffi.memmove(lent, b"?" * (len(lent) - 1), len(lent) - 1)


def text_of(pointer: Any) -> str:
    return "" if pointer == ffi.NULL else bytes(ffi.string(pointer)).decode("utf-8", "replace")


class Suite:
    """A C struct of callbacks. What a callback raises becomes a status, and is kept for the host to show."""

    def __init__(self, name: str, errors: list[BaseException]) -> None:
        self.struct = ffi.new(f"{name} *")
        self._types = dict(ffi.typeof(name).fields)
        self._errors = errors
        self._kept: list[Any] = []

    def set(self, name: str, function: Callable[..., int | None], signature: str = "") -> None:
        """signature: the fixed form of a variadic function, whose values come in the same registers."""
        declared = self._types[name].type
        callback = ffi.callback(signature or declared, self._guard(function), error=FAILED)
        self._kept.append(callback)
        setattr(self.struct, name, ffi.cast(declared, callback))

    def _guard(self, function: Callable[..., int | None]) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            try:
                status = function(*arguments)
                return OK if status is None else status
            except LookupError:
                return BAD_HANDLE
            except BaseException as error:
                self._errors.append(error)
                return FAILED

        return call
