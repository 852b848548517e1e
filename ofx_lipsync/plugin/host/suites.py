# SPDX-License-Identifier: Apache-2.0
"""The suites that a plug-in asks its host for, besides properties."""

from __future__ import annotations

import re
from typing import Any

from ofx_lipsync.plugin.host.abi import FAILED, OK, REPLY_NO, UNKNOWN, Handles, Suite, ffi, text_of
from ofx_lipsync.plugin.host.effect import Clip, Effect, Param
from ofx_lipsync.plugin.host.properties import PropertySet


class Interact:
    """A viewer's overlay of one effect."""

    def __init__(self, effect: Effect) -> None:
        self.properties = PropertySet({"OfxPropEffectInstance": effect.handle})
        self.redraws = 0


class _Part:
    """What the suites share: handles, and property sets given out by handle."""

    def __init__(self, name: str, handles: Handles, errors: list[BaseException]) -> None:
        self.handles = handles
        self.suite = Suite(name, errors)
        self._given: dict[int, int] = {}

    def give(self, thing: Any, out: Any) -> None:
        """The handle of a thing, always the same."""
        if out == ffi.NULL:
            return
        number = getattr(thing, "handle_number", 0)
        if not number:
            number = thing.handle_number = self.handles.give(thing)
        out[0] = ffi.cast(ffi.typeof(out).item, number)


class EffectSuite(_Part):
    def __init__(self, handles: Handles, errors: list[BaseException]) -> None:
        super().__init__("OfxImageEffectSuiteV1", handles, errors)
        self.lent: dict[int, Any] = {}
        for name in (
            "getPropertySet", "getParamSet", "clipDefine", "clipGetHandle", "clipGetPropertySet", "clipGetImage",
            "clipReleaseImage", "clipGetRegionOfDefinition", "abort",
        ):  # fmt: skip
            self.suite.set(name, getattr(self, f"_{name}"))

    def _getPropertySet(self, effect: Any, out: Any) -> None:  # noqa: N802 - OpenFX's own names
        self.give(self.handles.find(effect, Effect).properties, out)

    def _getParamSet(self, effect: Any, out: Any) -> None:  # noqa: N802
        out[0] = ffi.cast("OfxParamSetHandle", self.handles.find(effect, Effect).param_set)

    def _clipDefine(self, effect: Any, name: Any, out: Any) -> None:  # noqa: N802
        clip = Clip(text_of(name), PropertySet())
        self.handles.find(effect, Effect).clips[clip.name] = clip
        self.give(clip.properties, out)

    def _clipGetHandle(self, effect: Any, name: Any, out: Any, properties: Any) -> int:  # noqa: N802
        clip = self.handles.find(effect, Effect).clips.get(text_of(name))
        if clip is None:
            return UNKNOWN
        self.give(clip, out)
        self.give(clip.properties, properties)
        return OK

    def _clipGetPropertySet(self, clip: Any, out: Any) -> None:  # noqa: N802
        self.give(self.handles.find(clip, Clip).properties, out)

    def _clipGetImage(self, clip: Any, time: float, region: Any, out: Any) -> int:  # noqa: N802
        found = self.handles.find(clip, Clip)
        found.asked.append(time)
        picture = found.picture(time) if found.picture else None
        if picture is None:
            return FAILED
        properties = picture.properties()
        number = self.handles.give(properties)
        self.lent[number] = picture
        out[0] = ffi.cast("OfxPropertySetHandle", number)
        return OK

    def _clipReleaseImage(self, image: Any) -> None:  # noqa: N802
        number = int(ffi.cast("uintptr_t", image))
        del self.lent[number]
        self.handles.drop(number)

    def _clipGetRegionOfDefinition(self, clip: Any, time: float, out: Any) -> int:  # noqa: N802
        region = self.handles.find(clip, Clip).region
        if region is None:
            return FAILED
        out.x1, out.y1, out.x2, out.y2 = region
        return OK

    def _abort(self, effect: Any) -> int:
        return int(self.handles.find(effect, Effect).aborted.is_set())


class ParamSuite(_Part):
    """The variadic functions are met in a fixed form: on Linux the values come in the same registers."""

    def __init__(self, handles: Handles, errors: list[BaseException], fills: bool = False) -> None:
        super().__init__("OfxParameterSuiteV1", handles, errors)
        self.fills = fills
        for name in (
            "paramDefine", "paramGetHandle", "paramDeleteAllKeys", "paramEditBegin", "paramEditEnd", "paramGetNumKeys",
            "paramGetKeyTime",
        ):  # fmt: skip
            self.suite.set(name, getattr(self, f"_{name}"))
        self.suite.set("paramGetValue", self._get, "OfxStatus(OfxParamHandle, void *)")
        self.suite.set("paramGetValueAtTime", self._get_at, "OfxStatus(OfxParamHandle, double, void *)")
        self.suite.set("paramSetValue", self._set, "OfxStatus(OfxParamHandle, int64_t, double)")
        self.suite.set("paramSetValueAtTime", self._set_at, "OfxStatus(OfxParamHandle, double, int64_t, double)")
        self.edits = 0

    def _paramDefine(self, effect: Any, kind: Any, name: Any, out: Any) -> int:  # noqa: N802
        param = Param(text_of(kind), text_of(name), PropertySet())
        if "StrChoice" in param.kind or "Bytes" in param.kind:
            return FAILED
        self.handles.find(effect, ParamSet).effect.params[param.name] = param
        self.give(param.properties, out)
        return OK

    def _paramGetHandle(self, effect: Any, name: Any, out: Any, properties: Any) -> int:  # noqa: N802
        param = self.handles.find(effect, ParamSet).effect.params.get(text_of(name))
        if param is None:
            return UNKNOWN
        self.give(param, out)
        self.give(param.properties, properties)
        return OK

    def _get(self, handle: Any, out: Any) -> int:
        return self._get_at(handle, 0.0, out)

    def _get_at(self, handle: Any, time: float, out: Any) -> int:
        param = self.handles.find(handle, Param)
        if param.holds == "double":
            ffi.cast("double *", out)[0] = param.at(time)
        elif param.holds == "int":
            ffi.cast("int *", out)[0] = int(param.at(time))
        elif param.holds == "text":
            ffi.cast("char **", out)[0] = self.handles.lend_text(self._text(param, time))
        else:
            return FAILED
        return OK

    def _text(self, param: Param, time: float) -> str:
        """Nuke: a file's #### is the frame's number, and what stands in brackets is a script's answer."""
        text = str(param.at(time))
        if not self.fills:
            return text
        text = re.sub(r"\[[^\]]*\]", "", text)
        if param.properties.get("OfxParamPropStringMode") != "OfxParamStringIsFilePath":
            return text
        text = re.sub(r"%0(\d+)d", lambda found: "#" * int(found[1]), text)
        return re.sub(r"#+", lambda found: f"{round(time):0{len(found[0])}d}", text)

    def _read(self, param: Param, whole: int, number: float) -> Any:
        if param.holds == "text":
            return text_of(ffi.cast("char *", whole))
        return number if param.holds == "double" else int(ffi.cast("int", whole))

    def _set(self, handle: Any, whole: int, number: float) -> None:
        param = self.handles.find(handle, Param)
        param.value = self._read(param, whole, number)

    def _set_at(self, handle: Any, time: float, whole: int, number: float) -> None:
        param = self.handles.find(handle, Param)
        param.keys[time] = self._read(param, whole, number)

    def _paramDeleteAllKeys(self, handle: Any) -> None:  # noqa: N802
        self.handles.find(handle, Param).keys.clear()

    def _paramGetNumKeys(self, handle: Any, out: Any) -> None:  # noqa: N802
        out[0] = len(self.handles.find(handle, Param).keys)

    def _paramGetKeyTime(self, handle: Any, index: int, out: Any) -> None:  # noqa: N802
        out[0] = sorted(self.handles.find(handle, Param).keys)[index]

    def _paramEditBegin(self, handle: Any, name: Any) -> None:  # noqa: N802
        self.edits += 1

    def _paramEditEnd(self, handle: Any) -> None:  # noqa: N802
        self.edits -= 1


class ParamSet:
    """What an effect's param-set handle means."""

    def __init__(self, effect: Effect) -> None:
        self.effect = effect


class MessageSuite(_Part):
    """Formats nothing, as Natron: a text that needs it would show."""

    def __init__(self, handles: Handles, errors: list[BaseException]) -> None:
        super().__init__("OfxMessageSuiteV2", handles, errors)
        self.dialogs: list[str] = []
        form = "OfxStatus(void *, const char *, const char *, const char *)"
        self.suite.set("message", self._message, form)
        self.suite.set("setPersistentMessage", self._set, form)
        self.suite.set("clearPersistentMessage", self._clear)

    def _message(self, effect: Any, kind: Any, ident: Any, text: Any) -> None:
        self.dialogs.append(text_of(text))

    def _set(self, effect: Any, kind: Any, ident: Any, text: Any) -> None:
        self.handles.find(effect, Effect).message = text_of(text)

    def _clear(self, effect: Any) -> None:
        self.handles.find(effect, Effect).message = ""


class ProgressSuite(_Part):
    def __init__(self, handles: Handles, errors: list[BaseException]) -> None:
        super().__init__("OfxProgressSuiteV1", handles, errors)
        self.open = 0
        self.suite.set("progressStart", self._start)
        self.suite.set("progressUpdate", self._update)
        self.suite.set("progressEnd", self._end)

    def _start(self, effect: Any, label: Any) -> None:
        self.open += 1

    def _update(self, effect: Any, done: float) -> int:
        found = self.handles.find(effect, Effect)
        found.progress.append(done)
        return REPLY_NO if done >= found.cancel_at else OK

    def _end(self, effect: Any) -> None:
        self.open -= 1


class DrawSuite(_Part):
    """What is drawn, shape by shape: (shape, points, colour, width). A test may put a viewer of its own behind it."""

    LINES, STRIP, LOOP = 0, 1, 2

    def __init__(self, handles: Handles, errors: list[BaseException]) -> None:
        super().__init__("OfxDrawSuiteV1", handles, errors)
        self.drawn: list[tuple[int, list[tuple[float, float]], tuple[float, float, float, float], float]] = []
        self.context = handles.give(self)
        self._colour, self._width = (0.0, 0.0, 0.0, 0.0), 0.0
        self.suite.set("setColour", self._set_colour)
        self.suite.set("setLineWidth", self._set_width)
        self.suite.set("draw", self._draw)

    def _set_colour(self, context: Any, colour: Any) -> None:
        self.handles.find(context, DrawSuite)
        self._colour = (colour.r, colour.g, colour.b, colour.a)

    def _set_width(self, context: Any, width: float) -> None:
        self.handles.find(context, DrawSuite)
        self._width = width

    def _draw(self, context: Any, shape: int, points: Any, count: int) -> None:
        self.handles.find(context, DrawSuite)
        self.drawn.append((shape, [(points[i].x, points[i].y) for i in range(count)], self._colour, self._width))


class InteractSuite(_Part):
    def __init__(self, handles: Handles, errors: list[BaseException]) -> None:
        super().__init__("OfxInteractSuiteV1", handles, errors)
        self.suite.set("interactGetPropertySet", self._properties)
        self.suite.set("interactRedraw", self._redraw)
        self.suite.set("interactSwapBuffers", lambda interact: OK)

    def _properties(self, interact: Any, out: Any) -> None:
        self.give(self.handles.find(interact, Interact).properties, out)

    def _redraw(self, interact: Any) -> None:
        self.handles.find(interact, Interact).redraws += 1
