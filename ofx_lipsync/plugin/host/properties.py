# SPDX-License-Identifier: Apache-2.0
"""Property sets and the suite that reads and writes them."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ofx_lipsync.plugin.host.abi import BAD_INDEX, OK, UNKNOWN, Handles, Suite, ffi, text_of

_KINDS = {"Pointer": "void *", "String": "char *", "Double": "double", "Int": "int"}


class PropertySet:
    """Named lists of values. pointers are integers."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values: dict[str, list] = {}
        for name, value in (values or {}).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        self.values[name] = list(value) if isinstance(value, (list, tuple)) else [value]

    def __getitem__(self, name: str) -> Any:
        """The values: one alone, or a list of several."""
        found = self.values[name]
        return found[0] if len(found) == 1 else found

    def get(self, name: str, fallback: Any = None) -> Any:
        return self[name] if self.values.get(name) else fallback

    def put(self, name: str, index: int, value: Any) -> None:
        held = self.values.setdefault(name, [])
        held.extend([value] * (index + 1 - len(held)))
        held[index] = value


class PropertySuite:
    """refused: names that this host answers with 'unknown', as real hosts do to much that is new. kinds: names that are
    of one type, and unknown in any other."""

    def __init__(
        self, handles: Handles, errors: list[BaseException], refused: Iterable[str] = (),
        kinds: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.kinds = dict(kinds or {})
        self.handles = handles
        self.refused = frozenset(refused)
        self.suite = Suite("OfxPropertySuiteV1", errors)
        for kind in _KINDS:
            self.suite.set(f"propSet{kind}", self._setter(kind))
            self.suite.set(f"propGet{kind}", self._getter(kind))
            self.suite.set(f"propSet{kind}N", self._setter_n(kind))
            self.suite.set(f"propGet{kind}N", self._getter_n(kind))
        self.suite.set("propGetDimension", self._dimension)
        self.suite.set("propReset", self._reset)

    def _find(self, handle: Any) -> PropertySet:
        self.handles.end_loans()
        return self.handles.find(handle, PropertySet)

    def _setter(self, kind: str) -> Callable[..., int]:
        def put(handle: Any, name: Any, index: int, value: Any) -> int:
            text = text_of(name)
            if text in self.refused:
                return UNKNOWN
            self._find(handle).put(text, index, _from_c(kind, value))
            return OK

        return put

    def _getter(self, kind: str) -> Callable[..., int]:
        def get(handle: Any, name: Any, index: int, out: Any) -> int:
            values = self._find(handle).values.get(text_of(name))
            if values is None or self.kinds.get(text_of(name), kind) != kind:
                return UNKNOWN
            if not 0 <= index < len(values):
                return BAD_INDEX
            out[0] = self._to_c(kind, values[index])
            return OK

        return get

    def _setter_n(self, kind: str) -> Callable[..., int]:
        one = self._setter(kind)
        return lambda handle, name, count, values: max([one(handle, name, i, values[i]) for i in range(count)] + [OK])

    def _getter_n(self, kind: str) -> Callable[..., int]:
        one = self._getter(kind)
        return lambda handle, name, count, out: max([one(handle, name, i, out + i) for i in range(count)] + [OK])

    def _dimension(self, handle: Any, name: Any, out: Any) -> int:
        values = self._find(handle).values.get(text_of(name))
        out[0] = len(values or ())
        return UNKNOWN if values is None else OK

    def _reset(self, handle: Any, name: Any) -> int:
        self._find(handle).values.pop(text_of(name), None)
        return OK

    def _to_c(self, kind: str, value: Any) -> Any:
        if kind == "String":
            return self.handles.lend_text(str(value))
        return ffi.cast("void *", value) if kind == "Pointer" else value


def _from_c(kind: str, value: Any) -> Any:
    if kind == "String":
        return text_of(value)
    return int(ffi.cast("uintptr_t", value)) if kind == "Pointer" else value
