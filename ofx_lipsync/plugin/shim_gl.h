/* SPDX-License-Identifier: Apache-2.0 */
/* Lines in the host's viewer, drawn with the OpenGL that the host itself has loaded. */
#ifndef LIPSYNC_SHIM_GL_H
#define LIPSYNC_SHIM_GL_H

#include <stddef.h>

#include "shim_wire.h"

enum { JOINED_STRIP = 0, JOINED_LOOP = 1, JOINED_NOT = 2 }; /* lineN.closed */

typedef struct {
    size_t first, count;
    int joined;
    float colour[3];
} Line;

typedef struct {
    float *points; /* x y pairs, canonical */
    Line *lines;
    size_t line_count;
} Lines;

/* How many points the answer's lines use; 0 where that is no number to believe. */
size_t lines_points(const Packet *answer);
/* Takes the answer's lineN records that stay inside the points; all others are left out. */
void lines_read(Lines *lines, const Packet *answer, const float *points, size_t count);
void lines_clear(Lines *lines);
void lines_draw(const Lines *lines);

bool gl_ready(void); /* false where the host has no OpenGL in this process */
void gl_begin_overlay(void);
void gl_end_overlay(void);
void gl_cross(double x, double y, double across, double down, bool held);

#endif
