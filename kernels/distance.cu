/* SPDX-License-Identifier: Apache-2.0 */
/* Signed distance of labelled regions; the definition is reference() in distance.py. */
#include "pixel.h"

/* out[y] = how many rows away the nearest pixel of the other side is, below 0 outside; `far` where there is none. */
LINE void distance_down(float *__restrict__ out, const float *__restrict__ labels, float label, float far, int height,
                        int width) {
  COLUMNS(x, width) {
    float since = far;
    for (int y = 0; y < height; ++y) {
      const int inside = labels[(long long)y * width + x] == label;
      const int change = y > 0 && inside != (labels[(long long)(y - 1) * width + x] == label);
      since = change ? 1.0f : since + 1.0f < far ? since + 1.0f : far;
      out[(long long)y * width + x] = inside ? since : -since;
    }
    since = far;
    for (int y = height - 1; y >= 0; --y) {
      const int inside = labels[(long long)y * width + x] == label;
      const int change = y + 1 < height && inside != (labels[(long long)(y + 1) * width + x] == label);
      since = change ? 1.0f : since + 1.0f < far ? since + 1.0f : far;
      const float above = inside ? out[(long long)y * width + x] : -out[(long long)y * width + x];
      const float nearest = since < above ? since : above;
      out[(long long)y * width + x] = inside ? nearest : -nearest;
    }
  }
}

/* The nearest pixel of the other side, whichever column it lies in; half a pixel less, since the edge lies between. */
LINE void distance_along(float *__restrict__ out, const float *__restrict__ down, float far, int width) {
  COLUMNS(x, width) {
    const float sign = down[x] > 0.0f ? 1.0f : -1.0f;
    const float own = sign * down[x];
    float best = own * own;
    const int last = x > width - 1 - x ? x : width - 1 - x;
    for (int step = 1; step <= last && (float)step * (float)step < best; ++step) {
      for (int side = -1; side <= 1; side += 2) {
        const int at = x + side * step;
        if (at < 0 || at >= width) continue;
        const float there = sign * down[at];
        const float rows = there > 0.0f ? there : 0.0f;
        const float square = (float)step * (float)step + rows * rows;
        best = square < best ? square : best;
      }
    }
    out[x] = sign * (sqrtf(best) - 0.5f);
  }
}

/* labels: [height, width]; wanted: [regions]; down: [regions, height, width], scratch that the second pass reads. */
KERNEL void distance_columns(float *__restrict__ down, const float *__restrict__ labels,
                             const float *__restrict__ wanted, float far, int rows, int width, int height,
                             int threads) {
  ROWS(region, height)
  distance_down(down + (long long)region * rows * width, labels, wanted[region], far, rows, width);
}

KERNEL void distance_rows(float *__restrict__ out, const float *__restrict__ down, float far, int width, int height,
                          int threads) {
  ROWS(row, height)
  distance_along(out + (long long)row * width, down + (long long)row * width, far, width);
}
