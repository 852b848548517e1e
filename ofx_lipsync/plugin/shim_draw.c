/* SPDX-License-Identifier: Apache-2.0 */
/* The suite draws lines and no points: a point is a dash of two pixels. */
#include "shim_draw.h"

#include <stdlib.h>

static void set_pen(OfxDrawContextHandle context, const float rgb[3], float alpha, float width)
{
    OfxRGBAColourF colour = {rgb[0], rgb[1], rgb[2], alpha};
    HOST.draw->setColour(context, &colour);
    HOST.draw->setLineWidth(context, width);
}

static void dashes(OfxDrawContextHandle context, const float *points, size_t count, double pixel)
{
    OfxPointD *ends = calloc(2 * count, sizeof *ends);
    if (!ends) return;
    for (size_t i = 0; i < count; i++) {
        double x = points[2 * i], y = points[2 * i + 1];
        ends[2 * i] = (OfxPointD){x - pixel, y};
        ends[2 * i + 1] = (OfxPointD){x + pixel, y};
    }
    HOST.draw->draw(context, kOfxDrawPrimitiveLines, ends, (int)(2 * count));
    free(ends);
}

static void joined(OfxDrawContextHandle context, int shape, const float *points, size_t count)
{
    OfxPointD *ends = calloc(count, sizeof *ends);
    if (!ends) return;
    for (size_t i = 0; i < count; i++) ends[i] = (OfxPointD){points[2 * i], points[2 * i + 1]};
    HOST.draw->draw(context, shape, ends, (int)count);
    free(ends);
}

void suite_lines(OfxDrawContextHandle context, const Lines *lines, double pixel)
{
    for (size_t i = 0; i < lines->line_count; i++) {
        const Line *line = &lines->lines[i];
        const float *points = lines->points + 2 * line->first;
        bool loose = line->count == 1 || line->joined == JOINED_NOT;
        set_pen(context, line->colour, 0.9f, loose ? 2 : 1);
        if (loose)
            dashes(context, points, line->count, pixel);
        else
            joined(context, line->joined == JOINED_LOOP ? kOfxDrawPrimitiveLineLoop : kOfxDrawPrimitiveLineStrip,
                   points, line->count);
    }
}

void suite_cross(OfxDrawContextHandle context, OfxPointD at, OfxPointD reach, bool held)
{
    float const rgb[] = {1, held ? 1 : 0.6f, held ? 0.4f : 0};
    OfxPointD const ends[] = {
        {at.x - reach.x, at.y}, {at.x + reach.x, at.y}, {at.x, at.y - reach.y}, {at.x, at.y + reach.y}};
    set_pen(context, rgb, 1, 2);
    HOST.draw->draw(context, kOfxDrawPrimitiveLines, ends, 4);
}
