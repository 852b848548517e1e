/* SPDX-License-Identifier: Apache-2.0 */
/* A host's picture: where its rows lie and what they hold. y points up, rows may go down and may be padded. */
#ifndef LIPSYNC_SHIM_PICTURE_H
#define LIPSYNC_SHIM_PICTURE_H

#include <stddef.h>

#include "shim.h"
#include "shim_wire.h"

enum { DEPTH_BYTE = 1, DEPTH_SHORT = 2, DEPTH_HALF = 3, DEPTH_FLOAT = 4 };
enum { PREMULT_OPAQUE = 0, PREMULT_PRE = 1, PREMULT_UN = 2 };

typedef struct {
    OfxPropertySetHandle handle; /* to give back; null where there is no picture */
    uint8_t *base;               /* the first pixel of row bounds.y1; of a CUDA render an address on the card */
    ptrdiff_t row_bytes;
    OfxRectI bounds;
    int depth, components, premult;
    double par;
    char field[32];
    uint64_t hash[2];
} Pixels;

/* The clip's picture at a time. False where there is none, or what the host gives is no picture. */
bool picture_get(OfxImageClipHandle clip, double time, Pixels *pixels);
void picture_release(Pixels *pixels);

int pixel_bytes(int depth, int components);
size_t packed_bytes(const Pixels *pixels);
uint8_t *row_of(const Pixels *pixels, int y);
/* Names the content: bounds, depth, components and every pixel, whatever the stride. Fills `hash`, and where `out` is
 * given packs the rows there on the way: what is hashed is still near. */
void picture_hash(Pixels *pixels, uint8_t *out);
void picture_pack(const Pixels *pixels, uint8_t *out);
/* The same picture as rows packed in memory. */
Pixels packed_as(const Pixels *pixels, uint8_t *packed);
/* Writes rows [window], packed bottom to top in `in`, and nothing else. */
void picture_unpack(Pixels *pixels, OfxRectI window, const uint8_t *in);
void picture_copy(Pixels *out, OfxRectI window, const Pixels *in); /* black where `in` has no pixels */
void picture_clear(Pixels *pixels, OfxRectI window);
bool same_layout(const Pixels *a, const Pixels *b);

OfxRectI meet(OfxRectI a, OfxRectI b); /* empty is all 0 */

/* Layout records under a prefix such as `image0.`; with the hash where asked. */
void wire_layout(Writer *writer, const char *prefix, const Pixels *pixels, bool hash);

/* shim_bands.c: does rows y1..y2 in bands, at once where `bytes` are worth it. */
#define BANDS 4

typedef void (*BandWork)(void *context, int band, int y1, int y2);
void in_bands(BandWork work, void *context, int y1, int y2, size_t bytes);

void copy_row(uint8_t *out, const uint8_t *in, size_t bytes); /* shim_copy.c */

/* shim_hash.c: 128 bits over rows. */
#define HASH_LANES 4

typedef struct {
    uint64_t lane[HASH_LANES];
    uint64_t total;
} Hash;

void hash_begin(Hash *hash, const int64_t *layout, int count);
void hash_row(Hash *hash, const uint8_t *row, size_t bytes);
void hash_end(const Hash *hash, uint64_t out[2]);

/* shim_slate.c: the sentence on the picture, for hosts that hide a failure. */
void slate_draw(Pixels *out, OfxRectI window, const char *title, const char *text);

#endif
