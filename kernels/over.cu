/* SPDX-License-Identifier: Apache-2.0 */
/* A premultiplied patch over the plate; the definition is reference() in over.py. */
#include "pixel.h"

LINE void over_row(float *__restrict__ out, const float *__restrict__ colour, const float *__restrict__ alpha,
                   const float *__restrict__ plate, int width) {
  COLUMNS(x, width) {
    const float a = alpha[x], behind = plate[x];
    const float mixed = colour[x] + (1.0f - a) * behind;
    const float front = a == 1.0f ? colour[x] : mixed;
    /* Chosen, not computed: the plate's NaN, Inf and -0.0 pass bit for bit where there is no patch. */
    out[x] = a == 0.0f ? behind : front;
  }
}

/* out, plate: [channels, height, width]; patch: [4, height, width]. */
KERNEL void over(float *__restrict__ out, const float *__restrict__ patch, const float *__restrict__ plate,
                 int channels, int width, int height, int threads) {
  const long long plane = (long long)width * height;
  ROWS(y, height) {
    const long long row = (long long)y * width;
    for (int c = 0; c < channels; ++c)
      over_row(out + c * plane + row, patch + c * plane + row, patch + 3 * plane + row, plate + c * plane + row, width);
  }
}
