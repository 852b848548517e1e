# SPDX-License-Identifier: Apache-2.0
"""An effect in the host: its clips, its params, and what it says."""

from __future__ import annotations

import threading
from typing import Any, Callable

from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.properties import PropertySet

Source = Callable[[float], "Picture | None"]


class Clip:
    """An input or the output. picture: what it gives at a time; None gives none."""

    def __init__(self, name: str, properties: PropertySet) -> None:
        self.name = name
        self.properties = properties
        self.picture: Source | None = None
        self.region: tuple[float, float, float, float] | None = None
        self.asked: list[float] = []

    def connect(self, picture: Source, layout: Layout, frames: tuple[float, float] = (0, 0)) -> None:
        self.picture = picture
        x1, y1, x2, y2 = layout.bounds
        self.region = float(x1), float(y1), float(x2), float(y2)
        self.properties["OfxImageClipPropConnected"] = 1
        self.properties["OfxImageEffectPropFrameRange"] = [float(f) for f in frames]
        self.properties["OfxImageEffectPropFrameRate"] = 24.0


class Param:
    """One param: its description, its value and its keyframes."""

    def __init__(self, kind: str, name: str, properties: PropertySet) -> None:
        self.kind, self.name, self.properties = kind, name, properties
        self.value: Any = None
        self.keys: dict[float, Any] = {}
        self.eased: Callable[[float], float] = lambda part: part
        """How far a number has come from one key to the next, by part of the time."""

    @property
    def holds(self) -> str:
        """`double`, `text`, `int`, or nothing."""
        known = {"OfxParamTypeDouble": "double", "OfxParamTypeString": "text"}
        whole = ("OfxParamTypeInteger", "OfxParamTypeBoolean", "OfxParamTypeChoice")
        return known.get(self.kind, "int" if self.kind in whole else "")

    def at(self, time: float) -> Any:
        """The value, or where there are keys that of the curve through them; what is no number keeps that of a key
        until the next."""
        before, after = [key for key in self.keys if key <= time], [key for key in self.keys if key > time]
        if self.keys:
            left = max(before) if before else min(self.keys)
            if self.holds != "double" or not before or not after:
                return self.keys[left]
            right = min(after)
            share = self.eased((time - left) / (right - left))
            return self.keys[left] + share * (self.keys[right] - self.keys[left])
        empty = {"double": 0.0, "text": "", "int": 0}[self.holds]
        return self.properties.get("OfxParamPropDefault", empty) if self.value is None else self.value


class Effect:
    """A description, or an instance made from one."""

    def __init__(self, context: str = "") -> None:
        self.properties = PropertySet({"OfxPropType": "OfxTypeImageEffect", "OfxImageEffectPropContext": context})
        self.param_properties = PropertySet()
        self.clips: dict[str, Clip] = {}
        self.params: dict[str, Param] = {}
        self.aborted = threading.Event()
        self.message = ""
        self.progress: list[float] = []
        self.cancel_at = 2.0
        """Progress from which the artist has pressed cancel."""
        self.handle = 0
        self.param_set = 0

    def instance(self, context: str) -> Effect:
        """A new effect with the clips and params described here."""
        made = Effect(context)
        made.properties["OfxImageEffectPropProjectSize"] = [1920.0, 1080.0]
        made.properties["OfxImageEffectPropFrameRate"] = 24.0
        for name, clip in self.clips.items():
            made.clips[name] = Clip(name, PropertySet({**clip.properties.values, "OfxImageClipPropConnected": 0}))
        for name, param in self.params.items():
            made.params[name] = Param(param.kind, name, PropertySet(param.properties.values))
        return made

    def set(self, **values: Any) -> None:
        """Param values; a choice by its option."""
        for name, value in values.items():
            param = self.params[name]
            if param.kind == "OfxParamTypeChoice":
                value = param.properties.values["OfxParamPropChoiceOption"].index(value)
            param.value = value
