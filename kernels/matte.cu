/* SPDX-License-Identifier: Apache-2.0 */
/* Soft matte of a closed contour; the definition is reference() in matte.py. */
#include "pixel.h"

/* segments: [count, 8] x0, y0, dx, dy, 1 / length^2, lowest y, highest y, dx / dy; coordinates less the base pixel. */
LINE void matte_row(float *__restrict__ out, const float *__restrict__ segments, int count, float reach, float erode,
                    float feather, int x0, int y0, int y, int width) {
  const float py = (float)(y0 + y) + 0.5f;
  COLUMNS(run, (width + RUN - 1) / RUN) {
    float nearest[RUN], px[RUN];
    int turns[RUN];
    for (int i = 0; i < RUN; ++i) {
      nearest[i] = reach * reach;
      turns[i] = 0;
      px[i] = (float)(x0 + run * RUN + i) + 0.5f;
    }
    for (int s = 0; s < count; ++s) {
      const float *g = segments + 8 * s;
      if (py < g[5] - reach || py > g[6] + reach) continue;
      const float ax = g[0], dx = g[2], dy = g[3], shorten = g[4], oy = py - g[1];
      for (int i = 0; i < RUN; ++i) {
        const float ox = px[i] - ax;
        float t = (ox * dx + oy * dy) * shorten;
        t = t < 0.0f ? 0.0f : t;
        t = t > 1.0f ? 1.0f : t;
        const float ex = ox - t * dx, ey = oy - t * dy;
        const float square = ex * ex + ey * ey;
        nearest[i] = square < nearest[i] ? square : nearest[i];
      }
      /* Half-open in y: a corner between two segments is crossed once. */
      if (py < g[5] || py >= g[6]) continue;
      const float crossing = ax + oy * g[7];
      const int turn = dy > 0.0f ? 1 : -1;
      for (int i = 0; i < RUN; ++i) turns[i] += crossing > px[i] ? turn : 0;
    }
    for (int i = 0; i < RUN; ++i) {
      const float distance = turns[i] ? sqrtf(nearest[i]) : -sqrtf(nearest[i]);
      float t = (distance - erode) / feather;
      t = t < 0.0f ? 0.0f : t;
      t = t > 1.0f ? 1.0f : t;
      px[i] = t * t * (3.0f - 2.0f * t);
    }
    const int last = width - run * RUN < RUN ? width - run * RUN : RUN;
    for (int i = 0; i < last; ++i) out[run * RUN + i] = px[i];
  }
}

KERNEL void matte(float *__restrict__ out, const float *__restrict__ segments, int count, float reach, float erode,
                  float feather, int x0, int y0, int width, int height, int threads) {
  ROWS(y, height)
  matte_row(out + (long long)y * width, segments, count, reach, erode, feather, x0, y0, y, width);
}
