/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay's lines by the host's draw suite (OpenFX 1.5), for viewers that are no OpenGL. */
#ifndef LIPSYNC_SHIM_DRAW_H
#define LIPSYNC_SHIM_DRAW_H

#include "shim.h"
#include "shim_gl.h"

/* pixel: how long a pixel of the screen is, canonical. */
void suite_lines(OfxDrawContextHandle context, const Lines *lines, double pixel);
void suite_cross(OfxDrawContextHandle context, OfxPointD at, OfxPointD reach, bool held);

#endif
