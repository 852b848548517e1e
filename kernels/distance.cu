/* SPDX-License-Identifier: Apache-2.0 */
/* Signed distance to the edges of regions with soft edges; the definition is reference() in distance.py. */
#include "pixel.h"

/* The edge between two neighbouring pixels lies where what both hold of the region ends: from the inner one's centre,
 * and half a pixel more, that is as far as they hold of it together. */
INLINE float to_edge(float own, float other) {
  const float held = own + other;
  return own >= 0.5f ? held : 2.0f - held;
}

/* out[y] = distance to the edge above or below, and half a pixel more; below 0 outside; `far` where there is none. */
LINE void distance_down(float *__restrict__ out, const float *__restrict__ cover, float far, int height, int width) {
  COLUMNS(x, width) {
    float since = far;
    for (int y = 0; y < height; ++y) {
      const float own = cover[(long long)y * width + x], before = y > 0 ? cover[(long long)(y - 1) * width + x] : own;
      const int change = (own >= 0.5f) != (before >= 0.5f);
      since = change ? to_edge(own, before) : since + 1.0f < far ? since + 1.0f : far;
      out[(long long)y * width + x] = own >= 0.5f ? since : -since;
    }
    since = far;
    for (int y = height - 1; y >= 0; --y) {
      const float own = cover[(long long)y * width + x];
      const float before = y + 1 < height ? cover[(long long)(y + 1) * width + x] : own;
      const int change = (own >= 0.5f) != (before >= 0.5f);
      since = change ? to_edge(own, before) : since + 1.0f < far ? since + 1.0f : far;
      const float above = fabsf(out[(long long)y * width + x]);
      const float nearest = since < above ? since : above;
      out[(long long)y * width + x] = own >= 0.5f ? nearest : -nearest;
    }
  }
}

/* The nearest edge, whichever column it lies in; half a pixel less, since it lies between pixels. */
LINE void distance_along(float *__restrict__ out, const float *__restrict__ down, const float *__restrict__ cover,
                         float far, int width) {
  COLUMNS(x, width) {
    const float sign = down[x] > 0.0f ? 1.0f : -1.0f;
    const float own = sign * down[x];
    float best = own * own;
    const int last = x > width - 1 - x ? x : width - 1 - x;
    /* An edge may lie up to half a pixel nearer than the pixel that is beyond it. */
    for (int step = 1; step <= last && (float)(step - 1) * (float)(step - 1) < best; ++step) {
      for (int side = -1; side <= 1; side += 2) {
        const int at = x + side * step;
        if (at < 0 || at >= width) continue;
        const float there = sign * down[at], before = sign * down[at - side];
        float square;
        if (there > 0.0f) {
          square = (float)step * (float)step + there * there;
        } else {
          const float along =
              before > 0.0f ? (float)(step - 1) + to_edge(cover[at - side], cover[at]) : (float)step;
          square = along * along;
        }
        best = square < best ? square : best;
      }
    }
    out[x] = sign * (sqrtf(best) - 0.5f);
  }
}

/* cover: [regions, height, width]; down: the same, scratch that the second pass reads. */
KERNEL void distance_columns(float *__restrict__ down, const float *__restrict__ cover, float far, int rows, int width,
                             int height, int threads) {
  ROWS(region, height)
  distance_down(down + (long long)region * rows * width, cover + (long long)region * rows * width, far, rows, width);
}

KERNEL void distance_rows(float *__restrict__ out, const float *__restrict__ down, const float *__restrict__ cover,
                          float far, int width, int height, int threads) {
  ROWS(row, height) {
    const long long start = (long long)row * width;
    distance_along(out + start, down + start, cover + start, far, width);
  }
}
