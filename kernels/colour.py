# SPDX-License-Identifier: Apache-2.0
"""OpenColorIO conversions where the pixels lie: OCIO's lossless processor on the CPU, its own shader text on the GPU.

OCIO writes a conversion as GLSL 4.0; `glsl.h` gives CUDA C++ the words that text uses. Nothing is baked into a table,
so the range is as unbounded as OCIO's. What OCIO can only write with a table goes to its processor instead.
The same text through a C++ compiler costs a CPU three times what OCIO's processor does (docs/design/colour.md), and a
user's machine may have no compiler: there it is for tests only.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import ColourError, UsageError
from ofx_lipsync.kernels.arrays import Array, float_array, namespace
from ofx_lipsync.kernels.launch import on_arrays_device, run_on_device, source

_SLOT = "INLINE vec4 ocio(vec4 pixel) { return pixel; }"
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|(?<![\w.])\d+[eE][-+]?\d+")


@on_arrays_device
def colour(image: Array, processor: Any) -> Array:
    """Returns [3, H, W] float32: `image` converted, clamped nowhere but where OCIO's conversion itself does.

    image: [3, H, W] float32. processor: a PyOpenColorIO.Processor, such as config.getProcessor(source, target).
    Each pixel depends on itself alone: tiles equal the whole. GPU and CPU agree to 1e-3 of the value.
    NaN stays on its pixel; OCIO's piecewise curves turn Inf into NaN on the GPU, where both pieces are added up.
    Raises: UsageError on wrong shapes or types.
    """
    image = float_array("colour", "image", image, "3 H W")
    if not hasattr(processor, "getDefaultGPUProcessor"):
        raise UsageError(f"colour: processor is a {type(processor).__name__}, expected a PyOpenColorIO.Processor")
    if isinstance(image, np.ndarray):
        return _on_cpu(image, processor)
    xp = namespace(image)
    if asked_for(_shader(processor)):
        return xp.asarray(_on_cpu(image.get(), processor))
    out = xp.empty(image.shape, np.float32)
    _, height, width = image.shape
    run_on_device(kernel_text(processor), "colour", (height, width), (out, xp.ascontiguousarray(image), width, height))
    return out


def kernel_text(processor: Any) -> str:
    """The CUDA C++ text of one conversion.

    Raises: ColourError when OCIO's text needs textures (a table) or uniforms (a dynamic property).
    """
    text = _shader(processor)
    if needs := asked_for(text):
        raise ColourError(
            f"colour: this conversion needs a lookup table or a live property on the GPU (OCIO asks for "
            f"{', '.join(needs)}, expected none); convert it on the CPU or choose a colour space without one"
        )
    return source("colour").replace(_SLOT, _NUMBER.sub(r"\g<0>f", text))


def asked_for(shader: str) -> list[str]:
    """Textures and live properties that OCIO's text needs besides itself."""
    return sorted(set(re.findall(r"uniform (\w+)", shader)))


def reference(image: np.ndarray, processor: Any) -> np.ndarray:
    """The definition of `colour`: OCIO's lossless processor, pixel by pixel."""
    lossless = _lossless(processor)
    pixels = image.reshape(3, -1).T
    return np.array([lossless.applyRGB(pixel.tolist()) for pixel in pixels], np.float32).T.reshape(image.shape)


def _shader(processor: Any) -> str:
    import PyOpenColorIO as ocio

    shader = ocio.GpuShaderDesc.CreateShaderDesc(language=ocio.GPU_LANGUAGE_GLSL_4_0, functionName="ocio")
    processor.getDefaultGPUProcessor().extractGpuShaderInfo(shader)
    return str(shader.getShaderText())


def _on_cpu(image: np.ndarray, processor: Any) -> np.ndarray:
    import PyOpenColorIO as ocio

    out = np.array(image, np.float32, order="C")
    _lossless(processor).apply(ocio.PlanarImageDesc(*out, out.shape[2], out.shape[1]))
    return out


def _lossless(processor: Any) -> Any:
    import PyOpenColorIO as ocio

    depth = ocio.BIT_DEPTH_F32
    return processor.getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_LOSSLESS)
