# SPDX-License-Identifier: Apache-2.0
"""Per-pixel work on [C, H, W] float32 arrays, scene-linear, never clamped; NumPy on the CPU, CuPy on the GPU.

A kernel is two neighbours: NAME.cu, one text for CUDA and C, and NAME.py, its checks and `reference()`, the definition.
"""

from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.colour import colour
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.kernels.distance import distance
from ofx_lipsync.kernels.match import match
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.morph import morph
from ofx_lipsync.kernels.over import over
from ofx_lipsync.kernels.regrain import regrain
from ofx_lipsync.kernels.warp import warp

__all__ = ["blur", "colour", "crop", "distance", "match", "matte", "morph", "over", "regrain", "warp"]
