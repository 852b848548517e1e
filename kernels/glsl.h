/* SPDX-License-Identifier: Apache-2.0 */
/* As much of GLSL as OpenColorIO's shader texts speak, for CUDA C++ and for a C++ compiler.
 * Source: The OpenGL Shading Language 4.0, sections 5.5 (components), 5.9 (expressions) and 8 (built-in functions). */
#ifndef LIPSYNC_GLSL_H
#define LIPSYNC_GLSL_H

#if !defined(__CUDACC__)
#include <cmath>
using std::abs, std::atan, std::cos, std::exp, std::exp2, std::floor, std::log, std::log2, std::pow, std::sin, std::sqrt;
#endif

INLINE float max(float a, float b) { return a < b ? b : a; }
INLINE float min(float a, float b) { return b < a ? b : a; }
INLINE float clamp(float a, float low, float high) { return min(max(a, low), high); }
INLINE float mix(float a, float b, float t) { return a * (1.0f - t) + b * t; }
INLINE float sign(float a) { return (float)((a > 0.0f) - (a < 0.0f)); }
INLINE float mod(float a, float b) { return a - b * floor(a / b); }
INLINE float step(float edge, float a) { return a < edge ? 0.0f : 1.0f; }
INLINE float inversesqrt(float a) { return 1.0f / sqrt(a); }
INLINE float greaterThan(float a, float b) { return (float)(a > b); }
INLINE float greaterThanEqual(float a, float b) { return (float)(a >= b); }
INLINE float lessThan(float a, float b) { return (float)(a < b); }
INLINE float lessThanEqual(float a, float b) { return (float)(a <= b); }

struct vec2 {
  union { struct { float x, y; }; struct { float r, g; }; float at[2]; };
  vec2() = default;
  INLINE_MEMBER explicit vec2(float a) : x(a), y(a) {}
  INLINE_MEMBER vec2(float a, float b) : x(a), y(b) {}
  INLINE_MEMBER float &operator[](int i) { return at[i]; }
  INLINE_MEMBER float operator[](int i) const { return at[i]; }
};

struct vec3 {
  union { struct { float x, y, z; }; struct { float r, g, b; }; vec2 xy; vec2 rg; float at[3]; };
  vec3() = default;
  INLINE_MEMBER explicit vec3(float a) : x(a), y(a), z(a) {}
  INLINE_MEMBER vec3(float a, float b, float c) : x(a), y(b), z(c) {}
  INLINE_MEMBER float &operator[](int i) { return at[i]; }
  INLINE_MEMBER float operator[](int i) const { return at[i]; }
};

struct vec4 {
  union { struct { float x, y, z, w; }; struct { float r, g, b, a; }; vec3 xyz; vec3 rgb; float at[4]; };
  vec4() = default;
  INLINE_MEMBER explicit vec4(float v) : x(v), y(v), z(v), w(v) {}
  INLINE_MEMBER vec4(float v0, float v1, float v2, float v3) : x(v0), y(v1), z(v2), w(v3) {}
  INLINE_MEMBER vec4(vec3 v, float v3) : x(v.x), y(v.y), z(v.z), w(v3) {}
  INLINE_MEMBER float &operator[](int i) { return at[i]; }
  INLINE_MEMBER float operator[](int i) const { return at[i]; }
};

/* Operators and functions that work component by component, with a scalar standing for all components. */
#define EACH(V, N, EXPRESSION)                \
  {                                           \
    V out;                                    \
    for (int i = 0; i < N; ++i) out[i] = EXPRESSION; \
    return out;                               \
  }
#define OPERATOR(V, N, OP)                                              \
  INLINE V operator OP(V p, V q) EACH(V, N, p[i] OP q[i])               \
  INLINE V operator OP(V p, float q) EACH(V, N, p[i] OP q)              \
  INLINE V operator OP(float p, V q) EACH(V, N, p OP q[i])              \
  INLINE V &operator OP##=(V &p, V q) { return p = p OP q; }            \
  INLINE V &operator OP##=(V &p, float q) { return p = p OP q; }
#define ONE(V, N, F) INLINE V F(V p) EACH(V, N, F(p[i]))
#define TWO(V, N, F) INLINE V F(V p, V q) EACH(V, N, F(p[i], q[i]))
#define VECTOR(V, N)                                                                                        \
  OPERATOR(V, N, +) OPERATOR(V, N, -) OPERATOR(V, N, *) OPERATOR(V, N, /)                                   \
  INLINE V operator-(V p) EACH(V, N, -p[i])                                                                 \
  ONE(V, N, abs) ONE(V, N, cos) ONE(V, N, exp) ONE(V, N, exp2) ONE(V, N, floor) ONE(V, N, log)              \
  ONE(V, N, log2) ONE(V, N, sign) ONE(V, N, sin) ONE(V, N, sqrt)                                            \
  TWO(V, N, max) TWO(V, N, min) TWO(V, N, pow) TWO(V, N, mod) TWO(V, N, step)                               \
  TWO(V, N, greaterThan) TWO(V, N, greaterThanEqual) TWO(V, N, lessThan) TWO(V, N, lessThanEqual)           \
  INLINE V max(V p, float q) { return max(p, V(q)); }                                                       \
  INLINE V min(V p, float q) { return min(p, V(q)); }                                                       \
  INLINE V clamp(V p, V low, V high) { return min(max(p, low), high); }                                     \
  INLINE V clamp(V p, float low, float high) { return min(max(p, V(low)), V(high)); }                       \
  INLINE V mix(V p, V q, V t) EACH(V, N, mix(p[i], q[i], t[i]))                                             \
  INLINE V mix(V p, V q, float t) EACH(V, N, mix(p[i], q[i], t))                                            \
  INLINE float dot(V p, V q) {                                                                              \
    float sum = 0.0f;                                                                                       \
    for (int i = 0; i < N; ++i) sum += p[i] * q[i];                                                         \
    return sum;                                                                                             \
  }                                                                                                         \
  INLINE float length(V p) { return sqrt(dot(p, p)); }

VECTOR(vec2, 2)
VECTOR(vec3, 3)
VECTOR(vec4, 4)

/* Matrices are given and kept column by column. */
struct mat3 {
  vec3 column[3];
  INLINE_MEMBER mat3(float a, float b, float c, float d, float e, float f, float g, float h, float i)
      : column{vec3(a, b, c), vec3(d, e, f), vec3(g, h, i)} {}
};

struct mat4 {
  vec4 column[4];
  INLINE_MEMBER mat4(float a, float b, float c, float d, float e, float f, float g, float h, float i, float j, float k,
                     float l, float m, float n, float o, float p)
      : column{vec4(a, b, c, d), vec4(e, f, g, h), vec4(i, j, k, l), vec4(m, n, o, p)} {}
};

INLINE vec3 operator*(mat3 m, vec3 v) { return m.column[0] * v.x + m.column[1] * v.y + m.column[2] * v.z; }
INLINE vec4 operator*(mat4 m, vec4 v) {
  return m.column[0] * v.x + m.column[1] * v.y + m.column[2] * v.z + m.column[3] * v.w;
}

#endif
