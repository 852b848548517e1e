# SPDX-License-Identifier: Apache-2.0
"""The stage's shaders, GLSL 3.3. All of it is premultiplied sRGB, as paint programs, browsers and OBS put layers over
each other: a character looks as it was drawn."""

from __future__ import annotations

VERSION = "#version 330 core\n"

ROWS = 64
"""A layer is drawn in so many strips, so that it can bend."""

LAYER_VERTEX = """
uniform vec4 box;       // x0 y0 x1 y1, canvas pixels, y down
uniform mat3 move;      // canvas to canvas: how the head has moved
uniform vec2 bend;      // y that moves with the head, and y that stands still
uniform vec4 place;     // canvas to the screen: xy scale, zw offset
out vec2 at;
void main() {
    at = vec2(gl_VertexID & 1, float(gl_VertexID >> 1) / ROWS.0);
    vec2 point = mix(box.xy, box.zw, at);
    float stands = smoothstep(bend.x, bend.y, point.y);
    vec2 moved = mix((move * vec3(point, 1.0)).xy, point, stands);
    gl_Position = vec4(moved * place.xy + place.zw, 0.0, 1.0);
}
""".replace("ROWS", str(ROWS))

LAYER_FRAGMENT = """
uniform sampler2D layer;
in vec2 at;
out vec4 shown;
void main() { shown = texture(layer, at); }
"""

SCREEN_VERTEX = """
uniform vec4 box;       // x0 y0 x1 y1 on the screen, -1 to 1
out vec2 at;
void main() {
    at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(mix(box.xy, box.zw, at), 0.0, 1.0);
}
"""

STRAIGHT_FRAGMENT = """
uniform sampler2D layer;
in vec2 at;
out vec4 shown;
void main() {
    vec4 c = texture(layer, at);
    shown = vec4(c.a > 0.0 ? c.rgb / c.a : vec3(0.0), c.a);
}
"""

OVER_FRAGMENT = """
uniform sampler2D layer;
uniform vec4 behind;    // premultiplied; alpha 0 is a window that is seen through
in vec2 at;
out vec4 shown;
void main() {
    vec4 c = texture(layer, at);
    shown = c + behind * (1.0 - c.a);
}
"""

LAYER = (VERSION + LAYER_VERTEX, VERSION + LAYER_FRAGMENT)
STRAIGHT = (VERSION + SCREEN_VERTEX, VERSION + STRAIGHT_FRAGMENT)
OVER = (VERSION + SCREEN_VERTEX, VERSION + OVER_FRAGMENT)
