# SPDX-License-Identifier: Apache-2.0
"""A small mask with lips, cheeks, chin and lids that shows what curves do, in files that carry a mesh.

Rings round the mouth, from the inner edge of the lips, which touch at rest, to the rim of the face; metres, y up,
looking to +z, so that the character's left is +x. Its morph targets follow ARKit's; other rigs are mixes of those.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Mapping

import numpy as np

ROUND = 32
_RINGS = ((0.024, 0.0, 0.0), (0.027, 0.006, 0.006), (0.030, 0.011, 0.011), (0.042, 0.030, 0.024), (0.058, 0.070, 0.040),
          (0.070, 0.115, 0.055))  # fmt: skip
"""Half width, and height above and below the mouth, of each ring."""
_DEPTH = (0.010, 0.014, 0.010, 0.004, -0.008, -0.035)
_LIPS = (1.0, 1.0, 0.9, 0.4, 0.1, 0.0)
"""How far each ring goes with the lips."""
_JAW = (1.0, 1.0, 1.0, 0.9, 0.75, 0.65)
_EYE, _EYE_SIZE = (0.031, 0.068, 0.004), (0.013, 0.007)
JAW_M = 0.030
MIXES: dict[str, dict[str, float]] = {
    "pp": {"mouthPressLeft": 0.6, "mouthPressRight": 0.6, "mouthRollLower": 0.3},
    "ff": {"mouthRollLower": 0.6, "jawOpen": 0.08}, "th": {"jawOpen": 0.12}, "dd": {"jawOpen": 0.12, "lower": 0.3},
    "kk": {"jawOpen": 0.14}, "nn": {"jawOpen": 0.12}, "ch": {"mouthFunnel": 0.5, "jawOpen": 0.08},
    "ss": {"jawOpen": 0.05, "wide": 0.4}, "rr": {"mouthFunnel": 0.3, "jawOpen": 0.12}, "aa": {"jawOpen": 0.6},
    "e": {"jawOpen": 0.3, "wide": 0.4}, "ih": {"jawOpen": 0.2, "wide": 0.5},
    "oh": {"jawOpen": 0.4, "mouthFunnel": 0.7}, "ou": {"jawOpen": 0.15, "mouthPucker": 0.9},
    "ee": {"jawOpen": 0.25, "wide": 0.5}, "a": {"jawOpen": 0.6}, "i": {"jawOpen": 0.15, "wide": 0.6},
    "u": {"jawOpen": 0.15, "mouthPucker": 0.8}, "o": {"jawOpen": 0.4, "mouthFunnel": 0.7},
    "mouthopeny": {"jawOpen": 0.6}, "mouthform": {"wide": 1.0}, "open": {"jawOpen": 0.35}, "jaw": {"jawOpen": 0.3},
    "width": {"wide": 1.0}, "pushed": {"mouthPucker": 0.5}, "shut": {"mouthPressLeft": 0.5, "mouthPressRight": 0.5},
    "teeth": {"mouthRollLower": 0.6}, "rounded": {"mouthPucker": 0.4},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, "wide": {"mouthStretchLeft": 1.0, "mouthStretchRight": 1.0},
    "lower": {"mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0},
    "upper": {"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0},
}  # fmt: skip


@lru_cache(maxsize=1)
def mesh() -> tuple[np.ndarray, np.ndarray]:
    """points: [V, 3] float32. triangles: [F, 3] int32, counter-clockwise from the front."""
    angle = np.arange(ROUND) / ROUND * 2 * np.pi
    x, y = np.cos(angle), np.sin(angle)
    rings = [
        np.stack([wide * x, np.where(y > 0, up, down) * y, np.full(ROUND, depth)], axis=1)
        for (wide, up, down), depth in zip(_RINGS, _DEPTH, strict=True)
    ]
    points = np.concatenate([*rings, *(_eye(side) for side in (1, -1))])
    points[:, 2] -= 4 * points[:, 0] ** 2  # a face is round
    first = np.arange((len(_RINGS) - 1) * ROUND)
    after = first // ROUND * ROUND + (first + 1) % ROUND
    quads = [np.stack([first, first + ROUND, after + ROUND], 1), np.stack([first, after + ROUND, after], 1)]
    base = len(_RINGS) * ROUND
    fans = [np.array([[b, b + 1 + k, b + 1 + (k + 1) % 8] for k in range(8)]) for b in (base, base + 9)]
    return points.astype(np.float32), np.concatenate([*quads, *fans]).astype(np.int32)


@lru_cache(maxsize=8)
def morphs(names: tuple[str, ...]) -> np.ndarray:
    """[N, V, 3] float32: how each point moves for a weight of 1: nothing for gaze, brows and tongue."""
    return np.stack([_mixed({name: 1.0}) for name in names]).astype(np.float32)


def _mixed(weights: Mapping[str, float]) -> np.ndarray:
    moved = np.zeros_like(mesh()[0])
    for name, weight in weights.items():
        known = name[:1].lower() + name[1:]
        if known in _arkit():
            moved = moved + weight * _arkit()[known]
        else:
            moved = moved + weight * _mixed(MIXES.get(re.sub(r"^(viseme_|param)", "", name.lower()), {}))
    return moved


@lru_cache(maxsize=1)
def _arkit() -> dict[str, np.ndarray]:
    points = mesh()[0].astype(np.float64)
    lips, jaw = (np.repeat([*ring, 0.0], [ROUND] * len(ring) + [18]) for ring in (_LIPS, _JAW))
    inside = np.arange(len(points)) < len(_RINGS) * ROUND
    turn = np.where(inside, np.sin(np.arange(len(points)) % ROUND / ROUND * 2 * np.pi), 0)
    below, above = np.sqrt(np.maximum(-turn, 0)), np.sqrt(np.maximum(turn, 0))
    x, y = points[:, 0], points[:, 1]
    made = {
        "jawOpen": _by(jaw * below, dy=-JAW_M, dz=-0.005), "jawForward": _by(jaw * below, dz=0.01),
        # the lower lip comes back up all the way, so that equal weights of both keep the lips together
        "mouthClose": _by((lips * below) * (lips > 0.3), dy=JAW_M, dz=0.005),
        "mouthFunnel": _by(lips, dx=-0.30 * x, dz=0.008) + _by(lips, dy=0.006 * turn),
        "mouthPucker": _by(lips, dx=-0.45 * x, dz=0.011),
        "cheekPuff": _by((lips < 0.5) * inside * (1 - np.abs(turn)), dz=0.01),
        "mouthRollLower": _by(lips * below, dy=0.003, dz=-0.006),
        "mouthRollUpper": _by(lips * above, dy=-0.003, dz=-0.006),
        "mouthShrugLower": _by(lips * below, dy=0.004, dz=0.002),
        "mouthShrugUpper": _by(lips * above, dy=0.003, dz=0.002),
    }  # fmt: skip
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        here = np.clip(sign * x / _RINGS[0][0], 0, 1) ** 1.5 * lips
        half = np.clip(0.5 + sign * x / _RINGS[0][0], 0, 1) * lips
        made |= {
            f"mouthSmile{side}": _by(here, dx=sign * 0.007, dy=0.009), f"mouthFrown{side}": _by(here, dy=-0.008),
            f"mouthStretch{side}": _by(here, dx=sign * 0.010, dy=-0.002),
            f"mouthDimple{side}": _by(here, dx=sign * 0.003, dz=-0.005),
            f"mouthPress{side}": _by(half, dy=-0.4 * y), f"mouthLowerDown{side}": _by(half * below, dy=-0.010),
            f"mouthUpperUp{side}": _by(half * above, dy=0.008), f"mouth{side}": _by(lips, dx=sign * 0.010),
            f"jaw{side}": _by(jaw * below, dx=sign * 0.010),
            f"eyeBlink{side}": _by((~inside) * (sign * x > 0), dy=_EYE[1] - 0.8 * _EYE_SIZE[1] - y),
        }  # fmt: skip
    return made


def _by(weight: np.ndarray, dx: object = 0.0, dy: object = 0.0, dz: object = 0.0) -> np.ndarray:
    return np.stack([weight * np.asarray(d, float) for d in (dx, dy, dz)], axis=1)


def _eye(side: int) -> np.ndarray:
    angle = np.arange(8) / 8 * 2 * np.pi
    rim = np.stack([_EYE_SIZE[0] * np.cos(angle), _EYE_SIZE[1] * np.sin(angle), np.zeros(8)], axis=1)
    return np.concatenate([np.zeros((1, 3)), rim]) + np.array(_EYE) * (side, 1, 1)
