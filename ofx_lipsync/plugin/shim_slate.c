/* SPDX-License-Identifier: Apache-2.0 */
/* The slate: what is wrong, written on the picture. Some hosts hide a failed frame, none hides a picture. */
#include <math.h>
#include <string.h>

#include "shim_font.h"
#include "shim_picture.h"

#define COLUMNS 48 /* letters a line */
#define LINES 24
#define ADVANCE (GLYPH_COLUMNS + 1)
#define LEADING (GLYPH_ROWS + 2)

typedef struct {
    char lines[LINES][COLUMNS + 1];
    int count;
} Page;

/* Letters that the font has; what is not ASCII is a question mark, once a character. */
static void plain(const char *text, char *out, size_t bytes)
{
    size_t used = 0;
    for (; *text && used + 1 < bytes; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c & 0xC0) == 0x80) continue;
        out[used++] = c < ' ' ? ' ' : c > '~' ? '?' : (char)c;
    }
    out[used] = 0;
}

/* Broken at spaces; a path longer than a line is broken where the line ends. */
static void write_lines(Page *page, const char *text)
{
    char letters[2048];
    plain(text, letters, sizeof letters);
    for (const char *at = letters; *at && page->count < LINES;) {
        size_t length = strlen(at);
        if (length > COLUMNS) {
            length = COLUMNS;
            while (length > COLUMNS / 2 && at[length] != ' ' && at[length - 1] != ' ') length--;
            if (length == COLUMNS / 2) length = COLUMNS;
        }
        memcpy(page->lines[page->count++], at, length);
        for (at += length; *at == ' '; at++) continue;
    }
}

static bool dot(char letter, int column, int row)
{
    int index = (unsigned char)letter - ' ';
    if (index < 0 || index >= GLYPH_COUNT || column >= GLYPH_COLUMNS || row >= GLYPH_ROWS) return false;
    return GLYPHS[index][column] >> row & 1;
}

static bool ink(const Page *page, int x, int y)
{
    int line = y / LEADING, letter = x / ADVANCE;
    if (x < 0 || y < 0 || line >= page->count || letter >= (int)strlen(page->lines[line])) return false;
    return dot(page->lines[line][letter], x % ADVANCE, y % LEADING);
}

/* Grey paper and white letters, in the picture's own numbers. */
static void put_pixel(uint8_t *at, int depth, int components, bool white)
{
    static const float floats[] = {0.05f, 1.0f};
    static const uint16_t shorts[] = {0x2000, 0xFFFF}, halves[] = {0x2A66, 0x3C00};
    static const uint8_t bytes[] = {40, 255};
    for (int i = 0; i < components; i++) {
        int which = white || (i == 3);
        if (depth == DEPTH_FLOAT)
            memcpy(at + 4 * i, &floats[which], 4);
        else if (depth == DEPTH_HALF)
            memcpy(at + 2 * i, &halves[which], 2);
        else if (depth == DEPTH_SHORT)
            memcpy(at + 2 * i, &shorts[which], 2);
        else
            at[i] = bytes[which];
    }
}

void slate_draw(Pixels *out, OfxRectI window, const char *title, const char *text)
{
    Page page = {0};
    write_lines(&page, title);
    page.count += page.count < LINES; /* an empty line */
    write_lines(&page, text);
    int width = out->bounds.x2 - out->bounds.x1, step = width / ((COLUMNS + 4) * ADVANCE);
    int left = out->bounds.x1 + 2 * ADVANCE * (step ? step : 1), size = pixel_bytes(out->depth, out->components);
    if (step < 1) step = 1;
    int top = (out->bounds.y1 + out->bounds.y2 + page.count * LEADING * step) / 2;
    if (top > out->bounds.y2) top = out->bounds.y2;
    for (int y = window.y1; y < window.y2; y++) {
        uint8_t *row = row_of(out, y);
        for (int x = window.x1; x < window.x2; x++) {
            bool white = x >= left && y < top && ink(&page, (x - left) / step, (top - 1 - y) / step);
            put_pixel(row + (ptrdiff_t)(x - out->bounds.x1) * size, out->depth, out->components, white);
        }
    }
}
