/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a host: read with care for what hosts get wrong, hashed, packed and written. */
#include "shim_picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int depth_of(const char *name)
{
    if (!strcmp(name, kOfxBitDepthByte)) return DEPTH_BYTE;
    if (!strcmp(name, kOfxBitDepthShort)) return DEPTH_SHORT;
    if (!strcmp(name, kOfxBitDepthHalf)) return DEPTH_HALF;
    return strcmp(name, kOfxBitDepthFloat) ? 0 : DEPTH_FLOAT;
}

static int components_of(const char *name)
{
    if (!strcmp(name, kOfxImageComponentRGBA)) return 4;
    if (!strcmp(name, kOfxImageComponentRGB)) return 3;
    return strcmp(name, kOfxImageComponentAlpha) ? 0 : 1;
}

static int premult_of(const char *name, int components)
{
    if (components == 3 || !strcmp(name, kOfxImageOpaque)) return PREMULT_OPAQUE;
    return strcmp(name, kOfxImageUnPreMultiplied) ? PREMULT_PRE : PREMULT_UN;
}

int pixel_bytes(int depth, int components)
{
    static const int sizes[] = {0, 1, 2, 2, 4};
    return sizes[depth] * components;
}

static size_t row_size(const Pixels *pixels)
{
    return (size_t)(pixels->bounds.x2 - pixels->bounds.x1) * (size_t)pixel_bytes(pixels->depth, pixels->components);
}

size_t packed_bytes(const Pixels *pixels)
{
    return row_size(pixels) * (size_t)(pixels->bounds.y2 - pixels->bounds.y1);
}

Pixels packed_as(const Pixels *pixels, uint8_t *packed)
{
    Pixels as = *pixels;
    as.base = packed;
    as.row_bytes = (ptrdiff_t)row_size(pixels);
    return as;
}

static void read_kind(OfxPropertySetHandle handle, Pixels *pixels)
{
    char text[64] = "";
    get_text(handle, kOfxImageEffectPropPixelDepth, 0, text, sizeof text);
    pixels->depth = depth_of(text);
    text[0] = 0;
    get_text(handle, kOfxImageEffectPropComponents, 0, text, sizeof text);
    pixels->components = components_of(text);
    text[0] = 0;
    get_text(handle, kOfxImageEffectPropPreMultiplication, 0, text, sizeof text);
    pixels->premult = premult_of(text, pixels->components);
    pixels->par = get_double(handle, kOfxImagePropPixelAspectRatio, 0, 1.0);
    snprintf(pixels->field, sizeof pixels->field, "%s", kOfxImageFieldNone);
    get_text(handle, kOfxImagePropField, 0, pixels->field, sizeof pixels->field);
}

/* MLT and Resolve hand out empty pictures for clips that are not there: everything must hold before a byte is read. */
static bool plausible(const Pixels *pixels)
{
    OfxRectI b = pixels->bounds;
    if (!pixels->base || !pixels->depth || !pixels->components || b.x2 <= b.x1 || b.y2 <= b.y1) return false;
    if ((int64_t)b.x2 - b.x1 > 1 << 20 || (int64_t)b.y2 - b.y1 > 1 << 20) return false;
    return b.y2 - b.y1 == 1 || (size_t)llabs(pixels->row_bytes) >= row_size(pixels);
}

bool picture_get(OfxImageClipHandle clip, double time, Pixels *pixels)
{
    memset(pixels, 0, sizeof *pixels);
    OfxPropertySetHandle handle = NULL;
    if (!clip || HOST.effect->clipGetImage(clip, time, NULL, &handle) || !handle) return false;
    pixels->handle = handle;
    pixels->base = get_pointer(handle, kOfxImagePropData);
    pixels->row_bytes = get_int(handle, kOfxImagePropRowBytes, 0, 0);
    int *edges[] = {&pixels->bounds.x1, &pixels->bounds.y1, &pixels->bounds.x2, &pixels->bounds.y2};
    for (int i = 0; i < 4; i++) *edges[i] = get_int(handle, kOfxImagePropBounds, i, 0);
    read_kind(handle, pixels);
    if (plausible(pixels)) return true;
    picture_release(pixels);
    return false;
}

void picture_release(Pixels *pixels)
{
    if (pixels->handle) HOST.effect->clipReleaseImage(pixels->handle);
    pixels->handle = NULL;
}

uint8_t *row_of(const Pixels *pixels, int y)
{
    return pixels->base + (ptrdiff_t)(y - pixels->bounds.y1) * pixels->row_bytes;
}

typedef struct {
    const Pixels *pixels;
    uint8_t *out; /* packed rows; null where they are not wanted */
    Hash hashes[BANDS];
} Packing;

static void hash_band(void *context, int band, int y1, int y2)
{
    Packing *packing = context;
    size_t bytes = row_size(packing->pixels);
    uint8_t *out = packing->out ? packing->out + (size_t)(y1 - packing->pixels->bounds.y1) * bytes : NULL;
    for (int y = y1; y < y2; y++) {
        hash_row(&packing->hashes[band], row_of(packing->pixels, y), bytes);
        if (!out) continue;
        copy_row(out, row_of(packing->pixels, y), bytes);
        out += bytes;
    }
}

void picture_hash(Pixels *pixels, uint8_t *out)
{
    OfxRectI b = pixels->bounds;
    int64_t layout[] = {b.x1, b.y1, b.x2, b.y2, pixels->depth, pixels->components, 0};
    uint64_t parts[BANDS][2];
    Packing packing = {.pixels = pixels, .out = out};
    Hash hash;
    for (int64_t band = 0; band < BANDS; band++) {
        layout[6] = band;
        hash_begin(&packing.hashes[band], layout, 7);
    }
    in_bands(hash_band, &packing, b.y1, b.y2, packed_bytes(pixels));
    for (int band = 0; band < BANDS; band++) hash_end(&packing.hashes[band], parts[band]);
    hash_begin(&hash, layout, 6);
    hash_row(&hash, (const uint8_t *)parts, sizeof parts);
    hash_end(&hash, pixels->hash);
}

static void pack_band(void *context, int band, int y1, int y2)
{
    const Packing *packing = context;
    (void)band;
    size_t bytes = row_size(packing->pixels);
    uint8_t *out = packing->out + (size_t)(y1 - packing->pixels->bounds.y1) * bytes;
    for (int y = y1; y < y2; y++, out += bytes) copy_row(out, row_of(packing->pixels, y), bytes);
}

void picture_pack(const Pixels *pixels, uint8_t *out)
{
    Packing packing = {.pixels = pixels, .out = out};
    in_bands(pack_band, &packing, pixels->bounds.y1, pixels->bounds.y2, packed_bytes(pixels));
}

OfxRectI meet(OfxRectI a, OfxRectI b)
{
    OfxRectI both = {a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1, a.x2 < b.x2 ? a.x2 : b.x2,
                     a.y2 < b.y2 ? a.y2 : b.y2};
    return both.x1 < both.x2 && both.y1 < both.y2 ? both : (OfxRectI){0, 0, 0, 0};
}

static uint8_t *pixel_of(const Pixels *pixels, int x, int y)
{
    ptrdiff_t along = (ptrdiff_t)(x - pixels->bounds.x1) * pixel_bytes(pixels->depth, pixels->components);
    return row_of(pixels, y) + along;
}

typedef struct {
    Pixels *to;
    const Pixels *from;   /* another picture .. */
    const uint8_t *packed; /* .. or packed rows of the window */
    OfxRectI window;
    size_t bytes; /* of a row of it */
} Copying;

static void copy_band(void *context, int band, int y1, int y2)
{
    const Copying *copying = context;
    (void)band;
    int x = copying->window.x1;
    for (int y = y1; y < y2; y++) {
        const uint8_t *in = copying->from ? pixel_of(copying->from, x, y)
                                          : copying->packed + (size_t)(y - copying->window.y1) * copying->bytes;
        copy_row(pixel_of(copying->to, x, y), in, copying->bytes);
    }
}

static void copy_window(Copying copying)
{
    OfxRectI w = copying.window;
    copying.bytes = (size_t)(w.x2 - w.x1) * (size_t)pixel_bytes(copying.to->depth, copying.to->components);
    in_bands(copy_band, &copying, w.y1, w.y2, copying.bytes * (size_t)(w.y2 - w.y1));
}

void picture_unpack(Pixels *pixels, OfxRectI window, const uint8_t *in)
{
    copy_window((Copying){.to = pixels, .packed = in, .window = window});
}

void picture_clear(Pixels *pixels, OfxRectI window)
{
    size_t bytes = (size_t)(window.x2 - window.x1) * (size_t)pixel_bytes(pixels->depth, pixels->components);
    for (int y = window.y1; y < window.y2; y++) memset(pixel_of(pixels, window.x1, y), 0, bytes);
}

void picture_copy(Pixels *out, OfxRectI window, const Pixels *in)
{
    OfxRectI both = meet(window, in->bounds);
    if (memcmp(&both, &window, sizeof both)) picture_clear(out, window);
    copy_window((Copying){.to = out, .from = in, .window = both});
}

bool same_layout(const Pixels *a, const Pixels *b)
{
    return a->depth == b->depth && a->components == b->components;
}

void wire_layout(Writer *writer, const char *prefix, const Pixels *pixels, bool hash)
{
    const char *const names[] = {"x1", "y1", "x2", "y2", "depth", "comps", "premult", "hash.hi", "hash.lo"};
    int64_t values[] = {pixels->bounds.x1,       pixels->bounds.y1,  pixels->bounds.x2, pixels->bounds.y2,
                        pixels->depth,           pixels->components, pixels->premult,   (int64_t)pixels->hash[0],
                        (int64_t)pixels->hash[1]};
    char name[64];
    for (int i = 0; i < (hash ? 9 : 7); i++) {
        snprintf(name, sizeof name, "%s%s", prefix, names[i]);
        wire_int(writer, name, values[i]);
    }
    snprintf(name, sizeof name, "%spar", prefix);
    wire_float(writer, name, pixels->par);
    snprintf(name, sizeof name, "%sfield", prefix);
    wire_text(writer, name, pixels->field);
}
