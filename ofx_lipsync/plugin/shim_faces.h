/* SPDX-License-Identifier: Apache-2.0 */
/* The faces of an overlay's answer: what a click in the viewer may pick. */
#ifndef LIPSYNC_SHIM_FACES_H
#define LIPSYNC_SHIM_FACES_H

#include "shim_wire.h"

#define FACES_MAX 16

typedef struct {
    double x1, y1, x2, y2;  /* canonical */
    double across, down;    /* % of the frame, where `nearest` takes it; not a number where only its index does */
    int index;              /* among the shot's faces */
    bool chosen;            /* it is the one that the node's params mean already */
} Face;

typedef struct {
    Face faces[FACES_MAX];
    int count;
} Faces;

/* Takes the answer's faceN records; those that make no sense are left out. */
void faces_read(Faces *faces, const Packet *answer);
/* The smallest box that holds the point, or null. */
const Face *faces_at(const Faces *faces, double x, double y);

#endif
