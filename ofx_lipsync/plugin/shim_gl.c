/* SPDX-License-Identifier: Apache-2.0 */
/* OpenGL by name at run time: the plug-in links none, so that a farm machine without a screen loads it too. */
#define _GNU_SOURCE
#include "shim_gl.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 4096
#define POINTS_MAX ((size_t)1 << 20)
enum { GL_POINTS = 0, GL_LINES = 1, GL_LINE_LOOP = 2, GL_LINE_STRIP = 3 };
enum { GL_BLEND = 0x0BE2, GL_TEXTURE_2D = 0x0DE1, GL_DEPTH_TEST = 0x0B71 };
enum { GL_LIGHTING = 0x0B50, GL_LINE_STIPPLE = 0x0B24 };
enum { GL_SRC_ALPHA = 0x0302, GL_ONE_MINUS_SRC_ALPHA = 0x0303 };
#define GL_ALL_ATTRIB_BITS 0x000FFFFFu

static struct {
    void (*begin)(unsigned);
    void (*end)(void);
    void (*vertex)(float, float);
    void (*colour)(float, float, float, float);
    void (*line_width)(float);
    void (*point_size)(float);
    void (*push)(unsigned);
    void (*pop)(void);
    void (*enable)(unsigned);
    void (*disable)(unsigned);
    void (*blend)(unsigned, unsigned);
} gl;

static bool find(void *function, const char *name)
{
    static const char *const libraries[] = {"libGL.so.1", "libOpenGL.so.0"};
    void *found = dlsym(RTLD_DEFAULT, name);
    for (int i = 0; i < 2 && !found; i++) { /* hosts that load their viewer privately */
        void *library = dlopen(libraries[i], RTLD_NOLOAD | RTLD_LAZY);
        if (library) found = dlsym(library, name);
    }
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

bool gl_ready(void)
{
    return find(&gl.begin, "glBegin") && find(&gl.end, "glEnd") && find(&gl.vertex, "glVertex2f") &&
           find(&gl.colour, "glColor4f") && find(&gl.line_width, "glLineWidth") && find(&gl.push, "glPushAttrib") &&
           find(&gl.pop, "glPopAttrib") && find(&gl.enable, "glEnable") && find(&gl.disable, "glDisable") &&
           find(&gl.blend, "glBlendFunc") && find(&gl.point_size, "glPointSize");
}

void gl_begin_overlay(void)
{
    gl.push(GL_ALL_ATTRIB_BITS);
    gl.disable(GL_TEXTURE_2D); /* whatever the viewer has drawn before */
    gl.disable(GL_DEPTH_TEST);
    gl.disable(GL_LIGHTING);
    gl.disable(GL_LINE_STIPPLE);
    gl.enable(GL_BLEND);
    gl.blend(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
}

void gl_end_overlay(void)
{
    gl.pop();
}

static void stroke(unsigned shape, const float *points, size_t count)
{
    gl.begin(shape);
    for (size_t i = 0; i < count; i++) gl.vertex(points[2 * i], points[2 * i + 1]);
    gl.end();
}

void gl_cross(double x, double y, double across, double down, bool held)
{
    float const l = (float)(x - across), r = (float)(x + across), b = (float)(y - down), t = (float)(y + down);
    float const points[] = {l, (float)y, r, (float)y, (float)x, b, (float)x, t};
    gl.line_width(2);
    gl.colour(1, held ? 1 : 0.6f, held ? 0.4f : 0, 1);
    stroke(GL_LINES, points, 4);
}

static const unsigned SHAPES[] = {
    [JOINED_STRIP] = GL_LINE_STRIP, [JOINED_LOOP] = GL_LINE_LOOP, [JOINED_NOT] = GL_POINTS};

void lines_draw(const Lines *lines)
{
    gl.line_width(1);
    gl.point_size(2);
    for (size_t i = 0; i < lines->line_count; i++) {
        const Line *line = &lines->lines[i];
        unsigned shape = SHAPES[line->count == 1 ? JOINED_NOT : line->joined];
        gl.colour(line->colour[0], line->colour[1], line->colour[2], 0.9f);
        stroke(shape, lines->points + 2 * line->first, line->count);
    }
}

static bool read_line(const Packet *answer, int index, size_t count, Line *line)
{
    char name[32];
    snprintf(name, sizeof name, "line%d.first", index);
    int64_t first = wire_get_int(answer, name, -1);
    snprintf(name, sizeof name, "line%d.count", index);
    int64_t length = wire_get_int(answer, name, -1);
    if (first < 0 || length < 1 || (uint64_t)first >= count || (uint64_t)length > count - (uint64_t)first) return false;
    snprintf(name, sizeof name, "line%d.closed", index);
    int64_t joined = wire_get_int(answer, name, JOINED_STRIP);
    line->joined = joined == JOINED_LOOP || joined == JOINED_NOT ? (int)joined : JOINED_STRIP;
    snprintf(name, sizeof name, "line%d.colour", index);
    int64_t colour = wire_get_int(answer, name, 0xFFFFFF);
    for (int i = 0; i < 3; i++) line->colour[i] = (float)(colour >> (16 - 8 * i) & 255) / 255;
    line->first = (size_t)first;
    line->count = (size_t)length;
    return true;
}

size_t lines_points(const Packet *answer)
{
    Line line;
    size_t most = 0;
    for (int i = 0; i < LINES_MAX && read_line(answer, i, POINTS_MAX, &line); i++)
        if (line.first + line.count > most) most = line.first + line.count;
    return most;
}

void lines_read(Lines *lines, const Packet *answer, const float *points, size_t count)
{
    lines_clear(lines);
    lines->points = malloc(count * 2 * sizeof *points);
    lines->lines = calloc(LINES_MAX, sizeof *lines->lines);
    if (!lines->points || !lines->lines) {
        lines_clear(lines);
        return;
    }
    memcpy(lines->points, points, count * 2 * sizeof *points);
    for (size_t i = 0; i < count * 2; i++)
        if (!isfinite(lines->points[i])) lines->points[i] = 0;
    for (int i = 0; i < LINES_MAX; i++)
        if (!read_line(answer, i, count, &lines->lines[lines->line_count++])) {
            lines->line_count--;
            break;
        }
}

void lines_clear(Lines *lines)
{
    free(lines->points);
    free(lines->lines);
    *lines = (Lines){0};
}
