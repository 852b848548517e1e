/* SPDX-License-Identifier: Apache-2.0 */
/* Grain put back on a picture; the definition is reference() in regrain.py. */
#include "pixel.h"

/* Source: Wellons, hash-prospector (lowbias32): every bit of a number in stirs every bit of the number out. */
INLINE unsigned stirred(unsigned h) {
  h ^= h >> 16;
  h *= 0x7feb352dU;
  h ^= h >> 15;
  h *= 0x846ca68bU;
  return h ^ (h >> 16);
}

/* The sum of four even numbers has mean 0, deviation 1 and nearly a normal spread, and is whole numbers but for the
 * last step: the same bits on every machine. (x, y): a pixel of the plate, so that tiles and regions agree. */
LINE void white_row(float *__restrict__ out, int plane, int seed, int x0, int y, int width) {
  const unsigned row = stirred((unsigned)y + stirred((unsigned)plane + stirred((unsigned)seed)));
  COLUMNS(x, width) {
    const unsigned a = stirred((unsigned)(x0 + x) + row), b = stirred(a ^ 0x68bc21ebU);
    const int sum = (int)((a & 0xffffU) + (a >> 16) + (b & 0xffffU) + (b >> 16)) - 131070;
    out[x] = (float)sum * 2.64290e-5f;
  }
}

KERNEL void white(float *__restrict__ out, int planes, int seed, int x0, int y0, int width, int height, int threads) {
  ROWS(y, height)
  for (int k = 0; k < planes; ++k) white_row(out + ((long long)k * height + y) * width, k, seed, x0, y0 + y, width);
}

/* Adds a filter [taps, taps] over the noise that begins at `at` to the sums of `count` neighbours. */
INLINE void add_taps(const float *at, const float *tap, int taps, long long wide, int count, float sum[RUN]) {
  for (int j = 0; j < taps; ++j)
    for (int n = 0; n < taps; ++n)
      for (int i = 0; i < count; ++i) sum[i] += tap[j * taps + n] * at[j * wide + n + i];
}

/* noise: [3, height + taps - 1, width + taps - 1]; tap: [3, taps, taps]; mix: [3, 3]; level: [3, 3]. */
LINE void regrain_row(float *__restrict__ out, const float *__restrict__ image, const float *__restrict__ amount,
                      const float *__restrict__ noise, const float *__restrict__ tap, int taps,
                      const float *__restrict__ mix, const float *__restrict__ level, int y, int width, int height) {
  const long long plane = (long long)width * height, wide = width + taps - 1, deep = wide * (height + taps - 1);
  COLUMNS(run, (width + RUN - 1) / RUN) {
    float clump[3][RUN];
    const int first = run * RUN, count = width - first < RUN ? width - first : RUN;
    int any = 0;
    for (int i = 0; i < count; ++i) any |= amount[(long long)y * width + first + i] != 0.0f;
    if (!any) {
      for (int c = 0; c < 3; ++c)
        for (int i = 0; i < count; ++i) {
          const long long at = c * plane + (long long)y * width + first + i;
          out[at] = image[at];
        }
      continue;
    }
    for (int k = 0; k < 3; ++k) {
      float sum[RUN];
      const float *at = noise + k * deep + y * wide + first, *filter = tap + k * taps * taps;
      for (int i = 0; i < RUN; ++i) sum[i] = 0.0f;
      /* A count that is known keeps the sums in registers. */
      if (count == RUN)
        add_taps(at, filter, taps, wide, RUN, sum);
      else
        add_taps(at, filter, taps, wide, count, sum);
      for (int i = 0; i < RUN; ++i) clump[k][i] = sum[i];
    }
    for (int c = 0; c < 3; ++c) {
      const long long line = c * plane + (long long)y * width + first;
      for (int i = 0; i < count; ++i) {
        const float light = image[line + i], share = amount[(long long)y * width + first + i];
        const float held = light > 0.0f ? light : 0.0f;
        const float square = level[3 * c] + held * (level[3 * c + 1] + held * level[3 * c + 2]);
        const float grain = mix[3 * c] * clump[0][i] + mix[3 * c + 1] * clump[1][i] + mix[3 * c + 2] * clump[2][i];
        const float made = light + share * sqrtf(square) * grain;
        /* Chosen, not computed: where nothing is added every bit stays, and Inf stays Inf. */
        out[line + i] = share != 0.0f && light - light == 0.0f ? made : light;
      }
    }
  }
}

KERNEL void regrain(float *__restrict__ out, const float *__restrict__ image, const float *__restrict__ amount,
                    const float *__restrict__ noise, const float *__restrict__ tap, int taps,
                    const float *__restrict__ mix, const float *__restrict__ level, int width, int height,
                    int threads) {
  ROWS(y, height) regrain_row(out, image, amount, noise, tap, taps, mix, level, y, width, height);
}
