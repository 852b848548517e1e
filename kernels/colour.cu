/* SPDX-License-Identifier: Apache-2.0 */
/* Runs OpenColorIO's own shader text over a picture. C++ only: the CPU library leaves colour to OCIO itself. */
#include "pixel.h"

#if defined(__cplusplus)
#include "glsl.h"

/* colour.py puts OCIO's function of this name here; alone, the text is the identity. */
INLINE vec4 ocio(vec4 pixel) { return pixel; }

/* image, out: [3, height, width]. */
LINE void colour_row(float *__restrict__ out, const float *__restrict__ image, long long plane, int width) {
  COLUMNS(x, width) {
    const vec4 pixel = ocio(vec4(image[x], image[plane + x], image[2 * plane + x], 1.0f));
    out[x] = pixel.x;
    out[plane + x] = pixel.y;
    out[2 * plane + x] = pixel.z;
  }
}

KERNEL void colour(float *__restrict__ out, const float *__restrict__ image, int width, int height, int threads) {
  const long long plane = (long long)width * height;
  ROWS(y, height) colour_row(out + (long long)y * width, image + (long long)y * width, plane, width);
}
#endif
