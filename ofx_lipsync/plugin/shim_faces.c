/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the faces of an overlay's answer, and finds the one that was clicked. */
#include "shim_faces.h"

#include <math.h>
#include <stdio.h>

static double number(const Packet *answer, int index, const char *part)
{
    char name[32];
    snprintf(name, sizeof name, "face%d.%s", index, part);
    return wire_get_float(answer, name, NAN);
}

static bool read_face(const Packet *answer, int n, Face *face)
{
    double index = number(answer, n, "index");
    *face = (Face){.x1 = number(answer, n, "x1"),
                   .y1 = number(answer, n, "y1"),
                   .x2 = number(answer, n, "x2"),
                   .y2 = number(answer, n, "y2"),
                   .across = number(answer, n, "across"),
                   .down = number(answer, n, "down"),
                   .chosen = number(answer, n, "chosen") == 1};
    if (!(face->x1 < face->x2 && face->y1 < face->y2 && index >= 0 && index < 1000)) return false; /* NaN too */
    face->index = (int)index;
    return true;
}

void faces_read(Faces *faces, const Packet *answer)
{
    int64_t told = wire_get_int(answer, "faces", 0);
    faces->count = 0;
    for (int n = 0; n < FACES_MAX && n < told; n++)
        if (read_face(answer, n, &faces->faces[faces->count])) faces->count++;
}

const Face *faces_at(const Faces *faces, double x, double y)
{
    const Face *found = NULL;
    double least = INFINITY;
    for (int i = 0; i < faces->count; i++) {
        const Face *face = &faces->faces[i];
        double size = (face->x2 - face->x1) * (face->y2 - face->y1);
        if (x < face->x1 || x > face->x2 || y < face->y1 || y > face->y2 || size >= least) continue;
        found = face;
        least = size;
    }
    return found;
}
