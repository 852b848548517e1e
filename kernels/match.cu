/* SPDX-License-Identifier: Apache-2.0 */
/* Low-frequency colour match; the definition is reference() in match.py. */
#include "pixel.h"

/* sums: [2 * channels + 1, rows, columns]: the means over cells of `cell` x `cell` pixels of what the field divides,
 * of what it divides by, and of the weight. gain: plate by patch; else plate - patch by 1. */
LINE void match_cells_row(float *__restrict__ sums, const float *__restrict__ patch, const float *__restrict__ plate,
                          const float *__restrict__ weight, int gain, int cell, int channels, int image_width,
                          int image_height, int row, int width, int height) {
  const long long plane = (long long)image_width * image_height, cells = (long long)width * height;
  const float share = 1.0f / (float)(cell * cell);
  const int y1 = (row + 1) * cell < image_height ? (row + 1) * cell : image_height;
  COLUMNS(column, width) {
    const int x1 = (column + 1) * cell < image_width ? (column + 1) * cell : image_width;
    float *at = sums + (long long)row * width + column;
    for (int c = 0; c <= 2 * channels; ++c) at[c * cells] = 0.0f;
    for (int y = row * cell; y < y1; ++y)
      for (int x = column * cell; x < x1; ++x) {
        const long long i = (long long)y * image_width + x;
        const float w = weight[i];
        /* NaN and Inf of plate or patch say nothing about colour: x - x is 0 for finite numbers alone. */
        int known = w > 0.0f;
        for (int c = 0; c < channels; ++c) {
          const float difference = plate[c * plane + i] - patch[c * plane + i];
          known = known && difference - difference == 0.0f;
        }
        if (!known) continue;
        for (int c = 0; c < channels; ++c) {
          const float before = patch[c * plane + i], wanted = plate[c * plane + i];
          at[c * cells] += w * (gain ? wanted : wanted - before);
          at[(channels + c) * cells] += w * (gain ? before : 1.0f);
        }
        at[2 * channels * cells] += w;
      }
    for (int c = 0; c <= 2 * channels; ++c) at[c * cells] *= share;
  }
}

KERNEL void match_cells(float *__restrict__ sums, const float *__restrict__ patch, const float *__restrict__ plate,
                        const float *__restrict__ weight, int gain, int cell, int channels, int image_width,
                        int image_height, int width, int height, int threads) {
  ROWS(row, height)
  match_cells_row(sums, patch, plate, weight, gain, cell, channels, image_width, image_height, row, width, height);
}

/* field: [channels, rows, columns] at the cells' centres, read linearly between them and held at the border. */
LINE void match_row(float *__restrict__ out, const float *__restrict__ patch, const float *__restrict__ field, int gain,
                    int cell, int rows, int columns, int x0, int y, int width) {
  const float sy = ((float)y + 0.5f) / (float)cell - 0.5f, wholey = floorf(sy), fy = sy - wholey;
  const float *top = field + (long long)clampi((int)wholey, 0, rows - 1) * columns;
  const float *bottom = field + (long long)clampi((int)wholey + 1, 0, rows - 1) * columns;
  COLUMNS(x, width) {
    const float sx = ((float)(x0 + x) + 0.5f) / (float)cell - 0.5f, wholex = floorf(sx), fx = sx - wholex;
    const int left = clampi((int)wholex, 0, columns - 1), right = clampi((int)wholex + 1, 0, columns - 1);
    const float before = (1.0f - fy) * top[left] + fy * bottom[left];
    const float after = (1.0f - fy) * top[right] + fy * bottom[right];
    const float value = (1.0f - fx) * before + fx * after;
    out[x] = gain ? patch[x] * value : patch[x] + value;
  }
}

/* patch: [channels, height, width], the window of the image whose corner is (x0, y0). */
KERNEL void match(float *__restrict__ out, const float *__restrict__ patch, const float *__restrict__ field, int gain,
                  int cell, int rows, int columns, int channels, int x0, int y0, int width, int height, int threads) {
  ROWS(y, height)
  for (int c = 0; c < channels; ++c) {
    const long long line = ((long long)c * height + y) * width;
    match_row(out + line, patch + line, field + (long long)c * rows * columns, gain, cell, rows, columns, x0, y0 + y,
              width);
  }
}
