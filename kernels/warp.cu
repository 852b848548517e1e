/* SPDX-License-Identifier: Apache-2.0 */
/* Mesh warp; the definition is reference() in warp.py. */
#include "pixel.h"

/* nodes: [2, rows, columns] displacement in pixels, one ghost node on every side. Column of four nodes -> one value. */
INLINE float down(const float *node, long long columns, const float w[4]) {
  return w[0] * node[0] + w[1] * node[columns] + w[2] * node[2 * columns] + w[3] * node[3 * columns];
}

LINE void warp_row(float *__restrict__ out, Picture p, const float *__restrict__ nodes, int node_rows,
                   int node_columns, int step_px, float spacing, int samples, int cubic, int x0, int y0, int shift_x,
                   int shift_y, int y, int width, int height) {
  const int cell_y = (y0 + y) / step_px;
  const float share = 1.0f / (float)(samples * samples), first = -0.5f * (float)(samples - 1);
  const float height_px = (float)(y0 + y - cell_y * step_px) + 0.5f, unit = 1.0f / (float)step_px;
  const float *row = nodes + (long long)cell_y * node_columns;
  COLUMNS(run, (width + RUN - 1) / RUN) {
    float sum[MOST_CHANNELS][RUN], lost[RUN], wy[4], dx[4], dy[4];
    Points at;
    for (int i = 0; i < RUN; ++i) {
      lost[i] = 0.0f;
      for (int c = 0; c < MOST_CHANNELS; ++c) sum[c][i] = -0.0f;
    }
    for (int j = 0; j < samples; ++j) {
      const float offset_y = (first + (float)j) * spacing;
      cubic_weights((height_px + offset_y) * unit, wy);
      for (int k = 0; k < samples; ++k) {
        const float offset_x = (first + (float)k) * spacing;
        for (int i = 0; i < RUN;) {
          /* The last run ends with the row: its spare pixels repeat the last one, since no node lies beyond. */
          const int here = run * RUN + i < width ? run * RUN + i : width - 1, cell_x = (x0 + here) / step_px;
          const int next = (cell_x + 1) * step_px - x0, end = next < width && next - run * RUN < RUN ? next - run * RUN : RUN;
          /* Pixels of one cell share the four nodes' values at this height. */
          for (int n = 0; n < 4; ++n) {
            dx[n] = down(row + cell_x + n, node_columns, wy);
            dy[n] = down(row + (long long)node_rows * node_columns + cell_x + n, node_columns, wy);
          }
          for (; i < end; ++i) {
            const int x = run * RUN + i < width ? run * RUN + i : width - 1;
            float wx[4];
            cubic_weights(((float)(x0 + x - cell_x * step_px) + 0.5f + offset_x) * unit, wx);
            float sx = wx[0] * dx[0] + wx[1] * dx[1] + wx[2] * dx[2] + wx[3] * dx[3] + offset_x;
            float sy = wx[0] * dy[0] + wx[1] * dy[1] + wx[2] * dy[2] + wx[3] * dy[3] + offset_y;
            /* 0 for a number, NaN for NaN; and beyond the border all coordinates read alike: keep them within an int. */
            lost[i] += (sx - sx) + (sy - sy);
            sx = sx > -1e6f ? sx < 1e6f ? sx : 1e6f : -1e6f;
            sy = sy > -1e6f ? sy < 1e6f ? sy : 1e6f : -1e6f;
            const float wholex = floorf(sx), wholey = floorf(sy);
            at.x[i] = x + shift_x + (int)wholex, at.y[i] = y + shift_y + (int)wholey;
            at.fx[i] = sx - wholex, at.fy[i] = sy - wholey;
          }
        }
        add_samples(p, &at, cubic, sum);
      }
    }
    for (int c = 0; c < p.channels; ++c)
      for (int i = 0; i < RUN; ++i) sum[c][i] = lost[i] == 0.0f ? sum[c][i] : lost[i];
    write_run(out, p.channels, run, y, width, height, share, sum);
  }
}

/* (x0, y0): the window's corner counted from the grid's; (shift_x, shift_y): the same corner counted in the image. */
KERNEL void warp(float *__restrict__ out, const float *__restrict__ image, long long stride_c, long long stride_y,
                 long long stride_x, int channels, int image_width, int image_height, const float *__restrict__ nodes,
                 int node_rows, int node_columns, int step_px, float spacing, int samples, int cubic, int x0, int y0,
                 int shift_x, int shift_y, int width, int height, int threads) {
  const Picture p = {image, stride_c, stride_y, stride_x, channels, image_width, image_height, 1};
  ROWS(y, height)
  for (int c = 0; c < channels; c += MOST_CHANNELS)
    warp_row(out + (long long)c * width * height, channels_from(p, c), nodes, node_rows, node_columns, step_px, spacing,
             samples, cubic, x0, y0, shift_x, shift_y, y, width, height);
}
