/* SPDX-License-Identifier: Apache-2.0 */
/* Copies rows past the caches: nobody here reads what was written, and a store that does not fetch its line first
 * leaves a third more of the memory's speed. */
#include <string.h>

#include "shim_picture.h"

#ifdef __SSE2__
#include <emmintrin.h>
#define LEAST_BYTES 2048

static size_t copy_lines(uint8_t *out, const uint8_t *in, size_t bytes)
{
    size_t done = 0;
    for (; done + 64 <= bytes; done += 64) {
        const __m128i *from = (const __m128i *)(in + done);
        __m128i *to = (__m128i *)(out + done);
        __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1);
        __m128i c = _mm_loadu_si128(from + 2), d = _mm_loadu_si128(from + 3);
        _mm_stream_si128(to, a);
        _mm_stream_si128(to + 1, b);
        _mm_stream_si128(to + 2, c);
        _mm_stream_si128(to + 3, d);
    }
    _mm_sfence();
    return done;
}

void copy_row(uint8_t *out, const uint8_t *in, size_t bytes)
{
    if (bytes >= LEAST_BYTES) {
        size_t head = -(uintptr_t)out & 63; /* streaming stores take whole lines */
        memcpy(out, in, head);
        head += copy_lines(out + head, in + head, bytes - head);
        out += head, in += head, bytes -= head;
    }
    memcpy(out, in, bytes);
}
#else
void copy_row(uint8_t *out, const uint8_t *in, size_t bytes)
{
    memcpy(out, in, bytes);
}
#endif
