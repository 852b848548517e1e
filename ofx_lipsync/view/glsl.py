# SPDX-License-Identifier: Apache-2.0
"""The shaders, in GLSL 3.3. `place` takes plate pixels to the screen: xy scale, zw offset."""

from __future__ import annotations

from ofx_lipsync.view.look import FUNCTION, Look

VERSION = "#version 330 core\n"

BOX_VERTEX = """
uniform vec4 place;
uniform vec4 box;       // x0 y0 x1 y1 in plate pixels
out vec2 at;            // 0..1 across the box
void main() {
    at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(mix(box.xy, box.zw, at) * place.xy + place.zw, 0.0, 1.0);
}
"""

PICTURE_FRAGMENT = """
uniform sampler2D picture;
uniform float gain;     // 2 to the power of the exposure in stops, in scene-linear
in vec2 at;
out vec4 shown;
void main() { shown = vec4(FUNCTION(vec4(texture(picture, at).rgb * gain, 1.0)).rgb, 1.0); }
""".replace("FUNCTION", FUNCTION)

MATTE_FRAGMENT = """
uniform sampler2D picture;
uniform vec4 colour;
in vec2 at;
out vec4 shown;
void main() { shown = vec4(colour.rgb, colour.a * clamp(texture(picture, at).r, 0.0, 1.0)); }
"""

STROKE_VERTEX = """
uniform vec4 place;
layout(location = 0) in vec2 where;
layout(location = 1) in vec2 across;
layout(location = 2) in float half_width;
layout(location = 3) in vec4 colour;
out vec2 off;
flat out float reach;
flat out vec4 paint;
void main() {
    off = across; reach = half_width; paint = colour;
    gl_Position = vec4(where * place.xy + place.zw, 0.0, 1.0);
}
"""

STROKE_FRAGMENT = """
in vec2 off;
flat in float reach;
flat in vec4 paint;
out vec4 shown;
void main() { shown = vec4(paint.rgb, paint.a * clamp(reach - length(off) + 0.5, 0.0, 1.0)); }
"""


def picture(look: Look) -> tuple[str, str]:
    """Vertex and fragment text of a picture seen through a look. GLSL 3.3 reads what OCIO writes for 4.0."""
    return VERSION + BOX_VERTEX, VERSION + look.glsl + PICTURE_FRAGMENT


def matte() -> tuple[str, str]:
    """Vertex and fragment text of a tint where a matte is."""
    return VERSION + BOX_VERTEX, VERSION + MATTE_FRAGMENT


def strokes() -> tuple[str, str]:
    """Vertex and fragment text of soft-edged lines and dots."""
    return VERSION + STROKE_VERTEX, VERSION + STROKE_FRAGMENT
