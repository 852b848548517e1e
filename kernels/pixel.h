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
#define INLINE_MEMBER __device__ __forceinline__
#define LINE static __device__ __forceinline__
#define ROWS(row, n) for (int row = blockIdx.y * blockDim.y + threadIdx.y; row < (n); row += gridDim.y * blockDim.y)
#define COLUMNS(at, n) for (int at = blockIdx.x * blockDim.x + threadIdx.x; at < (n); at += gridDim.x * blockDim.x)
/* Neighbouring output pixels done together, so that the CPU's vector units stay full. */
#define RUN 1
#define GROUP 1
/* A kernel need not use all that stands here. */
#pragma nv_diag_suppress 177
#else
#include <math.h>
#if defined(__cplusplus)
#define KERNEL extern "C" __attribute__((visibility("default")))
#else
#define KERNEL __attribute__((visibility("default")))
#endif
#define INLINE static inline __attribute__((always_inline))
#define INLINE_MEMBER inline
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(BASE_PROCESSOR)
#define LINE __attribute__((target_clones("avx2", "default"), noinline)) static
#else
#define LINE static
#endif
#define PRAGMA(text) _Pragma(#text)
#define ROWS(row, n) \
  PRAGMA(omp parallel for num_threads(threads) if (threads > 1) schedule(static)) for (int row = 0; row < (n); ++row)
#define COLUMNS(at, n) for (int at = 0; at < (n); ++at)
#define RUN 32
/* So many of them fill a vector unit; where they read side by side, they read without a gather. */
#define GROUP 8
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

/* Where a run of neighbouring output pixels reads: column x + fx, row y + fy (0 <= f < 1), counted from pixel centres.
 * offset: of pixel (x, y) in its plane, in floats; arrays.py sees to it that it fits an int. */
typedef struct {
  int x[RUN], y[RUN], offset[RUN];
  float fx[RUN], fy[RUN];
} Points;

/* Do all pixels from `before` before to `after` after each point lie within the picture? */
INLINE int within(Picture p, const Points *at, int before, int after) {
  int inside = 1;
  for (int i = 0; i < RUN; ++i)
    inside &= (at->x[i] >= before) & (at->y[i] >= before) & (at->x[i] + after < p.width) & (at->y[i] + after < p.height);
  return inside;
}

INLINE void add_linear(Picture p, const float *plane, const Points *at, long long stride_x, int inside, float *sum) {
  for (int i = 0; i < RUN; ++i) {
    const float fx = at->fx[i], fy = at->fy[i];
    float here, right, below, across;
    if (inside) {
      const float *q = plane + at->offset[i];
      here = q[0], right = q[stride_x], below = q[p.stride_y], across = q[p.stride_y + stride_x];
    } else {
      here = pixel_at(p, plane, at->x[i], at->y[i]), right = pixel_at(p, plane, at->x[i] + 1, at->y[i]);
      below = pixel_at(p, plane, at->x[i], at->y[i] + 1), across = pixel_at(p, plane, at->x[i] + 1, at->y[i] + 1);
    }
    const float start = (1.0f - fy) * here + fy * below, end = (1.0f - fy) * right + fy * across;
    const float mean = (1.0f - fx) * start + fx * end;
    sum[i] += fx == 0.0f && fy == 0.0f ? here : mean;
  }
}

/* Catmull-Rom: its negative lobes overshoot by up to 1/8 at hard edges. weights: [8][RUN], along x, then along y. */
INLINE void add_cubic(Picture p, const float *plane, const Points *at, float weights[8][RUN], long long stride_x,
                      int inside, float *sum) {
  for (int i = 0; i < RUN; ++i) {
    float column[4], here;
    if (inside) {
      const float *q = plane + at->offset[i] - p.stride_y - stride_x;
      for (int k = 0; k < 4; ++k)
        column[k] = weights[4][i] * q[k * stride_x] + weights[5][i] * q[p.stride_y + k * stride_x] +
                    weights[6][i] * q[2 * p.stride_y + k * stride_x] + weights[7][i] * q[3 * p.stride_y + k * stride_x];
      here = q[p.stride_y + stride_x];
    } else {
      const int x = at->x[i] - 1, y = at->y[i];
      for (int k = 0; k < 4; ++k)
        column[k] = weights[4][i] * pixel_at(p, plane, x + k, y - 1) + weights[5][i] * pixel_at(p, plane, x + k, y) +
                    weights[6][i] * pixel_at(p, plane, x + k, y + 1) + weights[7][i] * pixel_at(p, plane, x + k, y + 2);
      here = pixel_at(p, plane, x + 1, y);
    }
    const float mean =
        weights[0][i] * column[0] + weights[1][i] * column[1] + weights[2][i] * column[2] + weights[3][i] * column[3];
    sum[i] += at->fx[i] == 0.0f && at->fy[i] == 0.0f ? here : mean;
  }
}

/* Point n's sum; q: the first of the 4 x 4 pixels it reads, which lie side by side in rows. */
INLINE float cubic_of(const float *q, long long stride_y, const Points *at, float weights[8][RUN], int n) {
  float column[4];
  for (int k = 0; k < 4; ++k)
    column[k] = weights[4][n] * q[k] + weights[5][n] * q[stride_y + k] + weights[6][n] * q[2 * stride_y + k] +
                weights[7][n] * q[3 * stride_y + k];
  const float mean =
      weights[0][n] * column[0] + weights[1][n] * column[1] + weights[2][n] * column[2] + weights[3][n] * column[3];
  return at->fx[n] == 0.0f && at->fy[n] == 0.0f ? q[stride_y + 1] : mean;
}

/* add_cubic well inside a picture whose neighbouring pixels lie side by side: the usual case. */
INLINE void add_cubic_inside(const float *plane, long long stride_y, const Points *at, float weights[8][RUN],
                             float *sum) {
  for (int first = 0; first < RUN; first += GROUP) {
    const float *q = plane + at->offset[first] - stride_y - 1;
    int side_by_side = 1;
    for (int i = 1; i < GROUP; ++i) side_by_side &= at->offset[first + i] == at->offset[first] + i;
    if (side_by_side)
      for (int i = 0; i < GROUP; ++i) sum[first + i] += cubic_of(q + i, stride_y, at, weights, first + i);
    else
      for (int i = first; i < first + GROUP; ++i)
        sum[i] += cubic_of(plane + at->offset[i] - stride_y - 1, stride_y, at, weights, i);
  }
}

/* Adds to sum[channels][RUN] what the points read. Sums start at -0.0, the zero that changes no number's bits.
 * A point on a pixel's centre gives that pixel bit for bit; elsewhere NaN and Inf spread over the filter's footprint. */
INLINE void add_samples(Picture p, Points *at, int cubic, float sum[MOST_CHANNELS][RUN]) {
  float weights[8][RUN], w[4];
  const int inside = cubic ? within(p, at, 1, 2) : within(p, at, 0, 1);
  /* Unsigned: points far outside, whose offset is not used, may wrap round. */
  for (int i = 0; i < RUN; ++i)
    at->offset[i] = (int)((unsigned)at->y[i] * (unsigned)p.stride_y + (unsigned)at->x[i] * (unsigned)p.stride_x);
  for (int i = 0; cubic && i < RUN; ++i) {
    cubic_weights(at->fx[i], w);
    for (int k = 0; k < 4; ++k) weights[k][i] = w[k];
    cubic_weights(at->fy[i], w);
    for (int k = 0; k < 4; ++k) weights[4 + k][i] = w[k];
  }
  /* Most of a patch's ground stands still: a run that lies on pixel centres is those pixels. */
  int still = inside;
  for (int i = 0; i < RUN; ++i) still &= (at->fx[i] == 0.0f) & (at->fy[i] == 0.0f);
  for (int c = 0; c < p.channels; ++c) {
    const float *plane = p.pixels + c * p.stride_c;
    for (int i = 0; still && i < RUN; ++i) sum[c][i] += plane[at->offset[i]];
    if (still) continue;
    if (cubic && inside && p.stride_x == 1)
      add_cubic_inside(plane, p.stride_y, at, weights, sum[c]);
    else if (cubic)
      add_cubic(p, plane, at, weights, p.stride_x, inside, sum[c]);
    else if (inside && p.stride_x == 1)
      add_linear(p, plane, at, 1, 1, sum[c]);
    else
      add_linear(p, plane, at, p.stride_x, inside, sum[c]);
  }
}

/* Writes a run of sums times `share` to row y of out: [channels, height, width]. */
INLINE void write_run(float *out, int channels, int run, int y, int width, int height, float share,
                      float sum[MOST_CHANNELS][RUN]) {
  const int first = run * RUN, last = width - first < RUN ? width - first : RUN;
  for (int c = 0; c < channels; ++c)
    for (int i = 0; i < last; ++i) out[((long long)c * height + y) * width + first + i] = sum[c][i] * share;
}

#endif
