/* SPDX-License-Identifier: Apache-2.0 */
/* Separable filter over a padded picture; the definition is reference() in blur.py. */
#include "pixel.h"

/* Pixels summed side by side, so that the CPU's vector units stay full while the taps pass by. */
#if defined(__CUDACC__)
#define BLUR_RUN 1
#else
#define BLUR_RUN 64
#endif

/* out[x] = sum of weights[k] * in[x + k * step]: step 1 filters along a row, a row's length down the columns. */
LINE void blur_line(float *__restrict__ out, const float *__restrict__ in, const float *__restrict__ weights, int taps,
                    long long step, int width) {
  COLUMNS(run, (width + BLUR_RUN - 1) / BLUR_RUN) {
    const int first = run * BLUR_RUN;
    if (width - first >= BLUR_RUN) {
      float sum[BLUR_RUN];
      for (int i = 0; i < BLUR_RUN; ++i) sum[i] = -0.0f;
      for (int k = 0; k < taps; ++k)
        for (int i = 0; i < BLUR_RUN; ++i) sum[i] += weights[k] * in[first + i + k * step];
      for (int i = 0; i < BLUR_RUN; ++i) out[first + i] = sum[i];
      continue;
    }
    for (int x = first; x < width; ++x) {
      float sum = -0.0f;
      for (int k = 0; k < taps; ++k) sum += weights[k] * in[x + k * step];
      out[x] = sum;
    }
  }
}

/* in: [height, width + taps - 1] -> out: [height, width]. */
KERNEL void blur_rows(float *__restrict__ out, const float *__restrict__ in, const float *__restrict__ weights,
                      int taps, int width, int height, int threads) {
  ROWS(y, height)
  blur_line(out + (long long)y * width, in + (long long)y * (width + taps - 1), weights, taps, 1, width);
}

/* in: [channels, height + taps - 1, width] -> out: [channels, height, width]. */
KERNEL void blur_columns(float *__restrict__ out, const float *__restrict__ in, const float *__restrict__ weights,
                         int taps, int channels, int width, int height, int threads) {
  ROWS(row, channels * height) {
    const int c = row / height, y = row % height;
    const float *top = in + ((long long)c * (height + taps - 1) + y) * width;
    blur_line(out + (long long)row * width, top, weights, taps, width, width);
  }
}
