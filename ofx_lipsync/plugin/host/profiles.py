# SPDX-License-Identifier: Apache-2.0
"""Hosts that were never at hand, as far as public documents tell what they give and what they lack.

Sources: openfx-misc, README-hosts.txt (property dumps of Nuke 9, Resolve 12.5, Natron 2.0); the OpenFX samples of
Resolve; development notes of a Gyroflow fork (Resolve 21); a metadata proposal's note on Nuke 17; Foundry's Python
reference on File_Knob and evaluateString. docs/design/plugin.md says what is taken from which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

_RGBA, _ALPHA, _RGB = "OfxImageComponentRGBA", "OfxImageComponentAlpha", "OfxImageComponentRGB"
_NEWER = (
    "OfxImageEffectPropOpenCLRenderSupported", "OfxImageEffectPropCudaRenderSupported",
    "OfxImageEffectPropCudaStreamSupported", "OfxImageEffectPluginPropOverlayInteractV2",
)  # fmt: skip
"""Properties of OpenFX 1.5."""


@dataclass(frozen=True)
class Profile:
    """says: properties of the host. refused: properties that it answers with 'unknown'. without: suites that it lacks.
    kinds: properties that are of one type and asked for in no other. connected: every clip says that it is. fills:
    file params come with the frame in place of ####, and [..] of texts evaluated. formats: the message suite formats.
    regions: it asks for regions. Depths and components are those of its pictures."""

    name: str
    contexts: tuple[str, ...]
    depths: tuple[str, ...]
    components: tuple[str, ...] = (_RGBA, _ALPHA)
    temporal: bool = True
    sizes: bool = True
    says: Mapping[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    connected: bool = False
    fills: bool = False
    regions: bool = True


PROFILES = {
    "nuke": Profile(
        "uk.co.thefoundry.nuke", ("Filter", "General"), ("OfxBitDepthFloat",),
        says={"OfxPropAPIVersion": [1, 2], "OfxImageEffectPropSupportsOverlays": 1},
        refused=(*_NEWER, "OfxImageEffectPropOpenGLRenderSupported"), without=("OfxDrawSuite",), fills=True,
    ),
    "resolve": Profile(
        "DaVinciResolve", ("Filter", "General", "Generator"),
        ("OfxBitDepthFloat", "OfxBitDepthShort", "OfxBitDepthByte"), sizes=False,
        says={"OfxPropAPIVersion": [1, 4], "OfxImageEffectPropCudaRenderSupported": "true",
              "OfxImageEffectPropCudaStreamSupported": "true", "OfxImageEffectPropOpenCLRenderSupported": "true"},
        refused=("OfxPropPluginDescription", "OfxImageEffectPluginPropOverlayInteractV2"),
        without=("OfxDrawSuite", "OfxMessageSuite"), kinds={"OfxImageEffectPropSrcFrame": "Int"},
        connected=True, regions=False,
    ),
    "natron": Profile(
        "fr.inria.Natron", ("Filter", "General", "Generator"),
        ("OfxBitDepthFloat", "OfxBitDepthShort", "OfxBitDepthByte"), (_RGBA, _RGB, _ALPHA),
        says={"OfxPropAPIVersion": [1, 4], "OfxImageEffectPropCudaRenderSupported": "false",
              "OfxImageEffectPropOpenGLRenderSupported": "true"},
        refused=("OfxImageEffectPropCudaStreamSupported", "OfxImageEffectPluginPropOverlayInteractV2"),
        without=("OfxDrawSuite",),
    ),
}  # fmt: skip
