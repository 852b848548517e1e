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
  const long long mesh = (long long)node_rows * node_columns, plane = (long long)width * height;
  const int cell_y = (y0 + y) / step_px;
  const float share = 1.0f / (float)(samples * samples), first = -0.5f * (float)(samples - 1);
  float wx[4], wy[4], dx[4] = {0}, dy[4] = {0};
  int current = -1;
  COLUMNS(x, width) {
    const int cell_x = (x0 + x) / step_px;
    float sum[MOST_CHANNELS] = {-0.0f, -0.0f, -0.0f, -0.0f};
    for (int j = 0; j < samples; ++j) {
      const float offset_y = (first + (float)j) * spacing;
      /* Pixels of one cell share the four nodes' values at this height. */
      if (cell_x * samples + j != current) {
        const float *node = nodes + (long long)cell_y * node_columns + cell_x;
        cubic_weights(((float)(y0 + y - cell_y * step_px) + 0.5f + offset_y) / (float)step_px, wy);
        for (int k = 0; k < 4; ++k) {
          dx[k] = down(node + k, node_columns, wy);
          dy[k] = down(node + mesh + k, node_columns, wy);
        }
        current = cell_x * samples + j;
      }
      for (int i = 0; i < samples; ++i) {
        const float offset_x = (first + (float)i) * spacing;
        cubic_weights(((float)(x0 + x - cell_x * step_px) + 0.5f + offset_x) / (float)step_px, wx);
        float sx = wx[0] * dx[0] + wx[1] * dx[1] + wx[2] * dx[2] + wx[3] * dx[3] + offset_x;
        float sy = wx[0] * dy[0] + wx[1] * dy[1] + wx[2] * dy[2] + wx[3] * dy[3] + offset_y;
        if (!(sx == sx && sy == sy)) {
          for (int c = 0; c < p.channels; ++c) sum[c] += sx + sy;
          continue;
        }
        /* Beyond the border every coordinate reads the same pixel: keep the whole part within an int. */
        sx = sx < -1e6f ? -1e6f : sx > 1e6f ? 1e6f : sx;
        sy = sy < -1e6f ? -1e6f : sy > 1e6f ? 1e6f : sy;
        const float wholex = floorf(sx), wholey = floorf(sy);
        add_sample(p, cubic, x + shift_x + (int)wholex, y + shift_y + (int)wholey, sx - wholex, sy - wholey, sum);
      }
    }
    for (int c = 0; c < p.channels; ++c) out[c * plane + (long long)y * width + x] = sum[c] * share;
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
