/* SPDX-License-Identifier: Apache-2.0 */
/* Antialiased affine resample; the definition is reference() in crop.py. */
#include "pixel.h"

/* Reads samples_x * samples_y points spread over one output pixel and writes their mean.
 * m: output pixel centre -> input; ux, uy / vx, vy: step between points along the output's x / y, in input pixels. */
LINE void crop_row(float *__restrict__ out, Picture p, int cubic, double m00, double m01, double m02, double m10,
                   double m11, double m12, float ux, float uy, float vx, float vy, int samples_x, int samples_y,
                   int x0, int y0, int y, int width, int height) {
  const float share = 1.0f / (float)(samples_x * samples_y);
  const float first_x = -0.5f * (float)(samples_x - 1), first_y = -0.5f * (float)(samples_y - 1);
  const double cy = y0 + y + 0.5;
  COLUMNS(run, (width + RUN - 1) / RUN) {
    int ix[RUN], iy[RUN];
    float fx[RUN], fy[RUN], sum[MOST_CHANNELS][RUN];
    Points at;
    for (int i = 0; i < RUN; ++i) {
      const double cx = x0 + run * RUN + i + 0.5;
      double sx = m00 * cx + m01 * cy + m02 - 0.5, sy = m10 * cx + m11 * cy + m12 - 0.5;
      /* Far outside, every point reads the same border: keep the whole part within an int. */
      sx = sx < -1e6 ? -1e6 : sx > 1e6 ? 1e6 : sx;
      sy = sy < -1e6 ? -1e6 : sy > 1e6 ? 1e6 : sy;
      ix[i] = (int)floor(sx), iy[i] = (int)floor(sy);
      fx[i] = (float)(sx - ix[i]), fy[i] = (float)(sy - iy[i]);
      for (int c = 0; c < MOST_CHANNELS; ++c) sum[c][i] = -0.0f;
    }
    for (int j = 0; j < samples_y; ++j)
      for (int k = 0; k < samples_x; ++k) {
        const float dx = (first_x + (float)k) * ux + (first_y + (float)j) * vx;
        const float dy = (first_x + (float)k) * uy + (first_y + (float)j) * vy;
        for (int i = 0; i < RUN; ++i) {
          const float px = fx[i] + dx, py = fy[i] + dy, wholex = floorf(px), wholey = floorf(py);
          at.x[i] = ix[i] + (int)wholex, at.y[i] = iy[i] + (int)wholey;
          at.fx[i] = px - wholex, at.fy[i] = py - wholey;
        }
        add_samples(p, &at, cubic, sum);
      }
    write_run(out, p.channels, run, y, width, height, share, sum);
  }
}

KERNEL void crop(float *__restrict__ out, const float *__restrict__ image, long long stride_c, long long stride_y,
                 long long stride_x, int channels, int image_width, int image_height, int edge, int cubic, double m00,
                 double m01, double m02, double m10, double m11, double m12, float ux, float uy, float vx, float vy,
                 int samples_x, int samples_y, int x0, int y0, int width, int height, int threads) {
  const Picture p = {image, stride_c, stride_y, stride_x, channels, image_width, image_height, edge};
  ROWS(y, height)
  for (int c = 0; c < channels; c += MOST_CHANNELS)
    crop_row(out + (long long)c * width * height, channels_from(p, c), cubic, m00, m01, m02, m10, m11, m12, ux, uy, vx,
             vy, samples_x, samples_y, x0, y0, y, width, height);
}

LINE void halve_row(float *__restrict__ out, Picture p, int y, int width, int height) {
  const int below = clampi(2 * y + 1, 0, p.height - 1);
  for (int c = 0; c < p.channels; ++c) {
    const float *top = p.pixels + c * p.stride_c + 2 * y * p.stride_y;
    const float *bottom = p.pixels + c * p.stride_c + below * p.stride_y;
    float *row = out + ((long long)c * height + y) * width;
    COLUMNS(x, width) {
      const long long left = 2 * x * p.stride_x, right = (2 * x + 1 < p.width ? 2 * x + 1 : 2 * x) * p.stride_x;
      row[x] = 0.25f * ((top[left] + top[right]) + (bottom[left] + bottom[right]));
    }
  }
}

/* Means of 2 x 2 pixels; an odd last row or column counts twice. */
KERNEL void halve(float *__restrict__ out, const float *__restrict__ image, long long stride_c, long long stride_y,
                  long long stride_x, int channels, int image_width, int image_height, int width, int height,
                  int threads) {
  const Picture p = {image, stride_c, stride_y, stride_x, channels, image_width, image_height, 1};
  ROWS(y, height) halve_row(out, p, y, width, height);
}
