# SPDX-License-Identifier: Apache-2.0
"""The host itself: loads a binary, describes its nodes, makes instances and renders frames."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Iterable, Mapping

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.plugin.host.abi import OK, REPLY_DEFAULT, Handles, ffi, text_of
from ofx_lipsync.plugin.host.effect import Effect
from ofx_lipsync.plugin.host.picture import Picture
from ofx_lipsync.plugin.host.profiles import PROFILES
from ofx_lipsync.plugin.host.properties import PropertySet, PropertySuite
from ofx_lipsync.plugin.host.suites import (
    DrawSuite,
    EffectSuite,
    Interact,
    InteractSuite,
    MessageSuite,
    ParamSet,
    ParamSuite,
    ProgressSuite,
)

BINARY = Path(__file__).parents[1] / "LipSync.ofx.bundle" / "Contents" / "Linux-x86-64" / "LipSync.ofx"
RENDER = "OfxImageEffectActionRender"


class Host:
    """name, temporal, sizes, refused: what the host says it is, whether clips give other frames, whether pictures may
    differ in size, properties it does not know;
    without: suites that it does not have; says: more properties of its own; profile: all of
    that as a host of profiles.py has it."""

    def __init__(
        self,
        binary: Path = BINARY,
        name: str = "org.ofxlipsync.host",
        temporal: bool = True,
        sizes: bool = True,
        refused: Iterable[str] = (),
        without: Iterable[str] = (),
        says: Mapping[str, Any] | None = None,
        profile: str = "",
    ) -> None:
        self.profile = known = PROFILES.get(profile)
        if known is not None:
            name, temporal, sizes, without = known.name, known.temporal, known.sizes, (*known.without, *without)
            refused, says = (*known.refused, *refused), {**known.says, **(says or {})}
        self.errors: list[BaseException] = []
        self.handles = Handles()
        self.properties = PropertySet({"OfxPropName": name, "OfxPropVersionLabel": "1", "OfxPropAPIVersion": [1, 4]})
        self.properties["OfxImageEffectPropTemporalClipAccess"] = int(temporal)
        self.properties["OfxImageEffectPropSupportsMultiResolution"] = int(sizes)
        for property_name, value in (says or {}).items():
            self.properties[property_name] = value
        self._make_suites(refused, frozenset(without))
        self.library = _open(binary)
        self.plugins = {p.label: p for p in self._plugins()}

    def _make_suites(self, refused: Iterable[str], without: frozenset[str]) -> None:
        known = self.profile
        self.property = PropertySuite(self.handles, self.errors, refused, known.kinds if known else {})
        self.effects = EffectSuite(self.handles, self.errors)
        self.params = ParamSuite(self.handles, self.errors, fills=known is not None and known.fills)
        self.messages = MessageSuite(self.handles, self.errors)
        self.progress = ProgressSuite(self.handles, self.errors)
        self.interacts = InteractSuite(self.handles, self.errors)
        self.drawing = DrawSuite(self.handles, self.errors)
        made: dict[tuple[str, int], Any] = {
            ("OfxDrawSuite", 1): self.drawing,
            ("OfxPropertySuite", 1): self.property, ("OfxImageEffectSuite", 1): self.effects,
            ("OfxParameterSuite", 1): self.params, ("OfxMessageSuite", 1): self.messages,
            ("OfxMessageSuite", 2): self.messages, ("OfxProgressSuite", 1): self.progress,
            ("OfxInteractSuite", 1): self.interacts,
        }  # fmt: skip
        self._suites = {key: part.suite.struct for key, part in made.items() if key[0] not in without}
        self._fetch = ffi.callback("const void *(OfxPropertySetHandle, const char *, int)", self._fetch_suite)
        handle = ffi.cast("OfxPropertySetHandle", self.handles.give(self.properties))
        self.struct = ffi.new("OfxHost *", {"host": handle, "fetchSuite": self._fetch})

    def _fetch_suite(self, host: Any, name: Any, version: int) -> Any:
        return ffi.cast("void *", self._suites.get((text_of(name), version), ffi.NULL))

    def _plugins(self) -> Iterable[Plugin]:
        self.library.OfxSetHost(self.struct)
        for index in range(self.library.OfxGetNumberOfPlugins()):
            yield Plugin(self, self.library.OfxGetPlugin(index))

    def handle_of(self, thing: Any) -> int:
        if not getattr(thing, "handle_number", 0):
            thing.handle_number = self.handles.give(thing)
        return int(thing.handle_number)

    def check(self) -> None:
        """Raises what a suite's callback raised."""
        if self.errors:
            raise self.errors[0]


def _open(binary: Path) -> Any:
    try:
        return ffi.dlopen(str(binary))
    except OSError as error:
        raise InputError(f"{binary}: the plug-in cannot be loaded ({error}); install ofx-lipsync again") from None


class Plugin:
    """One node of the binary."""

    def __init__(self, host: Host, struct: Any) -> None:
        self.host, self.struct = host, struct
        self.id = text_of(struct.pluginIdentifier)
        self.label = self.id
        struct.setHost(host.struct)
        if self.load() == OK:
            self.descriptor = Effect()
            self.status = self.act("OfxActionDescribe", self.descriptor)
            self.label = self.descriptor.properties.get("OfxPropLabel", self.id)

    def load(self) -> int:
        return int(self.struct.mainEntry(b"OfxActionLoad", ffi.NULL, ffi.NULL, ffi.NULL))

    def unload(self) -> int:
        return int(self.struct.mainEntry(b"OfxActionUnload", ffi.NULL, ffi.NULL, ffi.NULL))

    def act(self, action: str, effect: Effect, in_args: dict | None = None, out_args: PropertySet | None = None) -> int:
        """Calls the plug-in; returns its status."""
        if not effect.handle:
            effect.handle = self.host.handles.give(effect)
            effect.param_set = self.host.handles.give(ParamSet(effect))
        sets = [PropertySet(in_args) if in_args is not None else None, out_args]
        numbers = [self.host.handles.give(found) if found is not None else 0 for found in sets]
        arguments = [ffi.cast("OfxPropertySetHandle", number) for number in numbers]
        status = self.struct.mainEntry(action.encode(), ffi.cast("void *", effect.handle), *arguments)
        for number in numbers:
            self.host.handles.drop(number)
        return int(status)

    def describe(self, context: str) -> Effect:
        """The node as it is in a context, with clips and params."""
        effect = Effect(context)
        status = self.act("OfxImageEffectActionDescribeInContext", effect, {"OfxImageEffectPropContext": context})
        if status != OK:
            raise InputError(f"{self.label}: no description in {context} (status {status}); install ofx-lipsync again")
        return effect

    def create(self, context: str = "OfxImageEffectContextGeneral") -> Effect:
        effect = self.describe(context).instance(context)
        if self.host.profile is not None and self.host.profile.connected:
            for clip in effect.clips.values():
                clip.properties["OfxImageClipPropConnected"] = 1
        if self.act("OfxActionCreateInstance", effect) != OK:
            raise InputError(f"{self.label}: no instance can be made; install ofx-lipsync again")
        return effect

    def destroy(self, effect: Effect) -> int:
        status = self.act("OfxActionDestroyInstance", effect)
        self.host.handles.drop(effect.handle)
        return status

    def render(self, effect: Effect, out: Picture, time: float = 1.0, **more: Any) -> int:
        """One frame into `out`; window: x1 y1 x2 y2, the whole where it is not given. Returns the status."""
        window = more.pop("window", out.layout.bounds)
        effect.clips["Output"].picture = _this_thread
        _output.picture = out
        arguments = {
            "OfxPropTime": time, "OfxImageEffectPropFieldToRender": "OfxFieldBoth",
            "OfxImageEffectPropRenderWindow": window, "OfxImageEffectPropRenderScale": [1.0, 1.0], **more,
        }  # fmt: skip
        return self.act(RENDER, effect, arguments)

    def press(self, effect: Effect, button: str, time: float = 1.0) -> int:
        """The artist presses a button."""
        arguments = {
            "OfxPropType": "OfxTypeParameter", "OfxPropName": button, "OfxPropTime": time,
            "OfxPropChangeReason": "OfxChangeUserEdited", "OfxImageEffectPropRenderScale": [1.0, 1.0],
        }  # fmt: skip
        return self.act("OfxActionInstanceChanged", effect, arguments)

    def ask(self, action: str, effect: Effect, time: float = 1.0) -> tuple[int, PropertySet]:
        """A question such as region of definition: the status and what was filled in."""
        out = PropertySet()
        status = self.act(action, effect, {"OfxPropTime": time, "OfxImageEffectPropRenderScale": [1.0, 1.0]}, out)
        return status, out

    def overlay(self, interact: Interact, action: str, **arguments: Any) -> int:
        """Calls the node's overlay, the one of the draw suite where a context for it is given."""
        version = "V2" if "OfxInteractPropDrawContext" in arguments else "V1"
        entry = self.descriptor.properties.get(f"OfxImageEffectPluginPropOverlayInteract{version}")
        if entry is None:
            return REPLY_DEFAULT
        function = ffi.cast("OfxPluginEntryPoint *", entry)
        given = PropertySet(arguments)
        handle = ffi.cast("void *", self.host.handle_of(interact))
        number = self.host.handles.give(given)
        status = function(action.encode(), handle, ffi.cast("OfxPropertySetHandle", number), ffi.NULL)
        self.host.handles.drop(number)
        return int(status)


_output = threading.local()
"""The picture that each host thread renders into: one instance may be rendered by several at once."""


def _this_thread(time: float) -> Picture | None:
    return getattr(_output, "picture", None)
