# SPDX-License-Identifier: Apache-2.0
"""A parameter is declared once; the plug-in, the knobs, the command line and the docs are made from it.

class Params(ParamSet):
    feather = Float(4.0, lo=0, hi=200, slider=(0, 40), unit="% of face height", help="Softness of the matte edge.")

Names, choices and groups are the file format of people's scripts: never rename, version the node instead.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Mapping

from ofx_lipsync.core import keys
from ofx_lipsync.core.errors import UsageError


@dataclass(frozen=True)
class Param:
    """One declaration. `help` is a sentence to a compositor; `analysed` says the analysis depends on it; `animates`
    says that it may have keyframes."""

    default: Any
    help: str = ""
    group: str = ""
    analysed: bool = False
    animates: bool = False
    name: str = ""
    owner: str = ""
    kind: ClassVar[str] = ""

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    def __get__(self, instance: ParamSet | None, owner: type) -> Any:
        return self if instance is None else instance._values[self.name]

    def check(self, value: Any) -> Any:
        """The value in its own type, or UsageError naming what was expected."""
        raise NotImplementedError

    def read(self, text: str) -> Any:
        """The value from command-line text."""
        return self.check(text)

    def _refuse(self, value: Any, expected: str) -> UsageError:
        return UsageError(f"{self.owner}.{self.name}: got {value!r}, expected {expected}")


@dataclass(frozen=True)
class Float(Param):
    animates: bool = True
    lo: float = -math.inf
    hi: float = math.inf
    slider: tuple[float, float] | None = None
    unit: str = ""
    kind: ClassVar[str] = "float"

    def check(self, value: Any) -> Any:
        if isinstance(value, Mapping) and not self.animates:
            raise self._refuse("keyframes", "one number: it holds for the whole shot")
        if isinstance(value, Mapping):
            return self._keyed(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._refuse(value, "a number")
        if not self.lo <= value <= self.hi:  # NaN fails too
            raise self._refuse(value, f"{self.lo:g} to {self.hi:g} {self.unit}".rstrip())
        return float(value)

    def read(self, text: str) -> Any:
        """A number, keyframes as `1001:0,1010:1:ease`, or a ramp as `ramp(1001-1100, 8)`; see core.keys."""
        try:
            if ":" not in text and "(" not in text:
                return self.check(float(text))
            return self.check(keys.read(text, self.default))
        except ValueError as error:
            why = f"; {error}" if "ramp" in text else ""
            raise self._refuse(text, f"{keys.FORM}{why}") from None

    def _keyed(self, value: Mapping[Any, Any]) -> dict[int, keys.Key]:
        try:
            return keys.checked(value, self.check)
        except (ValueError, TypeError) as error:
            raise self._refuse(value, f"keyframes, frame to value or [value, ease]; {error}") from None


@dataclass(frozen=True)
class Int(Param):
    lo: int = -(2**31)
    hi: int = 2**31 - 1
    slider: tuple[int, int] | None = None
    unit: str = ""
    kind: ClassVar[str] = "int"

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._refuse(value, "a whole number")
        if not self.lo <= value <= self.hi:
            raise self._refuse(value, f"{self.lo} to {self.hi} {self.unit}".rstrip())
        return value

    def read(self, text: str) -> int:
        try:
            return self.check(int(text))
        except ValueError:
            raise self._refuse(text, "a whole number") from None


@dataclass(frozen=True)
class Bool(Param):
    kind: ClassVar[str] = "bool"

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._refuse(value, "true or false")
        return value

    def read(self, text: str) -> bool:
        words = {
            "true": True,
            "1": True,
            "on": True,
            "yes": True,
            "false": False,
            "0": False,
            "off": False,
            "no": False,
        }
        if text.lower() not in words:
            raise self._refuse(text, "true or false")
        return words[text.lower()]


@dataclass(frozen=True)
class Choice(Param):
    """One of `options`; ids are saved, never labels."""

    options: tuple[str, ...] = ()
    kind: ClassVar[str] = "choice"

    def check(self, value: Any) -> str:
        if value not in self.options:
            raise self._refuse(value, " or ".join(self.options))
        return str(value)


@dataclass(frozen=True)
class Text(Param):
    kind: ClassVar[str] = "text"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self._refuse(value, "text")
        return value


@dataclass(frozen=True)
class File(Text):
    """A path; hosts show a file knob, so that farm submitters collect it."""

    kind: ClassVar[str] = "file"


class ParamSet:
    """Values of a node's params: immutable, checked on the way in."""

    owner: ClassVar[str] = ""
    _values: dict[str, Any]

    def __init__(self, **values: Any) -> None:
        declared = self.declarations()
        unknown = sorted(set(values) - set(declared))
        if unknown:
            raise UsageError(f"{self.owner}: no param {unknown[0]!r}; it has {', '.join(declared)}")
        given = {name: p.check(values.get(name, p.default)) for name, p in declared.items()}
        object.__setattr__(self, "_values", given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise UsageError(f"{self.owner}.{name}: params are values; use with_values({name}=...)")

    @classmethod
    def declarations(cls) -> dict[str, Param]:
        """Declared params in the order they are written."""
        found = [p for base in reversed(cls.__mro__) for p in vars(base).values() if isinstance(p, Param)]
        for param in found:
            object.__setattr__(param, "owner", cls.owner)
        return {param.name: param for param in found}

    def with_values(self, **values: Any) -> ParamSet:
        return type(self)(**{**self._values, **values})

    def at(self, frame: int) -> ParamSet:
        """The same params with every keyframed value resolved at a frame."""
        fixed = {n: keys.at(v, frame) if isinstance(v, Mapping) else v for n, v in self._values.items()}
        return type(self)(**fixed)

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def digest_text(self, analysed_only: bool = False) -> str:
        """Canonical text, for keys and metadata."""
        declared = self.declarations()
        kept = {n: v for n, v in self._values.items() if not analysed_only or declared[n].analysed}
        return json.dumps(kept, sort_keys=True)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self.digest_text())

    def __repr__(self) -> str:
        return f"{self.owner}({', '.join(f'{n}={v!r}' for n, v in self._values.items())})"
