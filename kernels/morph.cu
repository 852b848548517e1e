/* SPDX-License-Identifier: Apache-2.0 */
/* A drawing between two others; the definition is reference() in morph.py. */
#include "pixel.h"

#define MOST_REGIONS 12
/* The depth of what is not there; far beyond any, and still a number. */
#define NOWHERE -1e30f

/* One drawing. pixels: [4, height, width] RGBA; depth: [regions, height, width] signed distances; x0, y0: its corner.
 * outline: left, right, then `columns` tops and `columns` bottoms, in canvas pixels. */
typedef struct {
  const float *pixels, *depth, *outline;
  int x0, y0, width, height;
} Drawn;

INLINE float mixed(float from, float to, float t) { return (1.0f - t) * from + t * to; }

/* The table's value at 0 <= u <= 1, straight between entries. */
INLINE float table(const float *entries, int columns, float u) {
  const float at = u * (float)(columns - 1);
  const int left = clampi((int)at, 0, columns - 2);
  return mixed(entries[left], entries[left + 1], at - (float)left);
}

/* A plane between its pixels' centres, the border held. */
INLINE float plane_at(const float *plane, int width, int height, float x, float y) {
  const float right = (float)(width - 1), bottom = (float)(height - 1);
  float px = x - 0.5f, py = y - 0.5f;
  px = px < 0.0f ? 0.0f : px > right ? right : px;
  py = py < 0.0f ? 0.0f : py > bottom ? bottom : py;
  const int ix = (int)px, iy = (int)py;
  const int jx = ix + 1 < width ? ix + 1 : ix, jy = iy + 1 < height ? iy + 1 : iy;
  const float fx = px - (float)ix, fy = py - (float)iy;
  const float *upper = plane + (long long)iy * width, *lower = plane + (long long)jy * width;
  return mixed(mixed(upper[ix], upper[jx], fx), mixed(lower[ix], lower[jx], fx), fy);
}

INLINE float along(float at, float low, float high, float to_low, float to_high) {
  if (at <= low) return to_low + (at - low);
  if (at >= high) return to_high + (at - high);
  return to_low + (at - low) / (high - low) * (to_high - to_low);
}

/* depth of each region where the drawing shows what the in-between shows at (x, y); returns the deepest region. */
INLINE int depths_at(Drawn d, const float *present, int regions, float x, float y, float grown, float *depth) {
  int deepest = 0;
  const long long plane = (long long)d.width * d.height;
  for (int k = 0; k < regions; ++k) {
    depth[k] = present[k] != 0.0f ? grown * plane_at(d.depth + k * plane, d.width, d.height, x, y) : NOWHERE;
    if (depth[k] > depth[deepest]) deepest = k;
  }
  return deepest;
}

/* A region that a drawing lacks comes in as the other has it: `lacking` px less deep than the deepest, and steeply less
 * where the other does not show it. */
INLINE float lacked(float deepest, float lacking, float other_deepest, float other) {
  return other == NOWHERE ? NOWHERE : deepest - lacking - 2.0f * (other_deepest - other);
}

INLINE float grown_by(float size, float own) {
  const float ratio = size / (own > 1.0f ? own : 1.0f);
  return ratio < 0.125f ? 0.125f : ratio > 8.0f ? 8.0f : ratio;
}

LINE void morph_row(float *__restrict__ out, Drawn a, Drawn b, const float *__restrict__ present,
                    const float *__restrict__ means, int regions, int columns, float t, float lacking, int x0,
                    float y, long long plane, int width) {
  const float left = mixed(a.outline[0], b.outline[0], t), right = mixed(a.outline[1], b.outline[1], t);
  COLUMNS(x, width) {
    const float px = (float)(x0 + x) + 0.5f;
    float u = (px - left) / (right - left);
    u = u < 0.0f ? 0.0f : u > 1.0f ? 1.0f : u;
    const float top_a = table(a.outline + 2, columns, u), bottom_a = table(a.outline + 2 + columns, columns, u);
    const float top_b = table(b.outline + 2, columns, u), bottom_b = table(b.outline + 2 + columns, columns, u);
    const float top = mixed(top_a, top_b, t), bottom = mixed(bottom_a, bottom_b, t);
    const float ax = along(px, left, right, a.outline[0], a.outline[1]) - (float)a.x0;
    const float bx = along(px, left, right, b.outline[0], b.outline[1]) - (float)b.x0;
    const float ay = along(y, top, bottom, top_a, bottom_a) - (float)a.y0;
    const float by = along(y, top, bottom, top_b, bottom_b) - (float)b.y0;
    float depth_a[MOST_REGIONS], depth_b[MOST_REGIONS], depth[MOST_REGIONS];
    /* Outside of the outlines the drawings are not stretched, nor are their depths. */
    const int inside = px > left && px < right && y > top && y < bottom;
    const float grown_a = inside ? grown_by(bottom - top, bottom_a - top_a) : 1.0f;
    const float grown_b = inside ? grown_by(bottom - top, bottom_b - top_b) : 1.0f;
    const int shown_a = depths_at(a, present, regions, ax, ay, grown_a, depth_a);
    const int shown_b = depths_at(b, present + regions, regions, bx, by, grown_b, depth_b);
    int first = 0, second = -1;
    for (int k = 0; k < regions; ++k) {
      const float from = depth_a[k] == NOWHERE ? lacked(depth_a[shown_a], lacking, depth_b[shown_b], depth_b[k]) : depth_a[k];
      const float to = depth_b[k] == NOWHERE ? lacked(depth_b[shown_b], lacking, depth_a[shown_a], depth_a[k]) : depth_b[k];
      depth[k] = mixed(from, to, t);
      if (k == 0) continue;
      if (depth[k] > depth[first])
        second = first, first = k;
      else if (second < 0 || depth[k] > depth[second])
        second = k;
    }
    const float apart = second < 0 ? 1.0f : 0.5f + 0.5f * (depth[first] - depth[second]);
    const float share = apart > 1.0f ? 1.0f : apart;
    const long long plane_a = (long long)a.width * a.height, plane_b = (long long)b.width * b.height;
    for (int c = 0; c < 4; ++c) {
      float colour = 0.0f;
      for (int turn = 0; turn < 2; ++turn) {
        const int k = turn == 0 ? first : second;
        const float weight = turn == 0 ? share : 1.0f - share;
        if (k < 0 || weight == 0.0f) continue;
        const float mean = means[4 * k + c];
        /* A drawing's own shading, where it shows the same thing well inside; its soft edges hold two colours. */
        float in_a = depth_a[k] / grown_a - 1.0f, in_b = depth_b[k] / grown_b - 1.0f;
        in_a = shown_a != k || in_a < 0.0f ? 0.0f : in_a > 1.0f ? 1.0f : in_a;
        in_b = shown_b != k || in_b < 0.0f ? 0.0f : in_b > 1.0f ? 1.0f : in_b;
        float own = mean;
        if (in_a > 0.0f) own += (1.0f - t) * in_a * (plane_at(a.pixels + c * plane_a, a.width, a.height, ax, ay) - mean);
        if (in_b > 0.0f) own += t * in_b * (plane_at(b.pixels + c * plane_b, b.width, b.height, bx, by) - mean);
        colour += weight * own;
      }
      out[c * plane + x] = colour;
    }
  }
}

/* out: [4, height, width] for the canvas pixels from (x0, y0) on; present: [2, regions] 0 or 1; means: [regions, 4]. */
KERNEL void morph(float *__restrict__ out, const float *__restrict__ pixels_a, const float *__restrict__ depth_a,
                  const float *__restrict__ outline_a, const float *__restrict__ pixels_b,
                  const float *__restrict__ depth_b, const float *__restrict__ outline_b,
                  const float *__restrict__ present, const float *__restrict__ means, int regions, int columns, float t,
                  float lacking, int ax0, int ay0, int awidth, int aheight, int bx0, int by0, int bwidth, int bheight,
                  int x0, int y0, int width, int height, int threads) {
  const Drawn a = {pixels_a, depth_a, outline_a, ax0, ay0, awidth, aheight};
  const Drawn b = {pixels_b, depth_b, outline_b, bx0, by0, bwidth, bheight};
  const long long plane = (long long)width * height;
  ROWS(y, height)
  morph_row(out + (long long)y * width, a, b, present, means, regions, columns, t, lacking, x0,
            (float)(y0 + y) + 0.5f, plane, width);
}
