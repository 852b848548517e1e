/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that a host keeps on its CUDA card. The driver is found when the first such render comes, never before. */
#ifndef LIPSYNC_SHIM_CUDA_H
#define LIPSYNC_SHIM_CUDA_H

#include "shim_picture.h"

#define CUDA_HANDLE_BYTES 64

/* One render on the card. `why` is empty until a call fails, and then names the call and the driver's word. */
typedef struct {
    bool on;
    void *stream; /* the host's, or null for the card's own first one */
    char why[160];
} Cuda;

/* Where a worker process finds a picture: a handle of the allocation, in hexadecimal, and how far into it. */
typedef struct {
    char handle[2 * CUDA_HANDLE_BYTES + 1];
    int64_t offset, card;
} CudaShare;

/* Each waits for the host's stream, so that what it read or wrote is whole. `here` is in memory, the others on the
 * card. */
bool cuda_down(Cuda *cuda, const Pixels *from, const Pixels *here);
bool cuda_up(Cuda *cuda, Pixels *to, OfxRectI window, const Pixels *here);
bool cuda_across(Cuda *cuda, Pixels *to, OfxRectI window, const Pixels *from); /* black where `from` has no pixels */

/* False, and no error, where the allocation cannot be shared, or was refused by a worker before. */
bool cuda_share(Cuda *cuda, const Pixels *pixels, OfxRectI window, CudaShare *share);
void cuda_refused(void);
/* Records under a prefix such as `image0.`. */
void wire_share(Writer *writer, const char *prefix, const Pixels *pixels, const CudaShare *share);

#endif
