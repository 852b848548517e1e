/* SPDX-License-Identifier: Apache-2.0 */
/* One kernel text for two machines: CUDA C++ (NVRTC, nvcc) and C17 (a shared library for the CPU).
 *
 * A KERNEL(..., int width, int height, int threads) is ROWS(y, height) line(..., y, width);
 * a LINE(..., int y, int width) is COLUMNS(x, width) { ... }
 *
 * CUDA: a thread walks rows and columns in grid strides; `threads` is unused.
 * CPU: rows are shared among `threads` OpenMP threads; a LINE is compiled for AVX2 and for the base processor, and
 * picked when the library loads. Contraction to FMA is off on both, so that width, threads and tiles never change a bit. */
#ifndef LIPSYNC_PIXEL_H
#define LIPSYNC_PIXEL_H

#if defined(__CUDACC__)
#define KERNEL extern "C" __global__
#define INLINE static __device__ __forceinline__
#define LINE static __device__ __forceinline__
#define ROWS(row, n) for (int row = blockIdx.y * blockDim.y + threadIdx.y; row < (n); row += gridDim.y * blockDim.y)
#define COLUMNS(at, n) for (int at = blockIdx.x * blockDim.x + threadIdx.x; at < (n); at += gridDim.x * blockDim.x)
#define SIDE_BY_SIDE(p) 0
/* A kernel need not use all that stands here. */
#pragma nv_diag_suppress 177
#else
#include <math.h>
#define KERNEL __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(BASE_PROCESSOR)
#define LINE __attribute__((target_clones("avx2", "default"), noinline)) static
#else
#define LINE static
#endif
#define PRAGMA(text) _Pragma(#text)
#define ROWS(row, n) \
  PRAGMA(omp parallel for num_threads(threads) if (threads > 1) schedule(static)) for (int row = 0; row < (n); ++row)
#define COLUMNS(at, n) for (int at = 0; at < (n); ++at)
#define SIDE_BY_SIDE(p) ((p).stride_x == 1)
#endif

/* Sums stay in registers: more channels than this are done in turns. */
#define MOST_CHANNELS 4

/* A picture of any strides (counted in floats), read without a copy. edge: 1 holds the border pixel, 0 is black outside. */
typedef struct {
  const float *pixels;
  long long stride_c, stride_y, stride_x;
  int channels, width, height, edge;
} Picture;

INLINE int clampi(int value, int low, int high) { return value < low ? low : value > high ? high : value; }

/* The picture's channels from c on, as many as one turn takes. */
INLINE Picture channels_from(Picture p, int c) {
  p.pixels += c * p.stride_c;
  p.channels = p.channels - c < MOST_CHANNELS ? p.channels - c : MOST_CHANNELS;
  return p;
}

/* Catmull-Rom weights of the pixels at -1, 0, 1, 2 for a point at 0 <= f <= 1.
 * Source: Keys 1981, Cubic convolution interpolation, eq. 15 (a = -1/2). */
INLINE void cubic_weights(float f, float w[4]) {
  w[0] = ((-0.5f * f + 1.0f) * f - 0.5f) * f;
  w[1] = (1.5f * f - 2.5f) * f * f + 1.0f;
  w[2] = ((-1.5f * f + 2.0f) * f + 0.5f) * f;
  w[3] = (0.5f * f - 0.5f) * f * f;
}

/* Pixel (x, y) of a plane, by the rule for what lies outside. */
INLINE float pixel_at(Picture p, const float *plane, int x, int y) {
  if (!p.edge && (x < 0 || y < 0 || x >= p.width || y >= p.height)) return 0.0f;
  return plane[clampi(y, 0, p.height - 1) * p.stride_y + clampi(x, 0, p.width - 1) * p.stride_x];
}

/* Adds to sum[c] the picture at column x + fx, row y + fy (0 <= f < 1, counted from pixel centres).
 * Sums start at -0.0, the zero that changes no number's bits.
 * A point on a pixel's centre gives that pixel bit for bit; elsewhere NaN and Inf spread over the filter's footprint. */
INLINE void add_linear(Picture p, int x, int y, float fx, float fy, long long stride_x, float *sum) {
  if (fx == 0.0f && fy == 0.0f) {
    for (int c = 0; c < p.channels; ++c) sum[c] += pixel_at(p, p.pixels + c * p.stride_c, x, y);
  } else if (x >= 0 && y >= 0 && x + 1 < p.width && y + 1 < p.height) {
    const float *q = p.pixels + y * p.stride_y + x * stride_x;
    for (int c = 0; c < p.channels; ++c, q += p.stride_c) {
      const float left = (1.0f - fy) * q[0] + fy * q[p.stride_y];
      const float right = (1.0f - fy) * q[stride_x] + fy * q[p.stride_y + stride_x];
      sum[c] += (1.0f - fx) * left + fx * right;
    }
  } else {
    for (int c = 0; c < p.channels; ++c) {
      const float *plane = p.pixels + c * p.stride_c;
      const float left = (1.0f - fy) * pixel_at(p, plane, x, y) + fy * pixel_at(p, plane, x, y + 1);
      const float right = (1.0f - fy) * pixel_at(p, plane, x + 1, y) + fy * pixel_at(p, plane, x + 1, y + 1);
      sum[c] += (1.0f - fx) * left + fx * right;
    }
  }
}

/* As add_linear, with the Catmull-Rom cubic; its negative lobes overshoot by up to 1/8 at hard edges. */
INLINE void add_cubic(Picture p, int x, int y, float fx, float fy, long long stride_x, float *sum) {
  float wx[4], wy[4], column[4];
  cubic_weights(fx, wx);
  cubic_weights(fy, wy);
  if (fx == 0.0f && fy == 0.0f) {
    for (int c = 0; c < p.channels; ++c) sum[c] += pixel_at(p, p.pixels + c * p.stride_c, x, y);
  } else if (x >= 1 && y >= 1 && x + 2 < p.width && y + 2 < p.height) {
    const float *q = p.pixels + (y - 1) * p.stride_y + (x - 1) * stride_x;
    for (int c = 0; c < p.channels; ++c, q += p.stride_c) {
      for (int k = 0; k < 4; ++k)
        column[k] = wy[0] * q[k * stride_x] + wy[1] * q[p.stride_y + k * stride_x] +
                    wy[2] * q[2 * p.stride_y + k * stride_x] + wy[3] * q[3 * p.stride_y + k * stride_x];
      sum[c] += wx[0] * column[0] + wx[1] * column[1] + wx[2] * column[2] + wx[3] * column[3];
    }
  } else {
    for (int c = 0; c < p.channels; ++c) {
      const float *plane = p.pixels + c * p.stride_c;
      for (int k = 0; k < 4; ++k)
        column[k] = wy[0] * pixel_at(p, plane, x + k - 1, y - 1) + wy[1] * pixel_at(p, plane, x + k - 1, y) +
                    wy[2] * pixel_at(p, plane, x + k - 1, y + 1) + wy[3] * pixel_at(p, plane, x + k - 1, y + 2);
      sum[c] += wx[0] * column[0] + wx[1] * column[1] + wx[2] * column[2] + wx[3] * column[3];
    }
  }
}

/* On the CPU, planes with neighbouring pixels side by side (the usual case) get a faster copy of the loop. */
INLINE void add_sample(Picture p, int cubic, int x, int y, float fx, float fy, float *sum) {
  if (cubic && SIDE_BY_SIDE(p))
    add_cubic(p, x, y, fx, fy, 1, sum);
  else if (cubic)
    add_cubic(p, x, y, fx, fy, p.stride_x, sum);
  else if (SIDE_BY_SIDE(p))
    add_linear(p, x, y, fx, fy, 1, sum);
  else
    add_linear(p, x, y, fx, fy, p.stride_x, sum);
}

#endif
