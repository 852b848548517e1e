# SPDX-License-Identifier: Apache-2.0
"""USD as text: a UsdSkel animation of blend shape weights, bound to a mask that shows it.

Reference the file, and point your own mesh's skel:animationSource at its Motion: weights are bound by name.
Source: OpenUSD, UsdSkel schemas.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.export.curves.head import mesh, morphs
from ofx_lipsync.export.curves.take import Take, decimal

NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
IDENTITY = "[( (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1) )]"


def encoded(take: Take) -> bytes:
    """Raises: UsageError for a curve whose name cannot be a prim's."""
    wrong = [name for name in take.curves.names if not NAME.match(name)]
    if wrong:
        raise UsageError(f"usd: {wrong[0]!r} cannot name a blend shape; rename it in the rig's [names]")
    return "\n".join([*_head(take), *_skeleton(), *_motion(take), *_mask(take.curves.names), "}", ""]).encode()


def _head(take: Take) -> list[str]:
    first, fps = take.first_frame, decimal(float(take.curves.rate))
    return [
        "#usda 1.0", "(", '    defaultPrim = "Face"', f"    doc = {json.dumps(take.name)}",
        f"    startTimeCode = {first}", f"    endTimeCode = {first + len(take.curves) - 1}",
        f"    framesPerSecond = {fps}", f"    timeCodesPerSecond = {fps}", "    metersPerUnit = 1", '    upAxis = "Y"',
        ")", "", 'def SkelRoot "Face"', "{",
    ]  # fmt: skip


def _skeleton() -> list[str]:
    return [
        '    def Skeleton "Skeleton" (', '        prepend apiSchemas = ["SkelBindingAPI"]', "    )", "    {",
        f"        uniform matrix4d[] bindTransforms = {IDENTITY}", '        uniform token[] joints = ["Head"]',
        f"        uniform matrix4d[] restTransforms = {IDENTITY}", "        rel skel:animationSource = </Face/Motion>",
        "    }",
    ]  # fmt: skip


def _motion(take: Take) -> list[str]:
    rows = (
        f"            {take.first_frame + k}: [{', '.join(decimal(value) for value in row)}],"
        for k, row in enumerate(take.curves.values.tolist())
    )
    return [
        '    def SkelAnimation "Motion"', "    {",
        f"        uniform token[] blendShapes = {_tokens(take.curves.names)}",
        "        float[] blendShapeWeights.timeSamples = {", *rows, "        }", "    }",
    ]  # fmt: skip


@lru_cache(maxsize=8)
def _mask(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same for every line of a rig."""
    points, triangles = mesh()
    shapes = ", ".join(f"</Face/Mask/{name}>" for name in names)
    lines = [
        '    def Mesh "Mask" (', '        prepend apiSchemas = ["SkelBindingAPI"]', "    )", "    {",
        f"        float3[] extent = {_triples(np.stack([points.min(axis=0), points.max(axis=0)]))}",
        f"        int[] faceVertexCounts = [{', '.join(['3'] * len(triangles))}]",
        f"        int[] faceVertexIndices = [{', '.join(map(str, triangles.reshape(-1).tolist()))}]",
        f"        point3f[] points = {_triples(points)}",
        '        uniform token subdivisionScheme = "none"',
        f"        int[] primvars:skel:jointIndices = [{', '.join(['0'] * len(points))}] (",
        "            elementSize = 1", '            interpolation = "vertex"', "        )",
        f"        float[] primvars:skel:jointWeights = [{', '.join(['1'] * len(points))}] (",
        "            elementSize = 1", '            interpolation = "vertex"', "        )",
        f"        uniform token[] skel:blendShapes = {_tokens(names)}",
        f"        rel skel:blendShapeTargets = [{shapes}]", "        rel skel:skeleton = </Face/Skeleton>",
    ]  # fmt: skip
    for name, moved in zip(names, morphs(names), strict=True):
        lines += _shape(name, moved)
    return (*lines, "    }")


def _shape(name: str, moved: np.ndarray) -> list[str]:
    """Only the points that move; one at least, since Blender drops a shape without any."""
    which = np.flatnonzero(moved.any(axis=1))
    which = which if len(which) else np.array([0])
    return [
        f'        def BlendShape "{name}"', "        {",
        f"            uniform vector3f[] offsets = {_triples(moved[which])}",
        f"            uniform int[] pointIndices = [{', '.join(map(str, which.tolist()))}]", "        }",
    ]  # fmt: skip


def _tokens(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def _triples(rows: np.ndarray) -> str:
    return "[" + ", ".join(f"({', '.join(decimal(v) for v in row)})" for row in rows.tolist()) + "]"
