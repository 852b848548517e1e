# SPDX-License-Identifier: Apache-2.0
"""Names for the 478 points of the face mesh (public MediaPipe topology).

Left and right are the actor's own. Loops run once round without repeating the first point; pairs of arcs run
from the actor's right corner (image left on a frontal face) to the left one, so that they can be zipped.
468..472 and 473..477 are the irises (centre first).
"""

from __future__ import annotations

LIP_CORNER_RIGHT, LIP_CORNER_LEFT = 61, 291
INNER_CORNER_RIGHT, INNER_CORNER_LEFT = 78, 308
UPPER_LIP_INNER, LOWER_LIP_INNER = 13, 14
UPPER_LIP_OUTER, LOWER_LIP_OUTER = 0, 17
CHIN_TIP, NOSE_TIP, NOSE_BASE, FOREHEAD_TOP = 152, 1, 2, 10

LIPS_OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIPS_OUTER_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIPS_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIPS_OUTER = LIPS_OUTER_UPPER + LIPS_OUTER_LOWER[-2:0:-1]
LIPS_INNER = LIPS_INNER_UPPER + LIPS_INNER_LOWER[-2:0:-1]
LIPS_BETWEEN = (
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306, 307, 320, 404, 315, 16, 85, 180, 90, 77),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292, 325, 319, 403, 316, 15, 86, 179, 89, 96),
)
"""Two loops within the red of the lips, outer and inner, each starting at the right corner and going over the top."""
LIPS = tuple(sorted(set(LIPS_OUTER + LIPS_INNER + LIPS_BETWEEN[0] + LIPS_BETWEEN[1])))

FACE_OVAL = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
    + (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
)  # fmt: skip
JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
"""Ear to ear round the chin."""
CHIN = (149, 176, 148, 152, 377, 400, 378, 140, 171, 175, 396, 369, 32, 208, 199, 428, 262, 201, 200, 421, 18, 83, 313)
"""The chin from its edge up to the fold under the lower lip."""

RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 474, 475, 476, 477)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
NOSE_BRIDGE = (168, 6, 197, 195, 5, 4)
NOSE_WINGS = (98, 97, 2, 326, 327, 64, 294, 48, 278)
NOSE = NOSE_BRIDGE + (1,) + NOSE_WINGS
TEMPLES = (54, 21, 162, 127, 284, 251, 389, 356)
FOREHEAD = (10, 151, 9, 8, 67, 109, 338, 297, 103, 332)

STABLE = (
    (130, 226, 244, 243, 133, 362, 463, 464, 446, 359)
    + (168, 6, 197, 195, 245, 122, 188, 465, 351, 412)
    + (8, 9, 151, 108, 337, 69, 299, 104, 333)
    + (156, 383, 139, 368, 143, 372, 34, 264, 127, 356, 162, 389)
)  # fmt: skip
"""Points that speech and blinks move least (measured on talking people): round the eye corners, the nose bridge,
the forehead, the temples. The head's pose is fitted on these."""
