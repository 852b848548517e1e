/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenGL that writes down what is drawn: a viewer for tests. */
#include <stdio.h>
#include <string.h>

char DRAWN[1 << 16];

#define SAY(...) snprintf(DRAWN + strlen(DRAWN), sizeof DRAWN - strlen(DRAWN), __VA_ARGS__)

void glBegin(unsigned shape) { SAY("begin%u", shape); }
void glEnd(void) { SAY(" end\n"); }
void glVertex2f(float x, float y) { SAY(" %g,%g", x, y); }
void glColor4f(float r, float g, float b, float a) { SAY("colour %g %g %g\n", r, g, b), (void)a; }
void glLineWidth(float width) { (void)width; }
void glPointSize(float size) { (void)size; }
void glPushAttrib(unsigned what) { SAY("push\n"), (void)what; }
void glPopAttrib(void) { SAY("pop\n"); }
void glEnable(unsigned what) { (void)what; }
void glDisable(unsigned what) { (void)what; }
void glBlendFunc(unsigned from, unsigned to) { (void)from, (void)to; }
